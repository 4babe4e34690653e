/* Where nothing happens that explains it, no SA is lost and no command fails. In a calm run nothing
 * is lost but by a NAT that rebinds; in a plain life everything that is asked for succeeds. */

#include "sim/check.h"

static bool is_failure(enum down_reason reason)
{
    return reason == DOWN_UNREACHABLE || reason == DOWN_REFUSED || reason == DOWN_FAILED;
}

void check_reasons(struct sim *sim, struct host *host, const struct event *event)
{
    bool plain = sim_setting(sim, SET_PLAN) == PLAN_LIFE;
    if (sim_setting(sim, SET_PLAN) == PLAN_STORM) {
        return;
    }
    switch (event->type) {
    case EVENT_IKE_SA_DOWN:
    case EVENT_CHILD_SA_DOWN:
        if (is_failure(event->reason)) {
            sim_violation(sim, host, "an SA is lost (%s), and nothing explains it",
                          down_reason_name(event->reason));
        }
        break;
    case EVENT_COMMAND_DONE:
        if (plain && event->status != STATUS_OK && !sim->ending) {
            sim_violation(sim, host, "command %u failed, and nothing explains it",
                          (unsigned)event->command);
        }
        break;
    case EVENT_NOTIFIED:
    case EVENT_CHILD_SA_FAILED:
        if (plain && !sim->ending) {
            sim_violation(sim, host, "the peer refused something, and nothing explains it");
        }
        break;
    default:
        break;
    }
}

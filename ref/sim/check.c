/* Who is asked when. */

#include "sim/check.h"

#include <stdlib.h>

#include "crypto/protection.h"

static void for_each_ledger(struct checks *c, void (*function)(struct ledger *ledger))
{
    struct ledger *all[] = {&c->messages,  &c->cuts,    &c->ivs,    &c->keys,
                            &c->gone,      &c->windows, &c->inner,  &c->openers,
                            &c->delivered, &c->nonces,  &c->puzzles};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        function(all[i]);
    }
}

void checks_reset(struct sim *sim)
{
    for_each_ledger(&sim->checks, ledger_clear);
    check_inside_forget(sim);
}

void checks_free(struct sim *sim)
{
    checks_reset(sim);
    for_each_ledger(&sim->checks, ledger_free);
}

void check_event(struct sim *sim, struct host *host, const struct event *event)
{
    check_keys(sim, host, event);
    check_inside_keys(sim, event);
    check_gone_event(sim, host, event);
    check_reasons(sim, host, event);
}

void check_message_received(struct sim *sim, struct host *host, struct bytes octets)
{
    struct ike_header header;
    if (ike_header_parse(octets, &header) == STATUS_OK) {
        check_window_received(sim, host, &header);
        check_puzzles_received(sim, host, &header, octets);
    }
}

void check_between_acts(struct sim *sim, struct host *host)
{
    if (host->on) {
        check_owners(sim, host);
        check_bounds(sim, host);
        check_fragments(sim, host);
        check_due(sim, host);
    }
}

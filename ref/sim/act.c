/* From a line of the script to what it does. */

#include "sim/act.h"

#include "sim/config.h"
#include "sim/host.h"
#include "sim/network.h"
#include "sim/trace.h"

#define ALL_CHILDREN 99

static uint16_t child_of(const struct act *act)
{
    return act->value == ALL_CHILDREN ? UINT16_MAX : (uint16_t)act->value;
}

static void initiate(struct sim *sim, struct host *host, const struct act *act)
{
    struct command command = {.type = COMMAND_INITIATE,
                              .child_index = (uint16_t)act->value,
                              .addresses = host->addresses};
    if (act->value < host->peers[0].child_count && config_path_to(sim, host, 0, &command.path)) {
        (void)host_command(sim, host, command);
    }
}

/* The data plane says of a Child SA that its volume is used up. */
static void expire(struct sim *sim, struct host *host, const struct act *act, bool hard)
{
    if (host->child_count > 0) {
        struct command command = {.type = COMMAND_EXPIRE, .hard = hard};
        command.spi_in = host->child[act->value % host->child_count].spi_in;
        (void)host_command(sim, host, command);
    }
}

static void roam(struct sim *sim, struct host *host, const struct act *act)
{
    struct address_list *list = &host->addresses;
    if (host->index == 0) {
        list->count = 1;
        list->items[0] = config_place(sim, (enum place)(act->value % PLACES));
        host->plugged_ns = UINT64_MAX;
    } else if (host->index == 1) {
        list->count = sim_setting(sim, SET_IPV6) ? 2 : 1;
        list->items[list->count] = config_second_address();
        list->count += act->value != 0;
    }
    sim->counts.roams++;
    host_roam(sim, host);
}

static void unplug(struct sim *sim, struct host *host, const struct act *act)
{
    if (host->index == 0 && host->addresses.count == 1) {
        host->unplugged = host->addresses.items[0];
        host->addresses.count = 0;
        host->plugged_ns = sim->now_ns + act->value * SIM_MS;
        host_roam(sim, host);
    }
}

void act_come_back(struct sim *sim, struct host *host)
{
    if (sim->now_ns >= host->back_ns) {
        host_start(sim, host);
    }
    if (sim->now_ns >= host->plugged_ns) {
        host->plugged_ns = UINT64_MAX;
        host->addresses.count = 1;
        host->addresses.items[0] = host->unplugged;
        if (host->on) {
            host_roam(sim, host);
        }
    }
}

static void simple(struct sim *sim, struct host *host, enum command_type type, uint16_t child)
{
    struct command command = {.type = type, .child_index = child};
    (void)host_command(sim, host, command); /* without an SA there is nothing it applies to */
}

static void restart(struct sim *sim, struct host *host, const struct act *act)
{
    sim->counts.restarts++;
    host_stop(sim, host);
    host->back_ns = sim->now_ns + act->value * SIM_MS;
}

static void host_act(struct sim *sim, struct host *host, const struct act *act)
{
    switch ((enum verb)act->verb) {
    case ACT_INITIATE:
        initiate(sim, host, act);
        break;
    case ACT_REKEY_CHILD:
        simple(sim, host, COMMAND_REKEY_CHILD, child_of(act));
        break;
    case ACT_REKEY_IKE:
        simple(sim, host, COMMAND_REKEY_IKE, UINT16_MAX);
        break;
    case ACT_DELETE_CHILD:
        simple(sim, host, COMMAND_DELETE_CHILD, child_of(act));
        break;
    case ACT_DELETE_IKE:
        simple(sim, host, COMMAND_DELETE_IKE, UINT16_MAX);
        break;
    case ACT_LIVENESS:
        simple(sim, host, COMMAND_LIVENESS, UINT16_MAX);
        break;
    case ACT_ROAM:
        roam(sim, host, act);
        break;
    case ACT_UNPLUG:
        unplug(sim, host, act);
        break;
    case ACT_RESTART:
        restart(sim, host, act);
        break;
    case ACT_CLOCK_AHEAD:
        host_clock_step(host, (int64_t)(act->value * SIM_MS));
        break;
    case ACT_CLOCK_BACK:
        host_clock_step(host, -(int64_t)(act->value * SIM_MS));
        break;
    case ACT_EXPIRE_SOFT:
        expire(sim, host, act, false);
        break;
    case ACT_EXPIRE_HARD:
        expire(sim, host, act, true);
        break;
    default:
        break;
    }
}

static void network_act(struct sim *sim, const struct act *act)
{
    struct network *network = &sim->network;
    uint64_t until_ns = sim->now_ns + act->value * SIM_MS;
    switch ((enum verb)act->verb) {
    case NET_LOSS:
        network->loss = act->value;
        break;
    case NET_JITTER:
        network->jitter_ns = act->value * SIM_MS;
        break;
    case NET_REORDER:
        network->reorder = act->value;
        break;
    case NET_DUPLICATE:
        network->duplicate = act->value;
        break;
    case NET_CORRUPT:
        network->corrupt = act->value;
        break;
    case NET_BURST:
        network->burst = act->value;
        break;
    case NET_PARTITION:
        network->partition_ns = until_ns;
        break;
    case NET_DEAF_A:
        network->deaf_ns[0] = until_ns;
        break;
    case NET_DEAF_B:
        network->deaf_ns[1] = until_ns;
        break;
    case NET_REBIND:
        for (size_t i = 0; i < network->nat_count; i++) {
            nat_rebind(&network->nats[i]);
        }
        break;
    case NET_MTU:
        network->mtu = act->value;
        break;
    default:
        break;
    }
}

void act_play(struct sim *sim, const struct act *act)
{
    struct host *host = act->who < sim->host_count ? &sim->hosts[act->who] : NULL;
    trace_line(sim, host, "### %s %u", verb_name((enum verb)act->verb), (unsigned)act->value);
    if (act->who == WHO_NET) {
        network_act(sim, act);
    } else if (host != NULL && host->on) {
        host_act(sim, host, act);
    }
}

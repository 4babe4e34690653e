/* Events of the core into the host's record. */

#include "sim/mirror.h"

struct known_ike_sa *mirror_ike_sa(struct host *host, uint32_t id)
{
    for (size_t i = 0; i < host->ike_count; i++) {
        if (host->ike[i].id == id) {
            return &host->ike[i];
        }
    }
    return NULL;
}

struct known_child_sa *mirror_child_sa(struct host *host, uint32_t id)
{
    for (size_t i = 0; i < host->child_count; i++) {
        if (host->child[i].id == id) {
            return &host->child[i];
        }
    }
    return NULL;
}

static void ike_add(struct sim *sim, struct host *host, const struct event *event)
{
    if (mirror_ike_sa(host, event->ike_sa) != NULL || host->ike_count == SIM_IKE_SAS) {
        sim_violation(sim, host, "IKE SA %u came up twice, or too many are up", event->ike_sa);
        return;
    }
    host->ike[host->ike_count++] = (struct known_ike_sa){.id = event->ike_sa,
                                                         .peer_index = event->peer_index,
                                                         .initiator = event->ike.initiator,
                                                         .fresh = true,
                                                         .spi_i = event->ike.spi_i,
                                                         .spi_r = event->ike.spi_r,
                                                         .path = event->ike.path};
}

static void ike_down(struct sim *sim, struct host *host, const struct event *event)
{
    struct known_ike_sa *ike = mirror_ike_sa(host, event->ike_sa);
    for (size_t i = 0; i < host->child_count; i++) {
        if (host->child[i].ike_sa == event->ike_sa) {
            sim_violation(sim, host, "IKE SA %u went down and left Child SA %u up", event->ike_sa,
                          host->child[i].id);
        }
    }
    if (ike != NULL) { /* else it ended before it was up */
        *ike = host->ike[--host->ike_count];
    }
}

static void ike_rekeyed(struct sim *sim, struct host *host, const struct event *event)
{
    if (mirror_ike_sa(host, event->replaces) == NULL) {
        sim_violation(sim, host, "IKE SA %u was rekeyed and was not up", event->replaces);
    }
    ike_add(sim, host, event);
    for (size_t i = 0; i < host->child_count; i++) {
        if (host->child[i].ike_sa == event->replaces) {
            host->child[i].ike_sa = event->ike_sa;
        }
    }
    sim->counts.ike_rekeys += host->index != 1; /* each is seen by two */
}

static uint64_t key_mark(const struct secret *encryption, const struct secret *integrity)
{
    return mark_join(mark_of(secret_bytes(encryption)), mark_of(secret_bytes(integrity)));
}

static uint64_t selectors_mark(const struct selector_list *list)
{
    uint64_t mark = list->count;
    for (size_t i = 0; i < list->count; i++) {
        const struct traffic_selector *s = &list->items[i];
        mark = mark_join(mark, mark_of(address_bytes(&s->start)));
        mark = mark_join(mark, mark_of(address_bytes(&s->end)));
        mark = mark_join(mark,
                         (uint64_t)s->protocol << 32 | (uint64_t)s->port_start << 16 | s->port_end);
    }
    return mark;
}

static void child_up(struct sim *sim, struct host *host, const struct event *event)
{
    const struct child_sa_info *info = &event->child;
    if (mirror_child_sa(host, event->child_sa) != NULL || host->child_count == SIM_CHILD_SAS ||
        mirror_ike_sa(host, event->ike_sa) == NULL) {
        sim_violation(sim, host, "Child SA %u came up twice, or without its IKE SA %u",
                      event->child_sa, event->ike_sa);
        return;
    }
    if (info->encryption_in.length == 0 || info->encryption_out.length == 0) {
        sim_violation(sim, host, "Child SA %u came up without keys", event->child_sa);
    }
    host->child[host->child_count++] = (struct known_child_sa){
        .id = event->child_sa,
        .ike_sa = event->ike_sa,
        .peer_index = event->peer_index,
        .child_index = event->child_index,
        .spi_in = info->spi_in,
        .spi_out = info->spi_out,
        .udp_encapsulation = info->udp_encapsulation,
        .esn = info->esn,
        .keys_in = key_mark(&info->encryption_in, &info->integrity_in),
        .keys_out = key_mark(&info->encryption_out, &info->integrity_out),
        .selectors_ours = selectors_mark(&info->local),
        .selectors_theirs = selectors_mark(&info->remote),
        .path = info->path,
    };
    sim->counts.child_rekeys += host->index != 1 && info->replaces_spi_in != 0;
}

static void child_changed(struct sim *sim, struct host *host, const struct event *event)
{
    struct known_child_sa *child = mirror_child_sa(host, event->child_sa);
    if (child == NULL) {
        sim_violation(sim, host, "Child SA %u went or moved and was not up", event->child_sa);
    } else if (event->type == EVENT_CHILD_SA_DOWN) {
        *child = host->child[--host->child_count];
    } else {
        child->path = event->child.path;
        child->udp_encapsulation = event->child.udp_encapsulation;
    }
}

static void command_done(struct sim *sim, struct host *host, const struct event *event)
{
    if (event->command == 0 || event->command >= SIM_COMMANDS ||
        !host->commands[event->command].given) {
        sim_violation(sim, host, "an answer to a command nobody gave");
    } else if (host->commands[event->command].answered) {
        sim_violation(sim, host, "command %u was answered twice", (unsigned)event->command);
    } else {
        host->commands[event->command].answered = true;
    }
}

void mirror_event(struct sim *sim, struct host *host, const struct event *event)
{
    struct known_ike_sa *ike;
    switch (event->type) {
    case EVENT_IKE_SA_UP:
        ike_add(sim, host, event);
        sim->counts.connects += host->index != 1;
        break;
    case EVENT_IKE_SA_REKEYED:
        ike_rekeyed(sim, host, event);
        break;
    case EVENT_IKE_SA_DOWN:
        ike_down(sim, host, event);
        break;
    case EVENT_IKE_SA_MOVED:
        ike = mirror_ike_sa(host, event->ike_sa);
        if (ike != NULL) {
            ike->path = event->ike.path;
        }
        break;
    case EVENT_CHILD_SA_UP:
        child_up(sim, host, event);
        break;
    case EVENT_CHILD_SA_DOWN:
    case EVENT_CHILD_SA_MOVED:
        child_changed(sim, host, event);
        break;
    case EVENT_COMMAND_DONE:
        command_done(sim, host, event);
        break;
    case EVENT_IKE_SA_KEYS:
    case EVENT_CHILD_SA_FAILED:
    case EVENT_ROAM_DONE:
    case EVENT_LIVENESS:
    case EVENT_NOTIFIED:
        break;
    }
}

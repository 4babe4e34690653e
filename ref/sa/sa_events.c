/* What the store queues for its host: datagrams and events. */

#include <stdlib.h>
#include <string.h>

#include "sa/sa_store.h"

const char *down_reason_name(enum down_reason reason)
{
    static const char *const names[] = {
        [DOWN_DELETED_BY_US] = "deleted-by-us",
        [DOWN_DELETED_BY_PEER] = "deleted-by-peer",
        [DOWN_REPLACED] = "replaced",
        [DOWN_EXPIRED] = "expired",
        [DOWN_UNREACHABLE] = "unreachable",
        [DOWN_REFUSED] = "refused",
        [DOWN_FAILED] = "failed",
        [DOWN_INITIAL_CONTACT] = "initial-contact",
        [DOWN_SHUTDOWN] = "shutdown",
    };
    return names[reason];
}

static void datagram_push(struct sa_store *store, const struct queued_datagram *like,
                          struct bytes octets)
{
    struct queued_datagram *d = malloc(sizeof *d + octets.length);
    if (d == NULL) {
        return;
    }
    *d = *like;
    d->length = octets.length;
    memcpy(d->octets, octets.data, octets.length);
    if (store->datagram_last != NULL) {
        store->datagram_last->next = d;
    } else {
        store->datagram_first = d;
    }
    store->datagram_last = d;
    store->counters.datagrams_out++;
}

void sa_store_send(struct sa_store *store, const struct path *path, bool encapsulated,
                   bool keepalive, struct bytes octets)
{
    struct queued_datagram like = {
        .path = *path, .encapsulated = encapsulated, .keepalive = keepalive};
    datagram_push(store, &like, octets);
}

void sa_store_send_message(struct sa_store *store, const struct path *path, bool encapsulated,
                           const struct stored_message *message)
{
    bool fragments = message->datagrams != NULL && message->datagrams->next != NULL;
    struct queued_datagram like = {.path = *path,
                                   .encapsulated = encapsulated,
                                   .dont_fragment = fragments && message->plain != NULL};
    for (const struct stored_datagram *d = message->datagrams; d != NULL; d = d->next) {
        datagram_push(store, &like, bytes_of(d->octets, d->length));
        store->counters.fragments_out += fragments;
    }
}

/* It may have had keys; mostly there was none. */
static void lost_wipe(struct sa_store *store)
{
    if (store->has_lost) {
        octets_wipe(&store->lost, sizeof store->lost);
        store->has_lost = false;
    }
}

static struct event *event_add(struct sa_store *store, const struct ike_sa *sa,
                               enum event_type type)
{
    struct queued_event *queued = calloc(1, sizeof *queued);
    if (queued == NULL) { /* without memory the event is lost, the protocol goes on */
        store->has_lost = true;
        return &store->lost.event;
    }
    if (store->event_last != NULL) {
        store->event_last->next = queued;
    } else {
        store->event_first = queued;
    }
    store->event_last = queued;
    struct event *event = &queued->event;
    event->type = type;
    event->time_ns = store->now_ns;
    event->peer_index = event->child_index = UINT16_MAX;
    if (sa != NULL) {
        event->ike_sa = sa->id;
        event->peer_index = sa->peer_index;
        event->refusal = sa->refusal;
    }
    return event;
}

bool sa_store_next_event(struct sa_store *store, struct event *out)
{
    struct queued_event *queued = store->event_first;
    if (queued == NULL) {
        lost_wipe(store);
        return false;
    }
    *out = queued->event;
    store->event_first = queued->next;
    if (store->event_first == NULL) {
        store->event_last = NULL;
    }
    octets_wipe(queued, sizeof *queued);
    free(queued);
    return true;
}

void sa_store_emit_ike(struct sa_store *store, const struct ike_sa *sa, enum event_type type,
                       enum down_reason reason, enum status status)
{
    struct event *event = event_add(store, sa, type);
    event->reason = reason;
    event->status = status;
    event->ike = ike_sa_describe(sa);
}

void sa_store_emit_keys(struct sa_store *store, const struct ike_sa *sa,
                        const struct ike_keys *keys)
{
    struct event *event = event_add(store, sa, EVENT_IKE_SA_KEYS);
    event->ike = ike_sa_describe(sa);
    event->ike_keys = (struct ike_keys_info){
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .protection = sa->protection,
        .sk_ei = keys->sk_ei,
        .sk_er = keys->sk_er,
        .sk_ai = keys->sk_ai,
        .sk_ar = keys->sk_ar,
    };
}

void sa_store_emit_rekeyed(struct sa_store *store, const struct ike_sa *old,
                           const struct ike_sa *new_sa)
{
    struct event *event = event_add(store, new_sa, EVENT_IKE_SA_REKEYED);
    event->replaces = old->id;
    event->ike = ike_sa_describe(new_sa);
}

static struct event *child_event(struct sa_store *store, const struct ike_sa *sa,
                                 const struct child_sa *child, enum event_type type)
{
    struct event *event = event_add(store, sa, type);
    event->child_sa = child->id;
    event->child_index = child->child_index;
    event->ike = ike_sa_describe(sa);
    event->child = child_sa_describe(sa, child);
    return event;
}

void sa_store_emit_child_up(struct sa_store *store, const struct ike_sa *sa,
                            const struct child_sa *child, const struct child_keys *keys,
                            bool we_initiated, uint32_t replaces_spi_in, bool outbound_standby)
{
    struct child_sa_info *info = &child_event(store, sa, child, EVENT_CHILD_SA_UP)->child;
    info->replaces_spi_in = replaces_spi_in;
    info->outbound_standby = outbound_standby;
    info->encryption_out = we_initiated ? keys->encryption_i : keys->encryption_r;
    info->integrity_out = we_initiated ? keys->integrity_i : keys->integrity_r;
    info->encryption_in = we_initiated ? keys->encryption_r : keys->encryption_i;
    info->integrity_in = we_initiated ? keys->integrity_r : keys->integrity_i;
}

void sa_store_emit_child(struct sa_store *store, const struct ike_sa *sa,
                         const struct child_sa *child, enum event_type type,
                         enum down_reason reason, uint64_t linger_ns)
{
    struct event *event = child_event(store, sa, child, type);
    event->reason = reason;
    event->linger_ns = linger_ns;
}

void sa_store_emit_child_failed(struct sa_store *store, const struct ike_sa *sa,
                                uint16_t child_index, enum status status)
{
    struct event *event = event_add(store, sa, EVENT_CHILD_SA_FAILED);
    event->child_index = child_index;
    event->status = status;
}

void sa_store_emit_done(struct sa_store *store, uint64_t command, enum status status)
{
    sa_store_emit_done_with(store, NULL, command, status);
}

void sa_store_emit_done_with(struct sa_store *store, const struct ike_sa *sa, uint64_t command,
                             enum status status)
{
    if (command == 0) {
        return;
    }
    struct event *event = event_add(store, NULL, EVENT_COMMAND_DONE);
    event->command = command;
    event->status = status;
    event->refusal = sa != NULL ? sa->refusal : REFUSAL_NONE;
}

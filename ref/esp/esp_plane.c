/* The data plane's tables and what is told of them: policies, pairs, lifetimes, events. The
 * corridors packets pass are in plane_seal.c and plane_open.c. */
#include "esp/esp_plane_state.h"

#include <stdlib.h>

struct esp_plane *esp_plane_create(const struct random_source *random)
{
    struct esp_plane *plane = calloc(1, sizeof(*plane));
    if (plane == NULL) {
        return NULL;
    }
    plane->random = random;
    if (!sad_init(&plane->sad)) {
        free(plane);
        return NULL;
    }
    return plane;
}

void esp_plane_destroy(struct esp_plane *plane)
{
    if (plane == NULL) {
        return;
    }
    while (plane->spd.first != NULL) {
        esp_plane_policy_remove(plane, plane->spd.first->id);
    }
    sad_free(&plane->sad);
    free(plane);
}

/* ---- policies ---- */

enum status esp_plane_policy_add(struct esp_plane *plane, const struct esp_policy *policy,
                                 uint32_t *id)
{
    struct spd_entry *entry = spd_add(&plane->spd, policy);
    if (entry == NULL) {
        return STATUS_INTERNAL;
    }
    *id = entry->id;
    return STATUS_OK;
}

void esp_plane_policy_remove(struct esp_plane *plane, uint32_t id)
{
    struct spd_entry *entry = spd_find(&plane->spd, id);
    if (entry == NULL) {
        return;
    }
    while (entry->newest != NULL) {
        plane_pair_drop(plane, entry->newest);
    }
    event_queue_remove(&plane->events, &entry->acquire_event);
    spd_remove(&plane->spd, entry);
}

void plane_acquire(struct esp_plane *plane, struct spd_entry *entry, struct held_packet *held)
{
    struct esp_event event = {
        .type = ESP_EVENT_ACQUIRE,
        .policy = entry->id,
        .user = entry->policy.user,
        .key = held->key,
    };
    held->asked = true;
    entry->acquiring = true;
    event_queue_push(&plane->events, &entry->acquire_event, &event);
}

void esp_plane_acquire_failed(struct esp_plane *plane, uint32_t policy)
{
    struct spd_entry *entry = spd_find(&plane->spd, policy);
    if (entry != NULL) {
        entry->acquiring = false;
        event_queue_remove(&plane->events, &entry->acquire_event);
        hold_clear(&entry->held);
    }
}

/* ---- pairs ---- */

enum status esp_plane_pair_install(struct esp_plane *plane, const struct esp_pair_config *config,
                                   uint64_t now_ns)
{
    esp_plane_expire(plane, now_ns); /* a lingering pair whose time is over frees its SPI */
    struct spd_entry *entry = spd_find(&plane->spd, config->policy);
    if (entry == NULL || entry->policy.action != POLICY_PROTECT ||
        sad_find(&plane->sad, config->spi_in) != NULL) {
        return STATUS_INTERNAL;
    }
    struct esp_pair *pair = esp_pair_create(config);
    if (pair == NULL) {
        return STATUS_INTERNAL;
    }
    if (spd_entry_attach(entry, pair) != STATUS_OK) {
        esp_pair_destroy(pair);
        return STATUS_INTERNAL;
    }
    sad_insert(&plane->sad, pair);
    entry->acquiring = false;
    event_queue_remove(&plane->events, &entry->acquire_event);
    return STATUS_OK;
}

static void pair_detach(struct esp_plane *plane, struct esp_pair *pair)
{
    spd_entry_detach(pair);
    event_queue_remove(&plane->events, &pair->soft_event);
    event_queue_remove(&plane->events, &pair->hard_event);
    event_queue_remove(&plane->events, &pair->moved_event);
}

void plane_pair_drop(struct esp_plane *plane, struct esp_pair *pair)
{
    pair_detach(plane, pair);
    due_list_remove(pair);
    sad_remove(&plane->sad, pair);
    esp_pair_destroy(pair);
}

void esp_plane_pair_remove(struct esp_plane *plane, uint32_t spi_in, uint64_t now_ns,
                           uint64_t linger_ns)
{
    struct esp_pair *pair = sad_find(&plane->sad, spi_in);
    if (pair == NULL) {
        return;
    }
    if (linger_ns == 0) {
        plane_pair_drop(plane, pair);
        return;
    }
    pair_detach(plane, pair);
    pair->lingering = true;
    due_list_remove(pair);
    due_list_add(&plane->lingering, pair,
                 linger_ns < UINT64_MAX - now_ns ? now_ns + linger_ns : UINT64_MAX - 1);
}

bool esp_plane_pair_move(struct esp_plane *plane, uint32_t spi_in, const struct path *path,
                         bool udp_encapsulation)
{
    struct esp_pair *pair = sad_find(&plane->sad, spi_in);
    if (pair == NULL) {
        return false;
    }
    event_queue_remove(&plane->events, &pair->moved_event);
    esp_pair_set_path(pair, path, udp_encapsulation);
    return true;
}

bool esp_plane_pair_set_path_mtu(struct esp_plane *plane, uint32_t spi_in, uint16_t path_mtu)
{
    struct esp_pair *pair = sad_find(&plane->sad, spi_in);
    if (pair == NULL) {
        return false;
    }
    esp_pair_set_path_mtu(pair, path_mtu);
    return true;
}

bool esp_plane_pair_usage(const struct esp_plane *plane, uint32_t spi_in, struct esp_usage *out)
{
    const struct esp_pair *pair = sad_find(&plane->sad, spi_in);
    if (pair == NULL) {
        return false;
    }
    *out = pair->usage;
    out->sequence_out = pair->sequence_out;
    out->sequence_in = pair->window.highest;
    return true;
}

/* ---- time ---- */

uint64_t esp_plane_deadline(const struct esp_plane *plane)
{
    uint64_t lingering_ns = due_list_deadline(&plane->lingering);
    uint64_t used_ns = due_list_deadline(&plane->used);
    return lingering_ns < used_ns ? lingering_ns : used_ns;
}

/* A pair that was used lately is looked at again: no packet has to say that it came. */
static void look_at(struct esp_plane *plane, struct esp_pair *pair, uint64_t now_ns)
{
    const struct esp_usage *usage = &pair->usage;
    uint64_t last_ns =
        usage->last_in_ns > usage->last_out_ns ? usage->last_in_ns : usage->last_out_ns;
    due_list_remove(pair);
    if (now_ns - last_ns < PLANE_REST_NS) {
        due_list_add(&plane->used, pair, now_ns + PLANE_REST_NS);
    } else {
        esp_pair_rest(pair);
    }
}

void esp_plane_expire(struct esp_plane *plane, uint64_t now_ns)
{
    struct esp_pair *pair;
    while ((pair = due_list_first(&plane->lingering, now_ns)) != NULL) {
        plane_pair_drop(plane, pair);
    }
    while ((pair = due_list_first(&plane->used, now_ns)) != NULL) {
        look_at(plane, pair, now_ns);
    }
}

/* ---- events ---- */

/* A lingering pair has no owner left who would care. */
static void pair_report(struct esp_plane *plane, struct esp_pair *pair, struct event_entry *entry,
                        enum esp_event_type type, const struct path *path)
{
    if (pair->policy == NULL) {
        return;
    }
    struct esp_event event = {
        .type = type,
        .policy = pair->policy->id,
        .user = pair->user,
        .spi_in = pair->spi_in,
        .path = *path,
    };
    event_queue_push(&plane->events, entry, &event);
}

void plane_pair_spent(struct esp_plane *plane, struct esp_pair *pair)
{
    pair->expired = true;
    pair_report(plane, pair, &pair->hard_event, ESP_EVENT_HARD_EXPIRED, &pair->path);
}

void plane_pair_check_soft(struct esp_plane *plane, struct esp_pair *pair)
{
    if (!pair->soft_reported && esp_pair_is_soft_expired(pair)) {
        pair->soft_reported = true;
        pair_report(plane, pair, &pair->soft_event, ESP_EVENT_SOFT_EXPIRED, &pair->path);
    }
}

/* Protocol 50 has no ports to differ in. */
static bool same_place(const struct transport_address *a, const struct packet *packet)
{
    const struct transport_address *b = &packet->path.remote;
    return packet->udp_encapsulation ? transport_address_equal(a, b)
                                     : address_equal(&a->ip, &b->ip);
}

bool plane_pair_is_at(const struct esp_pair *pair, const struct packet *packet)
{
    return packet->path.remote.ip.family == ADDRESS_NONE ||
           (same_place(&pair->path.remote, packet) &&
            address_equal(&pair->path.local.ip, &packet->path.local.ip));
}

void plane_pair_check_moved(struct esp_plane *plane, struct esp_pair *pair,
                            const struct packet *packet, bool highest)
{
    if (!highest || packet->path.remote.ip.family == ADDRESS_NONE) {
        return;
    }
    if (same_place(&pair->path.remote, packet)) {
        pair->moved_reported = false;
        event_queue_remove(&plane->events, &pair->moved_event);
    } else if (!pair->moved_reported || !same_place(&pair->moved_to, packet)) {
        pair->moved_reported = true;
        pair->moved_to = packet->path.remote;
        pair_report(plane, pair, &pair->moved_event, ESP_EVENT_PEER_MOVED, &packet->path);
    }
}

bool esp_plane_next_event(struct esp_plane *plane, struct esp_event *out)
{
    return event_queue_pop(&plane->events, out);
}

void esp_plane_counters(const struct esp_plane *plane, struct esp_counters *out)
{
    *out = plane->counters;
}

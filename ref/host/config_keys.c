/* The tables a person's configuration is read by; docs/ikeref.conf.example explains each key. */
#include "host/config_keys.h"

#include <string.h>

#include "host/host_config.h"

#define HOST(field) offsetof(struct host_config, field)
#define PEER(field) offsetof(struct peer_config, field)
#define CHILD(field) offsetof(struct child_config, field)

const struct config_key config_keys_global[] = {
    {"data-plane", VALUE_DATA_PLANE, HOST(data_plane), false},
    {"offload", VALUE_OFFLOAD, HOST(offload_off), false},
    {"interface", VALUE_INTERFACE, HOST(interface), false},
    {"control-socket", VALUE_PATH, HOST(control_socket), false},
    {"key-log", VALUE_PATH, HOST(key_log), false},
    {"ike-port", VALUE_PORT, HOST(endpoint.ike_port), false},
    {"natt-port", VALUE_PORT, HOST(endpoint.natt_port), false},
    {"route-table", VALUE_POSITIVE32, HOST(route_table), false},
    {"mark", VALUE_POSITIVE32, HOST(mark), false},
    {"workers", VALUE_WORKERS, HOST(workers), false},
    {"user", VALUE_USER, HOST(user), false},
    {"seccomp", VALUE_SECCOMP, HOST(seccomp), false},
    {"mtu", VALUE_MTU, HOST(mtu), false},
    {"cookie-threshold", VALUE_COUNT32, HOST(endpoint.cookie_threshold), false},
    {"half-open-max", VALUE_POSITIVE32, HOST(endpoint.half_open_max), false},
    {"half-open-timeout", VALUE_DURATION, HOST(endpoint.half_open_timeout_ns), false},
    {"half-open-timeout-attacked", VALUE_DURATION, HOST(endpoint.half_open_timeout_attacked_ns),
     false},
    {"prefix-half-open", VALUE_COUNT32, HOST(endpoint.prefix_half_open), false},
    {"prefix-half-open-max", VALUE_COUNT32, HOST(endpoint.prefix_half_open_max), false},
    {"prefix-failures", VALUE_COUNT32, HOST(endpoint.prefix_failures), false},
    {"puzzles", VALUE_BOOLEAN, HOST(endpoint.puzzles), false},
    {"puzzle-threshold", VALUE_COUNT32, HOST(endpoint.puzzle_threshold), false},
    {"puzzle-difficulty", VALUE_COUNT32, HOST(endpoint.puzzle_difficulty), false},
    {"puzzle-difficulty-max", VALUE_COUNT32, HOST(endpoint.puzzle_difficulty_max), false},
    {"create-child-sa-rate", VALUE_COUNT32, HOST(endpoint.create_child_sa_rate), false},
    {"delete-linger", VALUE_DURATION, HOST(endpoint.delete_linger_ns), false},
    {NULL, VALUE_COUNT32, 0, false},
};

const struct config_key config_keys_peer[] = {
    {"address", VALUE_ADDRESSES, PEER(remote_addresses), true},
    {"local-address", VALUE_ADDRESSES, PEER(local_addresses), true},
    {"remote-port", VALUE_PORT, PEER(remote_port), false},
    {"remote-natt-port", VALUE_PORT, PEER(remote_natt_port), false},
    {"local-id", VALUE_IDENTITY, PEER(local_id), false},
    {"remote-id", VALUE_IDENTITY, PEER(remote_id), false},
    {"psk", VALUE_PSK, 0, false},
    {"psk-file", VALUE_PSK_FILE, 0, false},
    {"certificate", VALUE_CERTIFICATE, 0, false},
    {"private-key", VALUE_PRIVATE_KEY, 0, false},
    {"authorities", VALUE_AUTHORITIES, 0, true},
    {"authentication", VALUE_AUTHENTICATION, PEER(local_authentication), false},
    {"remote-authentication", VALUE_AUTHENTICATION, PEER(remote_authentication), false},
    {"rsa-padding", VALUE_RSA_PADDING, PEER(rsa_pkcs1), false},
    {"rsa-sha1", VALUE_BOOLEAN, PEER(rsa_sha1), false},
    {"proposals", VALUE_IKE_PROPOSALS, PEER(proposals), true},
    {"mobike", VALUE_BOOLEAN, PEER(mobike), false},
    {"fragmentation", VALUE_BOOLEAN, PEER(fragmentation), false},
    {"fragment-size", VALUE_FRAGMENT_SIZE, PEER(fragment_size), false},
    {"liveness", VALUE_DURATION, PEER(liveness_ns), false},
    {"keepalive", VALUE_DURATION, PEER(keepalive_ns), false},
    {"nat-traversal", VALUE_BOOLEAN, PEER(nat_traversal), false},
    {"encapsulation", VALUE_ENCAPSULATION, PEER(force_udp_encapsulation), false},
    {"retransmit-timeout", VALUE_DURATION, PEER(retransmission.timeout_ns), false},
    {"retransmit-timeout-max", VALUE_DURATION, PEER(retransmission.timeout_max_ns), false},
    {"retransmit-backoff", VALUE_PERCENT, PEER(retransmission.backoff_percent), false},
    {"retransmit-tries", VALUE_POSITIVE32, PEER(retransmission.tries), false},
    {"rekey", VALUE_DURATION, PEER(lifetime.soft_ns), false},
    {"lifetime", VALUE_DURATION, PEER(lifetime.hard_ns), false},
    {"jitter", VALUE_DURATION, PEER(lifetime.jitter_ns), false},
    {"initial-contact", VALUE_BOOLEAN, PEER(initial_contact), false},
    {"replace-existing", VALUE_BOOLEAN, PEER(replace_existing), false},
    {NULL, VALUE_COUNT32, 0, false},
};

const struct config_key config_keys_child[] = {
    {"mode", VALUE_MODE, CHILD(transport_mode), false},
    {"transport-required", VALUE_BOOLEAN, CHILD(transport_required), false},
    {"local", VALUE_SELECTORS, CHILD(local), true},
    {"remote", VALUE_SELECTORS, CHILD(remote), true},
    {"proposals", VALUE_ESP_PROPOSALS, CHILD(proposals), true},
    {"rekey", VALUE_DURATION, CHILD(lifetime.soft_ns), false},
    {"lifetime", VALUE_DURATION, CHILD(lifetime.hard_ns), false},
    {"jitter", VALUE_DURATION, CHILD(lifetime.jitter_ns), false},
    {"rekey-octets", VALUE_SIZE, CHILD(lifetime.soft_octets), false},
    {"lifetime-octets", VALUE_SIZE, CHILD(lifetime.hard_octets), false},
    {"rekey-packets", VALUE_COUNT64, CHILD(lifetime.soft_packets), false},
    {"lifetime-packets", VALUE_COUNT64, CHILD(lifetime.hard_packets), false},
    {"start", VALUE_START, CHILD(start), false},
    {"replay-window", VALUE_REPLAY, CHILD(replay_window), false},
    {"dscp", VALUE_BOOLEAN, CHILD(copy_dscp), false},
    {"ecn", VALUE_BOOLEAN, CHILD(ecn), false},
    {"df", VALUE_DF, CHILD(df), false},
    {NULL, VALUE_COUNT32, 0, false},
};

const struct config_key *config_key_find(const struct config_key *table, const char *name)
{
    for (const struct config_key *key = table; key->name != NULL; key++) {
        if (strcmp(key->name, name) == 0) {
            return key;
        }
    }
    return NULL;
}

#define COMPARED_MAX 48

static size_t smallest(size_t a, size_t b, size_t c)
{
    size_t least = a < b ? a : b;
    return least < c ? least : c;
}

/* Edits (insert, remove, replace one character) between two words. */
static size_t edit_distance(const char *a, const char *b)
{
    size_t length_a = strlen(a), length_b = strlen(b);
    if (length_a > COMPARED_MAX || length_b > COMPARED_MAX) {
        return COMPARED_MAX;
    }
    size_t row[COMPARED_MAX + 1];
    for (size_t j = 0; j <= length_b; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= length_a; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= length_b; j++) {
            size_t above = row[j];
            row[j] = smallest(above + 1, row[j - 1] + 1, diagonal + (a[i - 1] != b[j - 1]));
            diagonal = above;
        }
    }
    return row[length_b];
}

const char *config_key_nearest(const char *const *names, const char *name)
{
    const char *nearest = NULL;
    size_t least = strlen(name) / 3 + 2; /* further away is no misspelling */
    for (; *names != NULL; names++) {
        size_t distance = edit_distance(*names, name);
        if (distance < least) {
            least = distance;
            nearest = *names;
        }
    }
    return nearest;
}

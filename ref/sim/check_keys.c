/* No key serves twice: each host gets every key once for each direction, and the two directions
 * never share one. RFC 7296 2.14, 2.17, 2.18. */

#include "sim/check.h"

enum key_use { KEY_IKE_I, KEY_IKE_R, KEY_IN, KEY_OUT };

static void key_note(struct sim *sim, struct host *host, const struct secret *key, enum key_use use)
{
    uint64_t mark = mark_join(mark_of(secret_bytes(key)), (uint64_t)host->index << 8 | use);
    if (!ledger_note(&sim->checks.keys, mark, use, NULL)) {
        sim_violation(sim, host, "the same key once more");
    }
}

static void differ(struct sim *sim, struct host *host, const struct secret *a,
                   const struct secret *b)
{
    if (bytes_equal(secret_bytes(a), secret_bytes(b))) {
        sim_violation(sim, host, "one key for both directions");
    }
}

void check_keys(struct sim *sim, struct host *host, const struct event *event)
{
    if (event->type == EVENT_IKE_SA_KEYS) {
        key_note(sim, host, &event->ike_keys.sk_ei, KEY_IKE_I);
        key_note(sim, host, &event->ike_keys.sk_er, KEY_IKE_R);
        differ(sim, host, &event->ike_keys.sk_ei, &event->ike_keys.sk_er);
    } else if (event->type == EVENT_CHILD_SA_UP) {
        key_note(sim, host, &event->child.encryption_in, KEY_IN);
        key_note(sim, host, &event->child.encryption_out, KEY_OUT);
        differ(sim, host, &event->child.encryption_in, &event->child.encryption_out);
    }
}

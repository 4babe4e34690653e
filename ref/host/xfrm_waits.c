/* A ring. What falls out of it waits in the kernel until that is tired of it
 * (net.core.xfrm_acq_expires). */
#include "host/xfrm_waits.h"

static bool key_equal(const struct packet_key *a, const struct packet_key *b)
{
    return address_equal(&a->source, &b->source) &&
           address_equal(&a->destination, &b->destination) && a->protocol == b->protocol &&
           a->has_ports == b->has_ports && a->source_port == b->source_port &&
           a->destination_port == b->destination_port;
}

static bool is_of(const struct xfrm_wait *wait, uint16_t peer, uint16_t child)
{
    return wait->peer_index == peer && wait->child_index == child;
}

bool xfrm_waits_note(struct xfrm_waits *waits, uint16_t peer, uint16_t child,
                     const struct xfrm_event *acquire)
{
    bool asked = false;
    for (size_t i = 0; i < waits->count; i++) {
        struct xfrm_wait *wait = &waits->items[i];
        if (is_of(wait, peer, child)) {
            asked |= wait->open;
            if (key_equal(&wait->key, &acquire->key)) {
                wait->acquiring = acquire->acquiring;
                return false;
            }
        }
    }
    waits->items[waits->next] = (struct xfrm_wait){.peer_index = peer,
                                                   .child_index = child,
                                                   .open = true,
                                                   .key = acquire->key,
                                                   .acquiring = acquire->acquiring};
    waits->next = (waits->next + 1) % XFRM_WAITS_MAX;
    waits->count += waits->count < XFRM_WAITS_MAX;
    return !asked;
}

void xfrm_waits_answer(struct xfrm_waits *waits, uint16_t peer, uint16_t child)
{
    for (size_t i = 0; i < waits->count; i++) {
        struct xfrm_wait *wait = &waits->items[i];
        if (is_of(wait, peer, child) && wait->open) {
            wait->open = false;
            xfrm_state_forget_acquire(&wait->acquiring);
        }
    }
}

void xfrm_waits_forget(struct xfrm_waits *waits, uint16_t peer, uint16_t child)
{
    struct xfrm_waits kept = {0};
    for (size_t i = 0; i < waits->count; i++) {
        const struct xfrm_wait *wait = &waits->items[i];
        if (is_of(wait, peer, child)) {
            xfrm_state_forget_acquire(&wait->acquiring);
        } else {
            kept.items[kept.count++] = *wait;
        }
    }
    kept.next = kept.count % XFRM_WAITS_MAX;
    *waits = kept;
}

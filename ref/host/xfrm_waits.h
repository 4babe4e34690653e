/* Packets for which the kernel has asked us for an SA, and waits. */
#ifndef IKEREF_HOST_XFRM_WAITS_H
#define IKEREF_HOST_XFRM_WAITS_H

#include "host/xfrm_events.h"

#define XFRM_WAITS_MAX 64 /* the oldest makes room */

struct xfrm_wait {
    uint16_t peer_index, child_index;
    bool open; /* no SA has come since it was asked */
    struct packet_key key;
    struct xfrm_acquiring acquiring;
};

struct xfrm_waits {
    size_t count, next; /* where the next one goes */
    struct xfrm_wait items[XFRM_WAITS_MAX];
};

/* Notes an acquire. True: IKE is to be told. It is told once for a child until an SA comes or it
 * fails; and not again for a packet that asked before and that the SA which then came does not
 * carry: a peer that narrows it away must not keep us asking (RFC 7296 2.9). */
bool xfrm_waits_note(struct xfrm_waits *waits, uint16_t peer, uint16_t child,
                     const struct xfrm_event *acquire);

/* An SA of the child has come: the kernel waits no more. */
void xfrm_waits_answer(struct xfrm_waits *waits, uint16_t peer, uint16_t child);

/* None has come, or it has gone: the next packet asks. */
void xfrm_waits_forget(struct xfrm_waits *waits, uint16_t peer, uint16_t child);

#endif

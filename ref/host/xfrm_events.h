/* What the kernel tells of its SAs and policies by itself: a packet wants an SA, an SA is used up,
 * a peer's packets come from elsewhere. */
#ifndef IKEREF_HOST_XFRM_EVENTS_H
#define IKEREF_HOST_XFRM_EVENTS_H

#include "base/selector.h"
#include "host/event_loop.h"
#include "host/xfrm_state.h"

enum xfrm_event_type {
    XFRM_EVENT_ACQUIRE, /* acquiring, priority (of the policy), key */
    XFRM_EVENT_EXPIRE,  /* id, reqid, hard */
    XFRM_EVENT_MAPPING, /* id, reqid, source: where an authentic packet in UDP came from; once for
                           each packet until the SA is moved */
};

struct xfrm_event {
    enum xfrm_event_type type;
    struct xfrm_sa_id id;
    uint32_t reqid;
    bool hard;
    struct transport_address source;
    struct xfrm_acquiring acquiring;
    uint32_t priority;
    struct packet_key key;
};

struct xfrm_events {
    struct event_source source;
    struct event_loop *loop;
    void (*take)(void *context, const struct xfrm_event *event);
    void *context;
};

/* Listens; `take` is called for each event when the loop finds it. */
bool xfrm_events_open(struct xfrm_events *events, struct event_loop *loop,
                      void (*take)(void *context, const struct xfrm_event *event), void *context,
                      struct problem *problem);
void xfrm_events_close(struct xfrm_events *events);

/* One message of the kernel's; false: it tells none of the above. */
bool xfrm_event_read(const struct nlmsghdr *message, struct xfrm_event *out);

#endif

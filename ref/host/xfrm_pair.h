/* A Child SA as the kernel carries it: two SAs, and the policies that lead to them. Keys are not
 * kept here. */
#ifndef IKEREF_HOST_XFRM_PAIR_H
#define IKEREF_HOST_XFRM_PAIR_H

#include "esp/esp_sa.h"
#include "host/problem.h"
#include "host/xfrm_policy_table.h"
#include "host/xfrm_state.h"
#include "sa/event.h"

struct xfrm_pair {
    struct xfrm_pair *next; /* older */
    uint64_t number;        /* never reused: the owner and rank of its policies */
    uint32_t mark;          /* the configuration's, see xfrm_tag.h */
    uint16_t peer_index, child_index;
    uint32_t spi_in, spi_out, replaces_spi_in;
    bool transport_mode, standby; /* standby: not to be sent on yet, RFC 7296 2.8 */
    bool awaits_packet;           /* the kernel tells the first that is received on it */
    bool sending;                 /* outbound policies lead to it */
    bool fresh;                   /* what was held for want of it has not been released yet */
    bool lingering;
    uint64_t linger_until_ns;
    struct path path;
    bool udp_encapsulation;
    struct selector_list local, remote;
    struct esp_lifetime lifetime;
    bool soft_reported, hard_reported, moved_reported;
    struct transport_address moved_to; /* what was last reported */
    uint64_t packets_in, packets_out;  /* when last looked */
    uint64_t looked_ns, last_in_ns, last_out_ns;
};

/* Installs both SAs and what lets inbound packets in; nothing is sent on them yet. NULL with a
 * problem: then nothing is left of it. `rank` is its number. */
struct xfrm_pair *xfrm_pair_create(const struct event *event, const struct child_config *config,
                                   uint32_t mark, uint64_t number, uint64_t now_ns,
                                   struct xfrm_policy_table *policies, struct problem *problem);

/* From now on its packets go out on it; 0 or an errno. */
int xfrm_pair_send(struct xfrm_pair *pair, struct xfrm_policy_table *policies);

/* No more are sent on it; it still receives. */
void xfrm_pair_stop_sending(struct xfrm_pair *pair, struct xfrm_policy_table *policies);

/* Other addresses or another encapsulation; 0 or an errno. */
int xfrm_pair_move(struct xfrm_pair *pair, const struct path *path, bool udp_encapsulation,
                   struct xfrm_policy_table *policies);

/* Removes all of it from the kernel, and frees it. */
void xfrm_pair_destroy(struct xfrm_pair *pair, struct xfrm_policy_table *policies);

/* Its own limits count from now on, not the first packet. */
void xfrm_pair_started_receiving(struct xfrm_pair *pair);

struct xfrm_sa_id xfrm_pair_inbound(const struct xfrm_pair *pair);
struct xfrm_sa_id xfrm_pair_outbound(const struct xfrm_pair *pair);

/* An outbound packet is within what was negotiated. */
bool xfrm_pair_covers(const struct xfrm_pair *pair, const struct packet_key *key);

#endif

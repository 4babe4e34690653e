/* The TUN interface: inner packets leave the host through it and come back in by it. */
#ifndef IKEREF_HOST_TUN_H
#define IKEREF_HOST_TUN_H

#include "esp/offload.h"
#include "host/burst.h"
#include "host/problem.h"

struct tun_long_packet; /* what was read last, and how far it has been cut */

struct tun {
    int fd; /* -1: closed; the interface goes with it */
    unsigned index;
    struct tun_long_packet *in; /* NULL: each read and write is one packet, and no more is said */
    bool joins;                 /* tun_write_joined is understood */
    bool more;                  /* after a read: it has not returned all that may be there */
};

/* Made, its MTU set, and up. `offload`: long packets and unfinished checksums cross it, as far as
 * the kernel can; whoever reads and writes here sees none of it. */
bool tun_open(struct tun *tun, const char *name, uint32_t mtu, bool offload,
              struct problem *problem);
void tun_close(struct tun *tun);

/* One inner packet each, at offset ESP_HEADROOM; returns how many. Never waits. What is cut stays
 * together where it can, so that a burst may end before `max`: tun->more says so. */
size_t tun_read(struct tun *tun, struct packet *packets, size_t max);

/* The same of what has been read already, for which no event will come: whoever stops while
 * tun->more asks here until it is false. */
size_t tun_read_rest(struct tun *tun, struct packet *packets, size_t max);

/* The current octets. False: the kernel did not take it. */
bool tun_write(struct tun *tun, const struct packet *packet);

/* Several that are to be one (esp/coalescing.h), where tun->joins. False: the kernel did not take
 * it, and is not asked again. */
bool tun_write_joined(struct tun *tun, struct packet *const *packets, size_t count,
                      const struct offload *offload);

#endif

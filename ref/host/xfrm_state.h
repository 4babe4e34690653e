/* An ESP SA of the kernel (XFRM calls it a state): one direction of a Child SA, RFC 4301 4.4.2.
 * Each function is one request; errors are errno, 0 is success (xfrm_problem.h has the words). */
#ifndef IKEREF_HOST_XFRM_STATE_H
#define IKEREF_HOST_XFRM_STATE_H

#include <libmnl/libmnl.h>
#include <linux/xfrm.h>

#include "crypto/protection.h"
#include "esp/esp_sa.h"

#define XFRM_REQUEST_MAX 4096

/* What finds an SA: the kernel knows it by its destination and SPI. */
struct xfrm_sa_id {
    uint32_t spi;
    struct address destination;
};

/* Where its packets start and end, and with which ports when they travel in UDP (RFC 3948). */
struct xfrm_sa_path {
    struct transport_address source, destination;
    bool udp_encapsulation;
};

struct xfrm_sa {
    uint32_t spi, reqid;
    struct xfrm_sa_path path;
    const struct protection *protection;
    const struct secret *encryption, *integrity; /* salt included; integrity empty with an AEAD */
    bool transport_mode, esn;
    bool copy_dscp, ecn;
    bool clear_df;                 /* else the kernel copies it */
    uint32_t replay_window;        /* packets; 0: no check */
    struct esp_lifetime lifetime;  /* 0: no limit */
    bool tell_first_packet;        /* as if its soft limit were passed by the first packet */
    struct xfrm_selector selector; /* every packet is held to it; family 0: to none */
};

/* An SA the kernel has asked for and now waits for, from its acquire message. */
struct xfrm_acquiring {
    uint32_t sequence, reqid;
    struct address source, destination;
    bool transport_mode;
};

/* What the kernel has counted. */
struct xfrm_sa_usage {
    uint64_t packets, octets;
    uint64_t sequence_out, sequence_in; /* 64 bits with ESN */
    uint64_t replayed, not_authentic;
    uint64_t last_used_s; /* CLOCK_REALTIME; 0: never */
};

/* Installs it; EEXIST when there is one of that SPI already. */
int xfrm_state_add(const struct xfrm_sa *sa);
int xfrm_state_remove(const struct xfrm_sa_id *id);
int xfrm_state_usage(const struct xfrm_sa_id *id, struct xfrm_sa_usage *out);

/* Other limits for the same SA; those that were passed once may be passed again. */
int xfrm_state_set_lifetime(const struct xfrm_sa_id *id, const struct esp_lifetime *lifetime);

/* The same SA elsewhere (RFC 4555 3.5, RFC 7296 2.23): keys, counters, lifetimes and replay window
 * stay. Where only ports differ it is changed in place; else it is made anew from what the kernel
 * tells of it, and a few packets in between are lost. `skip`: that many sequence numbers are left
 * out, for packets that go out while it happens; none is used twice (RFC 4303 3.3.3). */
int xfrm_state_move(const struct xfrm_sa_id *id, const struct xfrm_sa_path *path, uint32_t skip);

/* Ends the waiting for an SA that an acquire has begun: the next packet asks again. */
int xfrm_state_forget_acquire(const struct xfrm_acquiring *acquiring);

/* Removes every SA whose reqid is in [first, last]; how many there were. */
size_t xfrm_state_clear(uint32_t reqid_first, uint32_t reqid_last);

/* The request for `sa` into `buffer` (XFRM_REQUEST_MAX octets, wiped by the caller); for
 * xfrm_state_add and tests. */
struct nlmsghdr *xfrm_state_build(uint8_t *buffer, uint16_t type, const struct xfrm_sa *sa);

#endif

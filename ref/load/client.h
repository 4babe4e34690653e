/* One of those who connect: an endpoint of its own, which makes an IKE SA with a Child SA, deletes
 * it, and begins anew. A host of the door: it is told the time and what arrives, and never waits.
 */
#ifndef IKEREF_LOAD_CLIENT_H
#define IKEREF_LOAD_CLIENT_H

#include "endpoint/endpoint.h"

enum client_state {
    CLIENT_IDLE,
    CLIENT_CONNECTING,
    CLIENT_STANDS,  /* its IKE SA and its Child SA */
    CLIENT_LEAVING, /* its Delete is on the way */
};

struct client {
    struct endpoint_config config; /* its one peer is `peer` */
    struct peer_config *peer;      /* owned; what it points to is its maker's */
    struct command initiate;       /* with the path */
    const struct random_source *random;
    struct endpoint *endpoint; /* NULL: none yet */
    unsigned age;              /* handshakes of this endpoint */
    enum client_state state;
    uint64_t spi;    /* ours, of the IKE SA there is or was last; 0: none */
    uint32_t ike_sa; /* as the core numbers it; 0: none is up */
    uint64_t due_ns, begun_ns;
    struct endpoint_counters spent; /* of endpoints before this one */
};

/* What has come of it since it was last asked. */
struct client_news {
    bool ended; /* the handshake, with this: */
    enum status status;
    bool lost; /* the peer has ended what stood */
};

/* `config` has the one peer with the one child that all connect to; this one asks for `inner` as
 * its own side of the Child SA (no selectors: what the configuration says). `initiate` tells the
 * path. False: no memory. */
MUST_USE bool client_open(struct client *client, const struct endpoint_config *config,
                          const struct selector_list *inner, const struct command *initiate,
                          const struct random_source *random);
void client_close(struct client *client);

/* False: it could not even begin; then it is idle as before. `utc_ns`: what it is by the calendar,
 * for certificates. */
MUST_USE bool client_begin(struct client *client, uint64_t due_ns, uint64_t now_ns,
                           uint64_t utc_ns);
void client_leave(struct client *client, uint64_t now_ns); /* what stands; else nothing */
void client_receive(struct client *client, const struct datagram *datagram, uint64_t now_ns);
void client_expire(struct client *client, uint64_t now_ns);

/* After each of those above, until it has nothing more to say. */
struct client_news client_news(struct client *client);
bool client_next_datagram(struct client *client, struct datagram *out);
uint64_t client_deadline(const struct client *client); /* UINT64_MAX: none */

/* Of all its endpoints so far. */
struct endpoint_counters client_counters(const struct client *client);

#endif

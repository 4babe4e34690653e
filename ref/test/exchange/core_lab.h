/* Two connected cores whose handlers are called by hand: no time passes and nothing is delivered
 * unless the test says so. Over the world of the endpoint's tests. */
#ifndef IKEREF_TEST_EXCHANGE_CORE_LAB_H
#define IKEREF_TEST_EXCHANGE_CORE_LAB_H

#include "exchange/exchange.h"
#include "test/endpoint/world.h"

/* One message as a handler gets it. */
struct core_message {
    struct ike_header header;
    struct payload_chain outer, chain;
    struct message message;
    struct path path;
    uint8_t plain[IKE_MESSAGE_MAX];
    struct exchange_input in; /* views the fields above */
};

/* The core's own store of this side. */
struct sa_store *core_store(struct world *world, unsigned side);

/* The oldest datagram that waits at this side; false when none does. */
bool core_datagram(struct world *world, unsigned side, struct datagram *out);

/* Takes events until one of this type; false when there is none. Wipe *out. */
bool core_event(struct world *world, unsigned side, enum event_type type, struct event *out);

/* As if these payloads (from type `first`) had come to `sa` along its path in a request of this
 * exchange that is in its turn. */
void core_message_of(struct core_message *out, const struct ike_sa *sa, uint8_t exchange_type,
                     uint8_t first, struct bytes payloads);

/* Decodes an unprotected datagram that another side has sent. */
void core_decode(struct core_message *out, const struct datagram *sent);

/* Opens a datagram that `sa`'s peer has sent, with the keys of `sa`. */
void core_open(struct core_message *out, const struct ike_sa *sa, const struct datagram *sent);

#endif

/* Somebody who sends IKE_SA_INIT requests to side b of a world without being an endpoint: from any
 * address, with any SPI, with or without what was demanded. Many of them make a flood. */
#ifndef IKEREF_TEST_ENDPOINT_STRANGER_H
#define IKEREF_TEST_ENDPOINT_STRANGER_H

#include "test/endpoint/world.h"
#include "wire/message.h"

struct stranger {
    struct path path; /* as b sees it */
    uint64_t spi_i;
    uint8_t ni[32];
    uint8_t public_value[8]; /* of the stand-in key exchange */
    size_t cookie_length, keys_length;
    uint8_t cookie[COOKIE_MAX], keys[64];
    /* what b said last */
    size_t asked, answered; /* octets of the request and of all that came back */
    unsigned answers;
    bool demanded, accepted; /* COOKIE; an SA payload */
    uint64_t spi_r;
    size_t nr_length;
    uint8_t nr[NONCE_MAX];
    struct puzzle_notify puzzle; /* prf 0: none */
};

/* At 10.x.y.z for the number xyz, with an SPI and a nonce of its own. */
void stranger_init(struct stranger *s, uint32_t number);

/* The request, in `out` of STRANGER_REQUEST_MAX octets. */
#define STRANGER_REQUEST_MAX 2048
struct bytes stranger_request(const struct stranger *s, struct world_side *b, uint8_t *out);

/* Sends the request with its cookie and its keys, if any, and hears what comes back. Returns what
 * became of the request. */
enum status stranger_ask(struct stranger *s, struct world_side *b, uint64_t now_ns);

/* Takes the cookie b has demanded; and solves the puzzle. */
void stranger_solve(struct stranger *s);

/* An IKE_AUTH request for the IKE SA it was given, of noise, with its keys in a PS payload, if any.
 */
enum status stranger_auth_noise(struct stranger *s, struct world_side *b, uint64_t now_ns);

#endif

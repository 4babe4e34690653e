/* Stateless cookies against half-open floods, RFC 7296 2.6. */
#ifndef IKEREF_SA_COOKIE_H
#define IKEREF_SA_COOKIE_H

#include "base/address.h"
#include "crypto/crypto.h"

#define COOKIE_LENGTH 33 /* the secret's version, then a PRF output */
#define COOKIE_SECRET_LIFE_NS 60000000000ULL

struct cookie_jar {
    struct secret secrets[2]; /* the current one and the one before */
    uint8_t version;          /* of the current one */
    uint64_t changed_ns;
};

MUST_USE enum status cookie_jar_init(struct cookie_jar *jar, const struct random_source *random,
                                     uint64_t now_ns);
void cookie_jar_wipe(struct cookie_jar *jar);

/* Draws a new secret when the current one is old; called before either of the next two. */
MUST_USE enum status cookie_jar_turn(struct cookie_jar *jar, const struct random_source *random,
                                     uint64_t now_ns);

/* version | prf(secret, Ni | IPi | SPIi). */
MUST_USE enum status cookie_make(const struct cookie_jar *jar, struct bytes ni,
                                 const struct address *ip, uint64_t spi_i,
                                 uint8_t out[COOKIE_LENGTH]);

/* Made by us with the current or the previous secret for this nonce, address and SPI. */
bool cookie_verify(const struct cookie_jar *jar, struct bytes ni, const struct address *ip,
                   uint64_t spi_i, struct bytes cookie);

#endif

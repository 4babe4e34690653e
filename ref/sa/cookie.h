/* Stateless cookies against half-open floods, RFC 7296 2.6, and what they remember of the puzzle
 * they came with, RFC 8019 7.1.1.3. */
#ifndef IKEREF_SA_COOKIE_H
#define IKEREF_SA_COOKIE_H

#include "base/address.h"
#include "crypto/crypto.h"
#include "crypto/hmac.h"

#define COOKIE_MAC_LENGTH 32
#define COOKIE_LENGTH (1 + 8 + COOKIE_MAC_LENGTH) /* version | demand | MAC: at most 64 */
#define COOKIE_SECRET_LIFE_NS 60000000000ULL
#define COOKIE_SPENT_SLOTS 1024

struct cookie_jar {
    struct secret first;  /* what other keys of this life are derived from */
    struct hmac keyed[2]; /* with the current secret and the one before */
    uint8_t version;      /* of the current one */
    uint64_t changed_ns;
    uint64_t spent[COOKIE_SPENT_SLOTS]; /* cookies whose puzzle has been paid with, by their MAC */
};

/* What was demanded together with the cookie. All zero: that it comes back, and nothing else. */
struct cookie_demand {
    uint8_t round;      /* how many puzzles this one makes; 0: none was given */
    uint8_t difficulty; /* trailing zero bits; 0: as many as the initiator likes */
    uint16_t prf;
    uint32_t period; /* when, in units of COOKIE_PERIOD_NS */
};
#define COOKIE_PERIOD_NS 8000000000ULL

/* What a cookie answers: the request it was made for. */
struct cookie_request {
    struct bytes ni;
    const struct address *ip;
    uint64_t spi_i;
};

MUST_USE enum status cookie_jar_init(struct cookie_jar *jar, const struct random_source *random,
                                     uint64_t now_ns);
void cookie_jar_wipe(struct cookie_jar *jar);

/* Draws a new secret when the current one is old; called before any of the others. */
MUST_USE enum status cookie_jar_turn(struct cookie_jar *jar, const struct random_source *random,
                                     uint64_t now_ns);

/* A secret for another purpose, at most COOKIE_MAC_LENGTH octets, without a draw of its own. */
void cookie_jar_derive(const struct cookie_jar *jar, const char *purpose, uint8_t *out,
                       size_t length);

/* version | demand | MAC(secret; Ni | IPi | SPIi | demand). */
void cookie_make(const struct cookie_jar *jar, const struct cookie_request *request,
                 const struct cookie_demand *demand, uint8_t out[COOKIE_LENGTH]);

/* Made by us with the current or the previous secret for this request; then *demand is what it came
 * with. */
bool cookie_verify(const struct cookie_jar *jar, const struct cookie_request *request,
                   struct bytes cookie, struct cookie_demand *demand);

/* Has this cookie, which is ours, paid for an IKE SA already? One solution buys one (RFC 8019 10).
 * Forgetting is possible, when two cookies meet in a slot, and cannot be brought about. */
bool cookie_is_spent(const struct cookie_jar *jar, struct bytes cookie);
void cookie_spend(struct cookie_jar *jar, struct bytes cookie);

#endif

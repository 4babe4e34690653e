/* The door to cryptography: randomness, digests, PRF, integrity, key exchange and protection, each
 * algorithm a const record keyed by its IANA transform ID. Only crypto/openssl_*.c know a library.
 */
#ifndef IKEREF_CRYPTO_CRYPTO_H
#define IKEREF_CRYPTO_CRYPTO_H

#include "base/limits.h"
#include "base/secret.h"
#include "base/status.h"

/* ---- randomness: enters here and nowhere else, so a simulator or a vector can fix it ---- */

struct random_source {
    bool (*fill)(void *context, uint8_t *out, size_t length); /* false: no randomness to be had */
    void *context;
};

/* The library's own generator. */
extern const struct random_source random_system;

MUST_USE enum status random_fill(const struct random_source *random, void *out, size_t length);

/* ---- digests and comparison ---- */

#define SHA1_LENGTH 20

/* SHA-1 over the concatenated parts: NAT detection only, RFC 7296 2.23. */
MUST_USE enum status digest_sha1(const struct bytes *parts, size_t count, uint8_t out[SHA1_LENGTH]);

/* Constant-time equality of `length` octets. */
bool crypto_equal(const void *a, const void *b, size_t length);

/* ---- pseudorandom functions, RFC 7296 2.13, RFC 4868 ---- */

#define PRF_OUTPUT_MAX 64

struct prf_algorithm {
    uint16_t id;      /* enum prf_id */
    const char *name; /* as in our configuration: "prfsha256" */
    const char *library_name;
    size_t key_length; /* preferred key length: SK_d, SK_pi, SK_pr */
    size_t output_length;
};

/* NULL when we do not have it. */
const struct prf_algorithm *prf_algorithm_find(uint16_t id);

/* prf(key, parts...) into `out`, output_length octets. */
MUST_USE enum status prf_compute(const struct prf_algorithm *prf, struct bytes key,
                                 const struct bytes *parts, size_t count, uint8_t *out);

/* prf+(key, seed) of any length up to 255 outputs, RFC 7296 2.13; more is STATUS_INTERNAL. */
MUST_USE enum status prf_plus(const struct prf_algorithm *prf, struct bytes key, struct bytes seed,
                              uint8_t *out, size_t length);

/* ---- key exchange, RFC 7296 2.12, 3.4, RFC 5903, RFC 8031, RFC 3526 ---- */

struct key_exchange; /* one ephemeral private key; owned by who created it */

struct shared_secret {
    size_t length;
    uint8_t data[KEY_EXCHANGE_MAX];
};

void shared_secret_wipe(struct shared_secret *secret);

struct key_exchange_algorithm {
    uint16_t id;          /* enum key_exchange_id */
    const char *name;     /* "x25519", "ecp256", "modp2048" */
    size_t public_length; /* octets in the KE payload */
    size_t shared_length;
    struct key_exchange *(*create)(const struct key_exchange_algorithm *,
                                   const struct random_source *);
    struct bytes (*public_value)(const struct key_exchange *);
    enum status (*derive)(struct key_exchange *, struct bytes peer, struct shared_secret *out);
    void (*destroy)(struct key_exchange *);
};

const struct key_exchange_algorithm *key_exchange_algorithm_find(uint16_t id);

/* A stand-in for an ID of the private range (32768 and up), for a simulator; NULL removes all.
 * The record must outlive its use; its keys begin with the head in crypto/key_exchange.h. */
void key_exchange_algorithm_register(const struct key_exchange_algorithm *algorithm);

/* A fresh key pair, private part drawn from `random`; NULL on failure. */
struct key_exchange *key_exchange_create(const struct key_exchange_algorithm *algorithm,
                                         const struct random_source *random);

/* The public value as it goes into the KE payload; lives as long as the key. */
struct bytes key_exchange_public(const struct key_exchange *key);
const struct key_exchange_algorithm *key_exchange_algorithm_of(const struct key_exchange *key);

/* g^ir (ECP: the x coordinate, RFC 5903 9). A value of wrong length, off the curve, of small order
 * or out of range is STATUS_NOTIFY(INVALID_SYNTAX); an all-zero X25519/X448 result too (RFC 8031
 * 2). */
MUST_USE enum status key_exchange_derive(struct key_exchange *key, struct bytes peer_public,
                                         struct shared_secret *out);

/* Wipes and frees; NULL is fine. */
void key_exchange_destroy(struct key_exchange *key);

#endif

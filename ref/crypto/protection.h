/* Confidentiality with integrity, one shape for SK (RFC 7296 3.14, RFC 5282) and ESP (RFC 4303):
 * an AEAD, or AES-CBC with an HMAC over what an AEAD would authenticate (encrypt then MAC); in ESP
 * also the HMAC alone (ENCR_NULL, RFC 2410). */
#ifndef IKEREF_CRYPTO_PROTECTION_H
#define IKEREF_CRYPTO_PROTECTION_H

#include "crypto/crypto.h"

#define PROTECTION_IV_MAX 16
#define PROTECTION_ICV_MAX 32

struct cipher_algorithm {
    uint16_t id;      /* enum encr_id */
    const char *name; /* "null", "aes" (CBC), "aesgcm16", "chacha20poly1305" */
    bool aead;
    bool has_key_length; /* the transform carries the Key Length attribute */
    uint16_t key_bits;   /* always, where it does not */
    size_t salt_length;  /* octets of KEYMAT behind the key: RFC 4106 8.1, RFC 7634 2 */
    size_t iv_length;    /* octets on the wire */
    size_t icv_length;   /* AEAD only; else the integrity algorithm's */
    size_t block_length; /* plaintext must be a multiple; 1: of nothing (ESP still aligns to 4) */
};

struct integrity_algorithm {
    uint16_t id;      /* enum integ_id */
    const char *name; /* "sha256" */
    const char *library_name;
    size_t key_length;
    size_t icv_length;
};

const struct cipher_algorithm *cipher_algorithm_find(uint16_t id);
const struct integrity_algorithm *integrity_algorithm_find(uint16_t id);

/* What was negotiated. */
struct protection {
    const struct cipher_algorithm *cipher;
    uint16_t key_bits;                           /* 128, 192 or 256; 0 with ENCR_NULL */
    const struct integrity_algorithm *integrity; /* NULL with an AEAD */
};

/* True when cipher, key length and integrity belong together. */
bool protection_valid(const struct protection *p);

/* Octets of KEYMAT for the cipher, salt included, and for the integrity algorithm (0 with an AEAD).
 */
size_t protection_encryption_key_length(const struct protection *p);
size_t protection_integrity_key_length(const struct protection *p);
size_t protection_iv_length(const struct protection *p);
size_t protection_icv_length(const struct protection *p);
size_t protection_block_length(const struct protection *p);

enum protector_direction { PROTECTOR_SEAL, PROTECTOR_OPEN };

struct protector; /* the keys of one direction of one SA, wiped on destroy; while it is in use the
                     library's keyed contexts as well */

/* `encryption_key` has the salt at its end. NULL on failure. The record pointers in `p` are kept.
 */
struct protector *protector_create(const struct protection *p, struct bytes encryption_key,
                                   struct bytes integrity_key, enum protector_direction direction);
void protector_destroy(struct protector *protector); /* NULL is fine */

/* The contexts are there. Made when they are first needed; who has not used them for a while gives
 * their memory back, and they are made again when there is something to seal or open. */
bool protector_is_ready(const struct protector *protector);
void protector_rest(struct protector *protector);

/* The next IV: AEAD, a counter that never repeats under this key (starts at 1; STATUS_INTERNAL when
 * used up); CBC, unpredictable octets from `random`; ENCR_NULL, none. iv_length octets into `iv`.
 */
MUST_USE enum status protector_next_iv(struct protector *protector,
                                       const struct random_source *random, uint8_t *iv);

/* Encrypt `text` in place and write the ICV. Authenticated: `aad`, then with an HMAC the IV and
 * the ciphertext, then `aad_tail` (ESP's high sequence number, RFC 4303 2.2.1; else empty; an
 * AEAD takes `aad` alone and refuses a tail). Allocates nothing once it is ready. */
MUST_USE enum status protector_seal(struct protector *protector, struct bytes aad,
                                    const uint8_t *iv, uint8_t *text, size_t length,
                                    struct bytes aad_tail, uint8_t *icv);

/* Verify, then decrypt `text` in place; STATUS_DROP when the ICV does not fit (text is then not to
 * be looked at). Allocates nothing once it is ready. */
MUST_USE enum status protector_open(struct protector *protector, struct bytes aad,
                                    const uint8_t *iv, uint8_t *text, size_t length,
                                    struct bytes aad_tail, const uint8_t *icv);

#endif

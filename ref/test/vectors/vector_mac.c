/* MACs and digests: HMAC as the integrity algorithms and PRFs use it, SHA-1 as NAT detection does.
 */

#include "test/vectors/vector.h"

#include <string.h>

#include "crypto/crypto.h"
#include "crypto/hmac.h"

static const char *hash_of(const char *algorithm)
{
    static const char *const names[][2] = {
        {"HMACSHA256", "SHA2-256"},
        {"HMACSHA384", "SHA2-384"},
        {"HMACSHA512", "SHA2-512"},
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(algorithm, names[i][0]) == 0) {
            return names[i][1];
        }
    }
    return NULL;
}

struct outcome mac_run(const struct vector *vector)
{
    const char *hash = hash_of(vector->algorithm);
    struct bytes message = octets_of(vector->test, "msg");
    struct bytes tag = octets_of(vector->test, "tag");
    size_t length = (size_t)number_of(vector->group, "tagSize") / 8;
    uint8_t found[HMAC_OUTPUT_MAX];
    struct hmac hmac;
    if (hash == NULL) {
        return outcome_not_applicable("the reference has no %s yet", vector->algorithm);
    }
    if (!hmac_init(&hmac, hash, octets_of(vector->test, "key"))) {
        return outcome_failed("no %s in the library", hash);
    }
    hmac_compute(&hmac, &message, 1, found);
    hmac_wipe(&hmac);
    return outcome_of(vector, tag.length == length && length <= sizeof found &&
                                  crypto_equal(found, tag.data, length));
}

struct outcome digest_run(const struct vector *vector)
{
    struct bytes message = octets_of(vector->test, "msg");
    uint8_t found[SHA1_LENGTH];
    if (strcmp(vector->algorithm, "SHA1") != 0) {
        return outcome_not_applicable("the reference has no bare %s yet", vector->algorithm);
    }
    if (digest_sha1(&message, 1, found) != STATUS_OK) {
        return outcome_failed("no SHA-1 in the library");
    }
    return outcome_of(
        vector, bytes_equal(bytes_of(found, sizeof found), octets_of(vector->test, "digest")));
}

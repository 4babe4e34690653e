/* Key exchange: the private key comes in as the randomness it is drawn from. */

#include "test/vectors/vector.h"

#include <string.h>

#include "test/vectors/vector_suite.h"

static bool all_zero(struct bytes octets)
{
    size_t i = 0;
    while (i < octets.length && octets.data[i] == 0) {
        i++;
    }
    return octets.length > 0 && i == octets.length;
}

static struct outcome derive(const struct vector *v, struct bytes private_key, struct bytes peer)
{
    const struct key_exchange_algorithm *algorithm = key_exchange_named(text_of(v->group, "curve"));
    if (algorithm == NULL) {
        return outcome_not_applicable("the reference has no group %s", text_of(v->group, "curve"));
    }
    struct key_exchange *key = key_exchange_from(algorithm, private_key);
    struct shared_secret secret;
    if (key == NULL) {
        return outcome_of(v, false); /* a private key that nobody could have drawn */
    }
    struct bytes own = key_exchange_public(key);
    bool own_differs = json_object_get(v->test, "ownPublic") != NULL &&
                       !bytes_equal(own, octets_of(v->test, "ownPublic"));
    enum status status = key_exchange_derive(key, peer, &secret);
    key_exchange_destroy(key);
    if (own_differs) {
        return true_of(v->test, "wrongValue") ? outcome_of(v, false)
                                              : outcome_failed("ownPublic is another");
    }
    if (status != STATUS_OK) {
        return outcome_of(v, false);
    }
    struct bytes expected = octets_of(v->test, "shared");
    bool montgomery = algorithm->id == KE_CURVE25519 || algorithm->id == KE_CURVE448;
    if (montgomery && all_zero(bytes_of(secret.data, secret.length))) {
        return outcome_failed("an all-zero secret was accepted (RFC 8031 2)");
    }
    if (!bytes_equal(expected, bytes_of(secret.data, secret.length))) {
        if (true_of(v->test, "wrongValue")) {
            return outcome_of(v, false);
        }
        if (strcmp(v->result, "invalid") != 0) {
            return outcome_failed("shared is another");
        }
    }
    return outcome_of(v, true);
}

struct outcome xdh_run(const struct vector *v)
{
    return derive(v, octets_of(v->test, "private"), octets_of(v->test, "public"));
}

/* As many octets as the group's scalars have, zeros in front; longer only if zeros can go. */
static struct bytes fit(struct bytes number, size_t length)
{
    while (number.length > length && number.data[0] == 0) {
        number = bytes_of(number.data + 1, number.length - 1);
    }
    if (number.length >= length) {
        return number;
    }
    uint8_t *padded = octets_new(length);
    memcpy(padded + length - number.length, number.data, number.length);
    return bytes_of(padded, length);
}

/* A point as X9.62 writes it; a KE payload holds x | y without the octet 4 (RFC 5903 7), and other
 * forms have no place in it. */
struct outcome ecp_run(const struct vector *v)
{
    const struct key_exchange_algorithm *algorithm = key_exchange_named(text_of(v->group, "curve"));
    struct bytes point = octets_of(v->test, "public");
    const char *encoding = text_of(v->group, "encoding");
    if (strcmp(encoding, "ecpoint") != 0) {
        return outcome_not_applicable("a KE payload holds no %s key",
                                      *encoding != '\0' ? encoding : "other");
    }
    if (algorithm == NULL) {
        return outcome_not_applicable("the reference has no group %s", text_of(v->group, "curve"));
    }
    struct bytes private_key = fit(octets_of(v->test, "private"), algorithm->shared_length);
    if (algorithm->id == KE_ECP_521 && private_key.data[0] > 1) {
        return outcome_of(v, false); /* beyond the order: such bits of a draw are masked off */
    }
    if (point.length > 0 && point.data[0] == 4) {
        point = bytes_of(point.data + 1, point.length - 1);
    }
    return derive(v, private_key, point);
}

struct outcome modp_run(const struct vector *v)
{
    return derive(v, octets_of(v->test, "private"), octets_of(v->test, "public"));
}

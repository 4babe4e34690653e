/* X25519 and X448: RFC 7748, in IKEv2 by RFC 8031. Octets go over the wire as they are. */

#include "crypto/key_exchange.h"

#include <assert.h>
#include <stdlib.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#define PUBLIC_MAX 56

struct curve_key {
    struct key_exchange head;
    EVP_PKEY *private_key;
    uint8_t public_value[PUBLIC_MAX];
};

static const char *library_name(const struct key_exchange_algorithm *algorithm)
{
    return algorithm->id == KE_CURVE25519 ? "X25519" : "X448";
}

static void curve_destroy(struct key_exchange *key)
{
    struct curve_key *curve = (struct curve_key *)key;
    EVP_PKEY_free(curve->private_key); /* the library wipes the private octets */
    free(curve);
}

/* Private octets are taken as drawn; clamping is part of the function (RFC 7748 5). */
static bool curve_draw(struct curve_key *curve, const struct key_exchange_algorithm *algorithm,
                       const struct random_source *random)
{
    struct secret octets = {.length = algorithm->public_length};
    if (random_fill(random, octets.data, octets.length) != STATUS_OK) {
        return false;
    }
    curve->private_key = EVP_PKEY_new_raw_private_key_ex(NULL, library_name(algorithm), NULL,
                                                         octets.data, octets.length);
    secret_wipe(&octets);
    size_t length = sizeof(curve->public_value);
    return curve->private_key != NULL &&
           EVP_PKEY_get_raw_public_key(curve->private_key, curve->public_value, &length) == 1 &&
           length == algorithm->public_length;
}

static struct key_exchange *curve_create(const struct key_exchange_algorithm *algorithm,
                                         const struct random_source *random)
{
    struct curve_key *curve = calloc(1, sizeof(*curve));
    if (curve == NULL) {
        return NULL;
    }
    if (!curve_draw(curve, algorithm, random)) {
        ERR_clear_error();
        curve_destroy(&curve->head);
        return NULL;
    }
    return &curve->head;
}

static struct bytes curve_public_value(const struct key_exchange *key)
{
    return bytes_of(((const struct curve_key *)key)->public_value, key->algorithm->public_length);
}

/* The last step fails for one reason only: the result is all zeros (RFC 7748 6), which the peer is
 * to hear of. Everything before it is our own trouble. */
static enum status curve_multiply(EVP_PKEY_CTX *context, EVP_PKEY *peer, struct shared_secret *out)
{
    if (EVP_PKEY_derive_init(context) != 1 || EVP_PKEY_derive_set_peer(context, peer) != 1) {
        return STATUS_INTERNAL;
    }
    size_t length = sizeof(out->data);
    if (EVP_PKEY_derive(context, out->data, &length) != 1) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    static const uint8_t zeros[PUBLIC_MAX];
    if (length > sizeof(zeros) || crypto_equal(out->data, zeros, length)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    out->length = length;
    return STATUS_OK;
}

static enum status curve_derive(struct key_exchange *key, struct bytes peer,
                                struct shared_secret *out)
{
    struct curve_key *curve = (struct curve_key *)key;
    EVP_PKEY *peer_key = EVP_PKEY_new_raw_public_key_ex(NULL, library_name(key->algorithm), NULL,
                                                        peer.data, peer.length);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, curve->private_key, NULL);
    enum status status = STATUS_INTERNAL;
    if (peer_key != NULL && context != NULL) {
        status = curve_multiply(context, peer_key, out);
    }
    if (status != STATUS_OK) {
        ERR_clear_error();
    }
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(peer_key);
    return status;
}

const struct key_exchange_algorithm key_exchange_x25519 = {
    KE_CURVE25519, "x25519", 32, 32, curve_create, curve_public_value, curve_derive, curve_destroy,
};

const struct key_exchange_algorithm key_exchange_x448 = {
    KE_CURVE448, "x448", 56, 56, curve_create, curve_public_value, curve_derive, curve_destroy,
};

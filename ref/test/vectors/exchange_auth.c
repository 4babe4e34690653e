/* What AUTH is computed over, and from: RFC 7296 2.15, RFC 7427 3. */

#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "crypto/signature_key.h"
#include "test/vectors/exchange_play.h"
#include "test/vectors/vector_suite.h"

static bool prf_is(const struct prf_algorithm *prf, struct bytes key, struct bytes message,
                   struct bytes expected)
{
    uint8_t found[PRF_OUTPUT_MAX];
    return prf_compute(prf, key, &message, 1, found) == STATUS_OK &&
           bytes_equal(bytes_of(found, prf->output_length), expected);
}

static const char *shared_key_differs(const struct play *play, const json_t *auth,
                                      const struct prf_algorithm *prf)
{
    static const char pad[] = "Key Pad for IKEv2";
    struct bytes key = octets_of(auth, "prf(Shared Secret, Key Pad)");
    if (!prf_is(prf, octets_of(json_object_get(play->test, "setup"), "psk"),
                bytes_of(pad, sizeof pad - 1), key)) {
        return "prf(Shared Secret, Key Pad) is another";
    }
    return prf_is(prf, key, octets_of(auth, "SignedOctets"), octets_of(auth, "AUTH"))
               ? NULL
               : "AUTH is another";
}

/* ---- signatures ---- */

static bool contains(struct bytes whole, struct bytes part)
{
    return part.length > 0 && memmem(whole.data, whole.length, part.data, part.length) != NULL;
}

/* r is the x coordinate of k times the base point: what is exchanged in a group is the same. */
static bool number_made_r(struct bytes k, enum key_kind kind, struct bytes signature)
{
    const char *curve = kind == KEY_ECDSA_256   ? "secp256r1"
                        : kind == KEY_ECDSA_384 ? "secp384r1"
                                                : "secp521r1";
    struct key_exchange *point = key_exchange_from(key_exchange_named(curve), k);
    if (point == NULL) {
        return false;
    }
    struct bytes x = key_exchange_public(point);
    x.length /= 2;
    while (x.length > 0 && x.data[0] == 0) {
        x = bytes_of(x.data + 1, x.length - 1);
    }
    bool made = contains(signature, x);
    key_exchange_destroy(point);
    return made;
}

/* MGF1, RFC 8017 B.2.1, over what it is to mask. */
static bool mask_remove(const EVP_MD *md, struct bytes seed, uint8_t *masked, size_t length)
{
    uint8_t block[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    for (size_t at = 0; at < length; at++) {
        if (size == 0 || at % size == 0) {
            uint8_t counter[4] = {0, 0, 0, size == 0 ? 0 : (uint8_t)(at / size)};
            struct bytes input = octets_join(seed, bytes_of(counter, sizeof counter));
            if (EVP_Digest(input.data, input.length, block, &size, md, NULL) != 1) {
                return false;
            }
        }
        masked[at] ^= block[at % size];
    }
    return true;
}

/* EMSA-PSS, RFC 8017 9.1.2: the salt ends DB, and DB lies under a mask made of the hash H. */
static bool salt_was(struct bytes salt, const EVP_MD *md, const struct signature_key *key,
                     struct bytes signature)
{
    uint8_t *em = octets_new(SIGNATURE_MAX);
    size_t length = SIGNATURE_MAX;
    size_t hash = (size_t)EVP_MD_get_size(md);
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(key->pkey, NULL);
    bool read =
        EVP_PKEY_verify_recover_init(context) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_NO_PADDING) == 1 &&
        EVP_PKEY_verify_recover(context, em, &length, signature.data, signature.length) == 1;
    EVP_PKEY_CTX_free(context);
    if (!read || salt.length != hash || length < 2 * hash + 2) {
        return false;
    }
    size_t db = length - hash - 1;
    if (!mask_remove(md, bytes_of(em + db, hash), em, db)) {
        return false;
    }
    return bytes_equal(bytes_of(em + db - hash, hash), salt);
}

static const EVP_MD *digest_of(const struct signature_algorithm *a)
{
    return a->hash == HASH_SHA2_256   ? EVP_sha256()
           : a->hash == HASH_SHA2_384 ? EVP_sha384()
                                      : EVP_sha512();
}

static const char *signature_differs(const json_t *auth, const struct signature_key *key)
{
    struct bytes identifier = octets_of(auth, "AlgorithmIdentifier");
    struct bytes signature = octets_of(auth, "signature");
    uint8_t length = (uint8_t)identifier.length;
    enum key_kind kind = signature_key_kind(key);
    const struct signature_algorithm *a = identifier.length > 0
                                              ? signature_algorithm_of_identifier(identifier)
                                              : signature_algorithm_older(kind);
    if (a == NULL || a->method != number_of(auth, "method") ||
        !signature_verify(key, a, octets_of(auth, "SignedOctets"), signature)) {
        return "signature is none";
    }
    bool number = a->scheme == SCHEME_ECDSA || a->scheme == SCHEME_ECDSA_PLAIN;
    if ((json_object_get(auth, "k") != NULL) != number ||
        (number && !number_made_r(octets_of(auth, "k"), kind, signature))) {
        return "k is another";
    }
    bool salted = a->scheme == SCHEME_RSA_PSS;
    if ((json_object_get(auth, "salt") != NULL) != salted ||
        (salted && !salt_was(octets_of(auth, "salt"), digest_of(a), key, signature))) {
        return "salt is another";
    }
    struct bytes whole = identifier.length > 0
                             ? octets_join(octets_join(bytes_of(&length, 1), identifier), signature)
                             : signature;
    return octets_differ(auth, "AUTH", whole);
}

const char *play_auth_differs(const struct play *play, const json_t *auth)
{
    const json_t *sa =
        json_array_get(json_object_get(play->test, "ikeSas"), (size_t)number_of(auth, "ikeSa"));
    const struct prf_algorithm *prf = prf_named(text_of(sa, "prf"));
    enum side side = play_side(text_of(auth, "by"));
    struct bytes maced = octets_of(auth, "MACedID");
    struct bytes octets = octets_of(auth, "SignedOctets");
    if (prf == NULL || !prf_is(prf, octets_of(sa, side == INITIATOR ? "SK_pi" : "SK_pr"),
                               octets_of(auth, "RestOfIDPayload"), maced)) {
        return "MACedID is another";
    }
    if (octets.length < maced.length ||
        !bytes_equal(maced, bytes_of(octets.data + octets.length - maced.length, maced.length))) {
        return "SignedOctets is another";
    }
    const struct credential *credential = play->players[side].peer.credential;
    return credential != NULL ? signature_differs(auth, credential_key(credential))
                              : shared_key_differs(play, auth, prf);
}

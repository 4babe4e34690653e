/* What AUTH is computed over, and from: RFC 7296 2.15, RFC 7427 3. */

#include <string.h>

#include "test/vectors/exchange_play.h"
#include "test/vectors/signature_draw.h"
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
        (number && !signature_drew_number(kind, signature, octets_of(auth, "k")))) {
        return "k is another";
    }
    bool salted = a->scheme == SCHEME_RSA_PSS;
    if ((json_object_get(auth, "salt") != NULL) != salted ||
        (salted && !signature_drew_salt(key, a, signature, octets_of(auth, "salt")))) {
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

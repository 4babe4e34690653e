/* What AUTH is computed over, and its value of a shared key: RFC 7296 2.15. */

#include "sa/auth.h"

enum status auth_signed_octets(const struct prf_algorithm *prf, struct bytes message,
                               struct bytes nonce, const struct secret *sk_p, struct bytes id_body,
                               struct writer *w)
{
    uint8_t maced_id[PRF_OUTPUT_MAX];
    TRY(prf_compute(prf, secret_bytes(sk_p), &id_body, 1, maced_id));
    writer_put(w, message);
    writer_put(w, nonce);
    writer_put(w, bytes_of(maced_id, prf->output_length));
    return w->overflow ? STATUS_INTERNAL : STATUS_OK;
}

enum status auth_shared_key_compute(const struct prf_algorithm *prf, struct bytes key,
                                    struct bytes message, struct bytes nonce,
                                    const struct secret *sk_p, struct bytes id_body, uint8_t *out)
{
    static const char pad[] = "Key Pad for IKEv2"; /* 17 octets, without the final zero */
    uint8_t padded[PRF_OUTPUT_MAX];
    uint8_t maced_id[PRF_OUTPUT_MAX];
    struct bytes pad_bytes = bytes_of(pad, sizeof pad - 1);
    enum status status = prf_compute(prf, key, &pad_bytes, 1, padded);
    if (status == STATUS_OK) {
        status = prf_compute(prf, secret_bytes(sk_p), &id_body, 1, maced_id);
    }
    if (status == STATUS_OK) {
        struct bytes parts[] = {message, nonce, bytes_of(maced_id, prf->output_length)};
        status = prf_compute(prf, bytes_of(padded, prf->output_length), parts, 3, out);
    }
    octets_wipe(padded, sizeof padded);
    octets_wipe(maced_id, sizeof maced_id);
    return status;
}

enum status auth_shared_key_verify(const struct prf_algorithm *prf, struct bytes key,
                                   struct bytes message, struct bytes nonce,
                                   const struct secret *sk_p, struct bytes id_body,
                                   struct bytes auth)
{
    uint8_t expected[PRF_OUTPUT_MAX];
    TRY(auth_shared_key_compute(prf, key, message, nonce, sk_p, id_body, expected));
    bool same =
        auth.length == prf->output_length && crypto_equal(auth.data, expected, prf->output_length);
    octets_wipe(expected, sizeof expected);
    return same ? STATUS_OK : STATUS_NOTIFY(AUTHENTICATION_FAILED);
}

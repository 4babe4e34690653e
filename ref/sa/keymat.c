/* Keys of IKE SAs and Child SAs, RFC 7296 2.13, 2.14, 2.17, 2.18. */

#include "sa/keymat.h"

#include <assert.h>
#include <string.h>

#include "base/writer.h"

void ike_keys_wipe(struct ike_keys *keys)
{
    octets_wipe(keys, sizeof *keys);
}

void child_keys_wipe(struct child_keys *keys)
{
    octets_wipe(keys, sizeof *keys);
}

static void cut(struct bytes *stream, size_t length, struct secret *out)
{
    struct bytes part;
    bool enough = bytes_take(stream, length, &part);
    assert(enough);
    (void)enough;
    secret_set(out, part);
}

/* SKEYSEED: of a first SA the nonces are the key and g^ir the data (2.14; all of Ni and Nr, since
 * our PRFs take keys of any length), of a rekeyed one SK_d is the key (2.18). */
static enum status skeyseed_compute(const struct prf_algorithm *prf,
                                    const struct shared_secret *g_ir, struct bytes ni,
                                    struct bytes nr, const struct prf_algorithm *old_prf,
                                    const struct secret *old_sk_d, uint8_t *out)
{
    struct bytes secret = bytes_of(g_ir->data, g_ir->length);
    if (old_sk_d != NULL) {
        struct bytes parts[] = {secret, ni, nr};
        return prf_compute(old_prf, secret_bytes(old_sk_d), parts, 3, out);
    }
    uint8_t key[2 * NONCE_MAX];
    struct writer w = writer_over(key, sizeof key);
    writer_put(&w, ni);
    writer_put(&w, nr);
    assert(!w.overflow);
    return prf_compute(prf, writer_bytes(&w), &secret, 1, out);
}

enum status keymat_derive_ike(const struct prf_algorithm *prf, const struct protection *protection,
                              const struct shared_secret *g_ir, struct bytes ni, struct bytes nr,
                              uint64_t spi_i, uint64_t spi_r, const struct prf_algorithm *old_prf,
                              const struct secret *old_sk_d, struct ike_keys *out)
{
    uint8_t skeyseed[PRF_OUTPUT_MAX];
    uint8_t seed[2 * NONCE_MAX + 16];
    uint8_t stream[7 * SECRET_MAX];
    size_t prf_key = prf->key_length;
    size_t integrity = protection_integrity_key_length(protection);
    size_t encryption = protection_encryption_key_length(protection);
    size_t length = 3 * prf_key + 2 * integrity + 2 * encryption;
    struct writer w = writer_over(seed, sizeof seed);
    writer_put(&w, ni);
    writer_put(&w, nr);
    writer_u64(&w, spi_i);
    writer_u64(&w, spi_r);
    assert(!w.overflow && length <= sizeof stream);
    /* the seed of a rekeyed SA comes from the old SA's PRF and may be longer or shorter: 2.18 */
    size_t skeyseed_length = old_prf != NULL ? old_prf->output_length : prf->output_length;
    enum status status = skeyseed_compute(prf, g_ir, ni, nr, old_prf, old_sk_d, skeyseed);
    if (status == STATUS_OK) {
        status =
            prf_plus(prf, bytes_of(skeyseed, skeyseed_length), writer_bytes(&w), stream, length);
    }
    if (status == STATUS_OK) {
        struct bytes rest = bytes_of(stream, length);
        cut(&rest, prf_key, &out->sk_d);
        cut(&rest, integrity, &out->sk_ai);
        cut(&rest, integrity, &out->sk_ar);
        cut(&rest, encryption, &out->sk_ei);
        cut(&rest, encryption, &out->sk_er);
        cut(&rest, prf_key, &out->sk_pi);
        cut(&rest, prf_key, &out->sk_pr);
    }
    octets_wipe(skeyseed, sizeof skeyseed);
    octets_wipe(stream, sizeof stream);
    return status;
}

enum status keymat_derive_child(const struct prf_algorithm *prf, const struct secret *sk_d,
                                const struct protection *protection,
                                const struct shared_secret *g_ir, struct bytes ni, struct bytes nr,
                                struct child_keys *out)
{
    uint8_t seed[KEY_EXCHANGE_MAX + 2 * NONCE_MAX];
    uint8_t stream[4 * SECRET_MAX];
    size_t encryption = protection_encryption_key_length(protection);
    size_t integrity = protection_integrity_key_length(protection);
    struct writer w = writer_over(seed, sizeof seed);
    if (g_ir != NULL) {
        writer_put(&w, bytes_of(g_ir->data, g_ir->length));
    }
    writer_put(&w, ni);
    writer_put(&w, nr);
    assert(!w.overflow);
    size_t length = 2 * (encryption + integrity);
    enum status status = prf_plus(prf, secret_bytes(sk_d), writer_bytes(&w), stream, length);
    if (status == STATUS_OK) {
        struct bytes rest = bytes_of(stream, length);
        cut(&rest, encryption, &out->encryption_i);
        cut(&rest, integrity, &out->integrity_i);
        cut(&rest, encryption, &out->encryption_r);
        cut(&rest, integrity, &out->integrity_r);
    }
    octets_wipe(seed, sizeof seed);
    octets_wipe(stream, sizeof stream);
    return status;
}

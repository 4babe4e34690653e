/* Pseudorandom functions and prf+: RFC 7296 2.13, RFC 2104, RFC 4868 2.4. */

#include "crypto/crypto.h"

#include <assert.h>
#include <string.h>

#include "crypto/hmac.h"

#define PRF_PLUS_OUTPUTS_MAX 255 /* the counter is one octet, RFC 7296 2.13 */

/* id, name, library's name of the hash, preferred key length, output length: RFC 2104, RFC
 * 4868 2.6. SHA-1 is what everybody has to have (RFC 8247 2.2); nothing of ours proposes it
 * unasked. */
static const struct prf_algorithm algorithms[] = {
    {PRF_HMAC_SHA1, "prfsha1", "SHA1", 20, 20},
    {PRF_HMAC_SHA2_256, "prfsha256", "SHA2-256", 32, 32},
    {PRF_HMAC_SHA2_384, "prfsha384", "SHA2-384", 48, 48},
    {PRF_HMAC_SHA2_512, "prfsha512", "SHA2-512", 64, 64},
};

const struct prf_algorithm *prf_algorithm_find(uint16_t id)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (algorithms[i].id == id) {
            return &algorithms[i];
        }
    }
    return NULL;
}

static enum status start(const struct prf_algorithm *prf, struct bytes key, struct hmac *hmac)
{
    if (!hmac_init(hmac, prf->library_name, key)) {
        return STATUS_INTERNAL;
    }
    assert(hmac_output_length(hmac) == prf->output_length);
    return STATUS_OK;
}

enum status prf_compute(const struct prf_algorithm *prf, struct bytes key,
                        const struct bytes *parts, size_t count, uint8_t *out)
{
    struct hmac hmac;
    TRY(start(prf, key, &hmac));
    hmac_compute(&hmac, parts, count, out);
    hmac_wipe(&hmac);
    return STATUS_OK;
}

enum status prf_plus(const struct prf_algorithm *prf, struct bytes key, struct bytes seed,
                     uint8_t *out, size_t length)
{
    if (length > PRF_PLUS_OUTPUTS_MAX * prf->output_length) {
        return STATUS_INTERNAL;
    }
    struct hmac hmac;
    TRY(start(prf, key, &hmac));

    uint8_t block[PRF_OUTPUT_MAX];      /* T1, T2, ... */
    struct bytes previous = {block, 0}; /* nothing stands before T1's seed */
    uint8_t counter = 0;
    for (size_t done = 0; done < length; done += prf->output_length) {
        counter++;
        const struct bytes parts[] = {previous, seed, {&counter, 1}};
        hmac_compute(&hmac, parts, 3, block);
        previous.length = prf->output_length;
        size_t wanted = length - done;
        memcpy(out + done, block, wanted < prf->output_length ? wanted : prf->output_length);
    }
    octets_wipe(block, sizeof(block));
    hmac_wipe(&hmac);
    return STATUS_OK;
}

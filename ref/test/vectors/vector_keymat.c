/* prf, prf+ and the keys of SAs made of them, RFC 7296 2.13, 2.14, 2.17, 2.18. */

#include "test/vectors/vector.h"

#include <string.h>

#include "test/vectors/vector_suite.h"

static struct outcome missing(const struct vector *v)
{
    return outcome_not_applicable("the reference has no %s yet", v->algorithm);
}

struct outcome prf_run(const struct vector *v)
{
    const struct prf_algorithm *prf = prf_named(v->algorithm);
    struct bytes message = octets_of(v->test, "msg");
    uint8_t found[PRF_OUTPUT_MAX];
    if (prf == NULL) {
        return missing(v);
    }
    if (prf_compute(prf, octets_of(v->test, "key"), &message, 1, found) != STATUS_OK) {
        return outcome_failed("the library refuses");
    }
    return outcome_of(v,
                      bytes_equal(bytes_of(found, prf->output_length), octets_of(v->test, "prf")));
}

static bool plus(const struct prf_algorithm *prf, struct bytes key, struct bytes seed,
                 struct bytes expected)
{
    uint8_t *found = octets_new(expected.length);
    return expected.length > 0 && prf_plus(prf, key, seed, found, expected.length) == STATUS_OK &&
           bytes_equal(bytes_of(found, expected.length), expected);
}

struct outcome prf_plus_run(const struct vector *v)
{
    const struct prf_algorithm *prf = prf_named(v->algorithm);
    if (prf == NULL) {
        return missing(v);
    }
    return outcome_of(v, plus(prf, octets_of(v->test, "key"), octets_of(v->test, "seed"),
                              octets_of(v->test, "out")));
}

/* SP 800-135: SKEYSEED, the string that SK_d and the others are cut from, and KEYMAT both ways. */
struct outcome keymat_run(const struct vector *v)
{
    const struct prf_algorithm *prf = prf_named(v->algorithm);
    const json_t *t = v->test;
    if (prf == NULL) {
        return missing(v);
    }
    struct bytes nonces = octets_join(octets_of(t, "Ni"), octets_of(t, "Nr"));
    struct bytes spis = octets_join(octets_of(t, "SPIi"), octets_of(t, "SPIr"));
    struct bytes g_ir = octets_of(t, "g^ir");
    struct bytes g_ir_new = octets_of(t, "g^ir (new)");
    struct bytes dkm = octets_of(t, "DKM");
    uint8_t skeyseed[PRF_OUTPUT_MAX];
    uint8_t rekeyed[PRF_OUTPUT_MAX];
    struct bytes again[] = {g_ir_new, nonces};
    if (dkm.length < prf->key_length || prf_compute(prf, nonces, &g_ir, 1, skeyseed) != STATUS_OK ||
        prf_compute(prf, bytes_of(dkm.data, prf->key_length), again, 2, rekeyed) != STATUS_OK) {
        return outcome_failed("the library refuses");
    }
    struct bytes sk_d = bytes_of(dkm.data, prf->key_length);
    struct bytes seed = bytes_of(skeyseed, prf->output_length);
    bool same = bytes_equal(seed, octets_of(t, "SKEYSEED")) &&
                plus(prf, seed, octets_join(nonces, spis), dkm) &&
                plus(prf, sk_d, nonces, octets_of(t, "DKM(Child SA)")) &&
                plus(prf, sk_d, octets_join(g_ir_new, nonces), octets_of(t, "DKM(Child SA D-H)")) &&
                bytes_equal(bytes_of(rekeyed, prf->output_length), octets_of(t, "SKEYSEED(Rekey)"));
    return outcome_of(v, same);
}

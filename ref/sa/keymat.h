/* Keys of IKE SAs and Child SAs, RFC 7296 2.13, 2.14, 2.17, 2.18. */
#ifndef IKEREF_SA_KEYMAT_H
#define IKEREF_SA_KEYMAT_H

#include "crypto/protection.h"

struct ike_keys {
    struct secret sk_d, sk_ai, sk_ar, sk_ei, sk_er, sk_pi, sk_pr;
};

struct child_keys { /* by the direction of the exchange that made them: i to r, r to i */
    struct secret encryption_i, integrity_i, encryption_r, integrity_r;
};

void ike_keys_wipe(struct ike_keys *keys);
void child_keys_wipe(struct child_keys *keys);

/* SKEYSEED and from it all SK_*, 2.14. For a rekeyed IKE SA (2.18) `old_prf` and `old_sk_d` are
 * those of the old SA, else NULL: SKEYSEED is then prf(Ni | Nr, g^ir). */
MUST_USE enum status keymat_derive_ike(const struct prf_algorithm *prf,
                                       const struct protection *protection,
                                       const struct shared_secret *g_ir, struct bytes ni,
                                       struct bytes nr, uint64_t spi_i, uint64_t spi_r,
                                       const struct prf_algorithm *old_prf,
                                       const struct secret *old_sk_d, struct ike_keys *out);

/* KEYMAT = prf+(SK_d, [g^ir (new)] | Ni | Nr), 2.17; g_ir NULL without a new key exchange. */
MUST_USE enum status keymat_derive_child(const struct prf_algorithm *prf, const struct secret *sk_d,
                                         const struct protection *protection,
                                         const struct shared_secret *g_ir, struct bytes ni,
                                         struct bytes nr, struct child_keys *out);

#endif

/* Choosing among proposals, and checking a choice against the offer. RFC 7296 2.7, 3.3. */
#ifndef IKEREF_SA_PROPOSAL_CHOICE_H
#define IKEREF_SA_PROPOSAL_CHOICE_H

#include "crypto/protection.h"
#include "sa/config.h"

struct chosen_proposal {
    uint8_t number;
    struct bytes spi; /* the peer's, a view into its SA payload */
    struct protection protection;
    const struct prf_algorithm *prf;                   /* IKE only */
    const struct key_exchange_algorithm *key_exchange; /* NULL: none (a Child SA without PFS) */
    bool esn;
    struct proposal answer; /* one transform of each type: what goes back to the initiator */
};

/* The best proposal of `offer` by our order of preference. Among acceptable key exchanges the one
 * `preferred_group` (the KE payload that came; 0: none) is taken first, to spare a round trip.
 * `without_key_exchange`: KE transforms are left out on both sides (IKE_AUTH, RFC 7296 1.2).
 * `spi_length`: proposals with SPIs of another length are passed over.
 * STATUS_NOTIFY(NO_PROPOSAL_CHOSEN) when nothing fits. */
MUST_USE enum status proposal_choose(const struct sa_payload *offer,
                                     const struct proposal_list *ours, uint8_t protocol,
                                     size_t spi_length, bool without_key_exchange,
                                     uint16_t preferred_group, struct chosen_proposal *out);

/* The initiator's check: `answer` is one proposal, each transform type of the offer exactly once,
 * all of them offered under that number. STATUS_NOTIFY(NO_PROPOSAL_CHOSEN) when it is anything
 * else. */
MUST_USE enum status proposal_accept(const struct sa_payload *answer,
                                     const struct proposal_list *offered, uint8_t protocol,
                                     size_t spi_length, bool without_key_exchange,
                                     struct chosen_proposal *out);

/* True when this list would have allowed what was chosen from another one. */
bool proposal_list_allows_ike(const struct proposal_list *list, const struct protection *protection,
                              const struct prf_algorithm *prf,
                              const struct key_exchange_algorithm *key_exchange);

/* An SA payload that offers the list under numbers 1, 2, ... with this SPI (may be empty). */
void proposal_offer(const struct proposal_list *list, struct bytes spi, bool without_key_exchange,
                    struct sa_payload *out);

/* The first key exchange of the list, or 0. */
uint16_t proposal_list_first_group(const struct proposal_list *list);
bool proposal_list_has_group(const struct proposal_list *list, uint16_t group);

#endif

/* Proof by signature as a piece of work: all it takes is in here, and so is what comes of it. Doing
 * it looks nothing up, remembers nothing and draws from no random_source; keys and authorities are
 * the configuration's, which does not change. So it may be done by any thread. RFC 7296 2.15. */
#ifndef IKEREF_SA_PROOF_H
#define IKEREF_SA_PROOF_H

#include "crypto/certificate.h"
#include "sa/auth.h"

/* The peer's: does its certificate lead to an authority of ours, and is the signature by its key?
 */
struct peer_proof {
    bool wanted;
    const struct authorities *authorities;
    size_t certificate_count;
    struct bytes certificates[CERTS_MAX]; /* DER, its own first */
    uint8_t id_type;
    struct bytes id;
    int64_t utc_s;
    uint8_t method; /* and data of its AUTH payload */
    struct bytes data;
    struct bytes signed_octets;
    /* what has come of it */
    enum refusal refusal;
    struct peer_certificate certificate; /* recalled before, see authorities_recall */
    const struct signature_algorithm *used;
};

/* Ours: the data of an AUTH payload. */
struct own_proof {
    bool wanted;
    const struct signature_key *key;
    const struct signature_algorithm *algorithm;
    struct bytes signed_octets;
    /* what has come of it */
    enum status status;
    size_t length;
    uint8_t data[UINT8_MAX + 1 + SIGNATURE_MAX];
};

void peer_proof_do(struct peer_proof *proof);
void own_proof_do(struct own_proof *proof);

/* Frees what the peer's certificate has become. */
void peer_proof_release(struct peer_proof *proof);

#endif

/* Proof by signature as a piece of work: RFC 7296 2.15, RFC 7427, RFC 4945. */

#include "sa/proof.h"

#include "sa/auth_signature.h"

void peer_proof_do(struct peer_proof *proof)
{
    struct peer_certificate *certificate = &proof->certificate;
    proof->refusal =
        authorities_judge(proof->authorities, proof->certificates, proof->certificate_count,
                          proof->id_type, proof->id, proof->utc_s, certificate);
    if (proof->refusal == REFUSAL_NONE) {
        proof->refusal = auth_signature_verify(certificate->key, proof->method, proof->data,
                                               proof->signed_octets, &proof->used);
    }
}

void own_proof_do(struct own_proof *proof)
{
    struct writer w = writer_over(proof->data, sizeof proof->data);
    enum status status =
        auth_signature_build(proof->key, proof->algorithm, proof->signed_octets, &w);
    proof->status = w.overflow ? STATUS_INTERNAL : status;
    proof->length = w.length;
}

void peer_proof_release(struct peer_proof *proof)
{
    peer_certificate_release(&proof->certificate);
}

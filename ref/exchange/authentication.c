/* Proof of identity in both directions: RFC 7296 2.15, RFC 7427, RFC 8420, RFC 4754.
 *
 *    IKE_SA_INIT  N(SIGNATURE_HASH_ALGORITHMS)      -->
 *                                                   <--  N(SIGNATURE_HASH_ALGORITHMS), CERTREQ
 *    IKE_AUTH     IDi, CERT+, CERTREQ, [IDr], AUTH  -->
 *                                                   <--  IDr, CERT+, AUTH
 *
 * Without a certificate on either side none of these but ID and AUTH is sent. */

#include "exchange/authentication.h"

#include <string.h>

#include "sa/auth.h"

#define ID_BODY_MAX (4 + IDENTITY_MAX)

/* ---- IKE_SA_INIT ---- */

static bool signs(const struct peer_config *peer)
{
    return peer->local_authentication == AUTHENTICATION_SIGNATURE ||
           peer->remote_authentication == AUTHENTICATION_SIGNATURE;
}

static void add_hashes(struct chain_writer *chain, const struct peer_config *peer)
{
    uint8_t octets[2 * (HASH_IDENTITY + 1)];
    struct writer w = writer_over(octets, sizeof octets);
    for (uint16_t hash = HASH_SHA1; hash <= HASH_IDENTITY; hash++) {
        if ((peer->signature_hashes & HASH_BIT(hash)) != 0) {
            writer_u16(&w, hash);
        }
    }
    notify_add(chain, SIGNATURE_HASH_ALGORITHMS, writer_bytes(&w));
}

/* The peer's list as a set; numbers we do not know, and an odd octet at the end, are nothing to us.
 */
static void take_hashes(struct ike_sa *sa, const struct peer_config *peer, const struct message *m)
{
    const struct notify_payload *n = message_notify(m, SIGNATURE_HASH_ALGORITHMS);
    struct bytes list = n != NULL ? n->data : bytes_of(NULL, 0);
    uint16_t hash;
    sa->init->digital_signature = n != NULL && peer->signature_hashes != 0;
    sa->init->peer_hashes = 0;
    while (bytes_take_u16(&list, &hash)) {
        sa->init->peer_hashes |= hash <= HASH_IDENTITY ? HASH_BIT(hash) : 0;
    }
}

void authentication_ask(const struct ike_sa *sa, struct chain_writer *chain)
{
    if (signs(sa->peer) && sa->peer->signature_hashes != 0) {
        add_hashes(chain, sa->peer);
    }
}

void authentication_note_response(struct ike_sa *sa, const struct message *m)
{
    if (signs(sa->peer)) {
        take_hashes(sa, sa->peer, m);
    }
}

/* The index-th peer that may call from where this IKE SA's does; NULL: it may not. */
static const struct peer_config *caller_at(const struct sa_store *store, const struct ike_sa *sa,
                                           size_t index)
{
    const struct peer_config *peer = &store->config->peers[index];
    return peer_config_allows_address(store->config, peer, &sa->path.remote.ip) ? peer : NULL;
}

/* The first of them that has to do with signatures; NULL: none. */
static const struct peer_config *signing_caller(const struct sa_store *store,
                                                const struct ike_sa *sa)
{
    for (size_t i = 0; i < store->config->peer_count; i++) {
        const struct peer_config *peer = caller_at(store, sa, i);
        if (peer != NULL && signs(peer)) {
            return peer;
        }
    }
    return NULL;
}

void authentication_note_request(const struct sa_store *store, struct ike_sa *sa,
                                 const struct message *m)
{
    const struct peer_config *peer = signing_caller(store, sa);
    if (peer != NULL) {
        take_hashes(sa, peer, m);
    }
}

static void add_authorities(struct writer *w, const struct authorities *authorities)
{
    for (size_t i = 0; i < authorities_count(authorities); i++) {
        struct bytes hash = authorities_hash(authorities, i);
        struct certreq_payload so_far = {.encoding = CERT_X509_SIGNATURE,
                                         .authorities = writer_bytes(w)};
        if (!certreq_payload_names(&so_far, hash) && w->capacity - w->length >= hash.length) {
            writer_put(w, hash);
        }
    }
}

static void add_certreq(struct chain_writer *chain, struct bytes authorities)
{
    if (authorities.length > 0) {
        payload_begin(chain, PAYLOAD_CERTREQ);
        certreq_payload_build(chain->w, CERT_X509_SIGNATURE, authorities);
        payload_end(chain);
    }
}

void authentication_answer(const struct sa_store *store, const struct ike_sa *sa,
                           struct chain_writer *chain)
{
    uint8_t hashes[AUTHORITIES_MAX * CERTREQ_HASH_LENGTH];
    struct writer w = writer_over(hashes, sizeof hashes);
    const struct peer_config *signing = signing_caller(store, sa);
    if (signing != NULL && sa->init->digital_signature) {
        add_hashes(chain, signing);
    }
    for (size_t i = 0; i < store->config->peer_count; i++) {
        const struct peer_config *peer = caller_at(store, sa, i);
        if (peer != NULL && peer->remote_authentication == AUTHENTICATION_SIGNATURE) {
            add_authorities(&w, peer->authorities);
        }
    }
    add_certreq(chain, writer_bytes(&w));
}

/* ---- IKE_AUTH: ours ---- */

struct identity authentication_identity(const struct ike_sa *sa, const struct address *local)
{
    struct identity id = sa->peer->local_id;
    struct bytes data = bytes_of(id.data, id.length);
    if (id.type == 0) {
        struct bytes ip = address_bytes(local);
        id.type = local->family == ADDRESS_V4 ? ID_IPV4_ADDR : ID_IPV6_ADDR;
        id.length = ip.length;
        memcpy(id.data, ip.data, ip.length);
    } else if (id.type == ID_DER_ASN1_DN && sa->peer->credential != NULL &&
               credential_has_identity(sa->peer->credential, id.type, data)) {
        /* octet for octet as in the certificate: RFC 4945 3.1.5 */
        struct bytes subject = credential_subject(sa->peer->credential);
        if (subject.length <= IDENTITY_MAX) {
            id.length = subject.length;
            memcpy(id.data, subject.data, subject.length);
        }
    }
    return id;
}

void authentication_add_certificates(const struct ike_sa *sa, struct chain_writer *chain)
{
    struct bytes der;
    if (sa->peer->local_authentication != AUTHENTICATION_SIGNATURE) {
        return;
    }
    /* Sent whether asked for or not: RFC 7296 3.6, which is younger than RFC 4945 3.3.6. Whom the
     * peer trusts is a suggestion (3.7), and we have but one certificate for it. */
    for (size_t i = 0; (der = credential_certificate(sa->peer->credential, i)).length > 0; i++) {
        payload_begin(chain, PAYLOAD_CERT);
        cert_payload_build(chain->w, CERT_X509_SIGNATURE, der);
        payload_end(chain);
    }
}

void authentication_add_request(const struct ike_sa *sa, struct chain_writer *chain)
{
    uint8_t hashes[AUTHORITIES_MAX * CERTREQ_HASH_LENGTH];
    struct writer w = writer_over(hashes, sizeof hashes);
    if (sa->peer->remote_authentication == AUTHENTICATION_SIGNATURE) {
        add_authorities(&w, sa->peer->authorities);
        add_certreq(chain, writer_bytes(&w));
    }
}

static struct bytes psk_of(const struct peer_config *peer)
{
    return bytes_of(peer->psk, peer->psk_length);
}

/* What goes into the AUTH value of one side: its own first message, the other side's nonce. */
struct auth_input {
    struct bytes message, nonce;
    const struct secret *sk_p;
};

static struct auth_input auth_input_of(const struct ike_sa *sa, bool of_initiator)
{
    const struct ike_init *init = sa->init;
    if (of_initiator) {
        return (struct auth_input){.message = stored_message_bytes(&init->request),
                                   .nonce = bytes_of(init->nr, init->nr_length),
                                   .sk_p = &sa->sk_pi};
    }
    return (struct auth_input){.message = stored_message_bytes(&init->response),
                               .nonce = bytes_of(init->ni, init->ni_length),
                               .sk_p = &sa->sk_pr};
}

static enum status refuse(struct ike_sa *sa, enum refusal refusal)
{
    sa->refusal = refusal;
    return refusal == REFUSAL_NONE ? STATUS_OK : STATUS_NOTIFY(AUTHENTICATION_FAILED);
}

/* RFC 7427 3: method 14 when both have said that they can, and only then. RSA with SHA-1 is for
 * who asks for it (RFC 8247 3.2). */
static bool method_allowed(const struct ike_sa *sa, uint8_t method)
{
    switch (method) {
    case AUTH_METHOD_DIGITAL_SIGNATURE:
        return sa->init->digital_signature;
    case AUTH_METHOD_RSA:
        return !sa->init->digital_signature && sa->peer->rsa_sha1;
    case AUTH_METHOD_ECDSA_256:
    case AUTH_METHOD_ECDSA_384:
    case AUTH_METHOD_ECDSA_521:
        return !sa->init->digital_signature;
    default:
        return false;
    }
}

static const struct signature_algorithm *choose_algorithm(const struct ike_sa *sa)
{
    enum key_kind kind = signature_key_kind(credential_key(sa->peer->credential));
    const struct signature_algorithm *chosen =
        sa->init->digital_signature
            ? signature_algorithm_choose(kind, sa->init->peer_hashes, sa->peer->rsa_pkcs1)
            : signature_algorithm_older(kind);
    return chosen != NULL && method_allowed(sa, chosen->method) ? chosen : NULL;
}

/* What one side's signature is over, appended to `w`. */
static enum status signed_octets(const struct ike_sa *sa, bool of_initiator, struct bytes id_body,
                                 struct writer *w, struct bytes *out)
{
    struct auth_input in = auth_input_of(sa, of_initiator);
    size_t start = w->length;
    TRY(auth_signed_octets(sa->prf, in.message, in.nonce, in.sk_p, id_body, w));
    *out = bytes_of(w->data + start, w->length - start);
    return w->overflow ? STATUS_INTERNAL : STATUS_OK;
}

static enum status own_proof_prepare(struct ike_sa *sa, struct bytes id_body, struct writer *w,
                                     struct own_proof *out)
{
    out->key = credential_key(sa->peer->credential);
    out->algorithm = choose_algorithm(sa);
    out->status = STATUS_INTERNAL; /* until it is done */
    if (out->algorithm == NULL) {
        return refuse(sa, REFUSAL_NO_COMMON_SIGNATURE);
    }
    TRY(signed_octets(sa, sa->initiator, id_body, w, &out->signed_octets));
    out->wanted = true;
    return STATUS_OK;
}

static enum status own_proof_write(struct ike_sa *sa, const struct own_proof *proof,
                                   struct writer *data, uint8_t *method)
{
    *method = proof->algorithm->method;
    sa->local_auth = proof->algorithm->name;
    writer_put(data, bytes_of(proof->data, proof->length));
    return proof->status;
}

static enum status signature_build(struct ike_sa *sa, struct bytes id_body, struct writer *data,
                                   uint8_t *method)
{
    uint8_t octets[SIGNED_OCTETS_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    struct own_proof proof;
    if (sa->job != NULL && sa->job->own.wanted) {
        return own_proof_write(sa, &sa->job->own, data, method);
    }
    TRY(own_proof_prepare(sa, id_body, &w, &proof));
    own_proof_do(&proof);
    return own_proof_write(sa, &proof, data, method);
}

static enum status shared_key_build(struct ike_sa *sa, struct bytes id_body, struct writer *data,
                                    uint8_t *method)
{
    uint8_t auth[PRF_OUTPUT_MAX];
    struct auth_input in = auth_input_of(sa, sa->initiator);
    TRY(auth_shared_key_compute(sa->prf, psk_of(sa->peer), in.message, in.nonce, in.sk_p, id_body,
                                auth));
    *method = AUTH_METHOD_SHARED_KEY;
    sa->local_auth = "psk";
    writer_put(data, bytes_of(auth, sa->prf->output_length));
    return STATUS_OK;
}

static struct bytes id_body_of(const struct identity *id, uint8_t body[ID_BODY_MAX])
{
    struct writer w = writer_over(body, ID_BODY_MAX);
    id_payload_build(&w, id->type, bytes_of(id->data, id->length));
    return writer_bytes(&w);
}

static bool we_sign(const struct ike_sa *sa)
{
    return sa->peer->local_authentication == AUTHENTICATION_SIGNATURE;
}

bool authentication_prepare_auth(struct ike_sa *sa, const struct identity *id, struct job *job)
{
    uint8_t body[ID_BODY_MAX];
    return we_sign(sa) &&
           own_proof_prepare(sa, id_body_of(id, body), &job->signed_octets, &job->own) == STATUS_OK;
}

enum status authentication_add_auth(struct ike_sa *sa, struct chain_writer *chain)
{
    uint8_t body[ID_BODY_MAX];
    uint8_t octets[SIGNATURE_MAX + UINT8_MAX + 1];
    struct writer data = writer_over(octets, sizeof octets);
    uint8_t method = 0;
    TRY((we_sign(sa) ? signature_build : shared_key_build)(sa, id_body_of(&sa->local_id, body),
                                                           &data, &method));
    payload_begin(chain, PAYLOAD_AUTH);
    auth_payload_build(chain->w, method, writer_bytes(&data));
    payload_end(chain);
    return data.overflow ? STATUS_INTERNAL : STATUS_OK;
}

/* ---- IKE_AUTH: the peer's ---- */

/* The X.509 certificates among the CERT payloads; the first is the peer's own (RFC 7296 3.6). */
static enum refusal take_certificates(const struct message *m, struct bytes out[CERTS_MAX],
                                      size_t *count)
{
    bool by_url = false;
    *count = 0;
    if (m->cert_count > CERTS_MAX) {
        return REFUSAL_CERTIFICATES_TOO_MANY;
    }
    for (size_t i = 0; i < m->cert_count; i++) {
        uint8_t encoding = m->certs[i].encoding;
        by_url |= encoding == CERT_HASH_AND_URL || encoding == CERT_HASH_AND_URL_BUNDLE;
        if (encoding == CERT_X509_SIGNATURE) {
            out[(*count)++] = m->certs[i].data;
        }
    }
    if (*count > 0) {
        return REFUSAL_NONE;
    }
    return by_url ? REFUSAL_CERTIFICATE_BY_URL : REFUSAL_CERTIFICATE_MISSING;
}

static enum refusal peer_proof_prepare(const struct sa_store *store, const struct ike_sa *sa,
                                       const struct id_payload *id, const struct message *m,
                                       struct writer *w, struct peer_proof *out)
{
    enum refusal refusal;
    if (!method_allowed(sa, m->auth.method)) {
        return REFUSAL_METHOD;
    }
    refusal = take_certificates(m, out->certificates, &out->certificate_count);
    if (refusal != REFUSAL_NONE) {
        return refusal;
    }
    if (signed_octets(sa, !sa->initiator, id->body, w, &out->signed_octets) != STATUS_OK) {
        return REFUSAL_SIGNATURE;
    }
    out->authorities = sa->peer->authorities;
    out->id_type = id->type;
    out->id = id->data;
    out->utc_s = (int64_t)((store->now_ns + store->utc_offset_ns) / 1000000000ULL);
    out->method = m->auth.method;
    out->data = m->auth.data;
    authorities_recall(out->authorities, out->certificates[0], &out->certificate);
    out->wanted = true;
    return REFUSAL_NONE;
}

static enum refusal peer_proof_read(struct ike_sa *sa, const struct peer_proof *proof)
{
    const struct peer_certificate *certificate = &proof->certificate;
    memcpy(sa->remote_subject, certificate->subject, sizeof certificate->subject);
    authorities_remember(proof->authorities, proof->certificates[0], certificate);
    if (proof->refusal == REFUSAL_NONE) {
        sa->remote_auth = proof->used->name;
    }
    return proof->refusal;
}

static enum refusal signature_verify_peer(const struct sa_store *store, struct ike_sa *sa,
                                          const struct id_payload *id, const struct message *m)
{
    uint8_t octets[SIGNED_OCTETS_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    struct peer_proof proof;
    if (sa->job != NULL && sa->job->peer.wanted) {
        return peer_proof_read(sa, &sa->job->peer);
    }
    enum refusal refusal = peer_proof_prepare(store, sa, id, m, &w, &proof);
    if (refusal == REFUSAL_NONE) {
        peer_proof_do(&proof);
        refusal = peer_proof_read(sa, &proof);
        peer_proof_release(&proof);
    }
    return refusal;
}

static enum refusal shared_key_verify_peer(struct ike_sa *sa, const struct id_payload *id,
                                           const struct message *m)
{
    struct auth_input in = auth_input_of(sa, !sa->initiator);
    if (m->auth.method != AUTH_METHOD_SHARED_KEY || sa->peer->psk_length == 0) {
        return REFUSAL_METHOD;
    }
    if (auth_shared_key_verify(sa->prf, psk_of(sa->peer), in.message, in.nonce, in.sk_p, id->body,
                               m->auth.data) != STATUS_OK) {
        return REFUSAL_SHARED_KEY;
    }
    sa->remote_auth = "psk";
    return REFUSAL_NONE;
}

static bool peer_signs(const struct ike_sa *sa)
{
    return sa->peer->remote_authentication == AUTHENTICATION_SIGNATURE;
}

bool authentication_prepare_verify(const struct sa_store *store, const struct ike_sa *sa,
                                   const struct id_payload *id, const struct message *m,
                                   struct job *job)
{
    return m->has_auth && peer_signs(sa) &&
           peer_proof_prepare(store, sa, id, m, &job->signed_octets, &job->peer) == REFUSAL_NONE;
}

enum status authentication_verify(const struct sa_store *store, struct ike_sa *sa,
                                  const struct id_payload *id, const struct message *m)
{
    if (!m->has_auth) { /* the wish for EAP, which we do not speak: RFC 7296 2.16 */
        return refuse(sa, REFUSAL_NO_PROOF);
    }
    return refuse(sa, peer_signs(sa) ? signature_verify_peer(store, sa, id, m)
                                     : shared_key_verify_peer(sa, id, m));
}

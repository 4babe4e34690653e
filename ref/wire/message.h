/* All payloads of one chain, decoded: what an exchange handler reads. */
#ifndef IKEREF_WIRE_MESSAGE_H
#define IKEREF_WIRE_MESSAGE_H

#include "wire/payload_chain.h"
#include "wire/payloads.h"

struct message {
    bool has_sa, has_ke, has_nonce, has_id_i, has_id_r, has_auth, has_ts_i, has_ts_r, has_sk,
        has_skf, has_ps;
    bool has_cp, has_eap; /* seen, not decoded here */
    struct ke_payload ke;
    struct nonce_payload nonce;
    struct ps_payload ps;
    struct id_payload id_i;
    struct id_payload id_r;
    struct auth_payload auth;
    struct bytes sk;  /* the body of SK or SKF: IV, ciphertext, ICV */
    size_t sk_offset; /* of its generic header in the datagram's payloads */
    uint8_t sk_next_payload;
    size_t cert_count;    /* of all; the first CERTS_MAX are kept */
    size_t certreq_count; /* kept; those beyond CERTREQS_MAX are checked and skipped */
    size_t notify_count;
    size_t delete_count;

    /* Lists, nearly all of it: nothing is written there but what has come. */
    struct cert_payload certs[CERTS_MAX];
    struct certreq_payload certreqs[CERTREQS_MAX];
    struct notify_payload notifies[NOTIFIES_MAX];
    struct delete_payload deletes[DELETES_MAX];
    struct selector_list ts_i;
    struct selector_list ts_r;
    struct sa_payload sa;
};

/* Decodes every payload we know; a second one of a kind that must stand alone is INVALID_SYNTAX;
 * what a payload's own parser says is passed on. VENDOR_ID is skipped. */
MUST_USE enum status message_decode(const struct payload_chain *chain, struct message *out);

/* The first notification of this type, or NULL. */
const struct notify_payload *message_notify(const struct message *m, uint16_t type);

/* The first error notification (type below 16384), or NULL. */
const struct notify_payload *message_error(const struct message *m);

/* Whether the payloads that RFC 7296 1.2, 1.3 and 1.4 require of a request or a successful response
 * of this exchange are present; a table. STATUS_NOTIFY(INVALID_SYNTAX) when one is missing.
 * IKE_SA_INIT and IKE_AUTH only; CREATE_CHILD_SA's three forms are told apart by its handler. */
MUST_USE enum status message_rules_check(uint8_t exchange_type, bool response,
                                         const struct message *m);

#endif

/* Whole messages with an Encrypted payload, RFC 7296 3.14, or an Encrypted Fragment, RFC 7383 2.5:
 * opened, and made again from their parts. */

#include "test/vectors/vector.h"

#include <string.h>

#include "protect/sealed_body.h"
#include "protect/sk_message.h"
#include "protect/skf_message.h"
#include "test/vectors/vector_suite.h"

/* The payload that ends the message, a view into it; false: neither SK nor SKF. */
static bool encrypted_find(struct bytes datagram, struct payload *out)
{
    struct ike_header header;
    struct payload_chain chain;
    if (ike_header_parse(datagram, &header) != STATUS_OK ||
        payload_chain_parse(
            header.next_payload,
            bytes_of(datagram.data + IKE_HEADER_LENGTH, datagram.length - IKE_HEADER_LENGTH),
            &chain) != STATUS_OK ||
        chain.count == 0) {
        return false;
    }
    *out = chain.items[chain.count - 1];
    return out->type == PAYLOAD_SK || out->type == PAYLOAD_SKF;
}

static const char *fragment_open(const struct vector *v, const struct protection *p,
                                 struct protector *protector, struct bytes datagram,
                                 const struct payload *payload, struct bytes *inner)
{
    struct skf_payload skf;
    if (skf_payload_parse(payload->body, &skf) != STATUS_OK ||
        skf.number != number_of(v->test, "fragment") ||
        skf.total != number_of(v->test, "fragments")) {
        return "fragment or fragments is another";
    }
    return skf_message_open(p, protector, datagram, &skf, octets_new(datagram.length), inner) ==
                   STATUS_OK
               ? NULL
               : "it does not open";
}

static const char *sk_open(const struct vector *v, const struct protection *p,
                           struct protector *protector, struct bytes datagram,
                           const struct payload *payload)
{
    struct bytes inner;
    uint8_t first = payload->next_payload;
    const char *reason = NULL;
    if (payload->type == PAYLOAD_SKF) {
        reason = fragment_open(v, p, protector, datagram, payload, &inner);
    } else if (json_object_get(v->test, "fragment") != NULL) {
        reason = "no fragment";
    } else if (sk_message_open(p, protector, datagram, payload, octets_new(datagram.length), &inner,
                               &first) != STATUS_OK) {
        reason = "it does not open";
    }
    if (reason == NULL && first != number_of(v->test, "first")) {
        reason = "first is another";
    }
    return reason != NULL ? reason : octets_differ(v->test, "inner", inner);
}

static const char *sk_seal(const struct vector *v, const struct protection *p,
                           struct protector *protector, struct bytes datagram,
                           const struct payload *payload)
{
    struct bytes iv = octets_of(v->test, "iv");
    size_t numbers = payload->type == PAYLOAD_SKF ? SKF_NUMBERS_LENGTH : 0;
    size_t aad_length = IKE_HEADER_LENGTH + payload->offset + GENERIC_HEADER_LENGTH + numbers;
    size_t icv_length = protection_icv_length(p);
    struct bytes plaintext = octets_of(v->test, "plaintext");
    size_t text_at = aad_length + iv.length;
    if (text_at + plaintext.length + icv_length != datagram.length) {
        return "plaintext has another length";
    }
    uint8_t *made = octets_new(datagram.length);
    memcpy(made, datagram.data, aad_length);
    memcpy(made + aad_length, iv.data, iv.length);
    memcpy(made + text_at, plaintext.data, plaintext.length);
    if (json_object_get(v->test, "aad") != NULL &&
        octets_differ(v->test, "aad", bytes_of(made, aad_length)) != NULL) {
        return "aad is another";
    }
    if (json_object_get(v->test, "icv") != NULL &&
        octets_differ(v->test, "icv",
                      bytes_of(datagram.data + datagram.length - icv_length, icv_length)) != NULL) {
        return "icv is another";
    }
    if (protector_seal(protector, bytes_of(made, aad_length), made + aad_length, made + text_at,
                       plaintext.length, bytes_of(NULL, 0),
                       made + text_at + plaintext.length) != STATUS_OK) {
        return "it cannot be sealed";
    }
    return octets_differ(v->test, "message", bytes_of(made, datagram.length));
}

struct outcome sk_run(const struct vector *v)
{
    struct protection p;
    struct payload payload;
    if (!suite_of(v->test, &p)) {
        return outcome_not_applicable("the reference has no SK with %s %s yet",
                                      text_of(v->test, "encryption"),
                                      text_of(v->test, "integrity"));
    }
    struct bytes datagram = octets_of(v->test, "message");
    if (!encrypted_find(datagram, &payload)) {
        return outcome_failed("no Encrypted payload in it");
    }
    struct bytes key = octets_of(v->test, "key");
    struct bytes integrity_key = octets_of(v->test, "integrityKey");
    struct protector *opener = protector_create(&p, key, integrity_key, PROTECTOR_OPEN);
    struct protector *sealer = protector_create(&p, key, integrity_key, PROTECTOR_SEAL);
    const char *reason = opener != NULL && sealer != NULL
                             ? sk_open(v, &p, opener, datagram, &payload)
                             : "no such keys";
    if (reason == NULL) {
        reason = sk_seal(v, &p, sealer, datagram, &payload);
    }
    protector_destroy(opener);
    protector_destroy(sealer);
    return reason == NULL ? outcome_of(v, true) : outcome_failed("%s", reason);
}

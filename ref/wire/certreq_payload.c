/* Certificate Request payload, RFC 7296 3.7: whose certificates the sender would trust.
 *
 *    0               1               2               3
 *   +---------------+---------------+---------------+---------------+
 *   | cert encoding |  certification authority: 20 octets for each ...
 */
#include "wire/payloads.h"

enum status certreq_payload_parse(struct bytes body, struct certreq_payload *out)
{
    if (!bytes_take_u8(&body, &out->encoding)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    out->authorities = body;
    return STATUS_OK;
}

void certreq_payload_build(struct writer *w, uint8_t encoding, struct bytes authorities)
{
    writer_u8(w, encoding);
    writer_put(w, authorities);
}

bool certreq_payload_names(const struct certreq_payload *certreq, struct bytes hash)
{
    struct bytes left = certreq->authorities;
    struct bytes one;
    if (certreq->encoding != CERT_X509_SIGNATURE || left.length % CERTREQ_HASH_LENGTH != 0) {
        return false;
    }
    while (bytes_take(&left, CERTREQ_HASH_LENGTH, &one)) {
        if (bytes_equal(one, hash)) {
            return true;
        }
    }
    return false;
}

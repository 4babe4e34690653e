/* A chain of payloads decoded into one struct, RFC 7296 3.2 to 3.14: each payload goes to its own
 * parser, and what may come once only is held to that.
 *
 *    IKE header --> SA --> KE --> nonce --> N --> N ...        IKE header --> SK ( IDi --> AUTH ...
 * )
 */
#include "wire/message.h"

#include <stddef.h>
#include <string.h>

/* Marks a payload that must stand alone; a second one is the sender's error. */
static enum status claim(bool *seen)
{
    if (*seen) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    *seen = true;
    return STATUS_OK;
}

static enum status notify_decode(struct bytes body, struct message *out)
{
    if (out->notify_count == NOTIFIES_MAX) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    return notify_payload_parse(body, &out->notifies[out->notify_count++]);
}

static enum status delete_decode(struct bytes body, struct message *out)
{
    if (out->delete_count == DELETES_MAX) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    return delete_payload_parse(body, &out->deletes[out->delete_count++]);
}

static enum status cert_decode(struct bytes body, struct message *out)
{
    struct cert_payload beyond;
    size_t index = out->cert_count++;
    return cert_payload_parse(body, index < CERTS_MAX ? &out->certs[index] : &beyond);
}

static enum status certreq_decode(struct bytes body, struct message *out)
{
    struct certreq_payload beyond;
    bool kept = out->certreq_count < CERTREQS_MAX;
    return certreq_payload_parse(body, kept ? &out->certreqs[out->certreq_count++] : &beyond);
}

/* SK and SKF stay closed here; never both, since either ends the chain. */
static enum status sk_decode(const struct payload *payload, struct message *out)
{
    TRY(claim(payload->type == PAYLOAD_SK ? &out->has_sk : &out->has_skf));
    out->sk = payload->body;
    out->sk_offset = payload->offset;
    out->sk_next_payload = payload->next_payload;
    return STATUS_OK;
}

static enum status payload_decode(const struct payload *payload, struct message *out)
{
    struct bytes body = payload->body;
    switch (payload->type) {
    case PAYLOAD_SA:
        TRY(claim(&out->has_sa));
        return sa_payload_parse(body, &out->sa);
    case PAYLOAD_KE:
        TRY(claim(&out->has_ke));
        return ke_payload_parse(body, &out->ke);
    case PAYLOAD_IDI:
        TRY(claim(&out->has_id_i));
        return id_payload_parse(body, &out->id_i);
    case PAYLOAD_IDR:
        TRY(claim(&out->has_id_r));
        return id_payload_parse(body, &out->id_r);
    case PAYLOAD_CERT:
        return cert_decode(body, out);
    case PAYLOAD_CERTREQ:
        return certreq_decode(body, out);
    case PAYLOAD_AUTH:
        TRY(claim(&out->has_auth));
        return auth_payload_parse(body, &out->auth);
    case PAYLOAD_NONCE:
        TRY(claim(&out->has_nonce));
        return nonce_payload_parse(body, &out->nonce);
    case PAYLOAD_PS:
        TRY(claim(&out->has_ps));
        return ps_payload_parse(body, &out->ps);
    case PAYLOAD_NOTIFY:
        return notify_decode(body, out);
    case PAYLOAD_DELETE:
        return delete_decode(body, out);
    case PAYLOAD_TSI:
        TRY(claim(&out->has_ts_i));
        return ts_payload_parse(body, &out->ts_i);
    case PAYLOAD_TSR:
        TRY(claim(&out->has_ts_r));
        return ts_payload_parse(body, &out->ts_r);
    case PAYLOAD_SK:
    case PAYLOAD_SKF:
        return sk_decode(payload, out);
    case PAYLOAD_CP:
        return claim(&out->has_cp);
    case PAYLOAD_EAP:
        return claim(&out->has_eap);
    default: /* VENDOR_ID, any number of them */
        return STATUS_OK;
    }
}

enum status message_decode(const struct payload_chain *chain, struct message *out)
{
    memset(out, 0, offsetof(struct message, certs));
    out->ts_i.count = out->ts_r.count = out->sa.count = 0;
    for (size_t i = 0; i < chain->count; i++) {
        TRY(payload_decode(&chain->items[i], out));
    }
    return STATUS_OK;
}

const struct notify_payload *message_notify(const struct message *m, uint16_t type)
{
    for (size_t i = 0; i < m->notify_count; i++) {
        if (m->notifies[i].type == type) {
            return &m->notifies[i];
        }
    }
    return NULL;
}

const struct notify_payload *message_error(const struct message *m)
{
    for (size_t i = 0; i < m->notify_count; i++) {
        if (m->notifies[i].type <= NOTIFY_ERROR_MAX) {
            return &m->notifies[i];
        }
    }
    return NULL;
}

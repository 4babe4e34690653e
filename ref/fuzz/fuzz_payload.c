/* The body of each payload by itself; the first octet says which. What was read and written once
 * reads and writes the same again. */

#include <string.h>

#include "fuzz/input.h"
#include "wire/payloads.h"

/* Reads `body` and writes what it has understood; false when it refuses. */
typedef bool echo(struct bytes body, struct writer *w);

static bool echo_sa(struct bytes body, struct writer *w)
{
    static struct sa_payload sa;
    if (sa_payload_parse(body, &sa) != STATUS_OK) {
        return false;
    }
    for (size_t i = 0; i < sa.count; i++) {
        if (sa.proposals[i].count > TRANSFORMS_MAX) {
            finding("more transforms than there is room for");
        }
    }
    if (sa.count == 0) {
        return false;
    }
    sa_payload_build(w, &sa);
    return true;
}

static bool echo_ke(struct bytes body, struct writer *w)
{
    struct ke_payload ke;
    if (ke_payload_parse(body, &ke) != STATUS_OK) {
        return false;
    }
    ke_payload_build(w, ke.group, ke.data);
    return true;
}

static bool echo_id(struct bytes body, struct writer *w)
{
    struct id_payload id;
    if (id_payload_parse(body, &id) != STATUS_OK) {
        return false;
    }
    id_payload_build(w, id.type, id.data);
    return true;
}

static bool echo_cert(struct bytes body, struct writer *w)
{
    struct cert_payload cert;
    if (cert_payload_parse(body, &cert) != STATUS_OK) {
        return false;
    }
    cert_payload_build(w, cert.encoding, cert.data);
    return true;
}

static bool echo_certreq(struct bytes body, struct writer *w)
{
    static const uint8_t hash[CERTREQ_HASH_LENGTH];
    struct certreq_payload certreq;
    if (certreq_payload_parse(body, &certreq) != STATUS_OK) {
        return false;
    }
    (void)certreq_payload_names(&certreq, bytes_of(hash, sizeof hash));
    certreq_payload_build(w, certreq.encoding, certreq.authorities);
    return true;
}

static bool echo_auth(struct bytes body, struct writer *w)
{
    struct auth_payload auth;
    if (auth_payload_parse(body, &auth) != STATUS_OK) {
        return false;
    }
    auth_payload_build(w, auth.method, auth.data);
    return true;
}

static bool echo_nonce(struct bytes body, struct writer *w)
{
    struct nonce_payload nonce;
    if (nonce_payload_parse(body, &nonce) != STATUS_OK) {
        return false;
    }
    if (nonce.nonce.length < NONCE_MIN || nonce.nonce.length > NONCE_MAX) {
        finding("a nonce of a length that is not allowed");
    }
    nonce_payload_build(w, nonce.nonce);
    return true;
}

static bool echo_notify(struct bytes body, struct writer *w)
{
    struct notify_payload notify;
    if (notify_payload_parse(body, &notify) != STATUS_OK) {
        return false;
    }
    notify_payload_build(w, notify.protocol, notify.spi, notify.type, notify.data);
    return true;
}

static bool echo_delete(struct bytes body, struct writer *w)
{
    struct delete_payload d;
    if (delete_payload_parse(body, &d) != STATUS_OK) {
        return false;
    }
    if (d.spis.length != (size_t)d.spi_size * d.count) {
        finding("a Delete payload counts other SPIs than it has");
    }
    delete_payload_build(w, d.protocol, d.spi_size, d.spis);
    return d.count > 0;
}

static bool echo_skf(struct bytes body, struct writer *w)
{
    struct skf_payload skf;
    if (skf_payload_parse(body, &skf) != STATUS_OK) {
        return false;
    }
    if (skf.number == 0 || skf.number > skf.total) {
        finding("a fragment whose number makes no sense");
    }
    skf_payload_build(w, skf.number, skf.total);
    writer_put(w, skf.sealed);
    return true;
}

static bool echo_ts(struct bytes body, struct writer *w)
{
    struct selector_list list;
    if (ts_payload_parse(body, &list) != STATUS_OK) {
        return false;
    }
    for (size_t i = 0; i < list.count; i++) {
        char text[SELECTOR_TEXT_MAX];
        (void)selector_format(&list.items[i], text);
        if (!selector_contains(&list.items[i], &list.items[i])) {
            finding("a selector that does not contain itself");
        }
    }
    if (list.count == 0) { /* none of a type we know */
        return false;
    }
    ts_payload_build(w, &list);
    return true;
}

static bool echo_ps(struct bytes body, struct writer *w)
{
    struct ps_payload ps;
    if (ps_payload_parse(body, &ps) != STATUS_OK) {
        return false;
    }
    ps_payload_build(w, ps.keys);
    return true;
}

/* Not a payload, but what stands in one. */
static bool echo_puzzle(struct bytes data, struct writer *w)
{
    struct puzzle_notify puzzle;
    if (puzzle_notify_parse(data, &puzzle) != STATUS_OK) {
        return false;
    }
    puzzle_notify_build(w, &puzzle);
    return true;
}

static echo *const echoes[] = {echo_sa,   echo_ke,    echo_id,     echo_cert,   echo_certreq,
                               echo_auth, echo_nonce, echo_notify, echo_delete, echo_skf,
                               echo_ts,   echo_ps,    echo_puzzle};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static uint8_t once[65536], again[65536];
    struct input in = input_of(data, size);
    echo *payload = echoes[input_below(&in, sizeof echoes / sizeof echoes[0])];
    struct writer first = writer_over(once, sizeof once);
    struct writer second = writer_over(again, sizeof again);
    if (!payload(in.left, &first) || first.overflow) {
        return 0;
    }
    if (!payload(writer_bytes(&first), &second)) {
        finding("a payload of our own is refused");
    }
    if (!bytes_equal(writer_bytes(&first), writer_bytes(&second))) {
        finding("a payload of our own reads otherwise than it was written");
    }
    return 0;
}

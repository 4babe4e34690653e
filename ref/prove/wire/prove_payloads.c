/* The payloads without a structure of their own: views lie in the body, all of it is accounted for,
 * and what was read is written again, octet for octet, but for RESERVED fields. */
#include "prove/prove.h"

#include "wire/payloads.h"

void prove_ke_payload(void)
{
    uint8_t memory[SIZE];
    uint8_t again[SIZE];
    struct bytes body = any_octets(memory);
    struct ke_payload ke;
    struct writer w = writer_over(again, sizeof again);
    enum status status = ke_payload_parse(body, &ke);
    assert((status == STATUS_OK) == (body.length > 4) && is_ok_or_syntax(status));
    if (status != STATUS_OK) {
        return;
    }
    assert(lies_in(ke.data, body) && ke.data.length == body.length - 4);
    ke_payload_build(&w, ke.group, ke.data);
    assert(!w.overflow && w.length == body.length);
    memory[SIZE - body.length + 2] = memory[SIZE - body.length + 3] = 0;
    assert(same_octets(body.data, again, w.length));
}

void prove_id_payload(void)
{
    uint8_t memory[SIZE];
    uint8_t again[SIZE];
    struct bytes body = any_octets(memory);
    struct id_payload id;
    struct writer w = writer_over(again, sizeof again);
    enum status status = id_payload_parse(body, &id);
    assert(is_ok_or_syntax(status));
    if (status != STATUS_OK) {
        return;
    }
    assert(lies_in(id.data, body) && id.data.length == body.length - 4 && id.data.length > 0);
    assert(id.body.data == body.data && id.body.length == body.length);
    assert(id.type != ID_IPV4_ADDR || id.data.length == 4);
    assert(id.type != ID_IPV6_ADDR || id.data.length == 16);
    id_payload_build(&w, id.type, id.data);
    assert(!w.overflow && w.length == body.length);
    memset(memory + SIZE - body.length + 1, 0, 3);
    assert(same_octets(body.data, again, w.length));
}

void prove_auth_payload(void)
{
    uint8_t memory[SIZE];
    uint8_t again[SIZE];
    struct bytes body = any_octets(memory);
    struct auth_payload auth;
    struct writer w = writer_over(again, sizeof again);
    enum status status = auth_payload_parse(body, &auth);
    assert((status == STATUS_OK) == (body.length >= 4) && is_ok_or_syntax(status));
    if (status != STATUS_OK) {
        return;
    }
    assert(lies_in(auth.data, body) && auth.data.length == body.length - 4);
    auth_payload_build(&w, auth.method, auth.data);
    assert(!w.overflow && w.length == body.length);
    memset(memory + SIZE - body.length + 1, 0, 3);
    assert(same_octets(body.data, again, w.length));
}

void prove_cert_payload(void)
{
    uint8_t memory[SIZE];
    uint8_t again[SIZE];
    struct bytes body = any_octets(memory);
    struct cert_payload cert;
    struct writer w = writer_over(again, sizeof again);
    enum status status = cert_payload_parse(body, &cert);
    assert((status == STATUS_OK) == (body.length >= 1) && is_ok_or_syntax(status));
    if (status == STATUS_OK) {
        assert(lies_in(cert.data, body) && cert.data.length == body.length - 1);
        cert_payload_build(&w, cert.encoding, cert.data);
        assert(!w.overflow && w.length == body.length);
        assert(same_octets(body.data, again, w.length));
    }
}

void prove_certreq_payload(void)
{
    uint8_t memory[SIZE];
    uint8_t again[SIZE];
    uint8_t hash[CERTREQ_HASH_LENGTH];
    struct bytes body = any_octets(memory);
    struct certreq_payload certreq;
    struct writer w = writer_over(again, sizeof again);
    enum status status = certreq_payload_parse(body, &certreq);
    assert((status == STATUS_OK) == (body.length >= 1) && is_ok_or_syntax(status));
    if (status != STATUS_OK) {
        return;
    }
    assert(lies_in(certreq.authorities, body) && certreq.authorities.length == body.length - 1);
    certreq_payload_build(&w, certreq.encoding, certreq.authorities);
    assert(!w.overflow && w.length == body.length);
    assert(same_octets(body.data, again, w.length));
    size_t length = certreq.authorities.length;
    bool names = certreq_payload_names(&certreq, bytes_of(hash, sizeof hash));
    if (names) {
        assert(length >= CERTREQ_HASH_LENGTH && length % CERTREQ_HASH_LENGTH == 0);
    }
    if (length == CERTREQ_HASH_LENGTH && certreq.encoding == CERT_X509_SIGNATURE) {
        assert(names == (memcmp(certreq.authorities.data, hash, CERTREQ_HASH_LENGTH) == 0));
    }
}

/* The octets are not looked at, so they need not be there: lengths on both sides of the limits. */
void prove_nonce_payload(void)
{
    uint8_t memory[NONCE_MAX + 8];
    struct bytes body = {memory, any_up_to(sizeof memory)};
    struct nonce_payload nonce;
    enum status status = nonce_payload_parse(body, &nonce);
    assert((status == STATUS_OK) == (body.length >= 16 && body.length <= 256));
    assert(is_ok_or_syntax(status));
    assert(status != STATUS_OK ||
           (nonce.nonce.data == body.data && nonce.nonce.length == body.length));
}

void prove_notify_payload(void)
{
    uint8_t memory[SIZE];
    uint8_t again[SIZE];
    struct bytes body = any_octets(memory);
    struct notify_payload notify;
    struct writer w = writer_over(again, sizeof again);
    enum status status = notify_payload_parse(body, &notify);
    assert(is_ok_or_syntax(status));
    if (status != STATUS_OK) {
        return;
    }
    assert(lies_in(notify.spi, body) && lies_in(notify.data, body));
    assert(4 + notify.spi.length + notify.data.length == body.length);
    assert(notify.spi.length > 0 || notify.protocol == PROTOCOL_NONE);
    notify_payload_build(&w, notify.protocol, notify.spi, notify.type, notify.data);
    assert(!w.overflow && w.length == body.length);
    if (notify.spi.length == 0) {
        memory[SIZE - body.length] = PROTOCOL_NONE;
    }
    assert(same_octets(body.data, again, w.length));
}

void prove_delete_payload(void)
{
    uint8_t memory[SIZE];
    uint8_t again[SIZE];
    struct bytes body = any_octets(memory);
    struct delete_payload del;
    struct writer w = writer_over(again, sizeof again);
    enum status status = delete_payload_parse(body, &del);
    assert(is_ok_or_syntax(status));
    if (status != STATUS_OK) {
        return;
    }
    assert(lies_in(del.spis, body) && del.spis.length == (size_t)del.spi_size * del.count);
    assert(del.spis.length == body.length - 4);
    assert(del.protocol == PROTOCOL_IKE ? del.count == 0 : del.spi_size == 4);
    delete_payload_build(&w, del.protocol, del.spi_size, del.spis);
    assert(!w.overflow && w.length == body.length);
    assert(same_octets(body.data, again, w.length));
}

void prove_skf_payload(void)
{
    uint8_t memory[SIZE];
    struct bytes body = any_octets(memory);
    struct skf_payload skf;
    enum status status = skf_payload_parse(body, &skf);
    assert(status == STATUS_OK || status == STATUS_DROP);
    if (status == STATUS_OK) {
        assert(skf.number >= 1 && skf.number <= skf.total);
        assert(lies_in(skf.sealed, body) && skf.sealed.length == body.length - 4);
    }
}

void prove_ps_payload(void)
{
    uint8_t memory[SIZE];
    uint8_t again[SIZE];
    struct bytes body = any_octets(memory);
    struct ps_payload ps;
    struct writer w = writer_over(again, sizeof again);
    enum status status = ps_payload_parse(body, &ps);
    assert((status == STATUS_OK) == (body.length > 0 && body.length % 4 == 0));
    assert(is_ok_or_syntax(status));
    if (status == STATUS_OK) {
        assert(ps.keys.data == body.data && ps.keys.length == body.length);
        ps_payload_build(&w, ps.keys);
        assert(!w.overflow && w.length == body.length);
        assert(same_octets(body.data, again, w.length));
    }
}

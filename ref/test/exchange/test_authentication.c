/* Proof of identity: every kind of key, every mixture, and each reason to refuse. RFC 7296 2.15,
 * RFC 7427, RFC 4754, RFC 4945. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/authentication.h"
#include "exchange/ike_auth.h"
#include "exchange/response.h"
#include "test/crypto/pki_lab.h"
#include "test/exchange/bench.h"

#define A "a.example"
#define B "b.example"
#define NS 1000000000ULL

static struct bench bench;
static const struct task ask_auth = {.type = TASK_IKE_AUTH, .command = 7};

static struct peer_config *peer_of(unsigned side)
{
    return &bench.world.sides[side].peers[0];
}

static size_t jobs_max; /* 0: the core makes and verifies signatures itself */

static int set_up(void **state)
{
    (void)state;
    memset(&bench, 0, sizeof bench);
    world_init(&bench.world, 11);
    bench.world.jobs_max = jobs_max;
    return 0;
}

static int tear_down(void **state)
{
    struct peer_config *peers[] = {peer_of(0), peer_of(1)};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        credential_destroy(peers[i]->credential);
        authorities_destroy(peers[i]->authorities);
    }
    bench_close(&bench);
    return 0;
}

/* This side proves itself with this certificate, and the other side believes our authority. */
static void give(unsigned side, const struct pki_certificate *own,
                 const struct pki_certificate *above)
{
    credential_destroy(peer_of(side)->credential);
    peer_of(side)->credential = pki_credential(own, above, NULL);
    peer_of(side)->local_authentication = AUTHENTICATION_SIGNATURE;
    peer_of(!side)->remote_authentication = AUTHENTICATION_SIGNATURE;
    if (peer_of(!side)->authorities == NULL) {
        peer_of(!side)->authorities = pki_authorities(pki_authority());
    }
}

static void give_both(enum pki_key kind)
{
    give(0, pki_peer(kind, A), NULL);
    give(1, pki_peer(kind, B), NULL);
    peer_of(0)->psk_length = peer_of(1)->psk_length = 0;
}

static void tell_time(int64_t utc_s)
{
    for (unsigned i = 0; i < 2; i++) {
        endpoint_set_utc(bench.world.sides[i].endpoint, (uint64_t)utc_s * NS, bench.world.now_ns);
    }
}

static void connect(void)
{
    world_boot(&bench.world);
    tell_time(PKI_NOW_S);
    world_connect(&bench.world);
}

static const struct ike_sa_info *info_of(unsigned side)
{
    return &bench.world.sides[side].ike[0].info;
}

/* ---- it works ---- */

static void test_every_key(void **state)
{
    (void)state;
    static const struct {
        enum pki_key kind;
        const char *name;
    } rows[] = {
        {PKI_P256, "ecdsa-sha256"},      {PKI_P384, "ecdsa-sha384"}, {PKI_P521, "ecdsa-sha512"},
        {PKI_RSA_2048, "rsapss-sha256"}, {PKI_ED25519, "ed25519"},   {PKI_ED448, "ed448"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        give_both(rows[i].kind);
        connect();
        for (unsigned side = 0; side < 2; side++) {
            assert_string_equal(info_of(side)->local_auth, rows[i].name);
            assert_string_equal(info_of(side)->remote_auth, rows[i].name);
            assert_string_equal(info_of(side)->remote_subject,
                                side == 0 ? "C=AT, O=ikelab, CN=" B : "C=AT, O=ikelab, CN=" A);
        }
        (void)tear_down(NULL);
        (void)set_up(NULL);
    }
}

static void test_pkcs1(void **state)
{
    (void)state;
    give_both(PKI_RSA_2048);
    peer_of(0)->rsa_pkcs1 = true;
    connect();
    assert_string_equal(info_of(0)->local_auth, "rsa-sha256");
    assert_string_equal(info_of(0)->remote_auth, "rsapss-sha256");
}

/* It need not be read again; but only what was believed is kept. */
static void test_a_certificate_is_known_afterwards(void **state)
{
    (void)state;
    for (int good = 0; good < 2; good++) {
        struct peer_certificate certificate;
        give_both(PKI_P256);
        world_boot(&bench.world);
        tell_time(good ? PKI_NOW_S : PKI_NOW_S + 400 * PKI_DAY_S);
        (void)world_command(&bench.world, 0, COMMAND_INITIATE);
        world_run(&bench.world, WORLD_S);
        assert_int_equal(bench.world.sides[0].ike_count, good);
        authorities_recall(peer_of(1)->authorities,
                           credential_certificate(peer_of(0)->credential, 0), &certificate);
        assert_int_equal(certificate.read != NULL, good);
        peer_certificate_release(&certificate);
        (void)tear_down(NULL);
        (void)set_up(NULL);
    }
}

/* RFC 7296 2.15: each side in its own way. */
static void test_mixtures(void **state)
{
    (void)state;
    for (unsigned side = 0; side < 2; side++) {
        give(side, pki_peer(PKI_P256, side == 0 ? A : B), NULL);
        connect();
        assert_string_equal(info_of(side)->local_auth, "ecdsa-sha256");
        assert_string_equal(info_of(side)->remote_auth, "psk");
        assert_string_equal(info_of(side)->remote_subject, "");
        assert_string_equal(info_of(!side)->local_auth, "psk");
        assert_string_equal(info_of(!side)->remote_auth, "ecdsa-sha256");
        (void)tear_down(NULL);
        (void)set_up(NULL);
    }
}

/* A successor proves nothing anew: what its ancestor proved still stands in the status. */
static void test_after_a_rekey(void **state)
{
    (void)state;
    struct ike_sa_status status;
    give_both(PKI_ED25519);
    connect();
    (void)world_command(&bench.world, 0, COMMAND_REKEY_IKE);
    world_settle(&bench.world, 20 * WORLD_MS);
    assert_true(endpoint_ike_sa_after(bench.world.sides[0].endpoint, 0, &status));
    assert_int_equal(status.id, 2);
    assert_string_equal(status.info.local_auth, "ed25519");
    assert_string_equal(status.info.remote_auth, "ed25519");
    assert_string_equal(status.info.remote_subject, "C=AT, O=ikelab, CN=" B);
}

static void name_of(const char *text, struct identity *out)
{
    assert_true(identity_parse(text, out));
}

/* The subject as identity, written with other letters than it has in the certificate: what is sent
 * is the certificate's own (RFC 4945 3.1.5). */
static void test_subject_as_identity(void **state)
{
    (void)state;
    give_both(PKI_P256);
    name_of("dn:C=AT, O=IKElab, CN=" A, &peer_of(0)->local_id);
    name_of("dn:C=AT, O=ikelab, CN=A.example", &peer_of(1)->remote_id);
    connect();
    struct bytes subject = credential_subject(peer_of(0)->credential);
    assert_true(
        bytes_equal(bytes_of(info_of(1)->remote_id.data, info_of(1)->remote_id.length), subject));
}

static void test_any_identity_of_the_authority(void **state)
{
    (void)state;
    give_both(PKI_P256);
    peer_of(0)->remote_id.type = peer_of(1)->remote_id.type = 0;
    connect();
    assert_int_equal(info_of(1)->remote_id.type, ID_FQDN);
}

static const struct pki_certificate *above(const char *subject, enum pki_key kind, unsigned number,
                                           const struct pki_certificate *issuer)
{
    return pki_issue(&(struct pki_request){
        .subject = subject, .key = kind, .number = number, .issuer = issuer, .authority = true});
}

/* RFC 7296 3.6: four certificates, and of the largest keys in use. */
static void test_a_long_chain(void **state)
{
    (void)state;
    const struct pki_certificate *one = above("CN=One", PKI_RSA_4096, 1, pki_authority());
    const struct pki_certificate *two = above("CN=Two", PKI_RSA_4096, 1, one);
    const struct pki_certificate *three = above("CN=Three", PKI_RSA_4096, 1, two);
    const struct pki_certificate *own = pki_issue(&(struct pki_request){
        .subject = "CN=a", .names = "DNS:" A, .key = PKI_RSA_4096, .issuer = three});
    const char *error;
    give_both(PKI_RSA_2048);
    give(0, own, three);
    credential_destroy(peer_of(0)->credential);
    peer_of(0)->credential = credential_create();
    assert_true(
        credential_set_certificates(peer_of(0)->credential, pki_pem(own, three, two), &error) &&
        credential_set_certificates(peer_of(0)->credential, pki_pem(one, NULL, NULL), &error) &&
        credential_set_key(peer_of(0)->credential, pki_key_pem(own), &error));
    connect();
    assert_string_equal(info_of(1)->remote_subject, "CN=a");
}

/* ---- what is on the wire ---- */

static void ask(void)
{
    bench_half_open(&bench);
    tell_time(PKI_NOW_S);
    assert_int_equal(bench_ask(&bench, 0, &ask_auth), STATUS_OK);
}

static void decode_stored(const struct stored_message *stored, struct message *out)
{
    static struct payload_chain chain;
    struct bytes octets = stored_message_bytes(stored);
    struct ike_header header;
    assert_int_equal(ike_header_parse(octets, &header), STATUS_OK);
    assert_int_equal(payload_chain_parse(header.next_payload,
                                         bytes_of(octets.data + IKE_HEADER_LENGTH,
                                                  octets.length - IKE_HEADER_LENGTH),
                                         &chain),
                     STATUS_OK);
    assert_int_equal(message_decode(&chain, out), STATUS_OK);
}

/* Nothing new is said where everybody has a shared key. */
static void test_shared_keys_only(void **state)
{
    (void)state;
    static struct message m;
    ask();
    decode_stored(&bench_sa(&bench, 0)->init->request, &m);
    assert_null(message_notify(&m, SIGNATURE_HASH_ALGORITHMS));
    decode_stored(&bench_sa(&bench, 0)->init->response, &m);
    assert_null(message_notify(&m, SIGNATURE_HASH_ALGORITHMS));
    assert_int_equal(m.certreq_count, 0);
    assert_int_equal(bench.ask.message.cert_count, 0);
    assert_int_equal(bench.ask.message.certreq_count, 0);
}

static void test_messages(void **state)
{
    (void)state;
    static struct message m;
    static const uint8_t hashes[] = {0, 2, 0, 3, 0, 4, 0, 5};
    give_both(PKI_P256);
    ask();
    const struct stored_message *stored[] = {&bench_sa(&bench, 0)->init->request,
                                             &bench_sa(&bench, 0)->init->response};
    struct bytes hash = authorities_hash(peer_of(0)->authorities, 0);
    for (unsigned i = 0; i < 2; i++) {
        decode_stored(stored[i], &m);
        const struct notify_payload *n = message_notify(&m, SIGNATURE_HASH_ALGORITHMS);
        assert_non_null(n);
        assert_true(bytes_equal(n->data, bytes_of(hashes, sizeof hashes)));
        assert_int_equal(m.certreq_count, i); /* the responder asks at once, RFC 7296 1.2 */
    }
    assert_true(certreq_payload_names(&m.certreqs[0], hash));
    const struct message *auth = &bench.ask.message;
    assert_int_equal(auth->cert_count, 1);
    assert_int_equal(auth->certs[0].encoding, CERT_X509_SIGNATURE);
    assert_true(
        bytes_equal(auth->certs[0].data, credential_certificate(peer_of(0)->credential, 0)));
    assert_int_equal(auth->certreq_count, 1);
    assert_true(certreq_payload_names(&auth->certreqs[0], hash));
    assert_int_equal(auth->auth.method, AUTH_METHOD_DIGITAL_SIGNATURE);
    assert_int_equal(auth->auth.data.data[0], 12); /* of the AlgorithmIdentifier */
    assert_int_equal(bench_consume(&bench, 1, ike_auth_consume_request), STATUS_OK);
    const struct message *answer = mail_read(&bench.answer);
    assert_int_equal(answer->cert_count, 1);
    assert_int_equal(answer->certreq_count, 0);
}

/* ---- peers without RFC 7427 ---- */

static void ask_without_rfc7427(void)
{
    bench_half_open(&bench);
    tell_time(PKI_NOW_S);
    bench_sa(&bench, 0)->init->digital_signature = false;
    bench_sa(&bench, 1)->init->digital_signature = false;
}

static void test_older_methods(void **state)
{
    (void)state;
    static const struct {
        enum pki_key kind;
        uint8_t method;
    } rows[] = {{PKI_P256, AUTH_METHOD_ECDSA_256},
                {PKI_P384, AUTH_METHOD_ECDSA_384},
                {PKI_P521, AUTH_METHOD_ECDSA_521},
                {PKI_RSA_2048, AUTH_METHOD_RSA}};
    for (size_t i = 0; i < 4; i++) {
        give_both(rows[i].kind);
        peer_of(0)->rsa_sha1 = peer_of(1)->rsa_sha1 = true;
        ask_without_rfc7427();
        assert_int_equal(bench_ask(&bench, 0, &ask_auth), STATUS_OK);
        assert_int_equal(bench.ask.message.auth.method, rows[i].method);
        assert_int_equal(bench_consume(&bench, 1, ike_auth_consume_request), STATUS_OK);
        assert_int_equal(mail_read(&bench.answer)->auth.method, rows[i].method);
        bench_conclude(&bench, 0);
        assert_int_equal(bench_sa(&bench, 0)->state, IKE_SA_ESTABLISHED);
        (void)tear_down(NULL);
        (void)set_up(NULL);
    }
}

/* RSA with SHA-1 only for who asks for it; and Ed25519 never had an older method. */
static void test_no_older_method(void **state)
{
    (void)state;
    static const enum pki_key kinds[] = {PKI_RSA_2048, PKI_ED25519};
    for (size_t i = 0; i < 2; i++) {
        give_both(kinds[i]);
        ask_without_rfc7427();
        assert_int_equal(bench_ask(&bench, 0, &ask_auth), STATUS_NOTIFY(AUTHENTICATION_FAILED));
        assert_int_equal(bench_sa(&bench, 0)->refusal, REFUSAL_NO_COMMON_SIGNATURE);
        (void)tear_down(NULL);
        (void)set_up(NULL);
    }
}

/* What one side would not use it does not accept either. */
static void test_methods_not_agreed(void **state)
{
    (void)state;
    give_both(PKI_RSA_2048);
    peer_of(0)->rsa_sha1 = true;
    ask_without_rfc7427();
    assert_int_equal(bench_ask(&bench, 0, &ask_auth), STATUS_OK);
    assert_int_equal(bench_consume(&bench, 1, ike_auth_consume_request),
                     STATUS_NOTIFY(AUTHENTICATION_FAILED));
    assert_int_equal(bench_sa(&bench, 1)->refusal, REFUSAL_METHOD);
    /* both have RFC 7427: then no older method (RFC 7427 3), and without it not the new one */
    peer_of(1)->rsa_sha1 = true;
    bench_sa(&bench, 1)->init->digital_signature = true;
    assert_int_equal(bench_consume(&bench, 1, ike_auth_consume_request),
                     STATUS_NOTIFY(AUTHENTICATION_FAILED));
    assert_int_equal(bench_sa(&bench, 1)->refusal, REFUSAL_METHOD);
    bench_sa(&bench, 0)->init->digital_signature = true;
    bench_sa(&bench, 1)->init->digital_signature = false;
    assert_int_equal(bench_ask(&bench, 0, &ask_auth), STATUS_OK);
    assert_int_equal(bench_consume(&bench, 1, ike_auth_consume_request),
                     STATUS_NOTIFY(AUTHENTICATION_FAILED));
    assert_int_equal(bench_sa(&bench, 1)->refusal, REFUSAL_METHOD);
}

/* RFC 7427 4: only what the peer can verify. */
static void test_hashes_of_the_peer(void **state)
{
    (void)state;
    give_both(PKI_P256);
    bench_half_open(&bench);
    struct ike_init *init = bench_sa(&bench, 0)->init;
    init->peer_hashes = HASH_BIT(HASH_SHA2_512);
    assert_int_equal(bench_ask(&bench, 0, &ask_auth), STATUS_OK);
    assert_string_equal(bench_sa(&bench, 0)->local_auth, "ecdsa-sha512");
    init->peer_hashes = HASH_BIT(HASH_SHA1);
    assert_int_equal(bench_ask(&bench, 0, &ask_auth), STATUS_NOTIFY(AUTHENTICATION_FAILED));
    init->peer_hashes = 0;
    assert_int_equal(bench_ask(&bench, 0, &ask_auth), STATUS_NOTIFY(AUTHENTICATION_FAILED));
}

static void note_hashes(const char *octets, size_t length)
{
    struct message m = {.notify_count = 1};
    m.notifies[0] = (struct notify_payload){.type = SIGNATURE_HASH_ALGORITHMS,
                                            .data = bytes_of(octets, length)};
    authentication_note_response(bench_sa(&bench, 0), &m);
}

/* Numbers from nowhere and half numbers are nothing to us. */
static void test_strange_hash_lists(void **state)
{
    (void)state;
    give_both(PKI_P256);
    bench_half_open(&bench);
    const struct ike_init *init = bench_sa(&bench, 0)->init;
    note_hashes("\0\2\xff\xff\0\x10\0\2\0\5\0", 11);
    assert_int_equal(init->peer_hashes, HASH_BIT(HASH_SHA2_256) | HASH_BIT(HASH_IDENTITY));
    note_hashes("", 0);
    assert_true(init->digital_signature);
    assert_int_equal(init->peer_hashes, 0);
    struct message none = {0};
    authentication_note_response(bench_sa(&bench, 0), &none);
    assert_false(init->digital_signature);
}

/* Who announces no hashes has no RFC 7427, whatever the peer says. */
static void test_own_hashes(void **state)
{
    (void)state;
    give_both(PKI_P256);
    bench_half_open(&bench);
    struct ike_sa *sa = bench_sa(&bench, 0);
    const struct peer_config *before = sa->peer;
    struct peer_config peer = *before;
    uint8_t octets[64];
    struct writer w = writer_over(octets, sizeof octets);
    struct chain_writer chain = chain_writer_over(&w);
    sa->peer = &peer;
    peer.signature_hashes = HASH_BIT(HASH_SHA2_384) | HASH_BIT(HASH_IDENTITY);
    authentication_ask(sa, &chain);
    assert_int_equal(w.length, 8 + 4);
    assert_memory_equal(octets + 8, "\0\3\0\5", 4);
    peer.signature_hashes = 0;
    authentication_ask(sa, &chain);
    assert_int_equal(w.length, 8 + 4);
    note_hashes("\0\2", 2);
    assert_false(sa->init->digital_signature);
    sa->peer = before;
}

/* ---- refusals: the responder's ---- */

static void assert_refused(enum refusal refusal)
{
    struct ike_sa *sa = bench_sa(&bench, 1);
    assert_int_equal(bench_consume_as_is(&bench, 1, ike_auth_consume_request),
                     STATUS_NOTIFY(AUTHENTICATION_FAILED));
    if (sa->refusal != refusal) {
        fail_msg("%s instead of %s", refusal_name(sa->refusal), refusal_name(refusal));
    }
    assert_int_equal(sa->state, IKE_SA_HALF_OPEN);
    assert_null(sa->children);
}

/* Messages that say something else than they should, by an initiator that has a good certificate.
 */
static void test_spoilt_messages(void **state)
{
    (void)state;
    static uint8_t spoilt[SIGNATURE_MAX];
    struct message *m = &bench.ask.message;
    give_both(PKI_P256);
    ask();
    const struct message good = *m;

    m->has_auth = false;
    assert_refused(REFUSAL_NO_PROOF);
    *m = good;
    m->auth.method = AUTH_METHOD_SHARED_KEY;
    assert_refused(REFUSAL_METHOD);
    m->auth.method = AUTH_METHOD_ECDSA_256;
    assert_refused(REFUSAL_METHOD);
    m->auth.method = 3;
    assert_refused(REFUSAL_METHOD);
    *m = good;
    m->cert_count = 0;
    assert_refused(REFUSAL_CERTIFICATE_MISSING);
    *m = good;
    m->certs[0].encoding = CERT_HASH_AND_URL;
    assert_refused(REFUSAL_CERTIFICATE_BY_URL);
    m->certs[0].encoding = CERT_HASH_AND_URL_BUNDLE;
    assert_refused(REFUSAL_CERTIFICATE_BY_URL);
    m->certs[0].encoding = 7; /* a CRL */
    assert_refused(REFUSAL_CERTIFICATE_MISSING);
    *m = good;
    m->certs[0].data.length--;
    assert_refused(REFUSAL_CERTIFICATE_MALFORMED);
    m->certs[0].data.length = 0;
    assert_refused(REFUSAL_CERTIFICATE_MALFORMED);
    *m = good;
    m->cert_count = CERTS_MAX + 1;
    assert_refused(REFUSAL_CERTIFICATES_TOO_MANY);
    *m = good;
    m->auth.data.length--;
    assert_refused(REFUSAL_SIGNATURE);
    m->auth.data.length = 13;
    assert_refused(REFUSAL_SIGNATURE); /* no signature at all behind the identifier */
    m->auth.data.length = 5;
    assert_refused(REFUSAL_SIGNATURE_ALGORITHM);
    m->auth.data.length = 0;
    assert_refused(REFUSAL_SIGNATURE_ALGORITHM);
    *m = good;
    memcpy(spoilt, good.auth.data.data, good.auth.data.length);
    m->auth.data.data = spoilt;
    spoilt[good.auth.data.length - 1] ^= 1;
    assert_refused(REFUSAL_SIGNATURE);
    spoilt[good.auth.data.length - 1] ^= 1;
    spoilt[12] = 3; /* ecdsa-sha384 it says */
    assert_refused(REFUSAL_SIGNATURE);
    spoilt[12] = 9;
    assert_refused(REFUSAL_SIGNATURE_ALGORITHM);
    *m = good;
    m->id_i.type = ID_RFC822_ADDR;
    assert_refused(REFUSAL_IDENTITY_UNKNOWN);
    *m = good;
    assert_int_equal(bench_consume_as_is(&bench, 1, ike_auth_consume_request), STATUS_OK);
    assert_int_equal(bench_sa(&bench, 1)->refusal, REFUSAL_NONE);
}

/* A signature with a key of one kind under the identifier of another; and SHA-1. */
static void test_algorithms_that_do_not_fit(void **state)
{
    (void)state;
    static const uint8_t ed25519[] = "\x07\x30\x05\x06\x03\x2b\x65\x70 some octets";
    static const uint8_t ecdsa_sha1[] = "\x0b\x30\x09\x06\x07\x2a\x86\x48\xce\x3d\x04\x01 octets";
    give_both(PKI_P256);
    ask();
    bench.ask.message.auth.data = bytes_of(ed25519, sizeof ed25519);
    assert_refused(REFUSAL_SIGNATURE_ALGORITHM);
    bench.ask.message.auth.data = bytes_of(ecdsa_sha1, sizeof ecdsa_sha1);
    assert_refused(REFUSAL_SIGNATURE_ALGORITHM);
}

/* Somebody else's certificate, which is no secret, without its key. */
static void test_a_borrowed_certificate(void **state)
{
    (void)state;
    give_both(PKI_P256);
    const struct pki_certificate *others =
        pki_issue(&(struct pki_request){.subject = "CN=victim",
                                        .names = "DNS:" A,
                                        .key = PKI_P256,
                                        .number = 5,
                                        .issuer = pki_authority()});
    ask();
    bench.ask.message.certs[0].data = pki_der(others);
    assert_refused(REFUSAL_SIGNATURE);
}

/* The same for every reason that lies in the certificate, as two whole endpoints see it: the
 * initiator's, and then the responder's. */
static enum refusal refusal_of(const struct pki_certificate *spoilt, unsigned side)
{
    struct world *world = &bench.world;
    (void)tear_down(NULL);
    (void)set_up(NULL);
    give_both(PKI_P256);
    give(side, spoilt, NULL);
    world_boot(world);
    tell_time(PKI_NOW_S);
    uint32_t id = world_command(world, 0, COMMAND_INITIATE);
    world_run(world, 30 * WORLD_S);
    assert_true(world_answered(world, 0, id));
    /* the one who shows it hears nothing but AUTHENTICATION_FAILED */
    assert_int_equal(world_result(world, 0, id), side == 0 ? STATUS_PEER(AUTHENTICATION_FAILED)
                                                           : STATUS_NOTIFY(AUTHENTICATION_FAILED));
    assert_null(world_residue(world, 0));
    assert_null(world_residue(world, 1));
    assert_int_equal(world->sides[side].last_ike_down.refusal, REFUSAL_NONE);
    return world->sides[!side].last_ike_down.refusal;
}

static void test_spoilt_certificates(void **state)
{
    (void)state;
    const struct pki_certificate *stranger = above("CN=Stranger", PKI_P384, 0, NULL);
    for (unsigned side = 0; side < 2; side++) {
        struct pki_request good = {.subject = "CN=spoilt",
                                   .names = side == 0 ? "DNS:" A : "DNS:" B,
                                   .issuer = pki_authority()};
        struct pki_request r = good;
        assert_int_equal(refusal_of(pki_issue((r = good, r.to_s = PKI_NOW_S - 1, &r)), side),
                         REFUSAL_CERTIFICATE_EXPIRED);
        assert_int_equal(refusal_of(pki_issue((r = good, r.from_s = PKI_NOW_S + 90, &r)), side),
                         REFUSAL_CERTIFICATE_NOT_YET_VALID);
        assert_int_equal(refusal_of(pki_issue((r = good, r.issuer = stranger, &r)), side),
                         REFUSAL_CERTIFICATE_UNTRUSTED);
        assert_int_equal(refusal_of(pki_issue((r = good, r.names = "DNS:x.example", &r)), side),
                         REFUSAL_CERTIFICATE_NAME);
        assert_int_equal(refusal_of(pki_issue((r = good, r.usage = "keyAgreement", &r)), side),
                         REFUSAL_CERTIFICATE_USAGE);
        assert_int_equal(
            refusal_of(pki_issue((r = good, r.extended_usage = "serverAuth", &r)), side),
            REFUSAL_CERTIFICATE_USAGE);
        assert_int_equal(refusal_of(pki_issue((r = good, r.sha1 = true, &r)), side),
                         REFUSAL_CERTIFICATE_WEAK);
        assert_int_equal(
            refusal_of(pki_issue((r = good, r.unknown = "1.3.6.1.4.1.99999.1", &r)), side),
            REFUSAL_CERTIFICATE_INVALID);
    }
}

/* Nobody has told the time: nothing is valid yet. */
static void test_without_a_clock(void **state)
{
    (void)state;
    struct world *world = &bench.world;
    give_both(PKI_P256);
    world_boot(world);
    uint32_t id = world_command(world, 0, COMMAND_INITIATE);
    world_run(world, 30 * WORLD_S);
    assert_int_equal(world_result(world, 0, id), STATUS_PEER(AUTHENTICATION_FAILED));
    assert_int_equal(world->sides[1].last_ike_down.refusal, REFUSAL_CERTIFICATE_NOT_YET_VALID);
}

/* One side counts on a shared key, the other on a certificate. */
static void test_different_expectations(void **state)
{
    (void)state;
    struct world *world = &bench.world;
    give(0, pki_peer(PKI_P256, A), NULL);
    peer_of(1)->remote_authentication = AUTHENTICATION_PSK;
    world_boot(world);
    tell_time(PKI_NOW_S);
    uint32_t id = world_command(world, 0, COMMAND_INITIATE);
    world_run(world, 30 * WORLD_S);
    /* the responder has no use for signatures and says nothing of them: an older method it is */
    assert_int_equal(world_result(world, 0, id), STATUS_PEER(AUTHENTICATION_FAILED));
    assert_int_equal(world->sides[1].last_ike_down.refusal, REFUSAL_METHOD);
    assert_null(world_residue(world, 0));
}

/* The responder named itself otherwise than we had called it. */
static void test_another_responder(void **state)
{
    (void)state;
    struct world *world = &bench.world;
    give_both(PKI_P256);
    give(1, pki_peer(PKI_P256, "c.example"), NULL);
    name_of("c.example", &peer_of(1)->local_id);
    world_boot(world);
    tell_time(PKI_NOW_S);
    uint32_t id = world_command(world, 0, COMMAND_INITIATE);
    world_run(world, 30 * WORLD_S);
    /* it is asked for by IDr, and is nobody of that name */
    assert_int_equal(world_result(world, 0, id), STATUS_PEER(AUTHENTICATION_FAILED));
    assert_int_equal(world->sides[1].last_ike_down.refusal, REFUSAL_IDENTITY_UNKNOWN);
}

/* Whoever asked for the SA is told what was wrong with the responder, and so is who waits for more.
 */
static void test_who_asked_is_told(void **state)
{
    (void)state;
    struct event event;
    static const struct task waiting = {.type = TASK_CHILD_CREATE, .command = 8};
    give_both(PKI_P256);
    ask();
    assert_int_equal(bench_consume(&bench, 1, ike_auth_consume_request), STATUS_OK);
    name_of("c.example", &peer_of(0)->remote_id);
    assert_true(task_queue_push(&bench_sa(&bench, 0)->tasks, &waiting));
    bench_conclude(&bench, 0);
    assert_int_equal(bench_sa(&bench, 0)->refusal, REFUSAL_IDENTITY_UNEXPECTED);
    for (uint64_t command = 7; command <= 8; command++) {
        assert_true(bench_event(&bench, 0, EVENT_COMMAND_DONE, &event));
        assert_int_equal(event.command, command);
        assert_int_equal(event.status, STATUS_NOTIFY(AUTHENTICATION_FAILED));
        assert_int_equal(event.refusal, REFUSAL_IDENTITY_UNEXPECTED);
    }
}

static int set_up_at_once(void **state)
{
    jobs_max = 0;
    return set_up(state);
}

static int set_up_by_jobs(void **state)
{
    jobs_max = 4;
    return set_up(state);
}

#define TEST(function)                                                                             \
    {#function, function, set_up_at_once, tear_down, NULL},                                        \
    {                                                                                              \
#function "_by_jobs", function, set_up_by_jobs, tear_down, NULL                            \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_every_key),
        TEST(test_pkcs1),
        TEST(test_a_certificate_is_known_afterwards),
        TEST(test_mixtures),
        TEST(test_after_a_rekey),
        TEST(test_subject_as_identity),
        TEST(test_any_identity_of_the_authority),
        TEST(test_a_long_chain),
        TEST(test_shared_keys_only),
        TEST(test_messages),
        TEST(test_older_methods),
        TEST(test_no_older_method),
        TEST(test_methods_not_agreed),
        TEST(test_hashes_of_the_peer),
        TEST(test_strange_hash_lists),
        TEST(test_own_hashes),
        TEST(test_spoilt_messages),
        TEST(test_algorithms_that_do_not_fit),
        TEST(test_a_borrowed_certificate),
        TEST(test_spoilt_certificates),
        TEST(test_without_a_clock),
        TEST(test_different_expectations),
        TEST(test_another_responder),
        TEST(test_who_asked_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

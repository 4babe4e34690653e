/* Every message of a handshake and of a rekey: parsed, built again, opened and sealed. What is
 * built has to be, to the octet, what the core had sent. */

#include "bench/cases.h"

#include <string.h>

#include "bench/certificates.h"
#include "bench/duet.h"
#include "protect/sk_message.h"
#include "wire/message.h"

/* One message, as it was sent and as it is inside. */
struct sample {
    struct letter letter;
    struct ike_header header;
    uint8_t first;      /* type of the first payload: */
    struct bytes inner; /* of these, which for a sealed message are in plain */
    struct payload sk;  /* sealed messages */
    struct protection protection;
    struct protector *opener, *sealer;
    uint8_t plain[IKE_MESSAGE_MAX];
    /* what a play works on */
    struct payload_chain chain;
    struct message message;
    uint8_t out[IKE_MESSAGE_MAX];
};

/* ---- parsing ---- */

static enum status parse(struct sample *sample)
{
    struct ike_header header;
    TRY(ike_header_parse(bytes_of(sample->letter.octets, sample->letter.length), &header));
    TRY(payload_chain_parse(sample->first, sample->inner, &sample->chain));
    TRY(message_decode(&sample->chain, &sample->message));
    if (header.exchange_type != IKE_SA_INIT && header.exchange_type != IKE_AUTH) {
        return STATUS_OK;
    }
    return message_rules_check(header.exchange_type, (header.flags & IKE_FLAG_RESPONSE) != 0,
                               &sample->message);
}

static void play_parse(struct bench *bench, void *context)
{
    bench_on(bench);
    enum status status = parse(context);
    bench_off(bench);
    bench_insist(bench, status == STATUS_OK, "it does not parse");
}

/* ---- building ---- */

/* Which of the payloads that may stand more than once comes next. */
struct turn {
    size_t cert, certreq, notify, delete;
};

static void payload_build(struct writer *w, uint8_t type, const struct message *m,
                          struct turn *turn)
{
    const struct notify_payload *notify;
    const struct delete_payload *delete;
    switch (type) {
    case PAYLOAD_SA:
        sa_payload_build(w, &m->sa);
        break;
    case PAYLOAD_KE:
        ke_payload_build(w, m->ke.group, m->ke.data);
        break;
    case PAYLOAD_IDI:
        id_payload_build(w, m->id_i.type, m->id_i.data);
        break;
    case PAYLOAD_IDR:
        id_payload_build(w, m->id_r.type, m->id_r.data);
        break;
    case PAYLOAD_CERT:
        cert_payload_build(w, m->certs[turn->cert].encoding, m->certs[turn->cert].data);
        turn->cert++;
        break;
    case PAYLOAD_CERTREQ:
        certreq_payload_build(w, m->certreqs[turn->certreq].encoding,
                              m->certreqs[turn->certreq].authorities);
        turn->certreq++;
        break;
    case PAYLOAD_AUTH:
        auth_payload_build(w, m->auth.method, m->auth.data);
        break;
    case PAYLOAD_NONCE:
        nonce_payload_build(w, m->nonce.nonce);
        break;
    case PAYLOAD_NOTIFY:
        notify = &m->notifies[turn->notify++];
        notify_payload_build(w, notify->protocol, notify->spi, notify->type, notify->data);
        break;
    case PAYLOAD_DELETE:
        delete = &m->deletes[turn->delete ++];
        delete_payload_build(w, delete->protocol, delete->spi_size, delete->spis);
        break;
    case PAYLOAD_TSI:
        ts_payload_build(w, &m->ts_i);
        break;
    case PAYLOAD_TSR:
        ts_payload_build(w, &m->ts_r);
        break;
    default:
        break; /* the comparison will tell */
    }
}

static void play_build(struct bench *bench, void *context)
{
    struct sample *sample = context;
    struct turn turn = {0};
    bool whole = sample->opener == NULL;
    bench_on(bench);
    struct writer w = writer_over(sample->out, sizeof sample->out);
    if (whole) {
        ike_header_build(&w, &sample->header);
    }
    struct chain_writer chain = chain_writer_over(&w);
    for (size_t i = 0; i < sample->chain.count; i++) {
        payload_begin(&chain, sample->chain.items[i].type);
        payload_build(&w, sample->chain.items[i].type, &sample->message, &turn);
        payload_end(&chain);
    }
    if (whole) {
        ike_header_patch_length(&w);
    }
    bench_off(bench);
    struct bytes wanted =
        whole ? bytes_of(sample->letter.octets, sample->letter.length) : sample->inner;
    bench_insist(bench, !w.overflow && bytes_equal(writer_bytes(&w), wanted),
                 "what was built is not what was sent");
}

/* ---- opening and sealing ---- */

static void play_open(struct bench *bench, void *context)
{
    struct sample *sample = context;
    struct bytes inner;
    uint8_t first;
    bench_on(bench);
    enum status status = sk_message_open(&sample->protection, sample->opener,
                                         bytes_of(sample->letter.octets, sample->letter.length),
                                         &sample->sk, sample->out, &inner, &first);
    bench_off(bench);
    bench_insist(bench, status == STATUS_OK && bytes_equal(inner, sample->inner),
                 "it does not open");
}

static void play_seal(struct bench *bench, void *context)
{
    struct sample *sample = context;
    bench_on(bench);
    struct writer w = writer_over(sample->out, sizeof sample->out);
    enum status status = sk_message_seal(&sample->protection, sample->sealer, &bench->random,
                                         &sample->header, sample->first, sample->inner, &w);
    bench_off(bench);
    bench_insist(bench, status == STATUS_OK && w.length == sample->letter.length,
                 "what was sealed is not as long as what was sent");
}

/* ---- samples ---- */

static void sample_take(struct sample *sample, const struct bench *bench, const struct duet *duet,
                        size_t letter)
{
    struct bytes rest;
    bench_insist(bench, letter < duet->sent, "it was never sent");
    memset(sample, 0, sizeof *sample);
    sample->letter = duet->letters[letter];
    struct bytes octets = bytes_of(sample->letter.octets, sample->letter.length);
    rest = bytes_of(octets.data + IKE_HEADER_LENGTH, octets.length - IKE_HEADER_LENGTH);
    bench_insist(bench,
                 ike_header_parse(octets, &sample->header) == STATUS_OK &&
                     payload_chain_parse(sample->header.next_payload, rest, &sample->chain) ==
                         STATUS_OK,
                 "its header does not parse");
    sample->first = sample->header.next_payload;
    sample->inner = rest;
}

static void sample_open(struct sample *sample, const struct bench *bench, const struct duet *duet)
{
    bool by_a = sample->letter.from == DUET_A;
    const struct ike_keys_info *keys = &duet->keys;
    struct bytes encryption = secret_bytes(by_a ? &keys->sk_ei : &keys->sk_er);
    struct bytes integrity = secret_bytes(by_a ? &keys->sk_ai : &keys->sk_ar);
    sample->protection = keys->protection;
    sample->opener = protector_create(&sample->protection, encryption, integrity, PROTECTOR_OPEN);
    sample->sealer = protector_create(&sample->protection, encryption, integrity, PROTECTOR_SEAL);
    bench_insist(bench, sample->opener != NULL && sample->sealer != NULL, "no memory");
    sample->sk = sample->chain.items[sample->chain.count - 1];
    enum status status = sk_message_open(
        &sample->protection, sample->opener, bytes_of(sample->letter.octets, sample->letter.length),
        &sample->sk, sample->plain, &sample->inner, &sample->first);
    bench_insist(bench, sample->sk.type == PAYLOAD_SK && status == STATUS_OK, "it does not open");
}

/* ---- where they come from ---- */

static void sent_by_handshake(struct bench *bench, struct duet *duet)
{
    duet_init(duet, bench, NULL, NULL); /* proposals as long as in real life */
    duet_start(duet);
    duet_connect(duet);
}

/* Whole, though it would go in fragments. */
static void sent_by_certificates(struct bench *bench, struct duet *duet)
{
    static const char *const hosts[2] = {"a", "b"};
    duet_init(duet, bench, NULL, NULL);
    for (unsigned s = 0; s < 2; s++) {
        struct peer_config *peer = &duet->sides[s].peer;
        peer->fragmentation = false;
        peer->local_authentication = peer->remote_authentication = AUTHENTICATION_SIGNATURE;
        peer->credential = certificates_credential(bench, "ecdsa256", hosts[s]);
        peer->authorities = certificates_authorities(bench, "ecdsa256");
    }
    duet_start(duet);
    duet_connect(duet);
}

static void sent_by_child_rekey(struct bench *bench, struct duet *duet)
{
    sent_by_handshake(bench, duet);
    duet_command(duet, COMMAND_REKEY_CHILD);
}

static void sent_by_ike_rekey(struct bench *bench, struct duet *duet)
{
    sent_by_handshake(bench, duet);
    duet_command(duet, COMMAND_REKEY_IKE);
}

static const struct {
    const char *name;
    void (*sent_by)(struct bench *, struct duet *);
    size_t letter;
    bool sealed;
} messages[] = {
    {"ike-sa-init-request", sent_by_handshake, 0, false},
    {"ike-sa-init-response", sent_by_handshake, 1, false},
    {"ike-auth-request", sent_by_handshake, 2, true},
    {"ike-auth-response", sent_by_handshake, 3, true},
    {"ike-auth-request-cert", sent_by_certificates, 2, true},
    {"ike-auth-response-cert", sent_by_certificates, 3, true},
    {"child-rekey-request", sent_by_child_rekey, 0, true},
    {"child-rekey-response", sent_by_child_rekey, 1, true},
    {"child-delete-request", sent_by_child_rekey, 2, true},
    {"child-delete-response", sent_by_child_rekey, 3, true},
    {"ike-rekey-request", sent_by_ike_rekey, 0, true},
    {"ike-rekey-response", sent_by_ike_rekey, 1, true},
};

static const struct {
    const char *name;
    bench_play_function *play;
    bool sealed_only;
} verbs[] = {
    {"parse", play_parse, false},
    {"build", play_build, false},
    {"open", play_open, true},
    {"seal", play_seal, true},
};

static void message_play(struct bench *bench, size_t m, bench_play_function *play)
{
    static struct duet duet;
    static struct sample sample;
    messages[m].sent_by(bench, &duet);
    sample_take(&sample, bench, &duet, messages[m].letter);
    if (messages[m].sealed) {
        sample_open(&sample, bench, &duet);
    }
    bench_insist(bench, parse(&sample) == STATUS_OK, "it does not parse");
    bench_play(bench, 1, play, &sample);
    protector_destroy(sample.opener);
    protector_destroy(sample.sealer);
    duet_stop(&duet);
}

void message_cases(struct bench *bench)
{
    for (size_t v = 0; v < sizeof verbs / sizeof verbs[0]; v++) {
        for (size_t m = 0; m < sizeof messages / sizeof messages[0]; m++) {
            if ((messages[m].sealed || !verbs[v].sealed_only) &&
                bench_begin(bench, "message.%s.%s", verbs[v].name, messages[m].name)) {
                message_play(bench, m, verbs[v].play);
            }
        }
    }
}

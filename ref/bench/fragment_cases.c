/* A long message in fragments (RFC 7383): cut and sealed one by one, opened one by one, and joined,
 * as they come and from the last to the first. */

#include "bench/cases.h"

#include <string.h>

#include "protect/reassembly.h"
#include "protect/skf_message.h"
#include "wire/payload_chain.h"

#define TEXT_LENGTH 6000    /* a chain of certificates */
#define DATAGRAM_LENGTH 548 /* in an IP packet of 576 */
#define PIECES_MAX 16

struct cut {
    struct protection protection;
    struct protector *sealer, *opener;
    struct ike_header header;
    size_t room, count;
    uint8_t text[TEXT_LENGTH];
    struct {
        uint8_t octets[DATAGRAM_LENGTH];
        size_t length;
        struct ike_header header;
        struct skf_payload skf;
        uint8_t next_payload;
        uint8_t plain[DATAGRAM_LENGTH];
        struct bytes piece;
    } pieces[PIECES_MAX];
};

static enum status seal_all(struct bench *bench, struct cut *cut)
{
    for (size_t i = 0; i < cut->count; i++) {
        struct writer w = writer_over(cut->pieces[i].octets, DATAGRAM_LENGTH);
        size_t begin = i * cut->room;
        size_t length = begin + cut->room < TEXT_LENGTH ? cut->room : TEXT_LENGTH - begin;
        TRY(skf_message_seal(&cut->protection, cut->sealer, &bench->random, &cut->header,
                             PAYLOAD_IDI, (uint16_t)(i + 1), (uint16_t)cut->count,
                             bytes_of(cut->text + begin, length), &w));
        cut->pieces[i].length = w.length;
    }
    return STATUS_OK;
}

static void play_seal(struct bench *bench, void *context)
{
    bench_on(bench);
    enum status status = seal_all(bench, context);
    bench_off(bench);
    bench_insist(bench, status == STATUS_OK, "a fragment cannot be sealed");
}

static enum status open_all(struct cut *cut)
{
    struct payload_chain chain;
    for (size_t i = 0; i < cut->count; i++) {
        struct bytes octets = bytes_of(cut->pieces[i].octets, cut->pieces[i].length);
        struct bytes rest =
            bytes_of(octets.data + IKE_HEADER_LENGTH, octets.length - IKE_HEADER_LENGTH);
        TRY(ike_header_parse(octets, &cut->pieces[i].header));
        TRY(payload_chain_parse(cut->pieces[i].header.next_payload, rest, &chain));
        cut->pieces[i].next_payload = chain.items[0].next_payload;
        TRY(skf_payload_parse(chain.items[0].body, &cut->pieces[i].skf));
        TRY(skf_message_open(&cut->protection, cut->opener, octets, &cut->pieces[i].skf,
                             cut->pieces[i].plain, &cut->pieces[i].piece));
    }
    return STATUS_OK;
}

static void play_open(struct bench *bench, void *context)
{
    bench_on(bench);
    enum status status = open_all(context);
    bench_off(bench);
    bench_insist(bench, status == STATUS_OK, "a fragment does not open");
}

static void join_all(struct bench *bench, struct cut *cut, bool backwards)
{
    static uint8_t plain[IKE_MESSAGE_MAX];
    struct reassembly *r = NULL;
    struct bytes joined = {0};
    uint8_t first = 0;
    bool good = true;
    bench_on(bench);
    for (size_t n = 0; n < cut->count; n++) {
        size_t i = backwards ? cut->count - 1 - n : n;
        struct fragment fragment = {.header = &cut->pieces[i].header,
                                    .skf = &cut->pieces[i].skf,
                                    .next_payload = cut->pieces[i].next_payload,
                                    .piece = cut->pieces[i].piece};
        good = good && reassembly_wants(r, &fragment) &&
               reassembly_add(&r, &fragment, 1000) == STATUS_OK;
    }
    if (good && reassembly_is_complete(r)) {
        joined = reassembly_join(r, plain, &first);
    }
    reassembly_end(&r);
    bench_off(bench);
    bench_insist(bench,
                 first == PAYLOAD_IDI && bytes_equal(joined, bytes_of(cut->text, TEXT_LENGTH)),
                 "what was joined is not what was cut");
}

static void play_join(struct bench *bench, void *context)
{
    join_all(bench, context, false);
}

static void play_join_backwards(struct bench *bench, void *context)
{
    join_all(bench, context, true);
}

static void cut_begin(struct cut *cut, struct bench *bench)
{
    static const uint8_t key[64] = "octets that are the key of something, and are not secret";
    memset(cut, 0, sizeof *cut);
    cut->protection = (struct protection){cipher_algorithm_find(ENCR_AES_GCM_16), 256, NULL};
    struct bytes encryption = bytes_of(key, protection_encryption_key_length(&cut->protection));
    struct bytes none = bytes_of(NULL, 0);
    cut->sealer = protector_create(&cut->protection, encryption, none, PROTECTOR_SEAL);
    cut->opener = protector_create(&cut->protection, encryption, none, PROTECTOR_OPEN);
    cut->header = (struct ike_header){.spi_i = 1,
                                      .spi_r = 2,
                                      .exchange_type = IKE_AUTH,
                                      .flags = IKE_FLAG_INITIATOR,
                                      .message_id = 1};
    cut->room = skf_message_room(&cut->protection, DATAGRAM_LENGTH);
    cut->count = (TEXT_LENGTH + cut->room - 1) / cut->room;
    bench_insist(bench, cut->count <= PIECES_MAX, "more fragments than there is room for");
    bench_insist(bench,
                 random_fill(&bench->random, cut->text, TEXT_LENGTH) == STATUS_OK &&
                     cut->sealer != NULL && cut->opener != NULL &&
                     seal_all(bench, cut) == STATUS_OK && open_all(cut) == STATUS_OK,
                 "it cannot be set up");
}

void fragment_cases(struct bench *bench)
{
    static const struct {
        const char *name;
        bench_play_function *play;
    } verbs[] = {{"seal", play_seal},
                 {"open", play_open},
                 {"join", play_join},
                 {"join-backwards", play_join_backwards}};
    static struct cut cut;
    for (size_t v = 0; v < sizeof verbs / sizeof verbs[0]; v++) {
        if (bench_begin(bench, "fragments.%s", verbs[v].name)) {
            cut_begin(&cut, bench);
            bench_play(bench, (unsigned)cut.count, verbs[v].play, &cut);
            protector_destroy(cut.sealer);
            protector_destroy(cut.opener);
        }
    }
}

/* Requests of somebody who is no endpoint. */

#include "test/endpoint/stranger.h"

#include <assert.h>
#include <string.h>

#include "sa/proposal_choice.h"
#include "sa/puzzle.h"
#include "wire/ike_header.h"

void stranger_init(struct stranger *s, uint32_t number)
{
    memset(s, 0, sizeof *s);
    s->path.local = (struct transport_address){{ADDRESS_V4, {192, 0, 2, 2}}, 500};
    s->path.remote.port = 500;
    s->path.remote.ip = (struct address){
        ADDRESS_V4, {10, (uint8_t)(number >> 16), (uint8_t)(number >> 8), (uint8_t)number}};
    s->spi_i = UINT64_C(0xabc0000000000000) + number;
    memcpy(s->ni, &s->spi_i, sizeof s->spi_i);
    memset(s->public_value, 5, sizeof s->public_value);
}

static void put(struct chain_writer *chain, uint8_t type, struct bytes body)
{
    payload_begin(chain, type);
    writer_put(chain->w, body);
    payload_end(chain);
}

static struct bytes build(const struct stranger *s, struct world_side *b, struct writer *w)
{
    struct sa_payload offer;
    struct ike_header header = {
        .spi_i = s->spi_i, .exchange_type = IKE_SA_INIT, .flags = IKE_FLAG_INITIATOR};
    ike_header_build(w, &header);
    struct chain_writer chain = chain_writer_over(w);
    if (s->cookie_length > 0) {
        payload_begin(&chain, PAYLOAD_NOTIFY);
        notify_payload_build(w, PROTOCOL_NONE, bytes_of(NULL, 0), COOKIE,
                             bytes_of(s->cookie, s->cookie_length));
        payload_end(&chain);
    }
    if (s->keys_length > 0) {
        put(&chain, PAYLOAD_PS, bytes_of(s->keys, s->keys_length));
    }
    proposal_offer(&b->peers[0].proposals, bytes_of(NULL, 0), false, &offer);
    payload_begin(&chain, PAYLOAD_SA);
    sa_payload_build(w, &offer);
    payload_end(&chain);
    payload_begin(&chain, PAYLOAD_KE);
    ke_payload_build(w, WORLD_KE_A, bytes_of(s->public_value, sizeof s->public_value));
    payload_end(&chain);
    put(&chain, PAYLOAD_NONCE, bytes_of(s->ni, sizeof s->ni));
    writer_patch_u8(w, 16, chain.first);
    ike_header_patch_length(w);
    assert(!w->overflow);
    return writer_bytes(w);
}

static void read_answer(struct stranger *s, struct bytes octets)
{
    static struct payload_chain chain;
    static struct message m;
    struct ike_header header;
    enum status status = ike_header_parse(octets, &header);
    if (status == STATUS_OK) {
        status = payload_chain_parse(
            header.next_payload,
            bytes_of(octets.data + IKE_HEADER_LENGTH, octets.length - IKE_HEADER_LENGTH), &chain);
    }
    if (status == STATUS_OK) {
        status = message_decode(&chain, &m);
    }
    assert(status == STATUS_OK && header.spi_i == s->spi_i);
    const struct notify_payload *cookie = message_notify(&m, COOKIE);
    const struct notify_payload *puzzle = message_notify(&m, PUZZLE);
    s->answers++;
    s->answered += octets.length;
    s->demanded = cookie != NULL;
    s->accepted = m.has_sa;
    if (cookie != NULL) {
        s->cookie_length = cookie->data.length;
        memcpy(s->cookie, cookie->data.data, cookie->data.length);
    }
    if (m.has_sa) {
        s->spi_r = header.spi_r;
        s->nr_length = m.nonce.nonce.length;
        memcpy(s->nr, m.nonce.nonce.data, s->nr_length);
    }
    if (puzzle != NULL) {
        status = puzzle_notify_parse(puzzle->data, &s->puzzle);
        assert(status == STATUS_OK);
    }
}

struct bytes stranger_request(const struct stranger *s, struct world_side *b, uint8_t *out)
{
    struct writer w = writer_over(out, STRANGER_REQUEST_MAX);
    return build(s, b, &w);
}

static enum status deliver(struct stranger *s, struct world_side *b, struct bytes octets,
                           uint64_t now_ns)
{
    struct datagram answer;
    struct datagram d = {.path = s->path, .octets = octets};
    struct event event;
    s->asked = octets.length;
    s->answered = 0;
    s->answers = 0;
    s->demanded = s->accepted = false;
    enum status status = endpoint_receive(b->endpoint, &d, now_ns);
    while (endpoint_next_datagram(b->endpoint, &answer)) {
        assert(transport_address_equal(&answer.path.remote, &s->path.remote));
        read_answer(s, answer.octets);
    }
    while (endpoint_next_event(b->endpoint, &event)) {
        event_wipe(&event);
    }
    return status;
}

enum status stranger_ask(struct stranger *s, struct world_side *b, uint64_t now_ns)
{
    uint8_t octets[STRANGER_REQUEST_MAX];
    s->spi_r = 0;
    s->puzzle = (struct puzzle_notify){0};
    return deliver(s, b, stranger_request(s, b, octets), now_ns);
}

void stranger_solve(struct stranger *s)
{
    static struct puzzle_search search;
    uint8_t spi[8];
    struct writer w = writer_over(spi, sizeof spi);
    writer_u64(&w, s->spi_r);
    bool auth = s->spi_r != 0;
    enum status status = puzzle_search_begin(&search, s->puzzle.prf, s->puzzle.difficulty,
                                             auth ? bytes_of(s->nr, s->nr_length)
                                                  : bytes_of(s->cookie, s->cookie_length),
                                             auth ? writer_bytes(&w) : bytes_of(NULL, 0));
    assert(status == STATUS_OK);
    (void)status;
    bool found = puzzle_search_go_on(&search, UINT32_MAX);
    assert(found);
    (void)found;
    s->keys_length = puzzle_search_keys(&search).length;
    memcpy(s->keys, puzzle_search_keys(&search).data, s->keys_length);
}

enum status stranger_auth_noise(struct stranger *s, struct world_side *b, uint64_t now_ns)
{
    uint8_t octets[512];
    uint8_t noise[100];
    struct writer w = writer_over(octets, sizeof octets);
    struct ike_header header = {.spi_i = s->spi_i,
                                .spi_r = s->spi_r,
                                .exchange_type = IKE_AUTH,
                                .flags = IKE_FLAG_INITIATOR,
                                .message_id = 1};
    memset(noise, 0x5a, sizeof noise);
    ike_header_build(&w, &header);
    struct chain_writer chain = chain_writer_over(&w);
    if (s->keys_length > 0) {
        put(&chain, PAYLOAD_PS, bytes_of(s->keys, s->keys_length));
    }
    put(&chain, PAYLOAD_SK, bytes_of(noise, sizeof noise));
    writer_patch_u8(&w, 16, chain.first);
    ike_header_patch_length(&w);
    return deliver(s, b, writer_bytes(&w), now_ns);
}

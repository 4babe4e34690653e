/* Handlers called by hand: what they get, and what they have queued. */

#include "test/exchange/core_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include <string.h>

#include "endpoint/endpoint_store.h"
#include "protect/sk_message.h"

struct sa_store *core_store(struct world *world, unsigned side)
{
    return (struct sa_store *)(uintptr_t)endpoint_store(world->sides[side].endpoint);
}

bool core_datagram(struct world *world, unsigned side, struct datagram *out)
{
    return endpoint_next_datagram(world->sides[side].endpoint, out);
}

bool core_event(struct world *world, unsigned side, enum event_type type, struct event *out)
{
    while (endpoint_next_event(world->sides[side].endpoint, out)) {
        if (out->type == type) {
            return true;
        }
        event_wipe(out);
    }
    return false;
}

static void decode(struct core_message *m, uint8_t first, struct bytes payloads)
{
    assert_int_equal(payload_chain_parse(first, payloads, &m->chain), STATUS_OK);
    assert_int_equal(message_decode(&m->chain, &m->message), STATUS_OK);
    m->in.header = &m->header;
    m->in.message = &m->message;
    m->in.path = &m->path;
}

void core_message_of(struct core_message *out, const struct ike_sa *sa, uint8_t exchange_type,
                     uint8_t first, struct bytes payloads)
{
    memset(out, 0, sizeof *out);
    out->header = (struct ike_header){.spi_i = sa->spi_i,
                                      .spi_r = sa->spi_r,
                                      .exchange_type = exchange_type,
                                      .flags = sa->initiator ? 0 : IKE_FLAG_INITIATOR,
                                      .message_id = sa->expected_request};
    out->path = sa->path;
    out->in.encapsulated = sa->encapsulated;
    decode(out, first, payloads);
}

static struct bytes take_header(struct core_message *out, const struct datagram *sent)
{
    memset(out, 0, sizeof *out);
    assert_int_equal(ike_header_parse(sent->octets, &out->header), STATUS_OK);
    out->path = (struct path){.local = sent->path.remote, .remote = sent->path.local};
    out->in.encapsulated = sent->encapsulated;
    out->in.datagram = sent->octets;
    return bytes_of(sent->octets.data + IKE_HEADER_LENGTH, sent->octets.length - IKE_HEADER_LENGTH);
}

void core_decode(struct core_message *out, const struct datagram *sent)
{
    struct bytes payloads = take_header(out, sent);
    decode(out, out->header.next_payload, payloads);
}

void core_open(struct core_message *out, const struct ike_sa *sa, const struct datagram *sent)
{
    struct bytes inner;
    uint8_t first;
    struct bytes payloads = take_header(out, sent);
    assert_int_equal(payload_chain_parse(out->header.next_payload, payloads, &out->outer),
                     STATUS_OK);
    assert_int_equal(out->outer.count, 1);
    assert_int_equal(sk_message_open(&sa->protection, sa->open, sent->octets, &out->outer.items[0],
                                     out->plain, &inner, &first),
                     STATUS_OK);
    decode(out, first, inner);
}

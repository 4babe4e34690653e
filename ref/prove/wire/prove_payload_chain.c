/* wire/payload_chain.c: the walk along generic headers, and chains of our own. */
#include "prove/prove.h"

#include "wire/payload_chain.c"

static bool is_right_type(uint8_t type)
{
    return (type >= 33 && type <= 48) || type == 53 || type == 54;
}

/* One step from anywhere: the payload and what is left are the two parts of what was there. */
void prove_payload_take(void)
{
    uint8_t memory[SIZE];
    struct bytes before = any_octets(memory);
    struct bytes in = before;
    struct payload payload;
    uint8_t type = any_u8();
    enum status status = payload_take(type, &in, &payload);
    assert(is_ok_or_syntax(status));
    if (status == STATUS_OK) {
        assert(payload.body.data == before.data + 4 && payload.type == type);
        assert(in.data == payload.body.data + payload.body.length);
        assert(before.length == 4 + payload.body.length + in.length);
        assert(payload.body.length + 4 == (size_t)(before.data[2] << 8 | before.data[3]));
        assert(payload.next_payload == before.data[0]);
        assert(payload.critical == (before.data[1] >= 128));
    }
}

/* The walk. That what stands in one payload cannot reach into the next is the step's to say. */
void prove_payload_chain_parse(void)
{
    uint8_t memory[SIZE];
    struct bytes octets = any_octets(memory);
    struct payload_chain chain;
    uint8_t first = any_u8();
    enum status status = payload_chain_parse(first, octets, &chain);
    assert(chain.count <= PAYLOADS_MAX);
    assert(is_ok_or_syntax(status) || status == STATUS_NOTIFY(UNSUPPORTED_CRITICAL_PAYLOAD));
    assert((status == STATUS_NOTIFY(UNSUPPORTED_CRITICAL_PAYLOAD)) ==
           (chain.unsupported_critical != PAYLOAD_NONE));
    for (size_t i = 0; i < PAYLOADS_MAX; i++) {
        if (i < chain.count) {
            assert(is_right_type(chain.items[i].type) && lies_in(chain.items[i].body, octets));
        }
    }
}

/* Two payloads of ours with bodies of any length, into a buffer that may be too small, read back.
 */
void prove_payload_chain_round_trip(void)
{
    uint8_t memory[SIZE];
    struct writer w = writer_over(memory, any_up_to(SIZE));
    struct chain_writer writer = chain_writer_over(&w);
    uint8_t types[2] = {any_u8(), any_u8()};
    size_t lengths[2] = {any_up_to(SIZE), any_up_to(SIZE)};
    __CPROVER_assume(is_right_type(types[0]) && is_right_type(types[1]));
    __CPROVER_assume(types[0] != PAYLOAD_SK && types[0] != PAYLOAD_SKF);
    for (size_t i = 0; i < 2; i++) {
        payload_begin(&writer, types[i]);
        (void)writer_reserve(&w, lengths[i]);
        payload_end(&writer);
    }
    struct payload_chain chain;
    if (w.overflow) {
        return;
    }
    enum status status = payload_chain_parse(writer.first, writer_bytes(&w), &chain);
    assert(status == STATUS_OK && chain.count == 2);
    assert(chain.items[0].type == types[0] && chain.items[0].body.length == lengths[0]);
    assert(chain.items[1].type == types[1] && chain.items[1].body.length == lengths[1]);
}

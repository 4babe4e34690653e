/* wire/sa_payload.c: proposals of transforms of attributes. */
#include "prove/prove.h"

#include "wire/sa_payload.c"

/* One step from anywhere: what is inside and what is left are the two parts of what was there. */
void prove_substructure_take(void)
{
    uint8_t memory[SIZE];
    struct bytes before = any_octets(memory);
    struct bytes in = before;
    struct bytes inside;
    uint8_t more = any_bool() ? PROPOSAL_MORE : TRANSFORM_MORE;
    enum status status = substructure_take(&in, more, &inside);
    assert(is_ok_or_syntax(status));
    if (status == STATUS_OK) {
        assert(inside.data == before.data + 4 && in.data == inside.data + inside.length);
        assert(before.length == 4 + inside.length + in.length);
        assert(inside.length + 4 == (size_t)(before.data[2] << 8 | before.data[3]));
        assert(before.data[0] == (in.length > 0 ? more : 0));
    }
}

/* A transform with a lone Key Length is what its octets say; any other attribute bars it. */
void prove_transform_parse(void)
{
    uint8_t memory[SIZE];
    struct bytes body = any_octets(memory);
    struct transform t;
    enum status status = transform_parse(body, &t);
    assert(is_ok_or_syntax(status));
    if (status != STATUS_OK) {
        return;
    }
    assert(body.length >= 4 && t.type == body.data[0]);
    assert(t.id == (body.data[2] << 8 | body.data[3]));
    if (body.length == 4) {
        assert(t.key_bits == 0 && !t.unknown_attribute);
    } else if (!t.unknown_attribute) {
        assert(body.length == 8 && body.data[4] == 0x80 && body.data[5] == ATTRIBUTE_KEY_LENGTH);
        assert(t.key_bits == (body.data[6] << 8 | body.data[7]) && t.key_bits != 0);
    }
}

/* One proposal with one transform comes back as it was. */
static void check_round_trip(uint16_t key_bits)
{
    struct sa_payload sa;
    struct sa_payload back;
    uint8_t octets[SIZE];
    uint8_t spi[4];
    struct writer w = writer_over(octets, sizeof octets);
    sa.count = 1;
    struct proposal *p = &sa.proposals[0];
    p->count = 1;
    p->transforms[0].key_bits = key_bits;
    p->spi = bytes_of(spi, sizeof spi);
    sa_payload_build(&w, &sa);
    assert(!w.overflow);
    enum status status = sa_payload_parse(writer_bytes(&w), &back);
    assert(status == STATUS_OK && back.count == 1);
    const struct proposal *q = &back.proposals[0];
    assert(q->number == p->number && q->protocol == p->protocol && q->count == 1 && !q->unusable);
    assert(q->spi.length == sizeof spi && same_octets(q->spi.data, spi, sizeof spi));
    assert(q->transforms[0].type == p->transforms[0].type);
    assert(q->transforms[0].id == p->transforms[0].id);
    assert(q->transforms[0].key_bits == p->transforms[0].key_bits);
    assert(!q->transforms[0].unknown_attribute);
}

/* Lengths of keys decide where what follows stands, so each is a case of its own. */
void prove_sa_payload_round_trip(void)
{
    check_round_trip(0);
    check_round_trip(128);
    check_round_trip(192);
    check_round_trip(256);
}

/* wire/ts_payload.c: TSi and TSr. */
#include "prove/prove.h"

#include "wire/ts_payload.c"

static bool is_right(const struct traffic_selector *s)
{
    return (s->start.family == ADDRESS_V4 || s->start.family == ADDRESS_V6) &&
           s->end.family == s->start.family && address_compare(&s->start, &s->end) <= 0 &&
           (s->port_start <= s->port_end || (s->port_start == 65535 && s->port_end == 0));
}

/* One selector off the front of anything: all of it, of a type we know, or passed over. */
void prove_selector_take(void)
{
    uint8_t memory[SIZE];
    struct bytes before = any_octets(memory);
    struct bytes in = before;
    struct selector_list list;
    list.count = any_up_to(SELECTORS_MAX);
    size_t count = list.count;
    enum status status = selector_take(&in, &list);
    assert(is_ok_or_syntax(status));
    if (status == STATUS_OK) {
        size_t length = (size_t)before.data[2] << 8 | before.data[3];
        assert(length >= 4 && in.length == before.length - length);
        assert(in.data == before.data + length);
        bool known = before.data[0] == TS_IPV4_ADDR_RANGE || before.data[0] == TS_IPV6_ADDR_RANGE;
        assert(list.count == count + (known && count < SELECTORS_MAX ? 1 : 0));
        assert(list.count == count || is_right(&list.items[count]));
    } else {
        assert(list.count == count);
    }
}

void prove_ts_payload_parse(void)
{
    uint8_t memory[SIZE];
    struct bytes body = any_octets(memory);
    struct selector_list list;
    enum status status = ts_payload_parse(body, &list);
    assert(is_ok_or_syntax(status) && list.count <= SELECTORS_MAX);
    size_t i = any_size();
    assert(i >= list.count || is_right(&list.items[i]));
    if (status == STATUS_OK) {
        assert(body.length >= 4 && body.data[0] > 0 && list.count <= body.data[0]);
    }
}

/* One selector of this family, whatever it is, comes back as it was. */
static void check_round_trip(enum address_family family)
{
    uint8_t octets[4 + 40];
    struct selector_list list;
    struct selector_list back;
    list.count = 1;
    list.items[0].start.family = list.items[0].end.family = (uint8_t)family;
    __CPROVER_assume(is_right(&list.items[0]));
    struct writer w = writer_over(octets, sizeof octets);
    ts_payload_build(&w, &list);
    assert(!w.overflow);
    enum status status = ts_payload_parse(writer_bytes(&w), &back);
    assert(status == STATUS_OK && selector_list_equal(&list, &back));
}

void prove_ts_payload_round_trip_v4(void)
{
    check_round_trip(ADDRESS_V4);
}

void prove_ts_payload_round_trip_v6(void)
{
    check_round_trip(ADDRESS_V6);
}

/* NO_NATS_ALLOWED, RFC 4555 3.9 and 4.2.6; what becomes of it is in endpoint/test_mobike.c. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/nat_prohibition.h"
#include "exchange/response.h"
#include "test/exchange/core_connected.h"

static uint8_t room[128];
static struct writer w;
static struct exchange_reply reply;
static struct core_message seen;

static void build(void)
{
    w = writer_over(room, sizeof room);
    reply = exchange_reply_over(&w);
    nat_prohibition_build(sa, &reply.chain);
}

static void test_names_both_ends_as_we_see_them(void **state)
{
    static const uint8_t v4[] = {192, 0, 2, 1, 192, 0, 2, 2, 0x01, 0xf4, 0x11, 0x94};
    static const uint8_t v6[] = {0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0,    0,    0,
                                 0,    0, 0,    1,    0, 0, 0, 0, 0, 0,    0,    0,
                                 0,    0, 0,    0,    0, 0, 0, 2, 1, 0xf4, 0x11, 0x94};
    struct bytes expected[] = {bytes_of(v4, sizeof v4), bytes_of(v6, sizeof v6)};
    (void)state;
    sa->nat_supported = false;
    for (unsigned i = 0; i < 2; i++) {
        sa->path.local =
            (struct transport_address){world_address(i == 0 ? "192.0.2.1" : "2001:db8::1"), 500};
        sa->path.remote =
            (struct transport_address){world_address(i == 0 ? "192.0.2.2" : "::2"), 4500};
        build();
        core_message_of(&seen, sa, INFORMATIONAL, reply.chain.first, writer_bytes(&w));
        const struct notify_payload *n = message_notify(&seen.message, NO_NATS_ALLOWED);
        assert_non_null(n);
        assert_true(bytes_equal(n->data, expected[i]));
    }
}

static void test_with_nat_traversal_nothing_is_forbidden(void **state)
{
    (void)state;
    assert_true(sa->nat_supported);
    build();
    assert_int_equal(writer_bytes(&w).length, 0);
}

/* As if our own had come to the other side: source and destination change places. */
static void receive(void)
{
    core_message_of(&seen, sa, INFORMATIONAL, reply.chain.first, writer_bytes(&w));
    seen.path = (struct path){.local = sa->path.remote, .remote = sa->path.local};
}

static void test_what_a_nat_may_have_changed(void **state)
{
    (void)state;
    sa->nat_supported = false;
    build();
    for (unsigned i = 0; i < 5; i++) {
        receive();
        switch (i) {
        case 0:
            break;
        case 1:
            seen.path.remote.ip = world_address("192.0.2.50");
            break;
        case 2:
            seen.path.remote.port++;
            break;
        case 3:
            seen.path.local.ip = world_address("192.0.2.50");
            break;
        default:
            seen.path.local.port++;
        }
        assert_int_equal(nat_prohibition_broken(&seen.in), i > 0);
    }
}

static void test_other_lengths_name_nothing_that_fits(void **state)
{
    (void)state;
    static const uint8_t octets[37] = {192, 0, 2, 2, 192, 0, 2, 1, 0x11, 0x94, 0x11, 0x94};
    for (size_t length = 0; length <= sizeof octets; length++) {
        w = writer_over(room, sizeof room);
        reply = exchange_reply_over(&w);
        notify_add(&reply.chain, NO_NATS_ALLOWED, bytes_of(octets, length));
        core_message_of(&seen, sa, INFORMATIONAL, reply.chain.first, writer_bytes(&w));
        assert_int_equal(nat_prohibition_broken(&seen.in), length != 12);
    }
}

static void test_who_forbids_nothing(void **state)
{
    (void)state;
    w = writer_over(room, sizeof room);
    reply = exchange_reply_over(&w);
    core_message_of(&seen, sa, INFORMATIONAL, reply.chain.first, writer_bytes(&w));
    seen.path.remote.port++;
    assert_false(nat_prohibition_broken(&seen.in));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_names_both_ends_as_we_see_them),
        CASE(test_with_nat_traversal_nothing_is_forbidden),
        CASE(test_what_a_nat_may_have_changed),
        CASE(test_other_lengths_name_nothing_that_fits),
        CASE(test_who_forbids_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

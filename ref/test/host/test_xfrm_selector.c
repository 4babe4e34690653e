/* host/xfrm_selector: a pair of selectors and its kernel selectors let the same packets pass. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "host/xfrm_selector.h"

static struct xfrm_selector_list made;

static struct selector_list list_of(const char *text)
{
    struct selector_list list = {.count = 1};
    assert_true(selector_parse(text, &list.items[0]));
    return list;
}

static bool make(const char *local, const char *remote)
{
    struct selector_list l = list_of(local), r = list_of(remote);
    return xfrm_selectors_of(&l, &r, &made);
}

static void networks(void **state)
{
    (void)state;
    assert_true(make("10.1.0.0/24", "10.2.0.0/16"));
    assert_int_equal(made.count, 1);
    const struct xfrm_selector *one = &made.items[0];
    assert_int_equal(one->family, AF_INET);
    assert_int_equal(one->prefixlen_s, 24);
    assert_int_equal(one->prefixlen_d, 16);
    assert_int_equal(ntohl(one->saddr.a4), 0x0a010000);
    assert_int_equal(one->proto | one->sport_mask | one->dport_mask, 0);
    struct xfrm_selector back = xfrm_selector_reversed(one);
    assert_int_equal(back.prefixlen_s, 16);
    assert_int_equal(ntohl(back.daddr.a4), 0x0a010000);
    assert_false(xfrm_selector_equal(one, &back));
    back = xfrm_selector_reversed(&back);
    assert_true(xfrm_selector_equal(one, &back));
}

static void no_packet_in_both(void **state)
{
    (void)state;
    assert_true(make("10.1.0.0/24", "2001:db8::/64"));
    assert_int_equal(made.count, 0);
    assert_true(make("10.1.0.0/24[tcp]", "10.2.0.0/24[udp]"));
    assert_int_equal(made.count, 0);
}

/* Every port of the range is in exactly one of the blocks, and no other is in any. */
static void port_ranges(void **state)
{
    (void)state;
    assert_true(make("10.1.0.0/24", "10.2.0.0/24[tcp/1000-2000]"));
    for (unsigned port = 0; port <= UINT16_MAX; port++) {
        size_t matching = 0;
        for (size_t i = 0; i < made.count; i++) {
            const struct xfrm_selector *s = &made.items[i];
            matching += ((htons((uint16_t)port) ^ s->dport) & s->dport_mask) == 0;
            assert_int_equal(s->proto, 6);
            assert_int_equal(s->sport_mask, 0);
        }
        assert_int_equal(matching, port >= 1000 && port <= 2000);
    }
    assert_true(make("10.1.0.0/24", "10.2.0.0/24[tcp/443]"));
    assert_int_equal(made.count, 1);
    assert_int_equal(made.items[0].dport, htons(443));
    assert_int_equal(made.items[0].dport_mask, UINT16_MAX);
}

static void address_ranges(void **state)
{
    (void)state;
    assert_true(make("10.1.0.1-10.1.0.6", "10.2.0.0/24"));
    assert_int_equal(made.count, 4); /* .1, .2-.3, .4-.5, .6 */
    assert_false(make("0.0.0.1-255.255.255.254[udp/1-65534]", "0.0.0.1-255.255.255.254"));
}

static void icmp(void **state)
{
    (void)state;
    struct selector_list local = list_of("10.1.0.0/24[icmp]"), remote = list_of("10.2.0.0/24");
    remote.items[0].protocol = 1;
    remote.items[0].port_start = remote.items[0].port_end = 8 << 8;
    assert_true(xfrm_selectors_of(&local, &remote, &made));
    assert_int_equal(made.count, 1);
    assert_int_equal(made.items[0].sport, htons(8)); /* the type */
    assert_int_equal(made.items[0].dport_mask, UINT16_MAX);
    struct xfrm_selector back = xfrm_selector_reversed(&made.items[0]);
    assert_int_equal(back.sport, htons(8)); /* the type does not turn round */
    assert_int_equal(xfrm_selector_key(&made.items[0]).source_port, 8 << 8);
    remote.items[0].port_end = (8 << 8) + 0xff;
    assert_true(xfrm_selectors_of(&local, &remote, &made));
    assert_int_equal(made.items[0].dport_mask, 0);
    remote.items[0].port_end = (9 << 8) + 1;
    assert_false(xfrm_selectors_of(&local, &remote, &made));
}

static void opaque_cannot_be_said(void **state)
{
    (void)state;
    struct selector_list local = list_of("10.1.0.0/24[tcp]"), remote = list_of("10.2.0.0/24");
    local.items[0].port_start = UINT16_MAX;
    local.items[0].port_end = 0;
    assert_false(xfrm_selectors_of(&local, &remote, &made));
}

static void the_packet_of_an_acquire(void **state)
{
    (void)state;
    assert_true(make("10.1.0.1[udp/5353]", "10.2.0.1[udp/53]"));
    struct packet_key key = xfrm_selector_key(&made.items[0]);
    assert_int_equal(key.protocol, 17);
    assert_true(key.has_ports);
    assert_int_equal(key.source_port, 5353);
    assert_int_equal(key.destination_port, 53);
    assert_true(selector_matches(&list_of("10.2.0.1").items[0], &key.destination, 17, true, 53));
    assert_true(make("10.1.0.1[50]", "10.2.0.1"));
    assert_false(xfrm_selector_key(&made.items[0]).has_ports);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(networks),
                                       cmocka_unit_test(no_packet_in_both),
                                       cmocka_unit_test(port_ranges),
                                       cmocka_unit_test(address_ranges),
                                       cmocka_unit_test(icmp),
                                       cmocka_unit_test(opaque_cannot_be_said),
                                       cmocka_unit_test(the_packet_of_an_acquire)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

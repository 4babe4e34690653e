/* Mappings of a NAT, RFC 4787 4. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sim/nat.h"

static struct nat nat;
static struct transport_address inside, remote, other;

static struct transport_address at(const char *text, uint16_t port)
{
    struct transport_address address = {.port = port};
    assert_true(address_parse(text, &address.ip));
    return address;
}

static int set_up(void **state)
{
    (void)state;
    nat = (struct nat){.next_port = 20000};
    nat.inside = at("10.99.0.5", 0).ip;
    nat.outside = at("198.51.100.7", 0).ip;
    inside = at("10.99.0.8", 4500);
    remote = at("203.0.113.2", 4500);
    other = at("203.0.113.3", 4500);
    return 0;
}

static struct transport_address out(const struct transport_address *to, uint64_t now_ns)
{
    struct transport_address source = inside;
    nat_out(&nat, &source, to, now_ns);
    assert_true(address_equal(&source.ip, &nat.outside));
    return source;
}

static void test_hides_a_network(void **state)
{
    (void)state;
    assert_true(nat_hides(&nat, &inside.ip));
    assert_false(nat_hides(&nat, &remote.ip));
}

static void test_there_and_back(void **state)
{
    (void)state;
    struct transport_address mapped = out(&remote, 1), again = out(&other, 2), back = mapped;
    assert_true(transport_address_equal(&mapped, &again)); /* one for all destinations */
    assert_true(nat_in(&nat, &other, &back, 3));
    assert_true(transport_address_equal(&back, &inside));
    back.ip = nat.outside;
    back.port = 1;
    assert_false(nat_in(&nat, &remote, &back, 3));
}

static void test_strict_keeps_destinations_apart(void **state)
{
    (void)state;
    nat.strict = true;
    struct transport_address mapped = out(&remote, 1), second = out(&other, 2), back = mapped;
    assert_int_not_equal(mapped.port, second.port);
    assert_false(nat_in(&nat, &other, &back, 3));
    assert_true(nat_in(&nat, &remote, &back, 3));
}

static void test_expires_and_rebinds(void **state)
{
    (void)state;
    nat.expiry_ns = 100;
    struct transport_address mapped = out(&remote, 1000), back = mapped;
    assert_true(nat_in(&nat, &remote, &back, 1100)); /* and this was use */
    back = mapped;
    assert_true(nat_in(&nat, &remote, &back, 1200));
    back = mapped;
    assert_false(nat_in(&nat, &remote, &back, 1301));
    mapped = out(&remote, 1400);
    nat_rebind(&nat);
    back = mapped;
    assert_false(nat_in(&nat, &remote, &back, 1401));
    assert_int_not_equal(out(&remote, 1402).port, mapped.port);
}

static void test_forwards(void **state)
{
    (void)state;
    nat.forwards = true;
    struct transport_address back = {nat.outside, 500};
    assert_true(nat_in(&nat, &remote, &back, 1));
    assert_true(address_equal(&back.ip, &nat.inside));
    assert_int_equal(out(&remote, 1).port, inside.port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_hides_a_network, set_up),
        cmocka_unit_test_setup(test_there_and_back, set_up),
        cmocka_unit_test_setup(test_strict_keeps_destinations_apart, set_up),
        cmocka_unit_test_setup(test_expires_and_rebinds, set_up),
        cmocka_unit_test_setup(test_forwards, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

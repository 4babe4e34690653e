/* What strangers cost us, by request and by prefix. RFC 8019 4.2. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "sa/half_open.h"

#define S 1000000000ULL
#define MANY 1000

static const uint8_t key[SIPHASH_KEY_LENGTH] = {1, 2, 3};
static struct half_open_table table;
static struct ike_sa sas[MANY];

static void begin(void)
{
    memset(sas, 0, sizeof sas);
    assert_int_equal(half_open_init(&table, MANY, key), STATUS_OK);
}

static struct ike_sa *enter(size_t i, const char *from, uint64_t now_ns)
{
    sas[i].state = IKE_SA_HALF_OPEN;
    sas[i].spi_i = 100 + i;
    sas[i].path.remote.port = 500;
    assert_true(address_parse(from, &sas[i].path.remote.ip));
    assert_int_equal(half_open_enter(&table, &sas[i], now_ns), STATUS_OK);
    return &sas[i];
}

static struct prefix_history history(const char *of, uint64_t now_ns)
{
    struct address ip;
    assert_true(address_parse(of, &ip));
    return half_open_history(&table, &ip, now_ns);
}

static void test_found_by_its_request(void **state)
{
    (void)state;
    begin();
    struct ike_sa *sa = enter(0, "192.0.2.9", S);
    struct transport_address remote = sa->path.remote;
    assert_ptr_equal(half_open_find(&table, 100, &remote, 0), sa);
    assert_null(half_open_find(&table, 101, &remote, 0));
    remote.port = 501;
    assert_null(half_open_find(&table, 100, &remote, 0));
    remote.port = 500;
    remote.ip.octets[3]++;
    assert_null(half_open_find(&table, 100, &remote, 0));
    remote.ip.octets[3]--;
    sa->request_hash = half_open_hash(&table, bytes_of("one", 3));
    assert_null(half_open_find(&table, 100, &remote, half_open_hash(&table, bytes_of("two", 3))));
    assert_ptr_equal(half_open_find(&table, 100, &remote, sa->request_hash), sa);
    sa->request_hash = 0;
    sa->path.remote.port = 4500; /* where it is now is another matter */
    assert_ptr_equal(half_open_find(&table, 100, &remote, 0), sa);
    sa->state = IKE_SA_CLOSED;
    assert_null(half_open_find(&table, 100, &remote, 0));
    assert_int_equal(table.count, 1);
    half_open_leave(&table, sa, S);
    half_open_leave(&table, sa, S); /* once is enough */
    assert_int_equal(table.count, 0);
    half_open_wipe(&table);
}

/* IPv4 by address, IPv6 by /64. */
static void test_counted_by_prefix(void **state)
{
    (void)state;
    begin();
    (void)enter(0, "192.0.2.9", S);
    (void)enter(1, "192.0.2.9", S);
    (void)enter(2, "192.0.2.8", S);
    (void)enter(3, "2001:db8:0:1::1", S);
    (void)enter(4, "2001:db8:0:1:ffff::1", S);
    (void)enter(5, "2001:db8:0:2::1", S);
    assert_int_equal(history("192.0.2.9", S).half_open, 2);
    assert_int_equal(history("192.0.2.8", S).half_open, 1);
    assert_int_equal(history("192.0.2.7", S).half_open, 0);
    assert_int_equal(history("2001:db8:0:1:5::", S).half_open, 2);
    assert_int_equal(history("2001:db8:0:2::", S).half_open, 1);
    assert_int_equal(table.prefixes, 4);
    half_open_leave(&table, &sas[0], S);
    assert_int_equal(history("192.0.2.9", S).half_open, 1);
    half_open_leave(&table, &sas[1], S);
    assert_int_equal(history("192.0.2.9", S).half_open, 0);
    assert_int_equal(table.prefixes, 3); /* nothing is kept of who costs nothing */
    half_open_wipe(&table);
}

static void test_failures_are_remembered_a_minute(void **state)
{
    (void)state;
    begin();
    struct ike_sa *sa = enter(0, "192.0.2.9", S);
    half_open_failed(&table, sa, S);
    half_open_failed(&table, sa, 2 * S);
    assert_int_equal(table.failing, 1);
    assert_int_equal(sa->failures, 2);
    assert_int_equal(history("192.0.2.9", 2 * S).failures, 2);
    half_open_leave(&table, sa, 3 * S);
    assert_int_equal(table.failing, 0);
    half_open_failed(&table, sa, 3 * S); /* nobody's any more */
    assert_int_equal(history("192.0.2.9", S + FAILURES_WINDOW_NS - 1).failures, 2);
    assert_int_equal(history("192.0.2.9", S + FAILURES_WINDOW_NS).failures, 0);
    sa->failures = 0;
    (void)enter(0, "192.0.2.9", S + FAILURES_WINDOW_NS);
    half_open_failed(&table, sa, S + FAILURES_WINDOW_NS);
    assert_int_equal(history("192.0.2.9", S + FAILURES_WINDOW_NS).failures, 1);
    half_open_wipe(&table);
}

/* Memory follows what is half-open, not who has ever failed. */
static void test_bounded(void **state)
{
    (void)state;
    char from[32];
    begin();
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < MANY; i++) {
            (void)snprintf(from, sizeof from, "10.%u.%u.%u", round, i / 250, i % 250);
            struct ike_sa *sa = enter(i, from, S);
            half_open_failed(&table, sa, S);
            assert_ptr_equal(half_open_find(&table, sa->spi_i, &sa->path.remote, 0), sa);
        }
        for (unsigned i = 0; i < MANY; i++) {
            half_open_leave(&table, &sas[i], S);
            sas[i].failures = 0;
        }
    }
    assert_int_equal(table.count, 0);
    assert_int_equal(table.failing, 0);
    assert_true(table.prefixes <= table.buckets);
    half_open_wipe(&table);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found_by_its_request),
        cmocka_unit_test(test_counted_by_prefix),
        cmocka_unit_test(test_failures_are_remembered_a_minute),
        cmocka_unit_test(test_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

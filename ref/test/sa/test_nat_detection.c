/* NAT detection, RFC 7296 2.23. The hashes are Python's: hashlib.sha1(spi_i + spi_r + address +
 * port in two octets), with spi_i = 01..08, spi_r = 11..18. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/nat_detection.h"
#include "test/wire/octets.h"

#define SPI_I 0x0102030405060708
#define SPI_R 0x1112131415161718

static struct transport_address at(const char *text, uint16_t port)
{
    struct transport_address address = {.port = port};
    assert_true(address_parse(text, &address.ip));
    return address;
}

static void test_hash(void **state)
{
    uint8_t hash[SHA1_LENGTH];
    (void)state;
    struct transport_address v4 = at("192.0.2.1", 500);
    struct transport_address v6 = at("2001:db8::1", 4500);
    struct bytes expected = octets_hex("d798d986143f878f70765e0e869c80bbc375f701");
    assert_int_equal(nat_detection_hash(SPI_I, SPI_R, &v4, hash), STATUS_OK);
    assert_memory_equal(hash, expected.data, sizeof hash);
    octets_free(expected);
    expected = octets_hex("98c75483db80168697635aa7844504963e87de33");
    assert_int_equal(nat_detection_hash(SPI_I, 0, &v6, hash), STATUS_OK);
    assert_memory_equal(hash, expected.data, sizeof hash);
    octets_free(expected);
}

/* What `sent` says when it arrives along `seen` (both as their host sees them). */
static struct nat_detection judge(const struct path *sent, const struct path *seen, bool hide)
{
    static uint8_t octets[200];
    static struct payload_chain chain;
    static struct message message;
    struct nat_detection nat;
    struct writer w = writer_over(octets, sizeof octets);
    struct chain_writer writer = chain_writer_over(&w);
    assert_int_equal(nat_detection_build(&writer, SPI_I, SPI_R, sent, hide), STATUS_OK);
    assert_int_equal(payload_chain_parse(writer.first, writer_bytes(&w), &chain), STATUS_OK);
    assert_int_equal(message_decode(&chain, &message), STATUS_OK);
    assert_int_equal(nat_detection_evaluate(&message, SPI_I, SPI_R, seen, &nat), STATUS_OK);
    return nat;
}

static void test_evaluate(void **state)
{
    (void)state;
    struct path sent = {.local = at("10.0.0.5", 500), .remote = at("192.0.2.2", 500)};
    struct path seen = {.local = sent.remote, .remote = sent.local};
    struct nat_detection nat = judge(&sent, &seen, false);
    assert_true(nat.supported && !nat.nat_local && !nat.nat_remote);
    nat = judge(&sent, &seen, true); /* forced */
    assert_true(nat.supported && !nat.nat_local && nat.nat_remote);
    struct path translated = seen;
    translated.remote = at("198.51.100.7", 500);
    nat = judge(&sent, &translated, false);
    assert_true(!nat.nat_local && nat.nat_remote);
    translated = seen;
    translated.remote.port = 1024; /* a port is enough */
    nat = judge(&sent, &translated, false);
    assert_true(!nat.nat_local && nat.nat_remote);
    translated = seen;
    translated.local = at("10.7.7.7", 500);
    nat = judge(&sent, &translated, false);
    assert_true(nat.nat_local && !nat.nat_remote);
}

static void test_not_supported(void **state)
{
    static struct message nothing;
    struct nat_detection nat;
    (void)state;
    struct path path = {.local = at("10.0.0.5", 500), .remote = at("192.0.2.2", 500)};
    assert_int_equal(nat_detection_evaluate(&nothing, SPI_I, SPI_R, &path, &nat), STATUS_OK);
    assert_false(nat.supported || nat.nat_local || nat.nat_remote);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash),
        cmocka_unit_test(test_evaluate),
        cmocka_unit_test(test_not_supported),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

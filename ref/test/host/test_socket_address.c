/* host/socket_address.c: there and back, and IPv4 in IPv6 clothes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "host/socket_address.h"

static void there_and_back(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint16_t port;
        int family;
        socklen_t length;
    } rows[] = {
        {"192.0.2.1", 500, AF_INET, sizeof(struct sockaddr_in)},
        {"0.0.0.0", 0, AF_INET, sizeof(struct sockaddr_in)},
        {"2001:db8::1", 4500, AF_INET6, sizeof(struct sockaddr_in6)},
        {"::", 65535, AF_INET6, sizeof(struct sockaddr_in6)},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct transport_address in = {.port = rows[i].port}, out;
        struct sockaddr_storage kernel;
        assert_true(address_parse(rows[i].text, &in.ip));
        memset(&kernel, 0xaa, sizeof(kernel));
        memset(&out, 0xaa, sizeof(out));
        assert_int_equal(socket_address_build(&in, &kernel), rows[i].length);
        assert_int_equal(kernel.ss_family, rows[i].family);
        const uint8_t *octets = (const uint8_t *)&kernel;
        for (size_t j = rows[i].length; j < sizeof(kernel); j++) {
            assert_int_equal(octets[j], 0);
        }
        assert_true(socket_address_parse(&kernel, &out));
        assert_true(transport_address_equal(&in, &out));
    }
}

static void the_kernel_sees_network_order(void **state)
{
    (void)state;
    struct transport_address address = {.port = 0x1194};
    struct sockaddr_storage kernel;
    assert_true(address_parse("192.0.2.1", &address.ip));
    socket_address_build(&address, &kernel);
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&kernel;
    assert_memory_equal(&v4->sin_port, "\x11\x94", 2);
    assert_memory_equal(&v4->sin_addr, "\xc0\x00\x02\x01", 4);
}

/* A socket for both families shows IPv4 peers as ::ffff:a.b.c.d. */
static void mapped_addresses_are_ipv4(void **state)
{
    (void)state;
    struct sockaddr_storage kernel = {.ss_family = AF_INET6};
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&kernel;
    struct transport_address out;
    struct address plain;
    v6->sin6_port = htons(4500);
    assert_int_equal(inet_pton(AF_INET6, "::ffff:192.0.2.9", &v6->sin6_addr), 1);
    assert_true(address_parse("192.0.2.9", &plain));
    assert_true(socket_address_parse(&kernel, &out));
    assert_true(address_equal(&out.ip, &plain));
    assert_int_equal(out.port, 4500);
}

static void other_families(void **state)
{
    (void)state;
    struct sockaddr_storage kernel = {.ss_family = AF_UNIX};
    struct transport_address out;
    assert_false(socket_address_parse(&kernel, &out));
    kernel.ss_family = AF_UNSPEC;
    assert_false(socket_address_parse(&kernel, &out));
    assert_int_equal(socket_family(ADDRESS_V4), AF_INET);
    assert_int_equal(socket_family(ADDRESS_V6), AF_INET6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(there_and_back),
        cmocka_unit_test(the_kernel_sees_network_order),
        cmocka_unit_test(mapped_addresses_are_ipv4),
        cmocka_unit_test(other_families),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* host/udp_socket: one port for each family, and a sentence with a remedy when it is not to be had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/udp_socket.h"
#include "net_lab.h"

/* The families do not take each other's port. */
static void families_share_a_port(void **state)
{
    (void)state;
    struct datagram_socket v4, v6;
    struct problem problem = {0};
    net_lab_enter();
    assert_true(udp_socket_open(&v6, ADDRESS_V6, 500, 1, &problem));
    assert_true(udp_socket_open(&v4, ADDRESS_V4, 500, 1, &problem));
    assert_int_equal(v4.port, 500);
    assert_int_equal(v6.family, ADDRESS_V6);
    assert_false(v4.strips_ip_header);
    datagram_socket_close(&v4);
    datagram_socket_close(&v6);
}

static void port_in_use(void **state)
{
    (void)state;
    struct datagram_socket first, second;
    struct problem problem = {0};
    net_lab_enter();
    assert_true(udp_socket_open(&first, ADDRESS_V4, 500, 1, &problem));
    assert_false(udp_socket_open(&second, ADDRESS_V4, 500, 1, &problem));
    assert_int_equal(second.fd, -1);
    assert_int_equal(problem.code, EXIT_ENVIRONMENT);
    assert_non_null(strstr(problem.text, "UDP port 500 is in use"));
    datagram_socket_close(&first);
}

static bool refused_with(uint16_t port, const char *remedy)
{
    struct datagram_socket sock;
    struct problem problem = {0};
    return !udp_socket_open(&sock, ADDRESS_V4, port, 1, &problem) && sock.fd == -1 &&
           problem.code == EXIT_ENVIRONMENT && strstr(problem.text, remedy) != NULL;
}

static bool low_port_is_refused(void)
{
    return refused_with(500, "CAP_NET_BIND_SERVICE");
}

static bool mark_is_refused(void)
{
    return refused_with(5000, "CAP_NET_ADMIN");
}

static void privileges_are_named(void **state)
{
    (void)state;
    net_lab_enter();
    assert_int_equal(net_lab_unprivileged(low_port_is_refused), 0);
    assert_int_equal(net_lab_unprivileged(mark_is_refused), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(families_share_a_port),
        cmocka_unit_test(port_in_use),
        cmocka_unit_test(privileges_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* host/ike_sockets: two ports and two families, all four or none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "host/ike_sockets.h"
#include "host/udp_socket.h"
#include "net_lab.h"

static const struct {
    uint8_t family;
    bool natt;
    enum ike_socket socket;
    uint16_t port;
} rows[] = {
    {ADDRESS_V4, false, IKE_V4, 500},
    {ADDRESS_V6, false, IKE_V6, 500},
    {ADDRESS_V4, true, NATT_V4, 4500},
    {ADDRESS_V6, true, NATT_V6, 4500},
};

static void each_has_its_place(void **state)
{
    (void)state;
    struct host_config config;
    struct ike_sockets sockets;
    struct problem problem = {0};
    net_lab_enter();
    net_lab_config(&config, "");
    assert_true(ike_sockets_open(&sockets, &config, &problem));
    for (size_t i = 0; i < IKE_SOCKETS; i++) {
        struct datagram_socket *sock = ike_sockets_pick(&sockets, rows[i].family, rows[i].natt);
        assert_ptr_equal(sock, &sockets.sockets[rows[i].socket]);
        assert_true(sock->fd >= 0);
        assert_int_equal(sock->port, rows[i].port);
        assert_int_equal(sock->family, rows[i].family);
    }
    ike_sockets_close(&sockets);
    for (size_t i = 0; i < IKE_SOCKETS; i++) {
        assert_int_equal(sockets.sockets[i].fd, -1);
    }
    assert_true(ike_sockets_open(&sockets, &config, &problem)); /* the ports are free again */
    ike_sockets_close(&sockets);
    host_config_wipe(&config);
}

static void all_or_none(void **state)
{
    (void)state;
    struct host_config config;
    struct ike_sockets sockets;
    struct datagram_socket other;
    struct problem problem = {0};
    net_lab_enter();
    net_lab_config(&config, "");
    assert_true(udp_socket_open(&other, ADDRESS_V6, 4500, 1, &problem));
    assert_false(ike_sockets_open(&sockets, &config, &problem));
    assert_int_equal(problem.code, EXIT_ENVIRONMENT);
    for (size_t i = 0; i < IKE_SOCKETS; i++) {
        assert_int_equal(sockets.sockets[i].fd, -1);
    }
    datagram_socket_close(&other);
    host_config_wipe(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_place),
        cmocka_unit_test(all_or_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* host/ike_sockets: two ports and two families, all four or none; and what is put in front of what
 * goes out. */
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

/* A datagram of the core's to 127.0.0.1, as it arrives there. */
static void arrives(struct ike_sockets *sockets, struct burst *out, const struct datagram *datagram,
                    uint16_t from, const char *octets, size_t length)
{
    struct datagram_socket other;
    struct burst in;
    struct problem problem = {0};
    assert_true(udp_socket_open(&other, ADDRESS_V4, 4002, 1, &problem) && burst_create(&in));
    assert_true(ike_sockets_send(sockets, out, datagram));
    net_lab_await(other.fd);
    assert_int_equal(datagram_socket_receive(&other, in.packets, BURST_MAX), 1);
    assert_int_equal(in.packets[0].path.remote.port, from);
    assert_int_equal(in.packets[0].length, length);
    assert_memory_equal(in.packets[0].buffer + in.packets[0].offset, octets, length);
    burst_destroy(&in);
    datagram_socket_close(&other);
}

static void the_marker_is_put_in_front(void **state)
{
    (void)state;
    struct host_config config;
    struct ike_sockets sockets;
    struct burst out;
    struct problem problem = {0};
    net_lab_enter();
    net_lab_config(&config, "");
    assert_true(ike_sockets_open(&sockets, &config, &problem) && burst_create(&out));
    struct datagram datagram = {.octets = {(const uint8_t *)"ike", 3}};
    assert_true(ike_sockets_send(&sockets, &out, &datagram)); /* to nobody: lost */
    datagram.path.local.ip = datagram.path.remote.ip = net_lab_address("127.0.0.1");
    datagram.path.remote.port = 4002;
    arrives(&sockets, &out, &datagram, 500, "ike", 3);
    datagram.encapsulated = true;
    arrives(&sockets, &out, &datagram, 4500, "\0\0\0\0ike", 7);
    datagram.keepalive = true;
    datagram.octets = (struct bytes){(const uint8_t *)"\xff", 1};
    arrives(&sockets, &out, &datagram, 4500, "\xff", 1);
    datagram.keepalive = false;
    datagram.octets.length = BURST_PACKET_MAX; /* and the marker: no room, and nothing is read */
    assert_true(ike_sockets_send(&sockets, &out, &datagram));
    burst_destroy(&out);
    ike_sockets_close(&sockets);
    host_config_wipe(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_has_its_place),
        cmocka_unit_test(all_or_none),
        cmocka_unit_test(the_marker_is_put_in_front),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

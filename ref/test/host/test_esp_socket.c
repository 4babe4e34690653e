/* host/esp_socket: ESP in IP protocol 50 goes out and comes in as ESP alone, RFC 4303 2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/esp_socket.h"
#include "net_lab.h"

static void crosses(uint8_t family, const char *text)
{
    static const uint8_t esp[] = {0, 0, 1, 0, 0, 0, 0, 1, 0xab, 0xcd};
    struct datagram_socket sock;
    struct problem problem = {0};
    struct burst out, in;
    const struct packet *too_big;
    net_lab_enter();
    assert_true(esp_socket_open(&sock, family, 1, &problem));
    assert_true(burst_create(&out) && burst_create(&in));
    struct packet *packet = &out.packets[0];
    net_lab_fill(packet, esp, sizeof(esp));
    packet->path.local.ip = packet->path.remote.ip = net_lab_address(text);
    packet->path.remote.port = 4500; /* means nothing here */
    packet->tos = 0x2a;
    assert_int_equal(datagram_socket_send(&sock, &packet, 1, true, &too_big), 1);
    net_lab_await(sock.fd);
    assert_int_equal(datagram_socket_receive(&sock, in.packets, BURST_MAX), 1);
    const struct packet *got = &in.packets[0];
    assert_int_equal(got->length, sizeof(esp));
    assert_memory_equal(got->buffer + got->offset, esp, sizeof(esp));
    assert_int_equal(got->tos, 0x2a);
    assert_true(address_equal(&got->path.remote.ip, &packet->path.local.ip));
    assert_true(address_equal(&got->path.local.ip, &packet->path.remote.ip));
    assert_int_equal(got->path.remote.port, 0);
    assert_int_equal(got->path.local.port, 0);
    datagram_socket_close(&sock);
    burst_destroy(&out);
    burst_destroy(&in);
}

static void v4_crosses(void **state)
{
    (void)state;
    crosses(ADDRESS_V4, "127.0.0.1");
}

static void v6_crosses(void **state)
{
    (void)state;
    crosses(ADDRESS_V6, "::1");
}

static bool is_refused(void)
{
    struct datagram_socket sock;
    struct problem problem = {0};
    return !esp_socket_open(&sock, ADDRESS_V4, 1, &problem) && sock.fd == -1 &&
           problem.code == EXIT_ENVIRONMENT && strstr(problem.text, "CAP_NET_RAW") != NULL;
}

static void privilege_is_named(void **state)
{
    (void)state;
    net_lab_enter();
    assert_int_equal(net_lab_unprivileged(is_refused), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v4_crosses),
        cmocka_unit_test(v6_crosses),
        cmocka_unit_test(privilege_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

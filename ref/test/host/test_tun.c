/* host/tun: an interface of that name and MTU; packets leave by it and come in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/tun.h"
#include "net_lab.h"

#define NAME "ikt0"

static void tun_make(struct tun *tun, uint32_t mtu)
{
    struct problem problem = {0};
    net_lab_enter();
    if (!tun_open(tun, NAME, mtu, &problem)) {
        fail_msg("%s", problem.text);
    }
}

static void made_and_gone(void **state)
{
    (void)state;
    struct tun tun;
    char text[1024];
    tun_make(&tun, 1391);
    assert_true(tun.index != 0);
    assert_int_equal(tun.index, if_nametoindex(NAME));
    net_lab_say("ip address show dev " NAME, text, sizeof(text));
    assert_non_null(strstr(text, "mtu 1391"));
    assert_non_null(strstr(text, ",UP"));
    assert_null(strstr(text, "fe80")); /* nobody is on this link */
    tun_close(&tun);
    assert_int_equal(tun.fd, -1);
    assert_int_equal(if_nametoindex(NAME), 0);
    tun_close(&tun); /* twice is fine */
}

static void name_is_taken(void **state)
{
    (void)state;
    struct tun first, second = {.fd = -1};
    struct problem problem = {0};
    tun_make(&first, 1400);
    assert_false(tun_open(&second, NAME, 1400, &problem));
    assert_int_equal(problem.code, EXIT_ENVIRONMENT);
    assert_non_null(strstr(problem.text, "the interface name " NAME " is taken"));
    tun_close(&first);
}

static void mtu_is_refused(void **state)
{
    (void)state;
    struct tun tun = {.fd = -1};
    struct problem problem = {0};
    net_lab_enter();
    assert_false(tun_open(&tun, NAME, 1, &problem));
    assert_int_equal(problem.code, EXIT_ENVIRONMENT);
    assert_int_equal(tun.fd, -1);
    assert_int_equal(if_nametoindex(NAME), 0); /* nothing half-made stays */
}

/* A datagram sent into the interface is read from it; the same written with its addresses swapped
 * is received. */
static void packets_cross(void **state)
{
    (void)state;
    struct tun tun;
    struct burst burst;
    tun_make(&tun, 1400);
    assert_true(burst_create(&burst));
    net_lab_ip("address add 10.1.0.1/24 dev " NAME);
    int fd = socket(AF_INET, SOCK_DGRAM, 0);
    struct sockaddr_in far = {.sin_family = AF_INET, .sin_port = htons(7)};
    struct sockaddr_in near = far;
    inet_pton(AF_INET, "10.1.0.2", &far.sin_addr);
    inet_pton(AF_INET, "10.1.0.1", &near.sin_addr);
    assert_int_equal(bind(fd, (struct sockaddr *)&near, sizeof(near)), 0);
    assert_int_equal(tun_read(&tun, burst.packets, BURST_MAX), 0); /* never waits */
    for (int i = 0; i < 3; i++) {
        assert_int_equal(sendto(fd, "hello", 5, 0, (struct sockaddr *)&far, sizeof(far)), 5);
    }
    assert_int_equal(tun_read(&tun, burst.packets, 2), 2);
    assert_int_equal(tun_read(&tun, burst.packets + 2, 2), 1);
    struct packet *packet = &burst.packets[0];
    uint8_t *ip = packet->buffer + packet->offset;
    assert_int_equal(packet->offset, ESP_HEADROOM);
    assert_int_equal(packet->length, 20 + 8 + 5);
    assert_int_equal(ip[0], 0x45);
    assert_memory_equal(ip + 28, "hello", 5);
    uint8_t addresses[8];
    memcpy(addresses, ip + 12, 8);
    memcpy(ip + 12, addresses + 4, 4); /* sums of swapped addresses are the same */
    memcpy(ip + 16, addresses, 4);
    assert_true(tun_write(&tun, packet));
    char got[16];
    net_lab_await(fd);
    assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), 5);
    packet->length = 3; /* no IP packet */
    ip[0] = 0;
    assert_false(tun_write(&tun, packet));
    close(fd);
    burst_destroy(&burst);
    tun_close(&tun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_and_gone),
        cmocka_unit_test(name_is_taken),
        cmocka_unit_test(mtu_is_refused),
        cmocka_unit_test(packets_cross),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

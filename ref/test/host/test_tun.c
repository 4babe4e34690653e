/* host/tun: an interface of that name and MTU; packets leave by it and come in. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "esp/coalescing.h"
#include "esp/segmentation.h"
#include "host/tun.h"
#include "host/vnet_header.h"
#include "net_lab.h"

#define NAME "ikt0"

/* The one's complement sum, one word after the other; 0xffff over what has a right checksum. */
static uint16_t ones_sum(const uint8_t *octets, size_t length, uint32_t sum)
{
    for (size_t i = 0; i < length; i++) {
        sum += i % 2 == 0 ? (uint32_t)octets[i] << 8 : octets[i];
    }
    while (sum > 0xffff) {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    return (uint16_t)sum;
}

static uint32_t pseudo_sum(const uint8_t *ip, size_t upper)
{
    return ones_sum(ip + 12, 8, ip[9] + (uint32_t)upper);
}

static void put_u16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static void tun_make(struct tun *tun, uint32_t mtu, bool offload)
{
    struct problem problem = {0};
    net_lab_enter();
    if (!tun_open(tun, NAME, mtu, offload, &problem)) {
        fail_msg("%s", problem.text);
    }
}

static void made_and_gone(void **state)
{
    (void)state;
    struct tun tun;
    char text[1024];
    tun_make(&tun, 1391, true);
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
    tun_make(&first, 1400, false);
    assert_false(tun_open(&second, NAME, 1400, false, &problem));
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
    assert_false(tun_open(&tun, NAME, 1, true, &problem));
    assert_int_equal(problem.code, EXIT_ENVIRONMENT);
    assert_int_equal(tun.fd, -1);
    assert_int_equal(if_nametoindex(NAME), 0); /* nothing half-made stays */
}

/* A datagram sent into the interface is read from it; the same written with its addresses swapped
 * is received. */
static void packets_cross_it(bool offload)
{
    struct tun tun;
    struct burst burst;
    tun_make(&tun, 1400, offload);
    assert_int_equal(tun.in != NULL, offload);
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
    assert_int_equal(ones_sum(ip + 20, packet->length - 20, pseudo_sum(ip, 13)), 0xffff);
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

static void packets_cross(void **state)
{
    (void)state;
    packets_cross_it(false);
    packets_cross_it(true);
}

/* ---- long packets ---- */

#define PAYLOAD 9000
#define SEGMENT 1360
#define HEADERS (20 + 32)

/* A packet of TCP's with options, from 10.1.0.9 to 10.3.0.1, whose checksum nobody has computed. */
static size_t long_packet_build(uint8_t *out)
{
    static const uint8_t headers[HEADERS] =
        {
            0x45, 0xb9, 0, 0,    0xff, 0xfd, 0x40, 0,  64, 6, 0, 0, 10,   1,    0, 9,
            10,   3,    0, 1, /* IP */
            3,    0xe8, 7, 0xd0, 0xff, 0xff, 0xf0, 0,  0,  0, 0, 7, 0x80, 0x19, 2, 0,
            0,    0,    0, 0,    1,    1,    8,    10, 0,  0, 0, 1, 0,    0,    0, 2};
    memcpy(out, headers, HEADERS);
    for (size_t i = 0; i < PAYLOAD; i++) {
        out[HEADERS + i] = (uint8_t)(i * 7 + i / 251);
    }
    put_u16(out + 2, HEADERS + PAYLOAD);
    put_u16(out + 10, (uint16_t)~ones_sum(out, 20, 0));
    put_u16(out + 36, ones_sum(NULL, 0, pseudo_sum(out, HEADERS + PAYLOAD - 20)));
    return HEADERS + PAYLOAD;
}

/* Into a TUN of its own, of a program that leaves the cutting to the kernel. */
static void long_packet_write(int fd, const uint8_t *octets, size_t length)
{
    struct offload offload = {.segment = SEGMENT,
                              .header_length = HEADERS,
                              .checksum_needed = true,
                              .checksum_start = 20,
                              .checksum_offset = 16};
    uint8_t all[VNET_HEADER_LENGTH + HEADERS + PAYLOAD];
    vnet_header_build(all, &offload, 4);
    memcpy(all + VNET_HEADER_LENGTH, octets, length);
    assert_int_equal(write(fd, all, VNET_HEADER_LENGTH + length), VNET_HEADER_LENGTH + length);
}

static size_t forwarded(bool offload, struct burst *burst)
{
    struct tun from = {.fd = -1}, to = {.fd = -1};
    struct problem problem = {0};
    uint8_t octets[HEADERS + PAYLOAD];
    net_lab_enter();
    assert_int_equal(system("echo 1 > /proc/sys/net/ipv4/ip_forward"), 0);
    assert_true(tun_open(&from, "ikt1", 9100, true, &problem));
    assert_true(tun_open(&to, NAME, 1500, offload, &problem));
    net_lab_ip("address add 10.1.0.1/24 dev ikt1");
    net_lab_ip("route add 10.3.0.0/24 dev " NAME);
    long_packet_write(from.fd, octets, long_packet_build(octets));
    net_lab_await(to.fd);
    assert_true(burst_create(burst));
    size_t count = tun_read(&to, burst->packets, 3);
    count += tun_read_rest(&to, burst->packets + count, 1);
    count += tun_read(&to, burst->packets + count, BURST_MAX - count);
    assert_int_equal(tun_read_rest(&to, burst->packets + count, BURST_MAX - count), 0);
    tun_close(&from);
    tun_close(&to);
    return count;
}

/* The kernel cuts the same packet where nobody takes it whole: octet for octet what we make of it.
 */
static void cut_as_the_kernel_would(void **state)
{
    (void)state;
    struct burst kernels, ours;
    size_t count = forwarded(false, &kernels);
    assert_int_equal(count, (PAYLOAD + SEGMENT - 1) / SEGMENT);
    assert_int_equal(forwarded(true, &ours), count);
    for (size_t i = 0; i < count; i++) {
        const struct packet *a = &kernels.packets[i], *b = &ours.packets[i];
        assert_int_equal(b->length, a->length);
        assert_memory_equal(b->buffer + b->offset, a->buffer + a->offset, a->length);
    }
    burst_destroy(&kernels);
    burst_destroy(&ours);
}

/* A packet behind another that a burst does not hold whole is for the next; one that no burst holds
 * is parted. */
static void segments_stay_together(void **state)
{
    (void)state;
    enum { SEGMENTS = (PAYLOAD + SEGMENT - 1) / SEGMENT };
    struct tun from = {.fd = -1}, to = {.fd = -1};
    struct problem problem = {0};
    struct burst burst;
    uint8_t octets[HEADERS + PAYLOAD];
    net_lab_enter();
    assert_int_equal(system("echo 1 > /proc/sys/net/ipv4/ip_forward"), 0);
    assert_true(tun_open(&from, "ikt1", 9100, true, &problem));
    assert_true(tun_open(&to, NAME, 1500, true, &problem));
    net_lab_ip("address add 10.1.0.1/24 dev ikt1");
    net_lab_ip("route add 10.3.0.0/24 dev " NAME);
    assert_true(burst_create(&burst));
    for (int i = 0; i < 3; i++) {
        long_packet_write(from.fd, octets, long_packet_build(octets));
    }
    net_lab_await(to.fd);
    assert_int_equal(tun_read(&to, burst.packets, 2 * SEGMENTS + 3), 2 * SEGMENTS);
    assert_true(to.more);
    assert_int_equal(tun_read_rest(&to, burst.packets, SEGMENTS - 1), SEGMENTS - 1);
    assert_true(to.more);
    assert_int_equal(tun_read(&to, burst.packets, BURST_MAX), 1);
    assert_false(to.more);
    burst_destroy(&burst);
    tun_close(&from);
    tun_close(&to);
}

/* Segments of a flow written as one: the kernel, which cuts them again on their way out, makes of
 * it what they were, but for the TTL. */
static void joined_are_what_they_were(void **state)
{
    (void)state;
    struct tun from = {.fd = -1}, to = {.fd = -1};
    struct problem problem = {0};
    struct burst in, out;
    struct segmentation s;
    struct coalescing joined = {.count = 0};
    struct offload offload;
    uint8_t octets[HEADERS + PAYLOAD];
    size_t count = 0;
    net_lab_enter();
    assert_int_equal(system("echo 1 > /proc/sys/net/ipv4/ip_forward"), 0);
    assert_true(tun_open(&from, "ikt1", 1500, true, &problem));
    assert_true(tun_open(&to, NAME, 1500, false, &problem));
    assert_true(from.joins && !to.joins);
    net_lab_ip("address add 10.1.0.1/24 dev ikt1");
    net_lab_ip("route add 10.3.0.0/24 dev " NAME);
    assert_true(burst_create(&in) && burst_create(&out));
    assert_true(segmentation_begin(&s, bytes_of(octets, long_packet_build(octets)), SEGMENT));
    for (; segmentation_next(&s, &in.packets[count]); count++) {
        assert_true(coalescing_add(&joined, &in.packets[count]));
    }
    assert_int_equal(coalescing_finish(&joined, &offload), count);
    assert_true(tun_write_joined(&from, joined.packets, count, &offload));
    net_lab_await(to.fd);
    assert_int_equal(tun_read(&to, out.packets, BURST_MAX), count);
    assert_true(segmentation_begin(&s, bytes_of(octets, sizeof(octets)), SEGMENT));
    for (size_t i = 0; i < count; i++) {
        uint8_t *arrived = out.packets[i].buffer + out.packets[i].offset;
        assert_true(segmentation_next(&s, &in.packets[i]));
        uint8_t *sent = in.packets[i].buffer + in.packets[i].offset;
        assert_int_equal(arrived[8], sent[8] - 1);
        assert_int_equal(ones_sum(arrived, 20, 0), 0xffff);
        memcpy(arrived + 8, sent + 8, 4);
        assert_int_equal(out.packets[i].length, in.packets[i].length);
        assert_memory_equal(arrived, sent, in.packets[i].length);
    }
    offload.segment = 0;
    offload.checksum_start = UINT16_MAX; /* no kernel takes that */
    assert_false(tun_write_joined(&from, joined.packets, count, &offload));
    assert_false(from.joins);
    burst_destroy(&in);
    burst_destroy(&out);
    tun_close(&from);
    tun_close(&to);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(made_and_gone),
        cmocka_unit_test(name_is_taken),
        cmocka_unit_test(mtu_is_refused),
        cmocka_unit_test(packets_cross),
        cmocka_unit_test(cut_as_the_kernel_would),
        cmocka_unit_test(segments_stay_together),
        cmocka_unit_test(joined_are_what_they_were),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* host/datagram_socket: what stands around a datagram is sent and seen; what cannot be is left out
 * and the others go on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "host/udp_socket.h"
#include "net_lab.h"

#define MARK 0x77
#define OCTET_COUNT 3

struct ends {
    struct datagram_socket from, to;
    struct burst out, in;
    struct packet *packets[BURST_MAX]; /* of `out` */
};

static void ends_open(struct ends *ends, uint8_t family)
{
    struct problem problem = {0};
    assert_true(udp_socket_open(&ends->from, family, 4001, MARK, &problem));
    assert_true(udp_socket_open(&ends->to, family, 4002, MARK, &problem));
    assert_true(burst_create(&ends->out) && burst_create(&ends->in));
    struct address host = net_lab_address(family == ADDRESS_V4 ? "127.0.0.1" : "::1");
    for (size_t i = 0; i < BURST_MAX; i++) {
        ends->packets[i] = &ends->out.packets[i];
        net_lab_fill(ends->packets[i], "one", OCTET_COUNT);
        ends->packets[i]->buffer[ESP_HEADROOM] = (uint8_t)i;
        ends->packets[i]->path.local.ip = ends->packets[i]->path.remote.ip = host;
        ends->packets[i]->path.remote.port = 4002;
    }
}

static void ends_close(struct ends *ends)
{
    datagram_socket_close(&ends->from);
    datagram_socket_close(&ends->to);
    assert_int_equal(ends->to.fd, -1);
    datagram_socket_close(&ends->to); /* twice is fine */
    burst_destroy(&ends->out);
    burst_destroy(&ends->in);
}

static int option_get(int fd, int level, int name)
{
    int value = -1;
    socklen_t length = sizeof(value);
    assert_int_equal(getsockopt(fd, level, name, &value, &length), 0);
    return value;
}

static void crosses(uint8_t family)
{
    struct ends ends;
    const struct packet *too_big;
    net_lab_enter();
    ends_open(&ends, family);
    ends.packets[1]->tos = 0xb9; /* EF and ECT(1) */
    ends.packets[1]->dont_fragment = true;
    assert_int_equal(datagram_socket_send(&ends.from, ends.packets, 3, false, &too_big), 3);
    assert_null(too_big);
    net_lab_await(ends.to.fd);
    assert_int_equal(datagram_socket_receive(&ends.to, ends.in.packets, BURST_MAX), 3);
    for (size_t i = 0; i < 3; i++) {
        const struct packet *packet = &ends.in.packets[i];
        assert_int_equal(packet->offset, ESP_HEADROOM);
        assert_int_equal(packet->length, OCTET_COUNT);
        assert_int_equal(packet->buffer[ESP_HEADROOM], i);
        assert_true(address_equal(&packet->path.local.ip, &ends.packets[i]->path.remote.ip));
        assert_true(address_equal(&packet->path.remote.ip, &ends.packets[i]->path.local.ip));
        assert_int_equal(packet->path.local.port, 4002);
        assert_int_equal(packet->path.remote.port, 4001);
        assert_int_equal(packet->tos, i == 1 ? 0xb9 : 0);
    }
    assert_int_equal(datagram_socket_receive(&ends.to, ends.in.packets, BURST_MAX), 0);
    assert_int_equal(option_get(ends.from.fd, SOL_SOCKET, SO_MARK), MARK);
    ends_close(&ends);
}

static void v4_crosses(void **state)
{
    (void)state;
    crosses(ADDRESS_V4);
}

static void v6_crosses(void **state)
{
    (void)state;
    crosses(ADDRESS_V6);
}

/* The first with DF that the path does not take is named; those without DF and the rest arrive. */
static void too_big_is_told(void **state)
{
    (void)state;
    struct ends ends;
    const struct packet *too_big;
    net_lab_enter();
    net_lab_ip("link set lo mtu 1500");
    ends_open(&ends, ADDRESS_V4);
    ends.packets[0]->length = ends.packets[1]->length = ends.packets[2]->length = 2000;
    ends.packets[1]->dont_fragment = ends.packets[2]->dont_fragment = true;
    ends.packets[3]->dont_fragment = true;
    assert_int_equal(datagram_socket_send(&ends.from, ends.packets, 4, false, &too_big), 2);
    assert_ptr_equal(too_big, ends.packets[1]);
    net_lab_await(ends.to.fd);
    assert_int_equal(datagram_socket_receive(&ends.to, ends.in.packets, BURST_MAX), 2);
    assert_int_equal(ends.in.packets[0].length, 2000);
    assert_int_equal(ends.in.packets[1].buffer[ESP_HEADROOM], 3);
    ends_close(&ends);
}

/* One that does not fit its buffer goes; every buffer still belongs to exactly one packet. */
static void misfit_is_left_out(void **state)
{
    (void)state;
    struct ends ends;
    const struct packet *too_big;
    net_lab_enter();
    ends_open(&ends, ADDRESS_V4);
    ends.packets[0]->length = 100;
    for (size_t i = 0; i < 2; i++) {
        ends.in.packets[i].capacity = ESP_HEADROOM + ESP_TAILROOM + 50;
    }
    uint8_t *buffers[] = {ends.in.packets[0].buffer, ends.in.packets[1].buffer};
    assert_int_equal(datagram_socket_send(&ends.from, ends.packets, 2, false, &too_big), 2);
    net_lab_await(ends.to.fd);
    assert_int_equal(datagram_socket_receive(&ends.to, ends.in.packets, 2), 1);
    assert_int_equal(ends.in.packets[0].buffer[ESP_HEADROOM], 1);
    assert_ptr_equal(ends.in.packets[0].buffer, buffers[1]);
    assert_ptr_equal(ends.in.packets[1].buffer, buffers[0]);
    ends_close(&ends);
}

/* RFC 3948 2.1: no UDP checksum over IPv4 for ESP; RFC 7296 has no such exception for IKE. */
static void checksum_is_switched(void **state)
{
    (void)state;
    struct ends ends;
    const struct packet *too_big;
    net_lab_enter();
    ends_open(&ends, ADDRESS_V4);
    datagram_socket_send(&ends.from, ends.packets, 1, true, &too_big);
    assert_int_equal(option_get(ends.from.fd, SOL_SOCKET, SO_NO_CHECK), 1);
    datagram_socket_send(&ends.from, ends.packets, 1, false, &too_big);
    assert_int_equal(option_get(ends.from.fd, SOL_SOCKET, SO_NO_CHECK), 0);
    ends_close(&ends);
    assert_int_equal(datagram_socket_send(&ends.from, ends.packets, 1, false, &too_big), 0);
}

/* ---- many in one call ---- */

#define TRAIN 6

/* Of 1,000 octets each, the last of 500; the first octet is its number. */
static void train_prepare(struct ends *ends)
{
    for (size_t i = 0; i < TRAIN; i++) {
        ends->packets[i]->length = i == TRAIN - 1 ? 500 : 1000;
    }
}

static void train_assert_arrived(const struct packet *packets, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(packets[i].buffer[packets[i].offset], first + i);
        assert_int_equal(packets[i].length, first + i == TRAIN - 1 ? 500 : 1000);
        assert_int_equal(packets[i].path.remote.port, 4001);
        assert_int_equal(packets[i].tos, 0xb9);
        assert_int_not_equal(packets[i].path.local.ip.family, ADDRESS_NONE);
    }
}

static void ends_offload(struct ends *ends)
{
    datagram_socket_offload(&ends->from);
    datagram_socket_offload(&ends->to);
    if (!ends->from.segments || ends->to.trains == NULL) {
        print_message("this kernel has no UDP_SEGMENT or no UDP_GRO\n");
        skip();
    }
}

/* Two ends that offload, and a train to send. */
static void train_enter(struct ends *ends)
{
    net_lab_enter();
    ends_open(ends, ADDRESS_V4);
    ends_offload(ends);
    train_prepare(ends);
}

/* The same to a socket that takes them joined and to one that does not. */
static void train_crosses(uint8_t family, bool joined)
{
    struct ends ends;
    const struct packet *too_big;
    net_lab_enter();
    ends_open(&ends, family);
    ends_offload(&ends);
    if (!joined) {
        datagram_socket_close(&ends.to);
        struct problem problem = {0};
        assert_true(udp_socket_open(&ends.to, family, 4002, MARK, &problem));
    }
    train_prepare(&ends);
    for (size_t i = 0; i < TRAIN; i++) {
        ends.packets[i]->tos = 0xb9;
    }
    assert_int_equal(datagram_socket_send(&ends.from, ends.packets, TRAIN, true, &too_big), TRAIN);
    assert_null(too_big);
    assert_true(ends.from.segments);
    net_lab_await(ends.to.fd);
    assert_int_equal(datagram_socket_receive(&ends.to, ends.in.packets, 4), 4);
    train_assert_arrived(ends.in.packets, 0, 4);
    if (joined) {
        struct packet *more = ends.in.packets + 4;
        assert_int_equal(datagram_socket_receive_rest(&ends.to, more, 1), 1);
        assert_int_equal(datagram_socket_receive_rest(&ends.to, more + 1, BURST_MAX - 5), 1);
        train_assert_arrived(more, 4, 2);
    }
    assert_int_equal(datagram_socket_receive_rest(&ends.to, ends.in.packets, BURST_MAX), 0);
    assert_int_equal(datagram_socket_receive(&ends.to, ends.in.packets, BURST_MAX), joined ? 0 : 2);
    ends_close(&ends);
}

static void v4_train_crosses(void **state)
{
    (void)state;
    train_crosses(ADDRESS_V4, true);
    train_crosses(ADDRESS_V4, false);
}

static void v6_train_crosses(void **state)
{
    (void)state;
    train_crosses(ADDRESS_V6, true);
    train_crosses(ADDRESS_V6, false);
}

/* Trains and single ones by turns: all of them, in order; singles keep their zero checksum. */
static void trains_and_singles(void **state)
{
    (void)state;
    static const size_t lengths[] = {10, 20, 700, 700, 700, 30, 40, 800, 800, 9};
    struct ends ends;
    const struct packet *too_big;
    size_t count = sizeof(lengths) / sizeof(lengths[0]);
    net_lab_enter();
    ends_open(&ends, ADDRESS_V4);
    ends_offload(&ends);
    for (size_t i = 0; i < count; i++) {
        ends.packets[i]->length = lengths[i];
    }
    assert_int_equal(datagram_socket_send(&ends.from, ends.packets, count, true, &too_big), count);
    net_lab_await(ends.to.fd);
    assert_int_equal(datagram_socket_receive(&ends.to, ends.in.packets, BURST_MAX), count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(ends.in.packets[i].buffer[ends.in.packets[i].offset], i);
        assert_int_equal(ends.in.packets[i].length, lengths[i]);
    }
    datagram_socket_send(&ends.from, ends.packets, 1, true, &too_big);
    assert_int_equal(option_get(ends.from.fd, SOL_SOCKET, SO_NO_CHECK), 1);
    ends_close(&ends);
}

/* More trains than one call brings, and more datagrams than a burst holds. */
static void more_than_a_burst(void **state)
{
    (void)state;
    struct ends ends;
    const struct packet *too_big;
    size_t got = 0;
    train_enter(&ends);
    for (size_t i = 0; i < 20; i++) {
        datagram_socket_send(&ends.from, ends.packets, TRAIN, true, &too_big);
    }
    net_lab_await(ends.to.fd);
    do {
        burst_reset(&ends.in);
        size_t count = datagram_socket_receive(&ends.to, ends.in.packets, BURST_MAX);
        assert_int_equal(count, BURST_MAX / TRAIN * TRAIN); /* no train is parted */
        for (size_t i = 0; i < count; i++, got++) {
            assert_int_equal(ends.in.packets[i].buffer[ESP_HEADROOM], got % TRAIN);
        }
    } while (ends.to.more);
    assert_int_equal(got, 20 * TRAIN);
    ends_close(&ends);
}

/* A train behind another waits for the next burst when this one would not hold all of it; one that
 * no burst holds is parted. */
static void a_train_stays_together(void **state)
{
    (void)state;
    struct ends ends;
    const struct packet *too_big;
    train_enter(&ends);
    for (size_t i = 0; i < 2; i++) {
        datagram_socket_send(&ends.from, ends.packets, TRAIN, true, &too_big);
    }
    net_lab_await(ends.to.fd);
    assert_int_equal(datagram_socket_receive(&ends.to, ends.in.packets, TRAIN + 3), TRAIN);
    assert_true(ends.to.more);
    assert_int_equal(datagram_socket_receive_rest(&ends.to, ends.in.packets, TRAIN - 1), TRAIN - 1);
    assert_true(ends.to.more);
    assert_int_equal(datagram_socket_receive_rest(&ends.to, ends.in.packets, TRAIN), 1);
    assert_false(ends.to.more);
    ends_close(&ends);
}

/* A kernel or a device that refuses is asked once, and no packet is lost by that. UDP_SEGMENT
 * without a checksum is what every kernel refuses. */
static void refused_segments_go_one_by_one(void **state)
{
    (void)state;
    struct ends ends;
    const struct packet *too_big;
    int on = 1;
    train_enter(&ends);
    ends.from.checksum_off = 0;
    assert_int_equal(setsockopt(ends.from.fd, SOL_SOCKET, SO_NO_CHECK, &on, sizeof(on)), 0);
    assert_int_equal(datagram_socket_send(&ends.from, ends.packets, TRAIN, false, &too_big), TRAIN);
    assert_null(too_big);
    assert_false(ends.from.segments);
    net_lab_await(ends.to.fd);
    assert_int_equal(datagram_socket_receive(&ends.to, ends.in.packets, BURST_MAX), TRAIN);
    assert_int_equal(datagram_socket_send(&ends.from, ends.packets, TRAIN, false, &too_big), TRAIN);
    ends_close(&ends);
}

/* An address that has gone is no reason never to try again. */
static void a_lost_address_says_nothing_of_segments(void **state)
{
    (void)state;
    struct ends ends;
    const struct packet *too_big;
    train_enter(&ends);
    for (size_t i = 0; i < TRAIN; i++) {
        ends.packets[i]->path.local.ip = net_lab_address("203.0.113.9");
    }
    assert_int_equal(datagram_socket_send(&ends.from, ends.packets, TRAIN, false, &too_big), 0);
    assert_true(ends.from.segments);
    ends_close(&ends);
}

/* With DF the first is named; without it the path takes fragments. */
static void a_train_that_is_too_big(void **state)
{
    (void)state;
    struct ends ends;
    const struct packet *too_big;
    net_lab_enter();
    net_lab_ip("link set lo mtu 1500");
    ends_open(&ends, ADDRESS_V4);
    ends_offload(&ends);
    for (size_t i = 0; i < 4; i++) {
        ends.packets[i]->length = 2000;
        ends.packets[i]->dont_fragment = i < 2;
    }
    assert_int_equal(datagram_socket_send(&ends.from, ends.packets, 4, true, &too_big), 2);
    assert_ptr_equal(too_big, ends.packets[0]);
    net_lab_await(ends.to.fd);
    assert_int_equal(datagram_socket_receive(&ends.to, ends.in.packets, BURST_MAX), 2);
    assert_int_equal(ends.in.packets[0].length, 2000);
    assert_int_equal(ends.in.packets[0].buffer[ESP_HEADROOM], 2);
    ends_close(&ends);
}

/* What is no open UDP socket stays as it is. */
static void nothing_to_offload(void **state)
{
    (void)state;
    struct datagram_socket closed = {.fd = -1, .port = 4500}, raw = {.fd = 0, .port = 0};
    datagram_socket_offload(&closed);
    datagram_socket_offload(&raw);
    assert_false(closed.segments || raw.segments);
    assert_null(closed.trains);
    assert_null(raw.trains);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(v4_crosses),
        cmocka_unit_test(v6_crosses),
        cmocka_unit_test(too_big_is_told),
        cmocka_unit_test(misfit_is_left_out),
        cmocka_unit_test(checksum_is_switched),
        cmocka_unit_test(v4_train_crosses),
        cmocka_unit_test(v6_train_crosses),
        cmocka_unit_test(trains_and_singles),
        cmocka_unit_test(more_than_a_burst),
        cmocka_unit_test(a_train_stays_together),
        cmocka_unit_test(refused_segments_go_one_by_one),
        cmocka_unit_test(a_lost_address_says_nothing_of_segments),
        cmocka_unit_test(a_train_that_is_too_big),
        cmocka_unit_test(nothing_to_offload),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

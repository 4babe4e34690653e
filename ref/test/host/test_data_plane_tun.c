/* host/data_plane_tun: from its making on nothing of a policy passes in the clear; a packet asks
 * for an SA; only an orderly end leaves nothing behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/data_plane_tun.h"
#include "net_lab.h"

struct lab {
    struct host_config config;
    struct event_loop loop;
    struct ike_sockets sockets;
    struct problem problem;
    struct data_plane *plane;
};

static bool lab_start(struct lab *lab)
{
    lab->problem = (struct problem){0};
    lab->plane = data_plane_tun_create(&lab->config, &lab->loop, &lab->sockets, &random_system,
                                       &lab->problem);
    return lab->plane != NULL;
}

static void lab_open(struct lab *lab)
{
    *lab = (struct lab){0};
    net_lab_enter();
    net_lab_ip("address add 10.1.0.1/32 dev lo");
    net_lab_config(&lab->config, "mtu = 1391");
    ike_sockets_init(&lab->sockets);
    assert_true(event_loop_open(&lab->loop, &lab->problem));
    if (!lab_start(lab)) {
        fail_msg("%s", lab->problem.text);
    }
}

static void lab_close(struct lab *lab)
{
    event_loop_close(&lab->loop);
    host_config_wipe(&lab->config);
}

/* What is ours on this machine: routes of both families, rules, the interface, the table of nft. */
static size_t left_behind(void)
{
    char text[64];
    net_lab_say("{ ip -4 route show table 4711; ip -6 route show table 4711; ip rule; ip -6 rule;"
                " ip link show ikt0; nft list tables; } 2>/dev/null"
                " | grep -c 'unreachable 10.2\\|ikt0\\|4711'",
                text, sizeof(text));
    return (size_t)atoi(text);
}

/* One datagram of a policy, as any program of this host sends it; 0 or -1 as sendto says. */
static ssize_t packet_send(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7)};
    inet_pton(AF_INET, "10.2.0.1", &to.sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ssize_t sent = sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to));
    close(fd);
    return sent;
}

static void a_packet_asks_for_an_sa(void **state)
{
    (void)state;
    struct lab lab;
    struct data_plane_event event;
    struct esp_counters counters;
    char text[1024];
    lab_open(&lab);
    assert_int_equal(data_plane_tun.interface(lab.plane), if_nametoindex("ikt0"));
    net_lab_say("ip link show ikt0", text, sizeof(text));
    assert_non_null(strstr(text, "mtu 1391"));
    assert_false(data_plane_tun.next_event(lab.plane, &event));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(packet_send(), 5);
        event_loop_turn(&lab.loop, 0);
        assert_int_equal(data_plane_tun.next_event(lab.plane, &event), i == 0); /* once */
    }
    assert_int_equal(event.type, ESP_EVENT_ACQUIRE);
    assert_int_equal(event.peer_index, 0);
    assert_int_equal(event.child_index, 0);
    data_plane_tun.counters(lab.plane, &counters);
    assert_int_equal(counters.sealed[PACKET_HELD], 2);
    data_plane_tun.acquire_failed(lab.plane, 0, 0);
    assert_int_equal(packet_send(), 5);
    event_loop_turn(&lab.loop, 0);
    assert_true(data_plane_tun.next_event(lab.plane, &event)); /* asked for again */
    data_plane_tun.destroy(lab.plane, true);
    assert_int_equal(left_behind(), 0);
    lab_close(&lab);
}

static void what_comes_on_the_natt_port(void **state)
{
    (void)state;
    static const struct {
        uint8_t octets[12];
        size_t length;
        enum packet_verdict verdict;
    } rows[] = {
        {{0, 0, 0, 0, 'i', 'k', 'e'}, 7, PACKET_IKE},
        {{0xff}, 1, PACKET_KEEPALIVE},
        {{0, 0, 1, 0, 0, 0, 0, 1, 1, 2, 3, 4}, 12, PACKET_DROP_NO_SA},
    };
    struct lab lab;
    struct burst burst;
    lab_open(&lab);
    assert_true(burst_create(&burst));
    for (size_t i = 0; i < 3; i++) {
        net_lab_fill(&burst.packets[i], rows[i].octets, rows[i].length);
        burst.packets[i].udp_encapsulation = true;
    }
    data_plane_tun.receive(lab.plane, burst.packets, 3, 1);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(burst.packets[i].verdict, rows[i].verdict);
    }
    assert_int_equal(burst.packets[0].length, 3); /* the marker is off */
    burst_destroy(&burst);
    data_plane_tun.destroy(lab.plane, true);
    lab_close(&lab);
}

/* One ESP packet of nobody's, from this host to itself. */
static void esp_send(void)
{
    static const uint8_t octets[24] = {0, 0, 1, 0, 0, 0, 0, 1};
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ESP);
    assert_int_equal(sendto(fd, octets, sizeof(octets), 0, (struct sockaddr *)&to, sizeof(to)),
                     sizeof(octets));
    close(fd);
}

/* What waits in the sockets of ESP goes through before the next message of IKE. */
static void esp_that_came_first_goes_first(void **state)
{
    (void)state;
    struct lab lab;
    struct esp_counters counters;
    lab_open(&lab);
    esp_send();
    data_plane_tun.counters(lab.plane, &counters);
    assert_int_equal(counters.opened[PACKET_DROP_NO_SA], 0);
    data_plane_tun.catch_up(lab.plane);
    data_plane_tun.counters(lab.plane, &counters);
    assert_int_equal(counters.opened[PACKET_DROP_NO_SA], 1);
    data_plane_tun.destroy(lab.plane, true);
    lab_close(&lab);
}

/* ESP in trains, but for IKE's own port, and not where a person does not want it. */
static void sockets_are_offloaded(void **state)
{
    (void)state;
    for (int off = 0; off < 2; off++) {
        struct lab lab;
        lab_open(&lab);
        lab.config.offload_off = off;
        assert_true(ike_sockets_open(&lab.sockets, &lab.config, &lab.problem));
        assert_true(data_plane_tun.sockets_opened(lab.plane, &lab.sockets, &lab.problem));
        assert_false(lab.sockets.sockets[IKE_V4].segments);
        assert_null(lab.sockets.sockets[IKE_V4].trains);
        struct datagram_socket *natt = &lab.sockets.sockets[NATT_V4];
        assert_true(!off || (!natt->segments && natt->trains == NULL));
        assert_true(off || natt->trains != NULL || !natt->segments);
        ike_sockets_close(&lab.sockets);
        data_plane_tun.destroy(lab.plane, true);
        lab_close(&lab);
    }
}

static void strangers_events_change_nothing(void **state)
{
    (void)state;
    struct lab lab;
    struct command traffic;
    struct esp_usage usage;
    lab_open(&lab);
    struct event event = {.type = EVENT_CHILD_SA_MOVED, .child = {.spi_in = 77}};
    assert_int_equal(data_plane_tun.child_event(lab.plane, &event, 1), STATUS_DROP);
    event.type = EVENT_IKE_SA_UP;
    assert_int_equal(data_plane_tun.child_event(lab.plane, &event, 1), STATUS_DROP);
    event.type = EVENT_CHILD_SA_DOWN;
    assert_int_equal(data_plane_tun.child_event(lab.plane, &event, 1), STATUS_OK);
    assert_false(data_plane_tun.next_traffic(lab.plane, &traffic));
    assert_false(data_plane_tun.usage(lab.plane, 77, &usage));
    assert_true(data_plane_tun.deadline(lab.plane) == UINT64_MAX);
    data_plane_tun.destroy(lab.plane, true);
    lab_close(&lab);
}

/* A Child SA to the gateway at 192.0.2.2, whose keys are zeros. */
static void child_up(struct lab *lab)
{
    static const uint8_t keys[20];
    struct event event = {.type = EVENT_CHILD_SA_UP, .child_sa = 1};
    struct child_sa_info *child = &event.child;
    child->spi_in = 0x1001;
    child->spi_out = 0x2001;
    child->protection = (struct protection){cipher_algorithm_find(ENCR_AES_GCM_16), 128, NULL};
    secret_set(&child->encryption_in, bytes_of(keys, sizeof(keys)));
    secret_set(&child->encryption_out, bytes_of(keys, sizeof(keys)));
    child->local = lab->config.endpoint.peers[0].children[0].local;
    child->remote = lab->config.endpoint.peers[0].children[0].remote;
    child->path.local.ip = net_lab_address("192.0.2.1");
    child->path.remote.ip = net_lab_address("192.0.2.2");
    assert_int_equal(data_plane_tun.child_event(lab->plane, &event, 1), STATUS_OK);
}

/* A datagram of 1300 octets with DF through the TUN. */
static void large_packet_send(struct lab *lab, const char *to_text)
{
    static const uint8_t octets[1300];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(7)};
    inet_pton(AF_INET, to_text, &to.sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int discover = IP_PMTUDISC_DO;
    assert_int_equal(setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &discover, sizeof(discover)), 0);
    assert_int_equal(sendto(fd, octets, sizeof(octets), 0, (struct sockaddr *)&to, sizeof(to)),
                     sizeof(octets));
    close(fd);
    event_loop_turn(&lab->loop, 0);
}

/* RFC 4301 8.2.2: the way to the gateway takes little, and a minute later more again. */
static void a_path_mtu_ages(void **state)
{
    (void)state;
    struct lab lab;
    struct esp_counters counters;
    lab_open(&lab);
    net_lab_ip("link add v0 type veth peer name v1");
    net_lab_ip("link set v1 up");
    net_lab_ip("address add 192.0.2.1/24 dev v0");
    net_lab_ip("link set v0 up");
    net_lab_ip("route add 192.0.2.2 dev v0 mtu 1000");
    child_up(&lab);
    data_plane_tun.expire(lab.plane, UINT64_C(1000000000));
    assert_int_equal(data_plane_tun.deadline(lab.plane), UINT64_C(61000000000));
    large_packet_send(&lab, "10.2.0.1");
    data_plane_tun.counters(lab.plane, &counters);
    assert_int_equal(counters.sealed[PACKET_REPLY], 1);

    net_lab_ip("route change 192.0.2.2 dev v0 mtu 1500");
    data_plane_tun.expire(lab.plane, UINT64_C(60999999999));
    large_packet_send(&lab, "10.2.0.2");
    data_plane_tun.counters(lab.plane, &counters);
    assert_int_equal(counters.sealed[PACKET_REPLY], 2); /* not yet */
    data_plane_tun.expire(lab.plane, UINT64_C(61000000000));
    large_packet_send(&lab, "10.2.0.3");
    data_plane_tun.counters(lab.plane, &counters);
    assert_int_equal(counters.sealed[PACKET_REPLY], 2);
    assert_int_equal(counters.sealed[PACKET_FORWARD], 1);
    data_plane_tun.destroy(lab.plane, true);
    lab_close(&lab);
}

/* Somebody removes the TUN: packets stay in, a start that fails leaves it so, and it takes a person
 * to open the way. */
static void broken_stays_closed(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab);
    net_lab_ip("route add default dev lo");
    assert_false(data_plane_tun.broken(lab.plane));
    net_lab_ip("link del ikt0");
    event_loop_turn(&lab.loop, 0);
    assert_true(data_plane_tun.broken(lab.plane));
    data_plane_tun.addresses_changed(lab.plane); /* puts no route into what is gone */
    data_plane_tun.destroy(lab.plane, true);
    assert_int_equal(packet_send(), -1);
    lab.config.mtu = 1; /* no TUN has it */
    assert_false(lab_start(&lab));
    assert_int_equal(lab.problem.code, EXIT_ENVIRONMENT);
    assert_int_equal(packet_send(), -1);
    assert_true(data_plane_tun_cleanup(&lab.config) >= 3); /* route, rules, nft's table */
    assert_int_equal(left_behind(), 0);
    assert_int_equal(data_plane_tun_cleanup(&lab.config), 0);
    assert_false(lab_start(&lab));
    assert_int_equal(left_behind(), 0); /* nothing inherited, nothing left */
    lab_close(&lab);
}

static void a_second_one_is_refused(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab);
    struct data_plane *first = lab.plane;
    size_t ours = left_behind();
    assert_true(ours > 0);
    assert_false(lab_start(&lab));
    assert_int_equal(lab.problem.code, EXIT_ENVIRONMENT);
    assert_int_equal(left_behind(), ours); /* the first has lost nothing */
    data_plane_tun.destroy(first, true);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_packet_asks_for_an_sa),
        cmocka_unit_test(what_comes_on_the_natt_port),
        cmocka_unit_test(esp_that_came_first_goes_first),
        cmocka_unit_test(sockets_are_offloaded),
        cmocka_unit_test(strangers_events_change_nothing),
        cmocka_unit_test(a_path_mtu_ages),
        cmocka_unit_test(broken_stays_closed),
        cmocka_unit_test(a_second_one_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

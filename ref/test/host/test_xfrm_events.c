/* host/xfrm_events: messages as the kernel sends them, and nothing else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/xfrm_address.h"
#include "host/xfrm_events.h"
#include "net_lab.h"

static uint8_t buffer[1024] __attribute__((aligned(8)));

static void *message(uint16_t type, size_t length)
{
    memset(buffer, 0, sizeof(buffer));
    struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
    header->nlmsg_type = type;
    return mnl_nlmsg_put_extra_header(header, length);
}

static bool read_it(struct xfrm_event *event)
{
    return xfrm_event_read((const struct nlmsghdr *)buffer, event);
}

static struct xfrm_user_acquire *acquire(void)
{
    struct xfrm_user_acquire *said = message(XFRM_MSG_ACQUIRE, sizeof(*said));
    struct address source = net_lab_address("192.0.2.1"), to = net_lab_address("192.0.2.2");
    struct address inner = net_lab_address("2001:db8::7");
    said->id.daddr = xfrm_address_from(&to);
    said->id.proto = IPPROTO_ESP;
    said->saddr = xfrm_address_from(&source);
    said->sel.family = AF_INET6;
    said->sel.daddr = xfrm_address_from(&inner);
    said->sel.proto = IPPROTO_UDP;
    said->sel.dport = htons(53);
    said->sel.dport_mask = UINT16_MAX;
    said->policy.priority = 4711;
    said->seq = 99;
    return said;
}

static void acquires(void **state)
{
    (void)state;
    struct xfrm_event event;
    struct address inner = net_lab_address("2001:db8::7"), outer = net_lab_address("192.0.2.2");
    acquire();
    assert_false(read_it(&event)); /* without a template nobody knows what it is about */
    struct xfrm_user_acquire *said = acquire();
    struct xfrm_user_tmpl template = {.family = AF_INET, .reqid = 5, .mode = XFRM_MODE_TUNNEL};
    mnl_attr_put((struct nlmsghdr *)buffer, XFRMA_TMPL, sizeof(template), &template);
    assert_true(read_it(&event));
    assert_int_equal(event.type, XFRM_EVENT_ACQUIRE);
    assert_int_equal(event.priority, 4711);
    assert_int_equal(event.acquiring.sequence, 99);
    assert_int_equal(event.acquiring.reqid, 5);
    assert_false(event.acquiring.transport_mode);
    /* IPv4 outside, IPv6 inside: each from where it stands. */
    assert_true(address_equal(&event.acquiring.destination, &outer));
    assert_true(address_equal(&event.key.destination, &inner));
    assert_int_equal(event.key.destination_port, 53);
    said->id.proto = IPPROTO_AH;
    assert_false(read_it(&event));
}

static void expires(void **state)
{
    (void)state;
    struct xfrm_event event;
    struct address to = net_lab_address("192.0.2.2");
    struct xfrm_user_expire *said = message(XFRM_MSG_EXPIRE, sizeof(*said));
    said->state.id = (struct xfrm_id){
        .daddr = xfrm_address_from(&to), .spi = htonl(0x1234), .proto = IPPROTO_ESP};
    said->state.family = AF_INET;
    said->state.reqid = 5;
    said->hard = 1;
    assert_true(read_it(&event));
    assert_int_equal(event.type, XFRM_EVENT_EXPIRE);
    assert_int_equal(event.id.spi, 0x1234);
    assert_true(address_equal(&event.id.destination, &to));
    assert_true(event.hard);
    said->state.id.spi = 0; /* what an acquire waited for in vain */
    assert_false(read_it(&event));
}

static void mappings(void **state)
{
    (void)state;
    struct xfrm_event event;
    struct address from = net_lab_address("198.51.100.7");
    struct xfrm_user_mapping *said = message(XFRM_MSG_MAPPING, sizeof(*said));
    said->id.spi = htonl(0x1234);
    said->id.family = AF_INET;
    said->id.proto = IPPROTO_ESP;
    said->new_saddr = xfrm_address_from(&from);
    said->new_sport = htons(40000);
    assert_true(read_it(&event));
    assert_int_equal(event.type, XFRM_EVENT_MAPPING);
    assert_true(address_equal(&event.source.ip, &from));
    assert_int_equal(event.source.port, 40000);
}

static void others(void **state)
{
    (void)state;
    struct xfrm_event event;
    message(XFRM_MSG_NEWSA, sizeof(struct xfrm_usersa_info));
    assert_false(read_it(&event));
    static const uint16_t types[] = {XFRM_MSG_ACQUIRE, XFRM_MSG_EXPIRE, XFRM_MSG_MAPPING};
    for (size_t i = 0; i < 3; i++) {
        message(types[i], 8); /* cut short */
        assert_false(read_it(&event));
    }
}

static void count(void *context, const struct xfrm_event *event)
{
    (void)event;
    (*(size_t *)context)++;
}

/* A packet of a policy that has a template and no SA is an acquire, once. */
static void the_kernel_asks(void **state)
{
    (void)state;
    net_lab_enter();
    struct event_loop loop;
    struct problem problem = {0};
    struct xfrm_events events;
    size_t seen = 0;
    assert_true(event_loop_open(&loop, &problem));
    if (!xfrm_events_open(&events, &loop, count, &seen, &problem)) {
        fail_msg("%s", problem.text);
    }
    net_lab_ip("link add v0 type veth peer name v1");
    net_lab_ip("link set v1 up");
    net_lab_ip("address add 10.1.0.1/24 dev v0");
    net_lab_ip("link set v0 up");
    net_lab_ip("xfrm policy add src 10.1.0.0/24 dst 10.1.0.9 dir out priority 1 "
               "tmpl proto esp reqid 7 mode transport");
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(9)};
    inet_pton(AF_INET, "10.1.0.9", &to.sin_addr);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    for (int i = 0; i < 3; i++) {
        ssize_t sent = sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to));
        (void)sent; /* lost, for want of an SA */
    }
    close(fd);
    event_loop_turn(&loop, clock_now_ns() + 1000000000);
    assert_int_equal(seen, 1);
    xfrm_events_close(&events);
    event_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(acquires), cmocka_unit_test(expires),
                                       cmocka_unit_test(mappings), cmocka_unit_test(others),
                                       cmocka_unit_test(the_kernel_asks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* host/datagram_control: what stands around a datagram, as the kernel writes and reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <netinet/udp.h>
#include <string.h>

#include "host/datagram_control.h"
#include "net_lab.h"

struct lab {
    struct packet packet;
    union datagram_control control;
    struct msghdr header;
};

static void lab_build(struct lab *lab, const char *local, const char *remote, uint16_t segment)
{
    memset(lab, 0, sizeof(*lab));
    memset(&lab->control, 0xff, sizeof(lab->control));
    lab->packet.tos = 0xb9;
    if (local != NULL) {
        lab->packet.path.local.ip = net_lab_address(local);
    }
    lab->packet.path.remote.ip = net_lab_address(remote);
    lab->header.msg_control = lab->control.octets;
    lab->header.msg_controllen = sizeof(lab->control);
    datagram_control_build(&lab->header, &lab->packet, segment);
    assert_true(lab->header.msg_controllen <= sizeof(lab->control));
}

/* The message of this kind; NULL when there is none. */
static const void *found(struct lab *lab, int level, int type, size_t length)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&lab->header); c != NULL;
         c = CMSG_NXTHDR(&lab->header, c)) {
        if (c->cmsg_level == level && c->cmsg_type == type) {
            assert_int_equal(c->cmsg_len, CMSG_LEN(length));
            return CMSG_DATA(c);
        }
    }
    return NULL;
}

static void built_for_v4(void **state)
{
    (void)state;
    struct lab lab;
    lab_build(&lab, "192.0.2.1", "192.0.2.2", 1400);
    int tos;
    memcpy(&tos, found(&lab, IPPROTO_IP, IP_TOS, sizeof(tos)), sizeof(tos));
    assert_int_equal(tos, 0xb9);
    struct in_pktinfo info;
    memcpy(&info, found(&lab, IPPROTO_IP, IP_PKTINFO, sizeof(info)), sizeof(info));
    assert_memory_equal(&info.ipi_spec_dst, "\xc0\0\2\1", 4);
    assert_int_equal(info.ipi_ifindex, 0);
    uint16_t segment;
    memcpy(&segment, found(&lab, IPPROTO_UDP, UDP_SEGMENT, sizeof(segment)), sizeof(segment));
    assert_int_equal(segment, 1400);
}

static void built_for_v6(void **state)
{
    (void)state;
    struct lab lab;
    lab_build(&lab, "2001:db8::1", "2001:db8::2", 0);
    assert_non_null(found(&lab, IPPROTO_IPV6, IPV6_TCLASS, sizeof(int)));
    struct in6_pktinfo info;
    memcpy(&info, found(&lab, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(info)), sizeof(info));
    assert_memory_equal(&info.ipi6_addr, lab.packet.path.local.ip.octets, 16);
    assert_null(found(&lab, IPPROTO_UDP, UDP_SEGMENT, sizeof(uint16_t)));
}

/* No local address, or one of the other family: the kernel chooses. */
static void built_without_a_local_address(void **state)
{
    (void)state;
    struct lab lab;
    lab_build(&lab, NULL, "192.0.2.2", 0);
    assert_null(found(&lab, IPPROTO_IP, IP_PKTINFO, sizeof(struct in_pktinfo)));
    lab_build(&lab, "2001:db8::1", "192.0.2.2", 0);
    assert_null(found(&lab, IPPROTO_IP, IP_PKTINFO, sizeof(struct in_pktinfo)));
    lab_build(&lab, "192.0.2.2", "2001:db8::1", 0);
    assert_null(found(&lab, IPPROTO_IPV6, IPV6_PKTINFO, sizeof(struct in6_pktinfo)));
}

static void message_put(struct lab *lab, int level, int type, const void *data, size_t length)
{
    struct cmsghdr *c = (struct cmsghdr *)(lab->control.octets + lab->header.msg_controllen);
    *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(length), .cmsg_level = level, .cmsg_type = type};
    memcpy(CMSG_DATA(c), data, length);
    lab->header.msg_control = lab->control.octets;
    lab->header.msg_controllen += CMSG_SPACE(length);
}

static void parsed(void **state)
{
    (void)state;
    struct lab lab = {0};
    struct in_pktinfo v4 = {0};
    struct in6_pktinfo v6 = {0};
    uint8_t tos = 0xb8;
    int gro = 1452, tclass = 0x2e;
    memcpy(&v4.ipi_addr, "\xc0\0\2\1", 4);
    message_put(&lab, IPPROTO_IP, IP_PKTINFO, &v4, sizeof(v4));
    message_put(&lab, IPPROTO_IP, IP_TOS, &tos, 1);
    message_put(&lab, IPPROTO_UDP, UDP_GRO, &gro, sizeof(gro));
    assert_int_equal(datagram_control_parse(&lab.header, &lab.packet), 1452);
    struct address expected = net_lab_address("192.0.2.1");
    assert_true(address_equal(&lab.packet.path.local.ip, &expected));
    assert_int_equal(lab.packet.tos, 0xb8);

    lab = (struct lab){0};
    v6.ipi6_addr.s6_addr[15] = 1;
    message_put(&lab, IPPROTO_IPV6, IPV6_PKTINFO, &v6, sizeof(v6));
    message_put(&lab, IPPROTO_IPV6, IPV6_TCLASS, &tclass, sizeof(tclass));
    assert_int_equal(datagram_control_parse(&lab.header, &lab.packet), 0);
    expected = net_lab_address("::1");
    assert_true(address_equal(&lab.packet.path.local.ip, &expected));
    assert_int_equal(lab.packet.tos, 0x2e);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_for_v4),
        cmocka_unit_test(built_for_v6),
        cmocka_unit_test(built_without_a_local_address),
        cmocka_unit_test(parsed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* host/xfrm_encap: what an SA in UDP says, and sockets whose ESP the kernel takes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "host/netlink.h"
#include "host/xfrm_encap.h"
#include "net_lab.h"
#include "xfrm_lab.h"

static void the_attribute(void **state)
{
    (void)state;
    uint8_t buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    struct xfrm_sa_path path = {.source.port = 4500, .destination.port = 40000};
    xfrm_encap_put(request, &path);
    const struct xfrm_encap_tmpl *encap = mnl_attr_get_payload(mnl_nlmsg_get_payload(request));
    assert_int_equal(encap->encap_type, 2); /* ESP in UDP as RFC 3948 has it */
    assert_int_equal(ntohs(encap->encap_sport), 4500);
    assert_int_equal(ntohs(encap->encap_dport), 40000);
}

/* A datagram from 127.0.0.2 to the port. */
static void send_from_elsewhere(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in from = {.sin_family = AF_INET}, to = {.sin_family = AF_INET};
    inet_pton(AF_INET, "127.0.0.2", &from.sin_addr);
    inet_pton(AF_INET, "127.0.0.1", &to.sin_addr);
    to.sin_port = htons(port);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
    assert_int_equal(sendto(fd, "hello", 5, 0, (struct sockaddr *)&to, sizeof(to)), 5);
    close(fd);
}

static int socket_at(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_port = htons(port)};
    assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    return fd;
}

static bool receives(int fd)
{
    char octets[16];
    return recv(fd, octets, sizeof(octets), 0) > 0; /* the loopback is done when send returns */
}

static void ike_passes_a_policy_that_blocks(void **state)
{
    (void)state;
    net_lab_enter();
    xfrm_lab_loopback();
    int ike = socket_at(500), other = socket_at(501);
    net_lab_ip("xfrm policy add src 127.0.0.2 dst 127.0.0.1 dir in priority 1 action block");
    assert_int_equal(xfrm_bypass_inbound(ike, ADDRESS_V4), 0);
    send_from_elsewhere(500);
    send_from_elsewhere(501);
    assert_true(receives(ike));
    assert_false(receives(other));
    close(ike);
    close(other);
}

static void no_socket(void **state)
{
    (void)state;
    assert_int_equal(xfrm_bypass_inbound(-1, ADDRESS_V4), EBADF);
    assert_int_equal(xfrm_encap_enable(-1), EBADF);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_attribute),
                                       cmocka_unit_test(ike_passes_a_policy_that_blocks),
                                       cmocka_unit_test(no_socket)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* host/netlink: the kernel's answer is the result, be it an errno or a list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>

#include "host/netlink.h"
#include "net_lab.h"

static int link_request(uint16_t type, unsigned index, unsigned up)
{
    char buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = type;
    struct ifinfomsg *header = mnl_nlmsg_put_extra_header(request, sizeof(*header));
    header->ifi_index = (int)index;
    header->ifi_change = IFF_UP;
    header->ifi_flags = up;
    return netlink_request(request);
}

struct links {
    size_t count;
    unsigned up; /* of the loopback */
};

static int link_count(const struct nlmsghdr *message, void *context)
{
    struct links *links = context;
    const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
    links->count++;
    if (header->ifi_index == 1) {
        links->up = header->ifi_flags & IFF_UP;
    }
    return MNL_CB_OK;
}

/* When it returns it is done. */
static void request_is_answered(void **state)
{
    (void)state;
    struct links links = {0};
    net_lab_enter();
    assert_int_equal(netlink_dump(RTM_GETLINK, AF_UNSPEC, link_count, &links), 0);
    assert_true(links.up);
    assert_int_equal(link_request(RTM_NEWLINK, 1, 0), 0);
    assert_int_equal(netlink_dump(RTM_GETLINK, AF_UNSPEC, link_count, &links), 0);
    assert_false(links.up);
}

static void refusal_is_an_errno(void **state)
{
    (void)state;
    net_lab_enter();
    assert_int_equal(link_request(RTM_NEWLINK, 4242, IFF_UP), ENODEV);
    assert_int_equal(link_request(RTM_DELLINK, 1, 0), EOPNOTSUPP); /* the loopback stays */
}

static bool change_is_refused(void)
{
    return link_request(RTM_NEWLINK, 1, 0) == EPERM;
}

static void privilege_is_needed(void **state)
{
    (void)state;
    net_lab_enter();
    assert_int_equal(net_lab_unprivileged(change_is_refused), 0);
}

/* More than one message holds is handed over whole. */
static void long_dump_is_whole(void **state)
{
    (void)state;
    struct links links = {0};
    net_lab_enter();
    size_t before;
    assert_int_equal(netlink_dump(RTM_GETLINK, AF_UNSPEC, link_count, &links), 0);
    before = links.count;
    for (int i = 0; i < 30; i++) {
        char arguments[64];
        snprintf(arguments, sizeof(arguments), "link add v%d type veth peer name w%d", i, i);
        net_lab_ip(arguments);
    }
    links.count = 0;
    assert_int_equal(netlink_dump(RTM_GETLINK, AF_UNSPEC, link_count, &links), 0);
    assert_int_equal(links.count, before + 60);
}

static int stop_with_error(const struct nlmsghdr *message, void *context)
{
    (void)message;
    (void)context;
    errno = ENOSPC;
    return MNL_CB_ERROR;
}

static void reader_may_fail(void **state)
{
    (void)state;
    net_lab_enter();
    assert_int_equal(netlink_dump(RTM_GETLINK, AF_UNSPEC, stop_with_error, NULL), ENOSPC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_is_answered), cmocka_unit_test(refusal_is_an_errno),
        cmocka_unit_test(privilege_is_needed), cmocka_unit_test(long_dump_is_whole),
        cmocka_unit_test(reader_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

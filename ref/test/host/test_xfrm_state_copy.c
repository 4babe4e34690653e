/* host/xfrm_state_copy: the same SA again, but for what was to change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "host/xfrm_address.h"
#include "host/xfrm_state_copy.h"
#include "net_lab.h"
#include "xfrm_lab.h"

static struct xfrm_state_copy copy;

/* What the kernel would tell of an SA that has sent 1000 packets. */
static void take(bool esn, bool in_udp, uint32_t sent)
{
    uint8_t buffer[XFRM_REQUEST_MAX] __attribute__((aligned(8)));
    struct xfrm_sa sa = xfrm_lab_sa(0x1001);
    sa.esn = esn;
    sa.replay_window = 64;
    sa.path.udp_encapsulation = in_udp;
    struct nlmsghdr *message = xfrm_state_build(buffer, XFRM_MSG_NEWSA, &sa);
    struct xfrm_usersa_info *info = mnl_nlmsg_get_payload(message);
    info->curlft.packets = sent;
    uint64_t second = 42;
    mnl_attr_put(message, XFRMA_LASTUSED, sizeof(second), &second);
    mnl_attr_put_u32(message, XFRMA_ALG_AUTH, 0);
    struct nlattr *attribute;
    for (attribute = mnl_nlmsg_get_payload_offset(message, sizeof(*info));
         mnl_attr_get_type(attribute) != XFRMA_REPLAY_ESN_VAL;
         attribute = mnl_attr_next(attribute)) {
    }
    ((struct xfrm_replay_state_esn *)mnl_attr_get_payload(attribute))->oseq = sent;
    assert_int_equal(xfrm_state_copy_take(message, &copy), MNL_CB_OK);
}

static const void *attribute_of(const struct nlmsghdr *message, uint16_t type)
{
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, message, sizeof(struct xfrm_usersa_info))
    {
        if (mnl_attr_get_type(attribute) == type) {
            return mnl_attr_get_payload(attribute);
        }
    }
    return NULL;
}

static void all_of_it(void **state)
{
    (void)state;
    take(true, true, 1000);
    const struct nlmsghdr *request = xfrm_state_copy_request(&copy, XFRM_MSG_UPDSA);
    assert_int_equal(request->nlmsg_type, XFRM_MSG_UPDSA);
    const struct xfrm_lifetime_cur *used = attribute_of(request, XFRMA_LTIME_VAL);
    assert_int_equal(used->packets, 1000);
    const struct xfrm_replay_state_esn *replay = attribute_of(request, XFRMA_REPLAY_ESN_VAL);
    assert_int_equal(replay->oseq, 1000);
    assert_int_equal(replay->replay_window, 64);
    assert_non_null(attribute_of(request, XFRMA_ALG_AEAD));
    assert_non_null(attribute_of(request, XFRMA_ENCAP));
    assert_null(attribute_of(request, XFRMA_LASTUSED));
    assert_null(attribute_of(request, XFRMA_ALG_AUTH)); /* ALG_AUTH_TRUNC says it all */
}

static struct xfrm_sa_path path_to(const char *source, const char *destination)
{
    return (struct xfrm_sa_path){.source = {.ip = net_lab_address(source), .port = 4500},
                                 .destination = {.ip = net_lab_address(destination), .port = 4500}};
}

static void elsewhere(void **state)
{
    (void)state;
    take(true, true, UINT32_MAX - 10);
    struct xfrm_sa_path path = path_to("2001:db8::1", "2001:db8::2");
    struct nlmsghdr *request = xfrm_state_copy_moved(&copy, XFRM_MSG_NEWSA, &path, 100);
    const struct xfrm_usersa_info *info = xfrm_state_copy_info(request);
    assert_int_equal(info->family, AF_INET6);
    struct address destination = xfrm_address_read(&info->id.daddr, AF_INET6);
    assert_true(address_equal(&destination, &path.destination.ip));
    assert_null(attribute_of(request, XFRMA_ENCAP)); /* no UDP any more */
    const struct xfrm_replay_state_esn *replay = attribute_of(request, XFRMA_REPLAY_ESN_VAL);
    assert_int_equal(replay->oseq_hi, 1); /* the numbers went over the edge */
    assert_int_equal(replay->oseq, 89);
    take(false, true, UINT32_MAX - 10);
    request = xfrm_state_copy_moved(&copy, XFRM_MSG_NEWSA, &path, 100);
    replay = attribute_of(request, XFRMA_REPLAY_ESN_VAL);
    assert_int_equal(replay->oseq, UINT32_MAX - 10); /* without ESN there is no edge to go over */
    assert_int_equal(replay->oseq_hi, 0);
}

static void only_ports(void **state)
{
    (void)state;
    take(false, true, 0);
    struct xfrm_sa_path path = path_to("192.0.2.1", "192.0.2.2");
    path.udp_encapsulation = true;
    path.destination.port = 40000;
    assert_true(xfrm_state_copy_only_ports_differ(&copy, &path));
    path.udp_encapsulation = false;
    assert_false(xfrm_state_copy_only_ports_differ(&copy, &path));
    path = path_to("192.0.2.1", "192.0.2.3");
    path.udp_encapsulation = true;
    assert_false(xfrm_state_copy_only_ports_differ(&copy, &path));
}

static void too_long(void **state)
{
    (void)state;
    struct nlmsghdr message = {.nlmsg_len = XFRM_REQUEST_MAX + 1};
    assert_int_equal(xfrm_state_copy_take(&message, &copy), MNL_CB_ERROR);
    assert_int_equal(errno, EMSGSIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_of_it), cmocka_unit_test(elsewhere),
                                       cmocka_unit_test(only_ports), cmocka_unit_test(too_long)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

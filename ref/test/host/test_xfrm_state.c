/* host/xfrm_state: requests octet by octet as `ip xfrm` makes them (iproute2 6.1, recorded), and
 * what a kernel with ESP makes of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "host/xfrm_state.h"
#include "net_lab.h"
#include "xfrm_lab.h"

/* state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x11223344 reqid 7 mode tunnel flag noecn
 * icmp af-unspec aead rfc4106(gcm(aes)) 0x42... 128 encap espinudp 4500 40000 0.0.0.0 */
static const char aead_in_udp[] =
    "0000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000c000020200000000000000000000000011223344"
    "32000000c0000201000000000000000000000000ffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffff000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000700000002000100310000000000000070001200"
    "726663343130362867636d286165732929000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000200100008000000042424242"
    "42424242424242424242424242424242424242424242424242424242424242421c0004000200"
    "11949c40000000000000000000000000000000000000";

/* state add src 2001:db8::1 dst 2001:db8::2 proto esp spi 0x11223344 reqid 7 mode transport flag
 * esn icmp auth-trunc hmac(sha256) 0x55... 128 enc cbc(aes) 0x66... replay-window 64 extra-flag
 * dont-encap-dscp */
static const char cbc_with_esn[] =
    "0000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000020010db800000000000000000000000211223344"
    "3200000020010db8000000000000000000000001ffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffffff000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000000000000000000"
    "000000000000000000000000000000000000070000000a00000090000000000000006c001400"
    "686d616328736861323536290000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000100008000000055555555"
    "5555555555555555555555555555555555555555555555555555555558000200636263286165"
    "7329000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000800000006666666666666666666666666666"
    "66661c0017000200000000000000000000000000000000000000400000000800180001000000";

static void an_aead_in_udp(void **state)
{
    (void)state;
    uint8_t buffer[XFRM_REQUEST_MAX] __attribute__((aligned(8)));
    struct xfrm_sa sa = xfrm_lab_sa(0x11223344);
    sa.ecn = false;
    sa.path.udp_encapsulation = true;
    sa.path.destination.port = 40000;
    struct nlmsghdr *request = xfrm_state_build(buffer, XFRM_MSG_NEWSA, &sa);
    assert_int_equal(request->nlmsg_type, XFRM_MSG_NEWSA);
    xfrm_lab_expect(request, aead_in_udp);
}

static void cbc_with_hmac_and_esn(void **state)
{
    (void)state;
    uint8_t buffer[XFRM_REQUEST_MAX] __attribute__((aligned(8)));
    struct xfrm_sa sa = xfrm_lab_sa(0x11223344);
    struct protection protection = {.cipher = cipher_algorithm_find(ENCR_AES_CBC),
                                    .key_bits = 128,
                                    .integrity = integrity_algorithm_find(AUTH_HMAC_SHA2_256_128)};
    struct secret encryption = {.length = 16}, integrity = {.length = 32};
    memset(encryption.data, 0x66, 16);
    memset(integrity.data, 0x55, 32);
    sa.protection = &protection;
    sa.encryption = &encryption;
    sa.integrity = &integrity;
    sa.path.source.ip = net_lab_address("2001:db8::1");
    sa.path.destination.ip = net_lab_address("2001:db8::2");
    sa.transport_mode = sa.esn = true;
    sa.replay_window = 64;
    sa.copy_dscp = false;
    xfrm_lab_expect(xfrm_state_build(buffer, XFRM_MSG_NEWSA, &sa), cbc_with_esn);
}

static const struct xfrm_usersa_info *info_of(const struct xfrm_sa *sa, uint8_t *buffer)
{
    return mnl_nlmsg_get_payload(xfrm_state_build(buffer, XFRM_MSG_NEWSA, sa));
}

static void limits(void **state)
{
    (void)state;
    uint8_t buffer[XFRM_REQUEST_MAX] __attribute__((aligned(8)));
    struct xfrm_sa sa = xfrm_lab_sa(1);
    sa.lifetime = (struct esp_lifetime){.soft_octets = 10, .hard_packets = 20};
    const struct xfrm_lifetime_cfg *lft = &info_of(&sa, buffer)->lft;
    assert_int_equal(lft->soft_byte_limit, 10);
    assert_int_equal(lft->hard_packet_limit, 20);
    assert_true(lft->hard_byte_limit == XFRM_INF && lft->soft_packet_limit == XFRM_INF);
    sa.tell_first_packet = true;
    assert_int_equal(info_of(&sa, buffer)->lft.soft_packet_limit, 0);
}

static const struct xfrm_replay_state_esn *window_of(const struct xfrm_sa *sa, uint8_t *buffer)
{
    const struct nlmsghdr *request = xfrm_state_build(buffer, XFRM_MSG_NEWSA, sa);
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, request, sizeof(struct xfrm_usersa_info))
    {
        if (mnl_attr_get_type(attribute) == XFRMA_REPLAY_ESN_VAL) {
            return mnl_attr_get_payload(attribute);
        }
    }
    return NULL;
}

static void replay_windows_of_any_size(void **state)
{
    (void)state;
    uint8_t buffer[XFRM_REQUEST_MAX] __attribute__((aligned(8)));
    struct xfrm_sa sa = xfrm_lab_sa(1);
    assert_null(window_of(&sa, buffer));
    static const uint32_t sizes[] = {1, 32, 33, 1000, 4096};
    for (size_t i = 0; i < 5; i++) {
        sa.replay_window = sizes[i];
        const struct xfrm_replay_state_esn *window = window_of(&sa, buffer);
        assert_int_equal(window->replay_window, sizes[i]);
        assert_int_equal(window->bmp_len, (sizes[i] + 31) / 32);
    }
    sa.replay_window = 0;
    sa.esn = true; /* the high half of a number comes from a window */
    assert_int_equal(window_of(&sa, buffer)->replay_window, 4096);
}

/* ---- with a kernel that has ESP ---- */

#define STATE "ip -s xfrm state 2>&1"

static struct xfrm_sa_id id_of(const struct xfrm_sa *sa)
{
    return (struct xfrm_sa_id){.spi = sa->spi, .destination = sa->path.destination.ip};
}

static void added_and_removed(void **state)
{
    (void)state;
    xfrm_lab_enter();
    struct xfrm_sa sa = xfrm_lab_sa(0x1001);
    struct xfrm_sa_id id = id_of(&sa);
    struct xfrm_sa_usage usage;
    sa.replay_window = 1000;
    assert_int_equal(xfrm_state_add(&sa), 0);
    assert_int_equal(xfrm_state_add(&sa), EEXIST);
    assert_int_equal(xfrm_lab_count(STATE, "spi 0x00001001"), 1);
    assert_int_equal(xfrm_lab_count(STATE, "replay_window 1000"), 1);
    assert_int_equal(xfrm_state_usage(&id, &usage), 0);
    assert_int_equal(usage.packets | usage.octets | usage.sequence_out, 0);
    assert_int_equal(xfrm_state_remove(&id), 0);
    assert_int_equal(xfrm_state_usage(&id, &usage), ESRCH);
    assert_int_equal(xfrm_state_remove(&id), ESRCH);
}

static void moved(void **state)
{
    (void)state;
    xfrm_lab_enter();
    struct xfrm_sa sa = xfrm_lab_sa(0x1001);
    sa.esn = true;
    sa.path.udp_encapsulation = true;
    struct xfrm_sa_id id = id_of(&sa);
    struct xfrm_sa_usage usage;
    assert_int_equal(xfrm_state_add(&sa), 0);
    sa.path.destination.port = 40000;
    assert_int_equal(xfrm_state_move(&id, &sa.path, 100), 0); /* only a port: in place */
    assert_int_equal(xfrm_lab_count(STATE, "dport 40000"), 1);
    assert_int_equal(xfrm_state_usage(&id, &usage), 0);
    assert_int_equal(usage.sequence_out, 0);
    sa.path.destination.ip = net_lab_address("2001:db8::2");
    sa.path.source.ip = net_lab_address("2001:db8::1");
    sa.path.udp_encapsulation = false;
    assert_int_equal(xfrm_state_move(&id, &sa.path, 100), 0);
    assert_int_equal(xfrm_state_usage(&id, &usage), ESRCH);
    id = id_of(&sa);
    assert_int_equal(xfrm_state_usage(&id, &usage), 0);
    assert_int_equal(usage.sequence_out, 100);
    assert_int_equal(xfrm_lab_count(STATE, "espinudp"), 0);
    assert_int_equal(xfrm_state_remove(&id), 0);
}

static void other_limits(void **state)
{
    (void)state;
    xfrm_lab_enter();
    struct xfrm_sa sa = xfrm_lab_sa(0x1001);
    struct xfrm_sa_id id = id_of(&sa);
    sa.tell_first_packet = true;
    assert_int_equal(xfrm_state_add(&sa), 0);
    assert_int_equal(xfrm_lab_count(STATE, "limit: soft 0(packets)"), 1);
    struct esp_lifetime lifetime = {.soft_packets = 4711};
    assert_int_equal(xfrm_state_set_lifetime(&id, &lifetime), 0);
    assert_int_equal(xfrm_lab_count(STATE, "limit: soft 4711(packets)"), 1);
    assert_int_equal(xfrm_state_remove(&id), 0);
}

static void cleared_by_reqid(void **state)
{
    (void)state;
    xfrm_lab_enter();
    for (uint32_t i = 0; i < 40; i++) {
        struct xfrm_sa sa = xfrm_lab_sa(0x1000 + i);
        sa.reqid = 100 + i % 4;
        assert_int_equal(xfrm_state_add(&sa), 0);
    }
    assert_int_equal(xfrm_state_clear(101, 102), 20);
    assert_int_equal(xfrm_state_clear(101, 102), 0);
    assert_int_equal(xfrm_state_clear(0, UINT32_MAX), 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_aead_in_udp),
                                       cmocka_unit_test(cbc_with_hmac_and_esn),
                                       cmocka_unit_test(limits),
                                       cmocka_unit_test(replay_windows_of_any_size),
                                       cmocka_unit_test(added_and_removed),
                                       cmocka_unit_test(moved),
                                       cmocka_unit_test(other_limits),
                                       cmocka_unit_test(cleared_by_reqid)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* host/tun_mtu.c: what fits whatever is negotiated, counted by hand from RFC 4303 2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>

#include "host/tun_mtu.h"

static struct peer_config *peers;
static struct endpoint_config config;

static int set_up(void **state)
{
    (void)state;
    peers = calloc(2, sizeof(*peers));
    config = (struct endpoint_config){.peer_count = 2, .peers = peers};
    return peers == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(peers);
    return 0;
}

static void offer(size_t peer, size_t child, const char *text)
{
    struct proposal_list *list = &peers[peer].children[child].proposals;
    const char *error;
    peers[peer].child_count = child + 1;
    if (!proposal_parse_text(text, PROTOCOL_ESP, &list->items[list->count++], &error)) {
        fail_msg("%s: %s", text, error);
    }
}

/* 1500, less IPv6 40, UDP 8, ESP header 8, IV and ICV; rounded down to whole blocks, or four
 * octets; less two of the trailer. */
static void one_proposal(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint32_t mtu;
    } rows[] = {
        {"aes128gcm16", 1418},        /* IV 8, ICV 16 */
        {"aes256gcm16-x25519", 1418}, /* a key exchange takes nothing */
        {"chacha20poly1305-esn", 1418} /* nor do the high 32 bits, which are not sent */,
        {"null-sha256", 1426},          /* no IV, ICV 16 */
        {"aes128-sha256", 1406},        /* IV 16, ICV 16: 1412 rounded to 1408 */
        {"aes256-sha384", 1390},        /* ICV 24: 1404 rounded to 1392 */
        {"aes256-sha512", 1390},        /* ICV 32: 1396 rounded to 1392 */
        {"aes128-sha256-sha512", 1390}, /* the peer may choose either */
        {"aes128gcm16-aes256gcm16", 1418},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        peers[0].children[0].proposals.count = 0;
        offer(0, 0, rows[i].text);
        uint32_t mtu = tun_mtu_choose(&config);
        if (mtu != rows[i].mtu) {
            fail_msg("%s: %u", rows[i].text, mtu);
        }
    }
}

static void the_smallest_of_all_children_of_all_peers(void **state)
{
    (void)state;
    offer(0, 0, "aes256gcm16");
    offer(1, 0, "aes256gcm16");
    offer(1, 1, "aes256gcm16");
    assert_int_equal(tun_mtu_choose(&config), 1418);
    offer(1, 1, "aes128-sha256"); /* its second choice */
    assert_int_equal(tun_mtu_choose(&config), 1406);
    offer(0, 1, "aes128-sha512");
    assert_int_equal(tun_mtu_choose(&config), 1390);
}

static void nothing_to_protect(void **state)
{
    (void)state;
    struct endpoint_config empty = {0};
    assert_int_equal(tun_mtu_choose(&empty), 1500);
    assert_int_equal(tun_mtu_choose(&config), 1500);
}

/* The routes have what fits, or what was configured; in transport mode the TUN takes all. */
static void of_routes_and_of_the_interface(void **state)
{
    (void)state;
    struct host_config host = {.endpoint = config};
    offer(0, 0, "aes256gcm16");
    host.endpoint = config;
    assert_int_equal(tun_mtu_inner(&host), 1418);
    assert_int_equal(tun_mtu_interface(&host), 1418);
    host.mtu = 1300;
    assert_int_equal(tun_mtu_inner(&host), 1300);
    assert_int_equal(tun_mtu_interface(&host), 1300);
    offer(1, 1, "aes256gcm16");
    peers[1].children[1].transport_mode = true;
    assert_int_equal(tun_mtu_inner(&host), 1300);
    assert_int_equal(tun_mtu_interface(&host), 65535);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_proposal, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_smallest_of_all_children_of_all_peers, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(nothing_to_protect, set_up, tear_down),
        cmocka_unit_test_setup_teardown(of_routes_and_of_the_interface, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

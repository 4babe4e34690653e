/* From what IKE negotiated to what the data plane installs, RFC 7296 2.17. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "endpoint/endpoint.h"

static void test_every_field(void **state)
{
    static struct event event;
    static struct esp_pair_config out;
    struct child_config config;
    (void)state;
    child_config_defaults(&config);
    config.replay_window = 128;
    config.copy_dscp = false;
    config.ecn = true;
    config.lifetime = (struct lifetime_config){
        .soft_ns = 9, .soft_octets = 1, .hard_octets = 2, .soft_packets = 3, .hard_packets = 4};
    event.child_sa = 77;
    event.child = (struct child_sa_info){
        .spi_in = 0x1001, .spi_out = 0x1002, .transport_mode = true, .esn = true};
    event.child.outbound_standby = event.child.udp_encapsulation = true;
    event.child.path.remote.port = 4500;
    event.child.local.count = 1;
    event.child.remote.count = 2;
    memset(&event.child.encryption_in, 1, sizeof event.child.encryption_in);
    memset(&event.child.encryption_out, 2, sizeof event.child.encryption_out);
    memset(&event.child.integrity_in, 3, sizeof event.child.integrity_in);
    memset(&event.child.integrity_out, 4, sizeof event.child.integrity_out);
    memset(&out, 0xff, sizeof out); /* nothing may be left of what was there */
    child_sa_to_esp_pair(&event, &config, 5, &out);
    assert_int_equal(out.spi_in, 0x1001);
    assert_int_equal(out.spi_out, 0x1002);
    assert_int_equal(out.policy, 5);
    assert_int_equal(out.user, 77);
    assert_int_equal(out.replay_window, 128);
    assert_true(out.esn && out.transport_mode && out.outbound_standby && out.udp_encapsulation);
    assert_true(out.ecn && !out.copy_dscp);
    assert_int_equal(out.path.remote.port, 4500);
    assert_int_equal(out.path_mtu, 0); /* the data plane's default */
    assert_int_equal(out.local.count, 1);
    assert_int_equal(out.remote.count, 2);
    assert_memory_equal(&out.encryption_in, &event.child.encryption_in, sizeof out.encryption_in);
    assert_memory_equal(&out.encryption_out, &event.child.encryption_out,
                        sizeof out.encryption_out);
    assert_memory_equal(&out.integrity_in, &event.child.integrity_in, sizeof out.integrity_in);
    assert_memory_equal(&out.integrity_out, &event.child.integrity_out, sizeof out.integrity_out);
    assert_int_equal(out.lifetime.soft_octets, 1); /* volume only: time is the core's */
    assert_int_equal(out.lifetime.hard_octets, 2);
    assert_int_equal(out.lifetime.soft_packets, 3);
    assert_int_equal(out.lifetime.hard_packets, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_field),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

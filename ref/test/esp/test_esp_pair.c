/* A pair as it is kept: what makes a sound one, and how far it may be used. */
#include "esp_lab.h"

static void test_pair_must_be_sound(void **state)
{
    (void)state;
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 4});
    const struct esp_pair_config good = lab_config(&lab, true, 1);
    struct esp_pair_config bad[8];
    for (size_t i = 0; i < 8; i++) {
        bad[i] = good;
    }
    bad[0].spi_in = 255; /* reserved, RFC 4303 2.1 */
    bad[1].spi_out = 0;
    bad[2].replay_window = 4097;
    bad[3].encryption_out.length--;
    bad[4].integrity_in.length = 0;
    bad[5].protection.integrity = NULL;
    bad[6].protection.cipher = NULL;
    bad[7].policy = 77;
    for (size_t i = 0; i < 8; i++) {
        assert_int_equal(esp_plane_pair_install(lab.a, &bad[i], 0), STATUS_INTERNAL);
    }
    assert_int_equal(esp_plane_pair_install(lab.a, &good, 0), STATUS_OK);
    assert_int_equal(esp_plane_pair_install(lab.a, &good, 0), STATUS_INTERNAL); /* SPI in use */
    lab_destroy(&lab);
}

static struct esp_pair *pair_with(const struct lab_options *options, uint16_t path_mtu)
{
    struct lab lab;
    lab_create(&lab, options);
    struct esp_pair_config config = lab_config(&lab, true, 1);
    config.path_mtu = path_mtu;
    lab_destroy(&lab);
    struct esp_pair *pair = esp_pair_create(&config);
    assert_non_null(pair);
    return pair;
}

/* Without ESN 2^32 - 1 is the last number (RFC 4303 3.3.3); with it, that of 64 bits. */
static void test_sequence_numbers_end(void **state)
{
    (void)state;
    for (unsigned esn = 0; esn < 2; esn++) {
        struct esp_pair *pair = pair_with(&(struct lab_options){.algorithm = 0, .esn = esn}, 0);
        uint64_t last = esn ? UINT64_MAX : UINT32_MAX;
        assert_true(esp_pair_may_seal(pair, 1));
        assert_false(esp_pair_is_soft_expired(pair));
        pair->sequence_out = last - SEQUENCE_SOFT_MARGIN;
        assert_false(esp_pair_is_soft_expired(pair));
        pair->sequence_out++;
        assert_true(esp_pair_is_soft_expired(pair));
        pair->sequence_out = last - 1;
        assert_true(esp_pair_may_seal(pair, 1));
        pair->sequence_out = last;
        assert_false(esp_pair_may_seal(pair, 1));
        assert_true(esp_pair_may_open(pair, 1)); /* the peer counts its own */
        esp_pair_destroy(pair);
    }
}

static void test_lifetimes_of_each_direction(void **state)
{
    (void)state;
    struct lab_options options = {
        .algorithm = 0,
        .lifetime = {
            .soft_octets = 600, .hard_octets = 1000, .soft_packets = 3, .hard_packets = 5}};
    struct esp_pair *pair = pair_with(&options, 0);
    pair->usage.octets_out = 900;
    assert_true(esp_pair_may_seal(pair, 100));
    assert_false(esp_pair_may_seal(pair, 101));
    assert_true(esp_pair_may_open(pair, 1000)); /* each direction for itself */
    assert_false(esp_pair_may_open(pair, 1001));
    pair->usage.octets_out = 0;
    pair->usage.packets_in = 4;
    assert_true(esp_pair_may_open(pair, 1));
    pair->usage.packets_in = 5;
    assert_false(esp_pair_may_open(pair, 1));
    assert_true(esp_pair_may_seal(pair, 1));
    pair->expired = true;
    assert_false(esp_pair_may_seal(pair, 1));

    const struct esp_usage below = {
        .packets_in = 2, .packets_out = 2, .octets_in = 599, .octets_out = 599};
    struct esp_usage *usage = &pair->usage;
    uint64_t *const counts[] = {&usage->packets_in, &usage->packets_out, &usage->octets_in,
                                &usage->octets_out};
    for (size_t i = 0; i < 4; i++) { /* any one of the four is enough for the soft one */
        *usage = below;
        assert_false(esp_pair_is_soft_expired(pair));
        ++*counts[i];
        assert_true(esp_pair_is_soft_expired(pair));
    }
    esp_pair_destroy(pair);
}

static void test_inner_mtu_follows_the_path(void **state)
{
    (void)state;
    struct esp_pair *pair = pair_with(&(struct lab_options){.algorithm = 0}, 0);
    assert_int_equal(pair->path_mtu, 1500);
    assert_int_equal(pair->inner_mtu,
                     esp_inner_mtu(&pair->protection, false, false, ADDRESS_V4, 1500));
    esp_pair_set_path_mtu(pair, 1400);
    assert_int_equal(pair->inner_mtu,
                     esp_inner_mtu(&pair->protection, false, false, ADDRESS_V4, 1400));
    esp_pair_set_path_mtu(pair, 100);
    assert_int_equal(pair->path_mtu, 576); /* less is not believed */
    struct path path = {{lab_address("2001:db8::1"), 4500}, {lab_address("2001:db8::2"), 4500}};
    pair->moved_reported = true;
    esp_pair_set_path(pair, &path, true);
    assert_true(path_equal(&pair->path, &path));
    assert_false(pair->moved_reported);     /* any other place is news again */
    assert_int_equal(pair->path_mtu, 1280); /* of every IPv6 link, RFC 8200 5 */
    assert_int_equal(pair->inner_mtu,
                     esp_inner_mtu(&pair->protection, false, true, ADDRESS_V6, 1280));
    esp_pair_destroy(pair);
    pair = pair_with(&(struct lab_options){.algorithm = 0}, 1300);
    assert_int_equal(pair->path_mtu, 1300);
    esp_pair_destroy(pair);
}

/* 10.1.0.0/16 here, 10.2.0.0/16 there: the same packet fits one direction only. */
static void test_selectors_of_each_direction(void **state)
{
    (void)state;
    struct esp_pair *pair = pair_with(&(struct lab_options){.algorithm = 0}, 0);
    struct packet_key key = {.source = lab_address("10.1.0.1"),
                             .destination = lab_address("10.2.0.1"),
                             .protocol = IP_PROTOCOL_UDP};
    struct packet_key back = key;
    back.source = key.destination;
    back.destination = key.source;
    assert_true(esp_pair_matches_outbound(pair, &key));
    assert_false(esp_pair_matches_inbound(pair, &key));
    assert_true(esp_pair_matches_inbound(pair, &back));
    assert_false(esp_pair_matches_outbound(pair, &back));
    key.destination = lab_address("10.3.0.1");
    assert_false(esp_pair_matches_outbound(pair, &key));
    esp_pair_destroy(pair);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pair_must_be_sound),
        cmocka_unit_test(test_sequence_numbers_end),
        cmocka_unit_test(test_lifetimes_of_each_direction),
        cmocka_unit_test(test_inner_mtu_follows_the_path),
        cmocka_unit_test(test_selectors_of_each_direction),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

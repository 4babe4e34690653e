/* The tables of the data plane: SAD, SPD, held packets, waiting events. */
#include "esp_lab.h"

#include <stdlib.h>

/* ---- SAD ---- */

static struct esp_pair *pair_of(uint32_t spi)
{
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    struct esp_pair_config config = lab_config(&lab, true, 1);
    lab_destroy(&lab);
    config.spi_in = spi;
    struct esp_pair *pair = esp_pair_create(&config);
    assert_non_null(pair);
    return pair;
}

static void test_sad_finds_what_was_put_in(void **state)
{
    (void)state;
    struct sad sad;
    assert_true(sad_init(&sad));
    for (uint32_t i = 0; i < 300; i++) { /* beyond the first size, and many in one bucket */
        sad_insert(&sad, pair_of(0x10000 + (i % 3 == 0 ? i * 1024 : i)));
    }
    assert_true(sad.bucket_count > 64);
    size_t seen = 0;
    for (struct esp_pair *pair = sad_next(&sad, NULL); pair != NULL; pair = sad_next(&sad, pair)) {
        assert_ptr_equal(sad_find(&sad, pair->spi_in), pair);
        seen++;
    }
    assert_int_equal(seen, 300);
    struct esp_pair *pair = sad_find(&sad, 0x10000 + 7);
    sad_remove(&sad, pair);
    esp_pair_destroy(pair);
    assert_null(sad_find(&sad, 0x10000 + 7));
    assert_int_equal(sad.count, 299);
    sad_free(&sad);
}

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

/* ---- SPD ---- */

static struct selector_list one(const char *text)
{
    struct selector_list list = {.count = 1};
    assert_true(selector_parse(text, &list.items[0]));
    return list;
}

static uint32_t add(struct spd *spd, enum policy_action action, const char *local,
                    const char *remote)
{
    struct esp_policy policy = {.action = action, .local = one(local), .remote = one(remote)};
    struct spd_entry *entry = spd_add(spd, &policy);
    assert_non_null(entry);
    return entry->id;
}

static uint32_t match(const struct spd *spd, const char *to, uint8_t protocol, bool has_ports,
                      uint16_t port)
{
    struct packet_key key = {.source = lab_address("10.1.0.1"),
                             .destination = lab_address(to),
                             .protocol = protocol,
                             .has_ports = has_ports,
                             .source_port = 5000,
                             .destination_port = port};
    struct spd_entry *entry = spd_match(spd, &key);
    return entry == NULL ? 0 : entry->id;
}

static void test_spd_first_match_wins(void **state)
{
    (void)state;
    struct spd spd = {0};
    uint32_t web = add(&spd, POLICY_PROTECT, "10.1.0.0/16", "10.2.0.0/16[tcp/443]");
    uint32_t gone = add(&spd, POLICY_DISCARD, "10.1.0.0/16", "10.2.9.0/24");
    uint32_t rest = add(&spd, POLICY_PROTECT, "10.1.0.0/16", "10.2.0.0/16");
    uint32_t clear = add(&spd, POLICY_BYPASS, "10.1.0.0/16", "0.0.0.0/0");
    assert_int_equal(match(&spd, "10.2.0.1", 6, true, 443), web);
    assert_int_equal(match(&spd, "10.2.9.1", 6, true, 443), web);
    assert_int_equal(match(&spd, "10.2.9.1", 6, true, 80), gone);
    assert_int_equal(match(&spd, "10.2.0.1", 17, true, 443), rest);
    assert_int_equal(match(&spd, "192.0.2.7", 17, true, 443), clear);
    /* a later fragment has no port: only "any port" fits */
    assert_int_equal(match(&spd, "10.2.0.1", 6, false, 0), rest);
    while (spd.first != NULL) {
        spd_remove(&spd, spd.first);
    }
}

/* RFC 4301 7.4: what might be part of protected traffic is not let out as a fragment. */
static void test_fragments_do_not_slip_past_a_port(void **state)
{
    (void)state;
    struct spd spd = {0};
    (void)add(&spd, POLICY_PROTECT, "10.1.0.0/16", "10.2.0.0/16[tcp/443]");
    uint32_t clear = add(&spd, POLICY_BYPASS, "10.1.0.0/16", "0.0.0.0/0");
    assert_int_equal(match(&spd, "10.2.0.1", 6, true, 80), clear);
    assert_int_equal(match(&spd, "10.2.0.1", 6, false, 0), 0);
    assert_int_equal(match(&spd, "10.2.0.1", 17, false, 0), clear);
    assert_int_equal(match(&spd, "10.3.0.1", 6, false, 0), clear);
    while (spd.first != NULL) {
        spd_remove(&spd, spd.first);
    }
}

/* ---- held packets ---- */

static void test_hold_keeps_order_and_limit(void **state)
{
    (void)state;
    struct hold hold;
    struct packet_key key = {.protocol = 17};
    hold_init(&hold);
    for (uint8_t i = 0; i < 5; i++) {
        struct held_packet *held = hold_push(&hold, 4, &key, bytes_of(&i, 1));
        assert_int_equal(held != NULL, i < 4);
    }
    struct held_packet **second = &hold.first->next;
    hold_drop(&hold, second);
    struct held_packet **last = &(*second)->next;
    hold_drop(&hold, last);
    uint8_t again = 9;
    assert_non_null(hold_push(&hold, 4, &key, bytes_of(&again, 1)));
    assert_int_equal(hold.count, 3);
    assert_int_equal(hold.first->octets[0], 0);
    assert_int_equal(hold.first->next->octets[0], 2);
    assert_int_equal(hold.first->next->next->octets[0], 9);
    assert_null(hold.first->next->next->next);
    hold_clear(&hold);
    assert_int_equal(hold.count, 0);
    assert_non_null(hold_push(&hold, 4, &key, bytes_of(&again, 1)));
    hold_clear(&hold);
}

/* ---- events ---- */

static void test_events_in_order_without_repeats(void **state)
{
    (void)state;
    struct event_queue queue = {0};
    struct event_entry entries[3] = {0};
    struct esp_event event = {0};
    for (uint32_t i = 0; i < 3; i++) {
        event.policy = i;
        event_queue_push(&queue, &entries[i], &event);
    }
    event.policy = 10; /* newer content, same place */
    event_queue_push(&queue, &entries[0], &event);
    event_queue_remove(&queue, &entries[2]);
    event_queue_remove(&queue, &entries[2]);
    assert_true(event_queue_pop(&queue, &event));
    assert_int_equal(event.policy, 10);
    event.policy = 20;
    event_queue_push(&queue, &entries[2], &event);
    assert_true(event_queue_pop(&queue, &event));
    assert_int_equal(event.policy, 1);
    assert_true(event_queue_pop(&queue, &event));
    assert_int_equal(event.policy, 20);
    assert_false(event_queue_pop(&queue, &event));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sad_finds_what_was_put_in),
        cmocka_unit_test(test_pair_must_be_sound),
        cmocka_unit_test(test_spd_first_match_wins),
        cmocka_unit_test(test_fragments_do_not_slip_past_a_port),
        cmocka_unit_test(test_hold_keeps_order_and_limit),
        cmocka_unit_test(test_events_in_order_without_repeats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The SPD: which policy a packet belongs to and which pair carries it, RFC 4301 4.4.1. */
#include "esp_lab.h"

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

static void test_ids_are_never_reused(void **state)
{
    (void)state;
    struct spd spd = {0};
    uint32_t first = add(&spd, POLICY_BYPASS, "10.1.0.0/16", "10.2.0.0/16");
    uint32_t second = add(&spd, POLICY_DISCARD, "10.1.0.0/16", "0.0.0.0/0");
    assert_int_not_equal(first, 0);
    spd_remove(&spd, spd_find(&spd, first));
    assert_null(spd_find(&spd, first));
    uint32_t third = add(&spd, POLICY_BYPASS, "10.1.0.0/16", "10.2.0.0/16");
    assert_true(third != first && third != second);
    assert_int_equal(match(&spd, "10.2.0.1", 6, true, 80), second); /* added at the end */
    spd_remove(&spd, spd_find(&spd, second));
    assert_int_equal(match(&spd, "10.2.0.1", 6, true, 80), third);
    spd_remove(&spd, spd_find(&spd, third));
    assert_null(spd.first);
}

static struct esp_pair *pair_on(struct spd_entry *entry, uint32_t number, bool standby)
{
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    struct esp_pair_config config = lab_config(&lab, true, number);
    lab_destroy(&lab);
    config.outbound_standby = standby;
    struct esp_pair *pair = esp_pair_create(&config);
    assert_non_null(pair);
    spd_entry_attach(entry, pair);
    return pair;
}

static void test_which_pair_carries_it(void **state)
{
    (void)state;
    struct spd spd = {0};
    struct spd_entry *entry =
        spd_find(&spd, add(&spd, POLICY_PROTECT, "10.1.0.0/16", "10.2.0.0/16"));
    struct packet_key key = {.source = lab_address("10.1.0.1"),
                             .destination = lab_address("10.2.0.1"),
                             .protocol = IP_PROTOCOL_UDP};
    bool expired = true;
    assert_null(spd_entry_pair(entry, &key, &expired));
    assert_false(expired);

    struct esp_pair *pairs[4];
    for (uint32_t i = 0; i < 4; i++) { /* 2 and 3 wait for the peer, RFC 7296 2.8 */
        pairs[i] = pair_on(entry, i + 1, i >= 2);
    }
    assert_ptr_equal(spd_entry_pair(entry, &key, &expired), pairs[1]);
    pairs[1]->expired = true;
    assert_ptr_equal(spd_entry_pair(entry, &key, &expired), pairs[0]);
    spd_entry_detach(pairs[0]);
    spd_entry_detach(pairs[0]); /* no matter */
    assert_null(pairs[0]->policy);
    assert_ptr_equal(spd_entry_pair(entry, &key, &expired), pairs[2]);
    pairs[3]->standby = false;
    assert_ptr_equal(spd_entry_pair(entry, &key, &expired), pairs[3]);
    pairs[2]->expired = pairs[3]->expired = true;
    assert_null(spd_entry_pair(entry, &key, &expired));
    assert_true(expired);
    key.destination = lab_address("10.3.0.1"); /* outside: not expired, but none */
    assert_null(spd_entry_pair(entry, &key, &expired));
    assert_false(expired);
    for (size_t i = 0; i < 4; i++) {
        spd_entry_detach(pairs[i]);
        esp_pair_destroy(pairs[i]);
    }
    assert_null(entry->newest);
    spd_remove(&spd, entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spd_first_match_wins),
        cmocka_unit_test(test_fragments_do_not_slip_past_a_port),
        cmocka_unit_test(test_ids_are_never_reused),
        cmocka_unit_test(test_which_pair_carries_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

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
    assert_int_equal(spd_entry_attach(entry, pair), STATUS_OK);
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

/* ---- against a look at every one ---- */

static uint64_t dice = 1;

static uint32_t below(uint32_t sides)
{
    dice = dice * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(dice >> 33) % sides;
}

/* Of a small world, in which much meets. */
static struct address some_address(bool v6)
{
    struct address a = lab_address(v6 ? "2001:db8::" : "10.0.0.0");
    a.octets[v6 ? 7 : 2] = (uint8_t)(below(3) << 6);
    a.octets[v6 ? 15 : 3] = (uint8_t)(below(3) << 6);
    return a;
}

static struct traffic_selector some_selector(bool v6)
{
    struct address a = some_address(v6), b = some_address(v6);
    struct traffic_selector s = selector_any(v6 ? ADDRESS_V6 : ADDRESS_V4);
    if (below(4) != 0) {
        bool forwards = address_compare(&a, &b) <= 0;
        s.start = forwards ? a : b;
        s.end = below(2) == 0 ? s.start : forwards ? b : a;
    }
    s.protocol = below(2) == 0 ? 0 : IP_PROTOCOL_UDP;
    switch (below(5)) {
    case 0:
        s.port_start = UINT16_MAX; /* OPAQUE */
        s.port_end = 0;
        break;
    case 1:
        s.port_start = (uint16_t)below(3);
        s.port_end = (uint16_t)(s.port_start + below(3));
        break;
    }
    return s;
}

static struct selector_list some_selectors(void)
{
    struct selector_list list = {.count = 1 + below(3)};
    for (size_t i = 0; i < list.count; i++) {
        list.items[i] = some_selector(below(4) == 0);
    }
    return list;
}

static struct packet_key some_packet(void)
{
    bool v6 = below(4) == 0;
    return (struct packet_key){.source = some_address(v6),
                               .destination = some_address(v6),
                               .protocol = below(2) == 0 ? IP_PROTOCOL_UDP : IP_PROTOCOL_TCP,
                               .has_ports = below(3) != 0,
                               .source_port = (uint16_t)below(5),
                               .destination_port = (uint16_t)below(5)};
}

static bool fits(struct selectors local, struct selectors remote, const struct packet_key *key)
{
    return selectors_match(local, &key->source, key->protocol, key->has_ports, key->source_port) &&
           selectors_match(remote, &key->destination, key->protocol, key->has_ports,
                           key->destination_port);
}

static bool fits_but_for_ports(struct selector_list list, const struct address *address,
                               uint8_t protocol)
{
    for (size_t i = 0; i < list.count; i++) {
        list.items[i].port_start = 0;
        list.items[i].port_end = UINT16_MAX;
    }
    return selector_list_matches(&list, address, protocol, false, 0);
}

/* As RFC 4301 4.4.1 and 7.4 say it: one after the other, in their order. */
static const struct spd_entry *looked_for(const struct spd *spd, const struct packet_key *key)
{
    bool withheld = false;
    for (const struct spd_entry *entry = spd->first; entry != NULL; entry = entry->next) {
        const struct esp_policy *p = &entry->policy;
        if (fits(selectors_of(&p->local), selectors_of(&p->remote), key)) {
            return withheld && p->action == POLICY_BYPASS ? NULL : entry;
        }
        withheld = withheld || (!key->has_ports && p->action != POLICY_BYPASS &&
                                fits_but_for_ports(p->local, &key->source, key->protocol) &&
                                fits_but_for_ports(p->remote, &key->destination, key->protocol));
    }
    return NULL;
}

static void test_as_one_after_the_other(void **state)
{
    static const enum policy_action actions[] = {POLICY_PROTECT, POLICY_BYPASS, POLICY_DISCARD};
    (void)state;
    struct spd spd = {0};
    size_t found = 0, none = 0;
    for (size_t step = 0; step < 3000; step++) {
        if (spd.count < 12 && below(3) != 0) {
            struct esp_policy policy = {
                .action = actions[below(3)], .local = some_selectors(), .remote = some_selectors()};
            assert_non_null(spd_add(&spd, &policy));
        } else if (spd.count > 0) {
            uint32_t skip = below((uint32_t)spd.count);
            struct spd_entry *entry = spd.first;
            while (skip-- > 0) {
                entry = entry->next;
            }
            uint32_t id = entry->id;
            assert_ptr_equal(spd_find(&spd, id), entry);
            spd_remove(&spd, entry);
            assert_null(spd_find(&spd, id));
        }
        for (size_t i = 0; i < 20; i++) {
            struct packet_key key = some_packet();
            const struct spd_entry *wanted = looked_for(&spd, &key);
            assert_ptr_equal(spd_match(&spd, &key), wanted);
            found += wanted != NULL;
            none += wanted == NULL;
        }
    }
    assert_true(found > 1000 && none > 1000);
    while (spd.first != NULL) {
        spd_remove(&spd, spd.first);
    }
    assert_null(spd.last);
}

/* The newest that fits, or of those on standby the oldest. */
static const struct esp_pair *pair_looked_for(const struct spd_entry *entry,
                                              const struct packet_key *key, bool *expired)
{
    const struct esp_pair *standby = NULL;
    *expired = false;
    for (const struct esp_pair *pair = entry->newest; pair != NULL; pair = pair->older) {
        if (!fits(pair->local, pair->remote, key)) {
            continue;
        }
        if (!pair->expired && !pair->standby) {
            return pair;
        }
        *expired = *expired || pair->expired;
        standby = pair->expired ? standby : pair;
    }
    return standby;
}

static void test_pairs_as_one_after_the_other(void **state)
{
    static struct esp_pair pairs[12];
    static struct selector_list local[12], remote[12];
    (void)state;
    struct spd spd = {0};
    struct spd_entry *entry = spd_find(&spd, add(&spd, POLICY_PROTECT, "0.0.0.0/0", "0.0.0.0/0"));
    size_t attached = 0, standby = 0, used_up = 0;
    for (size_t step = 0; step < 3000; step++) {
        size_t n = below(12);
        struct esp_pair *pair = &pairs[n];
        if (pair->policy != NULL) {
            spd_entry_detach(pair);
            attached--;
        } else {
            local[n] = some_selectors();
            remote[n] = some_selectors();
            *pair = (struct esp_pair){.local = selectors_of(&local[n]),
                                      .remote = selectors_of(&remote[n]),
                                      .standby = below(2) == 0,
                                      .expired = below(4) == 0};
            assert_int_equal(spd_entry_attach(entry, pair), STATUS_OK);
            attached++;
        }
        assert_int_equal(entry->pair_count, attached);
        for (size_t i = 0; i < 20; i++) {
            struct packet_key key = some_packet();
            bool expired, wanted_expired;
            const struct esp_pair *wanted = pair_looked_for(entry, &key, &wanted_expired);
            assert_ptr_equal(spd_entry_pair(entry, &key, &expired), wanted);
            assert_true(wanted != NULL || expired == wanted_expired);
            standby += wanted != NULL && wanted->standby;
            used_up += wanted == NULL && wanted_expired;
        }
    }
    assert_true(standby > 1000 && used_up > 1000);
    for (size_t i = 0; i < 12; i++) {
        spd_entry_detach(&pairs[i]);
    }
    spd_remove(&spd, entry);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spd_first_match_wins),
        cmocka_unit_test(test_fragments_do_not_slip_past_a_port),
        cmocka_unit_test(test_ids_are_never_reused),
        cmocka_unit_test(test_which_pair_carries_it),
        cmocka_unit_test(test_as_one_after_the_other),
        cmocka_unit_test(test_pairs_as_one_after_the_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

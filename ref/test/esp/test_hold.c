/* Packets that wait for an SA. */
#include "esp_lab.h"

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

static void test_hold_keeps_a_copy(void **state)
{
    (void)state;
    struct hold hold;
    uint8_t octets[3] = {1, 2, 3};
    struct packet_key key = {.protocol = 17, .has_ports = true, .destination_port = 53};
    hold_init(&hold);
    struct held_packet *held = hold_push(&hold, 1, &key, bytes_of(octets, sizeof(octets)));
    assert_non_null(held);
    memset(octets, 0xff, sizeof(octets));
    memset(&key, 0xff, sizeof(key));
    static const uint8_t kept[3] = {1, 2, 3};
    assert_int_equal(held->length, 3);
    assert_memory_equal(held->octets, kept, 3);
    assert_int_equal(held->key.destination_port, 53);
    assert_false(held->asked);
    assert_null(hold_push(&hold, 1, &key, bytes_of(octets, 3)));
    hold_drop(&hold, &hold.first); /* the only one: the next goes to the front again */
    assert_null(hold.first);
    assert_non_null(hold_push(&hold, 1, &key, bytes_of(octets, 0)));
    assert_int_equal(hold.first->length, 0);
    hold_clear(&hold);
    assert_null(hold.first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hold_keeps_order_and_limit),
        cmocka_unit_test(test_hold_keeps_a_copy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The buffer a packet travels in. */
#include "esp_lab.h"

static uint8_t buffer[64];

/* A packet of the octets "abcd" at this place of a buffer of this size. */
static struct packet at(size_t offset, size_t capacity)
{
    memset(buffer, 0, sizeof(buffer));
    memcpy(buffer + offset, "abcd", 4);
    return (struct packet){.buffer = buffer, .capacity = capacity, .offset = offset, .length = 4};
}

/* Room where it is wanted: nothing moves. Room on the other side only: the octets move. */
static void test_room_in_front_and_behind(void **state)
{
    (void)state;
    static const struct {
        bool front;
        size_t offset, capacity, more;
        bool fits;
        size_t octets_at;
    } rows[] = {
        {true, 8, 12, 8, true, 8},         {true, 8, 12, 3, true, 8},
        {true, 2, 20, 8, true, 8},         {true, 0, 12, 8, true, 8},
        {true, 0, 11, 8, false, 0},        {true, 0, 4, 0, true, 0},
        {false, 8, 20, 8, true, 8},        {false, 8, 12, 8, true, 0},
        {false, 8, 14, 8, true, 2},        {false, 4, 11, 8, false, 4},
        {false, 0, 4, 1, false, 0},        {false, 8, 12, 0, true, 8},
        {true, 0, 64, SIZE_MAX, false, 0}, {false, 0, 64, SIZE_MAX, false, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct packet p = at(rows[i].offset, rows[i].capacity);
        size_t more = rows[i].more;
        assert_int_equal(rows[i].front ? packet_prepend(&p, more) : packet_append(&p, more),
                         rows[i].fits);
        assert_memory_equal(buffer + rows[i].octets_at, "abcd", 4);
        assert_true(packet_sound(&p));
        assert_int_equal(p.length, rows[i].fits ? 4 + more : 4);
        assert_int_equal(p.offset, rows[i].octets_at - (rows[i].front && rows[i].fits ? more : 0));
    }
}

static void test_strip(void **state)
{
    (void)state;
    struct packet p = at(3, 20);
    packet_strip(&p, 1);
    assert_ptr_equal(packet_octets(&p), buffer + 4);
    struct bytes left = packet_bytes(&p);
    assert_int_equal(left.length, 3);
    assert_memory_equal(left.data, "bcd", 3);
    packet_strip(&p, 3);
    assert_int_equal(packet_bytes(&p).length, 0);
    assert_true(packet_sound(&p));
}

static void test_soundness(void **state)
{
    (void)state;
    static const struct {
        size_t capacity, offset, length;
        bool sound;
    } rows[] = {
        {64, 0, 64, true},  {64, 64, 0, true},        {64, 60, 4, true}, {64, 60, 5, false},
        {64, 65, 0, false}, {64, 1, SIZE_MAX, false}, {0, 0, 0, true},   {64, SIZE_MAX, 1, false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct packet p = {.buffer = buffer,
                           .capacity = rows[i].capacity,
                           .offset = rows[i].offset,
                           .length = rows[i].length};
        assert_int_equal(packet_sound(&p), rows[i].sound);
        p.buffer = NULL;
        assert_false(packet_sound(&p));
    }
}

/* Every verdict has a name of its own: counters are told apart by it. */
static void test_names(void **state)
{
    (void)state;
    for (int i = 0; i < PACKET_VERDICTS; i++) {
        assert_non_null(packet_verdict_name((enum packet_verdict)i));
        for (int k = 0; k < i; k++) {
            assert_string_not_equal(packet_verdict_name((enum packet_verdict)i),
                                    packet_verdict_name((enum packet_verdict)k));
        }
    }
    assert_string_equal(packet_verdict_name((enum packet_verdict)PACKET_VERDICTS), "unknown");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_room_in_front_and_behind),
        cmocka_unit_test(test_strip),
        cmocka_unit_test(test_soundness),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* esp/datagram_train: only datagrams that differ in nothing but their octets go as one; what came
 * as one is cut where it was joined. */
#include "esp_lab.h"

#include "esp/datagram_train.h"

#define PACKETS 70

struct fleet {
    struct packet packets[PACKETS], *all[PACKETS];
};

static void lab_fill(struct fleet *lab, size_t length)
{
    memset(lab, 0, sizeof(*lab));
    for (size_t i = 0; i < PACKETS; i++) {
        lab->all[i] = &lab->packets[i];
        lab->packets[i].length = length;
        lab->packets[i].tos = 2;
        lab->packets[i].path.local.ip = lab_address("192.0.2.1");
        lab->packets[i].path.remote =
            (struct transport_address){.ip = lab_address("192.0.2.2"), .port = 4500};
    }
}

static void one_length(void **state)
{
    (void)state;
    static const struct {
        size_t lengths[4], expected;
    } rows[] = {
        {{100, 100, 100, 100}, 4}, {{100, 100, 40, 40}, 3}, {{100, 100, 40, 100}, 3},
        {{100, 101, 100, 100}, 1}, {{100, 40, 40, 40}, 2},  {{100, 100, 0, 100}, 2},
        {{0, 0, 0, 0}, 1},         {{1, 1, 1, 1}, 4},
    };
    struct fleet lab;
    lab_fill(&lab, 0);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        for (size_t j = 0; j < 4; j++) {
            lab.packets[j].length = rows[i].lengths[j];
        }
        assert_int_equal(datagram_train_length(lab.all, 4), rows[i].expected);
    }
}

/* The third differs, once as one of many and once as the short one at the end. */
static void one_way(void **state)
{
    (void)state;
    for (size_t what = 0; what < 5; what++) {
        struct fleet lab;
        lab_fill(&lab, 100);
        struct packet *odd = &lab.packets[2];
        odd->tos = what == 0 ? 3 : odd->tos;
        odd->dont_fragment = what == 1;
        odd->path.remote.port = what == 2 ? 4501 : 4500;
        odd->path.remote.ip = what == 3 ? lab_address("192.0.2.3") : odd->path.remote.ip;
        odd->path.local.ip = what == 4 ? lab_address("192.0.2.9") : odd->path.local.ip;
        assert_int_equal(datagram_train_length(lab.all, 4), 2);
        odd->length = 50;
        assert_int_equal(datagram_train_length(lab.all, 4), 2);
    }
}

/* 64 segments, and no more octets than a device takes at a time. */
static void as_many_as_the_kernel_takes(void **state)
{
    (void)state;
    struct fleet lab;
    lab_fill(&lab, 10);
    assert_int_equal(datagram_train_length(lab.all, PACKETS), TRAIN_SEGMENTS_MAX);
    assert_int_equal(datagram_train_length(lab.all, 1), 1);
    lab_fill(&lab, 1500);
    assert_int_equal(datagram_train_length(lab.all, PACKETS), 43);
    lab_fill(&lab, 1424); /* 46 of them and their headers are one IPv4 packet, and too many */
    assert_int_equal(datagram_train_length(lab.all, PACKETS), 45);
    lab_fill(&lab, 40000);
    assert_int_equal(datagram_train_length(lab.all, PACKETS), 1);
    lab_fill(&lab, 65535);
    assert_int_equal(datagram_train_length(lab.all, PACKETS), 1);
}

static void as_many_as_came(void **state)
{
    (void)state;
    assert_int_equal(datagram_train_count(300, 0), 1);
    assert_int_equal(datagram_train_count(300, 100), 3);
    assert_int_equal(datagram_train_count(301, 100), 4);
    assert_int_equal(datagram_train_count(80, 100), 1);
    assert_int_equal(datagram_train_count(0, 100), 0);
}

static void cut(size_t length, size_t segment, const size_t *expected)
{
    static struct lab_packet whole, one;
    uint8_t octets[300];
    for (size_t i = 0; i < length; i++) {
        octets[i] = (uint8_t)i;
    }
    lab_packet_set(&whole, octets, length);
    whole.packet.tos = 0xb9;
    whole.packet.path.remote = (struct transport_address){.ip = lab_address("::2"), .port = 7};
    one.packet = (struct packet){
        .buffer = one.octets, .capacity = ESP_HEADROOM + ESP_TAILROOM + 150}; /* no longer ones */
    size_t at = 0;
    for (; *expected != 0; expected++) {
        assert_true(datagram_train_next(&whole.packet, segment, &one.packet));
        assert_ptr_equal(one.packet.buffer, one.octets);
        assert_int_equal(one.packet.length, *expected);
        assert_int_equal(one.packet.offset, ESP_HEADROOM);
        assert_memory_equal(one.octets + ESP_HEADROOM, octets + at, *expected);
        assert_int_equal(one.packet.tos, 0xb9);
        assert_int_equal(one.packet.path.remote.port, 7);
        at += *expected;
    }
    assert_false(datagram_train_next(&whole.packet, segment, &one.packet));
}

static void cut_where_it_was_joined(void **state)
{
    (void)state;
    cut(300, 100, (const size_t[]){100, 100, 100, 0});
    cut(250, 100, (const size_t[]){100, 100, 50, 0});
    cut(100, 0, (const size_t[]){100, 0});
    cut(100, 100, (const size_t[]){100, 0});
    cut(80, 100, (const size_t[]){80, 0});
    cut(0, 100, (const size_t[]){0});
    cut(151, 0, (const size_t[]){0});
}

static void a_buffer_of_no_room(void **state)
{
    (void)state;
    uint8_t octets[100] = {0}, small[ESP_HEADROOM];
    struct packet whole = {.buffer = octets, .capacity = 100, .length = 100};
    struct packet packet = {.buffer = small, .capacity = sizeof(small)};
    assert_false(datagram_train_next(&whole, 50, &packet));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_length),
        cmocka_unit_test(one_way),
        cmocka_unit_test(as_many_as_the_kernel_takes),
        cmocka_unit_test(as_many_as_came),
        cmocka_unit_test(cut_where_it_was_joined),
        cmocka_unit_test(a_buffer_of_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* host/burst.c: buffers with room before and behind, that survive being emptied. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/burst.h"

static void packets_have_room_for_sealing(void **state)
{
    (void)state;
    struct burst burst;
    assert_true(burst_create(&burst));
    for (size_t i = 0; i < BURST_MAX; i++) {
        const struct packet *packet = &burst.packets[i];
        assert_int_equal(packet->offset, ESP_HEADROOM);
        assert_int_equal(packet->length, 0);
        assert_true(packet->capacity - packet->offset >= BURST_PACKET_MAX + ESP_TAILROOM);
    }
    burst_destroy(&burst);
    assert_null(burst.memory);
    burst_destroy(&burst); /* a second time is harmless */
}

static void buffers_do_not_overlap(void **state)
{
    (void)state;
    struct burst burst;
    assert_true(burst_create(&burst));
    for (size_t i = 0; i < BURST_MAX; i++) {
        memset(burst.packets[i].buffer, (int)i + 1, burst.packets[i].capacity);
    }
    for (size_t i = 0; i < BURST_MAX; i++) {
        const struct packet *packet = &burst.packets[i];
        assert_int_equal(packet->buffer[0], i + 1);
        assert_int_equal(packet->buffer[packet->capacity - 1], i + 1);
    }
    burst_destroy(&burst);
}

/* What one packet was told must not stick to the next one in its buffer. */
static void reset_leaves_only_the_buffer(void **state)
{
    (void)state;
    struct burst burst;
    assert_true(burst_create(&burst));
    struct packet *packet = &burst.packets[BURST_MAX - 1];
    const struct packet fresh = *packet;
    *packet = (struct packet){.buffer = fresh.buffer,
                              .capacity = fresh.capacity,
                              .offset = 3,
                              .length = 1400,
                              .path = {.remote = {.port = 4500}},
                              .udp_encapsulation = true,
                              .tos = 0xb8,
                              .dont_fragment = true,
                              .verdict = PACKET_DROP_INTERNAL,
                              .user = 9};
    burst_reset(&burst);
    assert_ptr_equal(packet->buffer, fresh.buffer);
    assert_int_equal(packet->capacity, fresh.capacity);
    assert_int_equal(packet->offset, ESP_HEADROOM);
    assert_int_equal(packet->length, 0);
    assert_int_equal(packet->path.remote.port, 0);
    assert_false(packet->udp_encapsulation);
    assert_int_equal(packet->tos, 0);
    assert_false(packet->dont_fragment);
    assert_int_equal(packet->verdict, fresh.verdict);
    assert_int_equal(packet->user, 0);
    burst_destroy(&burst);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(packets_have_room_for_sealing),
        cmocka_unit_test(buffers_do_not_overlap),
        cmocka_unit_test(reset_leaves_only_the_buffer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

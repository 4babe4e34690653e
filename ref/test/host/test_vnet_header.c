/* host/vnet_header: virtio's header as octets, which on a little-endian machine are those of the
 * standard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/vnet_header.h"

/* flags, gso_type, hdr_len, gso_size, csum_start, csum_offset */
static void octets_of(uint8_t flags, uint8_t type, const uint16_t fields[4], uint8_t out[10])
{
    out[0] = flags;
    out[1] = type;
    memcpy(out + 2, fields, 8);
}

static void parsed(void **state)
{
    (void)state;
    static const struct {
        uint8_t flags, type;
        bool known;
        uint16_t segment;
    } rows[] = {
        {0, 0, true, 0},         {1, 0, true, 0},         {1, 1, true, 1400}, {1, 4, true, 1400},
        {1, 0x81, true, 1400},   {1, 5, true, 1400},      {1, 3, false, 0},   {1, 2, false, 0},
        {1, 0x40 | 5, false, 0}, {1, 0x20 | 1, false, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t header[VNET_HEADER_LENGTH];
        struct offload offload;
        octets_of(rows[i].flags, rows[i].type, (const uint16_t[]){54, 1400, 20, 16}, header);
        assert_int_equal(vnet_header_parse(header, &offload), rows[i].known);
        assert_int_equal(offload.segment, rows[i].segment);
        assert_int_equal(offload.checksum_needed, rows[i].flags);
        assert_int_equal(offload.header_length, 54);
        assert_int_equal(offload.checksum_start, 20);
        assert_int_equal(offload.checksum_offset, 16);
    }
    uint8_t nothing[VNET_HEADER_LENGTH];
    struct offload offload;
    octets_of(1, 1, (const uint16_t[]){54, 0, 20, 16}, nothing);
    assert_false(vnet_header_parse(nothing, &offload)); /* to be cut into nothing */
}

static void built(void **state)
{
    (void)state;
    uint8_t header[VNET_HEADER_LENGTH], expected[VNET_HEADER_LENGTH] = {0};
    vnet_header_build(header, &(struct offload){0}, 4);
    assert_memory_equal(header, expected, sizeof(header));
    struct offload offload = {.segment = 1348,
                              .header_length = 72,
                              .checksum_needed = true,
                              .checksum_start = 40,
                              .checksum_offset = 16};
    octets_of(1, 4, (const uint16_t[]){72, 1348, 40, 16}, expected);
    vnet_header_build(header, &offload, 6);
    assert_memory_equal(header, expected, sizeof(header));
    expected[1] = 1;
    vnet_header_build(header, &offload, 4);
    assert_memory_equal(header, expected, sizeof(header));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parsed), cmocka_unit_test(built)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* esp/esp_header.c */
#include "prove/prove.h"

#include "esp/esp_header.h"

void prove_esp_header_parse(void)
{
    uint8_t memory[SIZE];
    uint8_t again[ESP_HEADER_LENGTH];
    struct bytes packet = any_octets(memory);
    struct esp_header header;
    enum status status = esp_header_parse(packet, &header);
    assert(status == (packet.length >= ESP_HEADER_LENGTH ? STATUS_OK : STATUS_DROP));
    if (status == STATUS_OK) {
        esp_header_build(again, &header);
        assert(same_octets(packet.data, again, ESP_HEADER_LENGTH));
    }
}

void prove_esp_trailer_parse(void)
{
    uint8_t memory[SIZE];
    struct bytes text = any_octets(memory);
    struct bytes payload;
    uint8_t next_header;
    if (esp_trailer_parse(text, &payload, &next_header) != STATUS_OK) {
        return;
    }
    size_t padding = text.data[text.length - 2];
    assert(payload.data == text.data && payload.length + padding + 2 == text.length);
    assert(next_header == text.data[text.length - 1]);
    size_t i = any_size();
    assert(i >= padding || text.data[payload.length + i] == i + 1);
}

/* Any payload with the padding that it needs is found again. */
void prove_esp_trailer_round_trip(void)
{
    uint8_t memory[SIZE + 16 + ESP_TRAILER_LENGTH];
    size_t length = any_up_to(SIZE);
    size_t alignment = any_bool() ? 4 : 16;
    uint8_t next_header = any_u8();
    uint8_t found;
    struct bytes payload;
    size_t padding = esp_padding_length(length, alignment);
    size_t text = length + padding + ESP_TRAILER_LENGTH;
    assert(padding < alignment && text % alignment == 0);
    esp_trailer_build(memory + length, padding, next_header);
    enum status status = esp_trailer_parse(bytes_of(memory, text), &payload, &found);
    assert(status == STATUS_OK && payload.length == length && found == next_header);
}

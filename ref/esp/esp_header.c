/* The octets of an ESP packet around its payload, RFC 4303 2. */
#include "esp/esp_header.h"

#include "esp/checksum.h"

enum status esp_header_parse(struct bytes packet, struct esp_header *out)
{
    if (packet.length < ESP_HEADER_LENGTH) {
        return STATUS_DROP;
    }
    out->spi = octets_get_u32(packet.data);
    out->sequence = octets_get_u32(packet.data + 4);
    return STATUS_OK;
}

void esp_header_build(uint8_t out[ESP_HEADER_LENGTH], const struct esp_header *header)
{
    octets_put_u32(out, header->spi);
    octets_put_u32(out + 4, header->sequence);
}

size_t esp_alignment(const struct protection *p)
{
    size_t block = protection_block_length(p);
    return block > 4 ? block : 4;
}

size_t esp_padding_length(size_t payload, size_t alignment)
{
    size_t over = (payload + ESP_TRAILER_LENGTH) % alignment;
    return over == 0 ? 0 : alignment - over;
}

void esp_trailer_build(uint8_t *out, size_t padding, uint8_t next_header)
{
    for (size_t i = 0; i < padding; i++) {
        out[i] = (uint8_t)(i + 1);
    }
    out[padding] = (uint8_t)padding;
    out[padding + 1] = next_header;
}

enum status esp_trailer_parse(struct bytes text, struct bytes *payload, uint8_t *next_header)
{
    if (text.length < ESP_TRAILER_LENGTH) {
        return STATUS_DROP;
    }
    size_t padding = text.data[text.length - 2];
    if (padding > text.length - ESP_TRAILER_LENGTH) {
        return STATUS_DROP;
    }
    size_t length = text.length - ESP_TRAILER_LENGTH - padding;
    for (size_t i = 0; i < padding; i++) {
        if (text.data[length + i] != i + 1) {
            return STATUS_DROP;
        }
    }
    *next_header = text.data[text.length - 1];
    *payload = bytes_of(text.data, length);
    return STATUS_OK;
}

void esp_aad_build(struct esp_aad *out, uint32_t spi, uint64_t sequence, bool esn, bool aead)
{
    uint32_t high = (uint32_t)(sequence >> 32);
    uint32_t low = (uint32_t)sequence;
    octets_put_u32(out->octets, spi);
    octets_put_u32(out->octets + 4, esn && aead ? high : low);
    octets_put_u32(out->octets + 8, esn && aead ? low : high);
    out->aad = bytes_of(out->octets, esn && aead ? 12 : 8);
    out->tail = bytes_of(out->octets + 8, esn && !aead ? 4 : 0);
}

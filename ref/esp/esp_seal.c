/* Outbound: payload to ESP, RFC 4303 3.3. */
#include "esp/esp_packet.h"

enum packet_verdict esp_seal(struct esp_pair *pair, const struct random_source *random,
                             struct packet *packet, uint8_t next_header)
{
    size_t payload = packet->length;
    size_t padding = esp_padding_length(payload, pair->alignment);
    size_t text_length = payload + padding + ESP_TRAILER_LENGTH;
    uint64_t sequence = ++pair->sequence_out;
    bool aead = pair->protection.cipher->aead;

    if (!packet_append(packet, padding + ESP_TRAILER_LENGTH + pair->icv_length) ||
        !packet_prepend(packet, ESP_HEADER_LENGTH + pair->iv_length)) {
        return PACKET_DROP_INTERNAL;
    }
    uint8_t *at = packet_octets(packet);
    uint8_t *iv = at + ESP_HEADER_LENGTH;
    uint8_t *text = iv + pair->iv_length;
    esp_header_build(at, &(struct esp_header){pair->spi_out, (uint32_t)sequence});
    esp_trailer_build(text + payload, padding, next_header);

    struct esp_aad aad;
    esp_aad_build(&aad, pair->spi_out, sequence, pair->esn, aead);
    if (protector_next_iv(pair->sealer, random, iv) != STATUS_OK ||
        protector_seal(pair->sealer, aad.aad, iv, text, text_length, aad.tail,
                       text + text_length) != STATUS_OK) {
        return PACKET_DROP_INTERNAL;
    }
    return PACKET_FORWARD;
}

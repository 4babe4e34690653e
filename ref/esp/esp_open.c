/* Inbound: ESP to payload, RFC 4303 3.4. */
#include "esp/esp_packet.h"

/* After a loss of 2^32 packets the deduced high half is wrong for ever; when everything fails, some
 * packets are tried with a larger one (RFC 4303 A3). */
static uint64_t resync_offset(const struct esp_pair *pair)
{
    if (!pair->esn || pair->failures < RESYNC_FAILURES || pair->failures % RESYNC_EVERY != 0) {
        return 0;
    }
    uint64_t subspaces = 1 + pair->failures / RESYNC_EVERY % RESYNC_TRIES;
    return subspaces << 32;
}

static enum packet_verdict text_open(struct esp_pair *pair, uint64_t sequence,
                                     struct packet *packet)
{
    struct esp_aad aad;
    uint8_t *iv = packet_octets(packet) + ESP_HEADER_LENGTH;
    uint8_t *text = iv + pair->iv_length;
    size_t length = packet->length - ESP_HEADER_LENGTH - pair->iv_length - pair->icv_length;
    esp_aad_build(&aad, pair->spi_in, sequence, pair->esn, pair->protection.cipher->aead);
    enum status status =
        protector_open(pair->opener, aad.aad, iv, text, length, aad.tail, text + length);
    if (status == STATUS_DROP) {
        pair->failures++;
        pair->usage.not_authentic++;
        return PACKET_DROP_NOT_AUTHENTIC;
    }
    if (status != STATUS_OK) {
        return PACKET_DROP_INTERNAL;
    }
    packet_strip(packet, ESP_HEADER_LENGTH + pair->iv_length);
    packet->length = length;
    return PACKET_FORWARD;
}

/* The text is there, whole, and of a length the cipher can have made. */
static bool length_sound(const struct esp_pair *pair, size_t length)
{
    size_t around = ESP_HEADER_LENGTH + pair->iv_length + pair->icv_length;
    return length > around && (length - around) % pair->alignment == 0;
}

enum packet_verdict esp_open(struct esp_pair *pair, const struct esp_header *header,
                             struct packet *packet, struct esp_opened *out)
{
    if (!length_sound(pair, packet->length)) {
        pair->usage.malformed++;
        return PACKET_DROP_MALFORMED;
    }
    uint64_t sequence = replay_window_sequence(&pair->window, header->sequence, pair->esn);
    sequence += resync_offset(pair);
    if (!replay_window_check(&pair->window, sequence)) {
        pair->usage.replayed++;
        return PACKET_DROP_REPLAYED;
    }
    enum packet_verdict verdict = text_open(pair, sequence, packet);
    if (verdict != PACKET_FORWARD) {
        return verdict;
    }
    pair->failures = 0;
    out->highest = replay_window_update(&pair->window, sequence);

    struct bytes payload;
    if (esp_trailer_parse(packet_bytes(packet), &payload, &out->next_header) != STATUS_OK) {
        pair->usage.malformed++;
        return PACKET_DROP_MALFORMED;
    }
    packet->length = payload.length;
    return PACKET_FORWARD;
}

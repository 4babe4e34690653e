/* Whole ESP packets, RFC 4303: opened, and made again from their parts. */

#include "test/vectors/vector.h"

#include <string.h>

#include "esp/esp_packet.h"
#include "test/vectors/scripted_random.h"
#include "test/vectors/vector_suite.h"

#define ROOM 4096

static uint64_t sequence_of(const struct vector *v)
{
    struct bytes octets = octets_of(v->test, "sequence");
    uint64_t sequence = 0;
    return bytes_take_u64(&octets, &sequence) ? sequence : 0;
}

static struct esp_pair *pair_create(const struct vector *v, const struct protection *p)
{
    struct bytes spi_octets = octets_of(v->test, "spi");
    uint32_t spi = 0;
    struct esp_pair_config config = {
        .protection = *p, .esn = true_of(v->test, "esn"), .replay_window = 64};
    if (!bytes_take_u32(&spi_octets, &spi)) {
        return NULL;
    }
    config.spi_in = config.spi_out = spi;
    secret_set(&config.encryption_in, octets_of(v->test, "key"));
    secret_set(&config.encryption_out, octets_of(v->test, "key"));
    secret_set(&config.integrity_in, octets_of(v->test, "integrityKey"));
    secret_set(&config.integrity_out, octets_of(v->test, "integrityKey"));
    return esp_pair_create(&config);
}

static struct packet packet_with(struct bytes octets)
{
    struct packet packet = {.buffer = octets_new(ROOM), .capacity = ROOM, .offset = ROOM / 4};
    if (octets.length <= ROOM / 2) {
        memcpy(packet.buffer + packet.offset, octets.data, octets.length);
        packet.length = octets.length;
    }
    return packet;
}

/* As the reference sends it: its IVs of an AEAD count from 1, those of CBC are drawn. */
static const char *seal(const struct vector *v, struct esp_pair *pair)
{
    struct scripted_random random;
    scripted_random_init(&random);
    scripted_random_add(&random, octets_of(v->test, "iv"));
    struct packet packet = packet_with(octets_of(v->test, "payload"));
    pair->sequence_out = sequence_of(v) - 1;
    if (esp_seal(pair, &random.source, &packet, (uint8_t)number_of(v->test, "nextHeader")) !=
        PACKET_FORWARD) {
        return "it cannot be sealed";
    }
    return octets_differ(v->test, "packet", packet_bytes(&packet));
}

/* With an IV that the reference's counter would not give now: the same steps, one by one. */
static const char *seal_by_parts(const struct vector *v, const struct esp_pair *pair)
{
    struct bytes payload = octets_of(v->test, "payload");
    struct bytes iv = octets_of(v->test, "iv");
    size_t padding = esp_padding_length(payload.length, pair->alignment);
    size_t text_length = payload.length + padding + ESP_TRAILER_LENGTH;
    size_t length = ESP_HEADER_LENGTH + iv.length + text_length + pair->icv_length;
    uint8_t *packet = octets_new(length);
    uint8_t *text = packet + ESP_HEADER_LENGTH + iv.length;
    struct esp_aad aad;
    esp_header_build(packet, &(struct esp_header){pair->spi_out, (uint32_t)sequence_of(v)});
    memcpy(packet + ESP_HEADER_LENGTH, iv.data, iv.length);
    memcpy(text, payload.data, payload.length);
    esp_trailer_build(text + payload.length, padding, (uint8_t)number_of(v->test, "nextHeader"));
    esp_aad_build(&aad, pair->spi_out, sequence_of(v), pair->esn, pair->protection.cipher->aead);
    if (iv.length != pair->iv_length ||
        protector_seal(pair->sealer, aad.aad, iv.data, text, text_length, aad.tail,
                       text + text_length) != STATUS_OK) {
        return "it cannot be sealed";
    }
    return octets_differ(v->test, "packet", bytes_of(packet, length));
}

static const char *open(const struct vector *v, struct esp_pair *pair)
{
    struct packet packet = packet_with(octets_of(v->test, "packet"));
    struct esp_header header;
    struct esp_opened opened;
    if (sequence_of(v) > 1) {
        (void)replay_window_update(&pair->window, sequence_of(v) - 1);
    }
    if (esp_header_parse(packet_bytes(&packet), &header) != STATUS_OK ||
        header.spi != pair->spi_in) {
        return "the header is another";
    }
    if (header.sequence != (uint32_t)sequence_of(v)) {
        return "the sequence number is another";
    }
    enum packet_verdict verdict = esp_open(pair, &header, &packet, &opened);
    if (verdict != PACKET_FORWARD) {
        return packet_verdict_name(verdict);
    }
    if (opened.next_header != number_of(v->test, "nextHeader")) {
        return "nextHeader is another";
    }
    return octets_differ(v->test, "payload", packet_bytes(&packet));
}

/* The values in between, where the file states them. */
static const char *parts(const struct vector *v, const struct esp_pair *pair)
{
    struct bytes packet = octets_of(v->test, "packet");
    struct bytes icv = octets_of(v->test, "icv");
    struct esp_aad aad;
    esp_aad_build(&aad, pair->spi_out, sequence_of(v), pair->esn, pair->protection.cipher->aead);
    if (packet.length < ESP_HEADER_LENGTH + pair->iv_length + pair->icv_length) {
        return "the packet is too short";
    }
    if (!pair->esn && sequence_of(v) > UINT32_MAX) {
        return "sequence is beyond 32 bits without ESN";
    }
    struct bytes tail = bytes_of(packet.data + packet.length - pair->icv_length, pair->icv_length);
    struct bytes iv = bytes_of(packet.data + ESP_HEADER_LENGTH, pair->iv_length);
    const char *reason = octets_differ(v->test, "iv", iv);
    if (reason == NULL && json_object_get(v->test, "icv") != NULL && !bytes_equal(icv, tail)) {
        reason = "icv is another";
    }
    if (reason == NULL && json_object_get(v->test, "aad") != NULL) {
        reason = octets_differ(v->test, "aad", aad.aad);
    }
    return reason;
}

/* The file states the whole text: payload, padding, Pad Length, Next Header. */
static const char *text(const struct vector *v, const struct esp_pair *pair)
{
    struct bytes payload = octets_of(v->test, "payload");
    uint8_t trailer[ESP_TRAILER_LENGTH + 16];
    size_t padding = esp_padding_length(payload.length, pair->alignment);
    if (json_object_get(v->test, "plaintext") == NULL) {
        return NULL;
    }
    esp_trailer_build(trailer, padding, (uint8_t)number_of(v->test, "nextHeader"));
    return octets_differ(v->test, "plaintext",
                         octets_join(payload, bytes_of(trailer, padding + ESP_TRAILER_LENGTH)));
}

struct outcome esp_run(const struct vector *v)
{
    struct protection p;
    if (!suite_of(v->test, &p)) {
        return outcome_not_applicable(
            "the reference has no ESP with %s and %s", text_of(v->test, "encryption"),
            *text_of(v->test, "integrity") != '\0' ? text_of(v->test, "integrity")
                                                   : "no integrity");
    }
    struct esp_pair *pair = pair_create(v, &p);
    if (pair == NULL && octets_of(v->test, "spi").length == 4 &&
        memcmp(octets_of(v->test, "spi").data, "\0\0\0", 3) == 0) {
        return outcome_not_applicable("an SPI that RFC 4303 2.1 reserves");
    }
    if (pair == NULL) {
        return outcome_failed("the pair cannot be made");
    }
    const char *reason = parts(v, pair);
    if (reason == NULL) {
        reason = text(v, pair);
    }
    if (reason == NULL) {
        reason = true_of(v->group, "firstIv") ? seal(v, pair) : seal_by_parts(v, pair);
    }
    if (reason == NULL) {
        reason = open(v, pair);
    }
    esp_pair_destroy(pair);
    if (reason != NULL && strcmp(v->result, "valid") == 0) {
        return outcome_failed("%s", reason);
    }
    return outcome_of(v, reason == NULL);
}

/* esp/esp_open.c with any cipher: nothing but counters changes before a packet has proved
 * authentic, no number is taken twice, and lengths stay within the packet. */
#include "prove/prove.h"

#include "esp/esp_packet.h"

static bool authentic;

/* The text may be anything afterwards; who may be touched is asserted. */
enum status protector_open(struct protector *protector, struct bytes aad, const uint8_t *iv,
                           uint8_t *text, size_t length, struct bytes aad_tail, const uint8_t *icv)
{
    (void)protector;
    assert(aad.length == 8 || aad.length == 12);
    assert(aad_tail.length == 0 || aad_tail.length == 4);
    assert(__CPROVER_r_ok(iv, 8) && __CPROVER_r_ok(icv, 16) && __CPROVER_w_ok(text, length));
    size_t at = any_size();
    if (at < length) {
        text[at] = any_u8();
    }
    enum status status = any_status();
    authentic = status == STATUS_OK;
    return status;
}

void prove_esp_open(void)
{
    uint8_t memory[SIZE];
    struct bytes octets = any_octets(memory);
    struct packet packet = {.buffer = memory,
                            .capacity = SIZE,
                            .offset = SIZE - octets.length,
                            .length = octets.length};
    static struct cipher_algorithm cipher;
    struct esp_pair pair;
    struct esp_header header;
    struct esp_opened opened;
    cipher.aead = any_bool();
    pair.protection.cipher = &cipher;
    pair.iv_length = cipher.aead ? 8 : 16;
    pair.icv_length = 16;
    pair.alignment = cipher.aead ? 4 : 16;
    __CPROVER_assume(pair.window.size > 0 && pair.window.size <= REPLAY_WINDOW_MAX);
    __CPROVER_assume((pair.window.mask & (pair.window.mask + 1)) == 0 &&
                     pair.window.mask < REPLAY_WORDS &&
                     pair.window.mask + 1 > (pair.window.size + 63) / 64);
    __CPROVER_assume(pair.window.highest < UINT64_C(1) << 60); /* 2^64 is out of reach */
    if (esp_header_parse(octets, &header) != STATUS_OK) {
        return;
    }
    uint64_t highest = pair.window.highest;
    uint64_t sequence = replay_window_sequence(&pair.window, header.sequence, pair.esn);
    bool resync = pair.esn && pair.failures >= RESYNC_FAILURES;
    enum packet_verdict verdict = esp_open(&pair, &header, &packet, &opened);
    assert(packet_sound(&packet) && packet.length <= octets.length);
    assert(verdict != PACKET_FORWARD || authentic);
    assert(authentic || pair.window.highest == highest);
    if (authentic && !resync) {
        assert(!replay_window_check(&pair.window, sequence));
    }
}

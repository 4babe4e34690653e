/* ESP on its way out: one key and one IV make one packet, sequence numbers only grow, no plaintext
 * shows, and nothing is sealed under an SA that has ended. RFC 4303 2.2, 3.3.3, RFC 4106 3. */

#include <string.h>

#include "sim/check.h"
#include "sim/traffic.h"

static bool shows(struct bytes octets, const char *text, size_t length)
{
    for (size_t i = 0; i + length <= octets.length; i++) {
        if (octets.data[i] == (uint8_t)text[0] && memcmp(octets.data + i, text, length) == 0) {
            return true;
        }
    }
    return false;
}

void check_esp_sent(struct sim *sim, struct host *host, struct bytes octets)
{
    uint32_t spi = 0, sequence = 0;
    struct bytes rest = octets, iv = {0};
    size_t iv_length = sim_setting(sim, SET_SUITE) == 1 ? 16 : 8;
    if (!bytes_take_u32(&rest, &spi) || !bytes_take_u32(&rest, &sequence) ||
        !bytes_take(&rest, iv_length, &iv)) {
        sim_violation(sim, host, "sent ESP that is too short");
        return;
    }
    if (shows(octets, TRAFFIC_MARK, TRAFFIC_MARK_LENGTH)) {
        sim_violation(sim, host, "sent an inner packet in the clear, ESP SPI %08x", (unsigned)spi);
    }
    if (check_gone_spi_out(sim, host, spi)) {
        sim_violation(sim, host, "sealed a packet under SPI %08x, whose SA has ended",
                      (unsigned)spi);
    }
    uint64_t sa = mark_join(spi, 0xe5b0 + host->index);
    if (!ledger_note(&sim->checks.ivs, mark_join(sa, mark_of(iv)), sequence, NULL)) {
        sim_violation(sim, host, "sealed two packets with one IV, ESP SPI %08x", (unsigned)spi);
    }
    uint64_t *newest = ledger_find(&sim->checks.windows, sa);
    if (newest == NULL) {
        (void)ledger_note(&sim->checks.windows, sa, sequence, NULL);
    } else if (sequence <= *newest) {
        sim_violation(sim, host, "ESP SPI %08x: sequence number %u after %u", (unsigned)spi,
                      (unsigned)sequence, (unsigned)*newest);
    } else {
        *newest = sequence;
    }
}

/* What comes out at the other end went in here, is whole, comes once, and under an SA that lives.
 * RFC 4303 3.4.3. */

#include "sim/check.h"
#include "sim/traffic.h"

void check_inner_arrived(struct sim *sim, struct host *host, uint32_t spi_in, struct bytes octets)
{
    struct checks *c = &sim->checks;
    uint64_t number;
    if (!traffic_number(octets, &number)) {
        sim_violation(sim, host, "a packet came out of the data plane that nobody sent");
        return;
    }
    if (check_gone_spi_in(sim, host, spi_in)) {
        sim_violation(sim, host, "opened a packet under SPI %08x, whose SA has long ended",
                      (unsigned)spi_in);
    }
    const uint64_t *mark = ledger_find(&c->inner, number);
    if (mark == NULL || *mark != traffic_content(octets)) {
        sim_violation(sim, host, "inner packet %u came out changed", (unsigned)number);
        return;
    }
    if (!ledger_note(&c->delivered, number, 0, NULL)) {
        sim_violation(sim, host, "inner packet %u was delivered twice", (unsigned)number);
        return;
    }
    traffic_delivered(sim, host, octets, number);
}

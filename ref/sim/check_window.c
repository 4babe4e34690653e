/* The window is one: requests of an IKE SA are numbered without a gap, and the next one goes out
 * only when the last one has been answered. RFC 7296 2.2, 2.3. */

#include "sim/check.h"

static uint64_t window_mark(const struct host *host, const struct ike_header *header, bool heard)
{
    uint64_t mark = mark_join(header->spi_i, header->spi_r);
    return mark_join(mark, (uint64_t)host->index << 1 | heard);
}

/* The record of the newest Message ID of a kind. */
static void newest_note(struct ledger *windows, uint64_t mark, uint32_t message_id)
{
    if (!ledger_note(windows, mark, message_id, NULL)) {
        uint64_t *newest = ledger_find(windows, mark);
        *newest = message_id > *newest ? message_id : *newest;
    }
}

void check_window_received(struct sim *sim, struct host *host, const struct ike_header *header)
{
    if (header->flags & IKE_FLAG_RESPONSE) {
        newest_note(&sim->checks.windows, window_mark(host, header, true), header->message_id);
    }
}

void check_window_sent(struct sim *sim, struct host *host, const struct ike_header *header)
{
    struct ledger *windows = &sim->checks.windows;
    uint64_t mark = window_mark(host, header, false);
    const uint64_t *sent = ledger_find(windows, mark);
    if (header->flags & IKE_FLAG_RESPONSE) {
        return;
    }
    if (sent == NULL) {
        if (header->message_id > 1) { /* 1 follows IKE_SA_INIT, 0 begins a rekeyed IKE SA */
            sim_violation(sim, host, "the first request of an IKE SA has Message ID %u",
                          (unsigned)header->message_id);
        }
    } else if (header->next_payload == PAYLOAD_SKF && header->message_id == *sent) {
        return; /* a further fragment, or a smaller cut of the same message */
    } else {
        const uint64_t *heard = ledger_find(windows, window_mark(host, header, true));
        if (header->message_id != *sent + 1) {
            sim_violation(sim, host, "request %u follows request %u", (unsigned)header->message_id,
                          (unsigned)*sent);
        } else if (heard == NULL || *heard < *sent) {
            sim_violation(sim, host, "request %u went out before %u was answered",
                          (unsigned)header->message_id, (unsigned)*sent);
        }
    }
    newest_note(windows, mark, header->message_id);
}

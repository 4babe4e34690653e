/* What is gone stays gone: no SA comes back, nothing new is said on an IKE SA that is down, nothing
 * is sealed under a Child SA that is down, nor opened after its linger. RFC 7296 1.4.1. */

#include "sim/check.h"
#include "sim/host.h"

enum gone { GONE_IKE, GONE_SPI_IN, GONE_SPI_OUT };

static uint64_t gone_mark(const struct host *host, enum gone what, uint64_t id)
{
    return mark_join(id, (uint64_t)host->index << 8 | what);
}

static uint64_t ike_mark(const struct host *host, uint64_t spi_i, uint64_t spi_r)
{
    return gone_mark(host, GONE_IKE, mark_join(spi_i, spi_r));
}

void check_gone_event(struct sim *sim, struct host *host, const struct event *event)
{
    struct ledger *gone = &sim->checks.gone;
    const struct child_sa_info *child = &event->child;
    switch (event->type) {
    case EVENT_CHILD_SA_DOWN:
        (void)ledger_note(gone, gone_mark(host, GONE_SPI_OUT, child->spi_out), 0, NULL);
        (void)ledger_note(gone, gone_mark(host, GONE_SPI_IN, child->spi_in),
                          host_now(sim, host) + event->linger_ns, NULL);
        break;
    case EVENT_CHILD_SA_UP:
    case EVENT_CHILD_SA_MOVED:
        if (ledger_find(gone, gone_mark(host, GONE_SPI_IN, child->spi_in)) != NULL) {
            sim_violation(sim, host, "Child SA %u came back after its end", event->child_sa);
        }
        break;
    case EVENT_IKE_SA_DOWN:
        (void)ledger_note(gone, ike_mark(host, event->ike.spi_i, event->ike.spi_r), host->drains,
                          NULL);
        break;
    case EVENT_IKE_SA_UP:
    case EVENT_IKE_SA_REKEYED:
        if (ledger_find(gone, ike_mark(host, event->ike.spi_i, event->ike.spi_r)) != NULL) {
            sim_violation(sim, host, "IKE SA %u came back after its end", event->ike_sa);
        }
        break;
    default:
        break;
    }
}

/* Called for new messages only: to repeat the last response is what a closed IKE SA is kept for. */
void check_gone_message(struct sim *sim, struct host *host, const struct ike_header *header)
{
    const uint64_t *drain =
        ledger_find(&sim->checks.gone, ike_mark(host, header->spi_i, header->spi_r));
    if (drain != NULL && host->drains > *drain) { /* the last words come in the same turn */
        sim_violation(sim, host, "said something new (%s %u) on an IKE SA that is down",
                      exchange_type_name(header->exchange_type), (unsigned)header->message_id);
    }
}

bool check_gone_spi_out(const struct sim *sim, const struct host *host, uint32_t spi_out)
{
    return ledger_find(&sim->checks.gone, gone_mark(host, GONE_SPI_OUT, spi_out)) != NULL;
}

bool check_gone_spi_in(const struct sim *sim, const struct host *host, uint32_t spi_in)
{
    const uint64_t *until_ns = ledger_find(&sim->checks.gone, gone_mark(host, GONE_SPI_IN, spi_in));
    return until_ns != NULL && host_now(sim, host) > *until_ns;
}

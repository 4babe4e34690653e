/* A message once sent is never sent with other octets, so no request is answered twice differently;
 * under one key no IV serves two messages; and nothing but IKE_SA_INIT is in the clear. RFC
 * 7296 2.1, RFC 5282 3.1. */

#include "sim/check.h"

#define NOTIFY_ONLY_MAX 128

/* A hint outside an IKE SA, such as INVALID_IKE_SPI: a single notification (RFC 7296 1.5, 2.21.4).
 */
static bool is_hint(const struct ike_header *header)
{
    return header->next_payload == PAYLOAD_NOTIFY && header->length <= NOTIFY_ONLY_MAX;
}

static uint64_t message_mark(const struct ike_header *header, struct bytes octets)
{
    uint64_t mark = mark_join(header->spi_i, header->spi_r);
    mark = mark_join(mark, (uint64_t)header->flags << 32 | header->message_id);
    if (header->next_payload == PAYLOAD_SKF && octets.length > IKE_HEADER_LENGTH + 6) {
        mark = mark_join(mark, (uint64_t)octets.data[IKE_HEADER_LENGTH + 4] << 8 |
                                   octets.data[IKE_HEADER_LENGTH + 5]);
    }
    return mark;
}

static void check_iv(struct sim *sim, struct host *host, const struct ike_header *header,
                     struct bytes octets, uint64_t message)
{
    size_t at = IKE_HEADER_LENGTH + (header->next_payload == PAYLOAD_SKF ? 8 : 4);
    size_t length = sim_setting(sim, SET_SUITE) == 1 ? 16 : 8; /* CBC has the longer one */
    uint64_t before;
    if (octets.length < at + length) {
        sim_violation(sim, host, "sent an SK payload without room for an IV");
        return;
    }
    uint64_t mark = mark_join(header->spi_i, header->spi_r);
    mark = mark_join(mark, header->flags & IKE_FLAG_INITIATOR);
    mark = mark_join(mark, mark_of(bytes_of(octets.data + at, length)));
    if (!ledger_note(&sim->checks.ivs, mark, message, &before) && before != message) {
        sim_violation(sim, host, "sealed two messages with one key and one IV (message %u)",
                      (unsigned)header->message_id);
    }
}

void check_message_sent(struct sim *sim, struct host *host, struct bytes octets)
{
    struct ike_header header;
    uint64_t before;
    if (ike_header_parse(octets, &header) != STATUS_OK) {
        sim_violation(sim, host, "sent a message with a bad header");
        return;
    }
    bool sealed = header.next_payload == PAYLOAD_SK || header.next_payload == PAYLOAD_SKF;
    if (!sealed && header.exchange_type != IKE_SA_INIT && !is_hint(&header)) {
        sim_violation(sim, host, "sent %s in the clear", exchange_type_name(header.exchange_type));
    }
    /* an IKE_SA_INIT request may come again with a cookie or another key exchange, and its
     * answers then differ; only one that makes an IKE SA counts */
    if (!sealed && (header.spi_r == 0 || is_hint(&header))) {
        return;
    }
    uint64_t message = mark_of(octets);
    if (!ledger_note(&sim->checks.messages, message_mark(&header, octets), message, &before)) {
        if (before != message) {
            sim_violation(sim, host, "sent message %u of %s again with other octets",
                          (unsigned)header.message_id, exchange_type_name(header.exchange_type));
        }
        return; /* a retransmission */
    }
    if (sealed) {
        check_iv(sim, host, &header, octets, message);
        check_gone_message(sim, host, &header);
        check_window_sent(sim, host, &header);
        check_inside(sim, host, &header, octets);
    }
}

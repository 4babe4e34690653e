/* A message once sent is never sent with other octets, so no request is answered twice differently;
 * under one key no IV serves two messages; and nothing but IKE_SA_INIT is in the clear. RFC
 * 7296 2.1, RFC 5282 3.1. */

#include "sim/check.h"

#define NOTIFY_ONLY_MAX 128
#define SKF_HEAD (IKE_HEADER_LENGTH + 8) /* up to Total Fragments */

/* A hint outside an IKE SA, such as INVALID_IKE_SPI: a single notification (RFC 7296 1.5, 2.21.4).
 */
static bool is_hint(const struct ike_header *header)
{
    return header->next_payload == PAYLOAD_NOTIFY && header->length <= NOTIFY_ONLY_MAX;
}

/* The solution of a puzzle stands in the open before SK (RFC 8019 7.2.2): the message without it,
 * and *header as if it were not there. */
static struct bytes without_solution(struct ike_header *header, struct bytes octets)
{
    struct bytes rest =
        bytes_of(octets.data + IKE_HEADER_LENGTH, octets.length - IKE_HEADER_LENGTH);
    uint8_t next, reserved;
    uint16_t length;
    if (header->exchange_type != IKE_AUTH || header->next_payload != PAYLOAD_PS ||
        !bytes_take_u8(&rest, &next) || !bytes_take_u8(&rest, &reserved) ||
        !bytes_take_u16(&rest, &length) || length > octets.length - IKE_HEADER_LENGTH) {
        return octets;
    }
    header->next_payload = next;
    return bytes_of(octets.data + length, octets.length - length);
}

static uint64_t message_mark(const struct ike_header *header)
{
    uint64_t mark = mark_join(header->spi_i, header->spi_r);
    return mark_join(mark, (uint64_t)header->flags << 32 | header->message_id);
}

/* Of one datagram of the message: a fragment is told from the others by its number, and from those
 * of a smaller cut by their number (RFC 7383 2.5.2). */
static uint64_t datagram_mark(const struct ike_header *header, struct bytes octets)
{
    uint64_t mark = message_mark(header);
    if (header->next_payload == PAYLOAD_SKF && octets.length >= SKF_HEAD) {
        mark = mark_join(mark, mark_of(bytes_of(octets.data + IKE_HEADER_LENGTH + 4, 4)));
    }
    return mark;
}

/* RFC 7383 2.5.2: a message that is cut anew has more fragments than before, and what was cut is
 * never sent whole again. */
static void check_cut(struct sim *sim, struct host *host, const struct ike_header *header,
                      struct bytes octets)
{
    uint64_t total = 1, before;
    if (header->next_payload == PAYLOAD_SKF) {
        if (octets.length < SKF_HEAD) {
            sim_violation(sim, host, "sent a fragment without a head");
            return;
        }
        const uint8_t *at = octets.data + IKE_HEADER_LENGTH + 6;
        total = (uint64_t)at[0] << 8 | at[1];
    }
    uint64_t mark = mark_join(message_mark(header), 0xf7a9);
    if (ledger_note(&sim->checks.cuts, mark, total, &before)) {
        return;
    }
    if (total < before) {
        sim_violation(sim, host, "message %u has gone from %u fragments to %u",
                      (unsigned)header->message_id, (unsigned)before, (unsigned)total);
        return;
    }
    *ledger_find(&sim->checks.cuts, mark) = total;
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
    check_puzzles_sent(sim, host, &header, octets);
    struct bytes behind = without_solution(&header, octets); /* where SK stands as ever */
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
    if (!ledger_note(&sim->checks.messages, datagram_mark(&header, behind), message, &before)) {
        if (before != message) {
            sim_violation(sim, host, "sent message %u of %s again with other octets",
                          (unsigned)header.message_id, exchange_type_name(header.exchange_type));
        }
        return; /* a retransmission */
    }
    if (sealed) {
        check_iv(sim, host, &header, behind, message);
        check_cut(sim, host, &header, behind);
        check_gone_message(sim, host, &header);
        check_window_sent(sim, host, &header);
        check_inside(sim, host, &header, octets);
    }
}

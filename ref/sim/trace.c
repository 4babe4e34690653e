/* What a person reads who wants to know why. Host a stands left, b further right, c at the end. */

#include "sim/trace.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "esp/esp_header.h"
#include "wire/ike_header.h"

void trace_line(const struct sim *sim, const struct host *host, const char *format, ...)
{
    va_list arguments;
    if (!sim->trace) {
        return;
    }
    uint64_t us = (sim->now_ns - SIM_START_NS) / 1000;
    printf("%8" PRIu64 ".%03u  ", us / 1000, (unsigned)(us % 1000));
    if (host != NULL) {
        printf("%*s%s  ", (int)(4 * host->index), "", host->name);
    } else {
        printf("network  ");
    }
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    putchar('\n');
}

/* " fragment 2/4", or nothing. */
static void format_fragment(const struct ike_header *h, struct bytes octets, char out[32])
{
    const uint8_t *at = octets.data + IKE_HEADER_LENGTH + 4; /* RFC 7383 2.5 */
    out[0] = '\0';
    if (h->next_payload == PAYLOAD_SKF && octets.length >= IKE_HEADER_LENGTH + 8) {
        snprintf(out, 32, " fragment %u/%u", (unsigned)(at[0] << 8 | at[1]),
                 (unsigned)(at[2] << 8 | at[3]));
    }
}

void trace_ike(const struct sim *sim, const struct host *host, const char *arrow,
               const struct path *path, struct bytes octets)
{
    struct ike_header h;
    char fragment[32];
    char remote[ADDRESS_TEXT_MAX];
    if (!sim->trace) {
        return;
    }
    if (ike_header_parse(octets, &h) != STATUS_OK) {
        trace_line(sim, host, "%s spoilt IKE, %zu octets", arrow, octets.length);
        return;
    }
    format_fragment(&h, octets, fragment);
    trace_line(sim, host, "%s %s %s %u%s%s  %04x_%04x  %s  %zu octets", arrow,
               exchange_type_name(h.exchange_type),
               h.flags & IKE_FLAG_RESPONSE ? "response" : "request", (unsigned)h.message_id,
               h.flags & IKE_FLAG_INITIATOR ? "i" : "r", fragment, (unsigned)(h.spi_i & 0xffff),
               (unsigned)(h.spi_r & 0xffff), transport_address_format(&path->remote, remote),
               octets.length);
}

void trace_esp(const struct sim *sim, const struct host *host, const char *arrow,
               const struct path *path, struct bytes octets)
{
    uint32_t spi, sequence;
    char remote[ADDRESS_TEXT_MAX];
    if (sim->trace && bytes_take_u32(&octets, &spi) && bytes_take_u32(&octets, &sequence) &&
        spi != 0) {
        trace_line(sim, host, "%s ESP %08x %u  %s", arrow, (unsigned)spi, (unsigned)sequence,
                   transport_address_format(&path->remote, remote));
    }
}

void trace_event(const struct sim *sim, const struct host *host, const struct event *e)
{
    static const char *const names[] = {
        [EVENT_IKE_SA_UP] = "IKE SA up",
        [EVENT_IKE_SA_KEYS] = "IKE SA keys",
        [EVENT_IKE_SA_REKEYED] = "IKE SA rekeyed",
        [EVENT_IKE_SA_DOWN] = "IKE SA down",
        [EVENT_IKE_SA_MOVED] = "IKE SA moved",
        [EVENT_CHILD_SA_UP] = "Child SA up",
        [EVENT_CHILD_SA_MOVED] = "Child SA moved",
        [EVENT_CHILD_SA_DOWN] = "Child SA down",
        [EVENT_CHILD_SA_FAILED] = "no Child SA",
        [EVENT_COMMAND_DONE] = "command done",
        [EVENT_ROAM_DONE] = "roam done",
        [EVENT_LIVENESS] = "alive",
        [EVENT_NOTIFIED] = "notified",
    };
    char more[96] = "";
    if (!sim->trace) {
        return;
    }
    if (e->type == EVENT_CHILD_SA_UP || e->type == EVENT_CHILD_SA_DOWN ||
        e->type == EVENT_CHILD_SA_MOVED) {
        snprintf(more, sizeof more, "  child %u [%u] in %08x out %08x", (unsigned)e->child_sa,
                 e->child_index, (unsigned)e->child.spi_in, (unsigned)e->child.spi_out);
    } else if (e->type == EVENT_IKE_SA_REKEYED) {
        snprintf(more, sizeof more, "  was %u", (unsigned)e->replaces);
    } else if (e->type == EVENT_COMMAND_DONE) {
        snprintf(more, sizeof more, "  command %u", (unsigned)e->command);
    }
    bool down = e->type == EVENT_IKE_SA_DOWN || e->type == EVENT_CHILD_SA_DOWN;
    trace_line(sim, host, "      * %s  ike %u%s%s%s%s", names[e->type], (unsigned)e->ike_sa, more,
               down ? "  " : "", down ? down_reason_name(e->reason) : "",
               e->status != STATUS_OK ? "  (not well)" : "");
}

void trace_command(const struct sim *sim, const struct host *host, const struct command *command)
{
    static const char *const names[] = {
        [COMMAND_INITIATE] = "initiate",     [COMMAND_ACQUIRE] = "acquire",
        [COMMAND_REKEY_IKE] = "rekey IKE",   [COMMAND_REKEY_CHILD] = "rekey child",
        [COMMAND_DELETE_IKE] = "delete IKE", [COMMAND_DELETE_CHILD] = "delete child",
        [COMMAND_LIVENESS] = "liveness",     [COMMAND_ROAM] = "roam",
        [COMMAND_ADDRESSES] = "addresses",   [COMMAND_PEER_MOVED] = "peer moved",
        [COMMAND_TRAFFIC] = "traffic",       [COMMAND_EXPIRE] = "expire",
        [COMMAND_SHUTDOWN] = "shutdown",     [COMMAND_REAUTHENTICATE] = "reauthenticate",
    };
    trace_line(sim, host, "  # %s  command %u", names[command->type], (unsigned)command->id);
}

void trace_status(const struct sim *sim, const struct host *host, enum status status)
{
    uint16_t type;
    if (status == STATUS_OK) {
        return;
    }
    if (status_is_notify(status, &type) || status_is_peer(status, &type)) {
        trace_line(sim, host, "      %s", notify_type_name(type));
    } else {
        trace_line(sim, host, "      %s", status == STATUS_DROP ? "dropped" : "failed");
    }
}

void trace_verdict(const struct sim *sim, const struct host *host, enum packet_verdict verdict)
{
    if (verdict != PACKET_FORWARD && verdict != PACKET_IKE && verdict != PACKET_KEEPALIVE) {
        trace_line(sim, host, "      %s", packet_verdict_name(verdict));
    }
}

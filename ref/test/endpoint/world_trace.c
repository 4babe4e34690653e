/* With WORLD_TRACE in the environment, what happens in the world goes to stderr, a line each. */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "test/endpoint/world.h"
#include "test/endpoint/world_internal.h"
#include "wire/ike_header.h"

static bool on(void)
{
    static int known;
    if (known == 0) {
        known = getenv("WORLD_TRACE") != NULL ? 1 : 2;
    }
    return known == 1;
}

void world_trace(const struct world *world, unsigned side, const char *format, ...)
{
    va_list arguments;
    if (!on()) {
        return;
    }
    uint64_t us = world->now_ns / 1000;
    fprintf(stderr, "%8u.%03u %c ", (unsigned)(us / 1000), (unsigned)(us % 1000), 'a' + (int)side);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
}

void world_trace_datagram(const struct world *world, unsigned side, const char *what,
                          struct bytes octets)
{
    struct ike_header h;
    if (on() && ike_header_parse(octets, &h) == STATUS_OK) {
        world_trace(world, side, "%s %s %s %u %c, %04x_%04x, %zu octets", what,
                    exchange_type_name(h.exchange_type),
                    h.flags & IKE_FLAG_RESPONSE ? "response" : "request", (unsigned)h.message_id,
                    h.flags & IKE_FLAG_INITIATOR ? 'I' : 'R', (unsigned)(h.spi_i & 0xffff),
                    (unsigned)(h.spi_r & 0xffff), octets.length);
    }
}

void world_trace_event(const struct world *world, unsigned side, const struct event *e)
{
    static const char *const names[] = {
        [EVENT_IKE_SA_UP] = "IKE_SA_UP",
        [EVENT_IKE_SA_KEYS] = "IKE_SA_KEYS",
        [EVENT_IKE_SA_REKEYED] = "IKE_SA_REKEYED",
        [EVENT_IKE_SA_DOWN] = "IKE_SA_DOWN",
        [EVENT_IKE_SA_MOVED] = "IKE_SA_MOVED",
        [EVENT_CHILD_SA_UP] = "CHILD_SA_UP",
        [EVENT_CHILD_SA_MOVED] = "CHILD_SA_MOVED",
        [EVENT_CHILD_SA_DOWN] = "CHILD_SA_DOWN",
        [EVENT_CHILD_SA_FAILED] = "CHILD_SA_FAILED",
        [EVENT_COMMAND_DONE] = "COMMAND_DONE",
        [EVENT_ROAM_DONE] = "ROAM_DONE",
        [EVENT_LIVENESS] = "LIVENESS",
        [EVENT_NOTIFIED] = "NOTIFIED",
    };
    if (on()) {
        world_trace(world, side,
                    "    %s ike %u (was %u) child %u [%u] in %08x out %08x %s status %x command %u",
                    names[e->type], e->ike_sa, e->replaces, e->child_sa, e->child_index,
                    e->child.spi_in, e->child.spi_out, down_reason_name(e->reason),
                    (unsigned)e->status, (unsigned)e->command);
    }
}

/* Few causes, so a list. */

#include "load/tally.h"

#include <stdio.h>
#include <string.h>

static const char *own_cause(enum status status)
{
    switch (status) {
    case STATUS_UNREACHABLE:
        return "timeout";
    case STATUS_DROP:
        return "gone";
    default:
        return "internal";
    }
}

const char *tally_cause(enum status status, char out[TALLY_NAME_MAX])
{
    uint16_t type;
    if (status_is_peer(status, &type)) {
        (void)snprintf(out, TALLY_NAME_MAX, "%s", notify_type_name(type));
    } else if (status_is_notify(status, &type)) {
        (void)snprintf(out, TALLY_NAME_MAX, "we say %s", notify_type_name(type));
    } else {
        (void)snprintf(out, TALLY_NAME_MAX, "%s", own_cause(status));
    }
    return out;
}

void tally_add(struct tally *tally, const char *cause)
{
    size_t i = 0;
    while (i < tally->count && strcmp(tally->causes[i].name, cause) != 0) {
        i++;
    }
    if (i == TALLY_CAUSES) {
        i--;
    } else if (i == tally->count) {
        (void)snprintf(tally->causes[tally->count++].name, TALLY_NAME_MAX, "%s",
                       i + 1 < TALLY_CAUSES ? cause : "other");
    }
    tally->causes[i].times++;
    tally->total++;
}

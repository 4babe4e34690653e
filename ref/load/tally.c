/* Few causes, so a list. */

#include "load/tally.h"

#include <string.h>

const char *tally_cause(enum status status)
{
    uint16_t type;
    if (status_is_peer(status, &type)) {
        return notify_type_name(type);
    }
    if (status_is_notify(status, &type)) {
        return "refused-by-us";
    }
    switch (status) {
    case STATUS_UNREACHABLE:
        return "timeout";
    case STATUS_DROP:
        return "gone";
    default:
        return "internal";
    }
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
        tally->causes[tally->count++].name = i + 1 < TALLY_CAUSES ? cause : "other";
    }
    tally->causes[i].times++;
    tally->total++;
}

/* The place is the number's remainder: found without a search. */
#include "host/pending_requests.h"

#include <stdio.h>

uint64_t pending_requests_add(struct pending_requests *pending, struct control_client_ref client,
                              const char *id)
{
    for (size_t tried = 0; tried < PENDING_MAX; tried++) {
        uint64_t command = ++pending->next;
        struct pending_request *item = &pending->items[command % PENDING_MAX];
        if (item->command == 0) {
            item->command = command;
            item->client = client;
            snprintf(item->id, sizeof(item->id), "%s", id);
            return command;
        }
    }
    return 0;
}

bool pending_requests_take(struct pending_requests *pending, uint64_t command,
                           struct pending_request *out)
{
    struct pending_request *item = &pending->items[command % PENDING_MAX];
    if (command == 0 || item->command != command) {
        return false;
    }
    *out = *item;
    item->command = 0;
    return true;
}

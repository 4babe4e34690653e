/* Events waiting to be pulled, first in, first out. */
#include "esp/event_queue.h"

void event_queue_push(struct event_queue *queue, struct event_entry *entry,
                      const struct esp_event *event)
{
    entry->event = *event;
    if (entry->queued) {
        return;
    }
    entry->queued = true;
    entry->next = NULL;
    if (queue->last != NULL) {
        queue->last->next = entry;
    } else {
        queue->first = entry;
    }
    queue->last = entry;
}

void event_queue_remove(struct event_queue *queue, struct event_entry *entry)
{
    if (!entry->queued) {
        return;
    }
    struct event_entry *before = NULL;
    for (struct event_entry *at = queue->first; at != entry; at = at->next) {
        before = at;
    }
    if (before != NULL) {
        before->next = entry->next;
    } else {
        queue->first = entry->next;
    }
    if (queue->last == entry) {
        queue->last = before;
    }
    entry->queued = false;
}

bool event_queue_pop(struct event_queue *queue, struct esp_event *out)
{
    struct event_entry *entry = queue->first;
    if (entry == NULL) {
        return false;
    }
    *out = entry->event;
    event_queue_remove(queue, entry);
    return true;
}

/* Events waiting to be pulled. Each entry lives in the pair or policy it tells of, so the queue
 * needs no memory and can lose nothing. */
#ifndef IKEREF_ESP_EVENT_QUEUE_H
#define IKEREF_ESP_EVENT_QUEUE_H

#include "esp/esp_plane.h"

struct event_entry {
    struct esp_event event;
    bool queued;
    struct event_entry *next;
};

struct event_queue {
    struct event_entry *first;
    struct event_entry *last;
};

/* Queues `entry` with this event; one already waiting takes the new content in its old place. */
void event_queue_push(struct event_queue *queue, struct event_entry *entry,
                      const struct esp_event *event);

/* Takes the entry out unseen, if it waits. */
void event_queue_remove(struct event_queue *queue, struct event_entry *entry);

/* The oldest event; false when there is none. */
bool event_queue_pop(struct event_queue *queue, struct esp_event *out);

#endif

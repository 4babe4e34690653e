/* A peer that does not answer is asked again after 1 s, 2 s, 4 s ... at most a minute. */
#include "host/start_queue.h"

static void entry_skip(struct start_queue *queue, size_t peer)
{
    const struct peer_config *config = &queue->config->peers[peer];
    struct start_entry *entry = &queue->entries[peer];
    while (entry->child_index < config->child_count &&
           config->children[entry->child_index].start != START_AT_ONCE) {
        entry->child_index++;
    }
}

static bool entry_pends(const struct start_queue *queue, size_t peer)
{
    const struct start_entry *entry = &queue->entries[peer];
    return !entry->waiting && entry->child_index < queue->config->peers[peer].child_count;
}

void start_queue_init(struct start_queue *queue, const struct endpoint_config *config)
{
    *queue = (struct start_queue){.config = config};
    for (size_t i = 0; i < config->peer_count; i++) {
        queue->entries[i].backoff_ns = START_RETRY_MIN_NS;
        entry_skip(queue, i);
    }
}

bool start_queue_take(struct start_queue *queue, uint64_t now_ns, uint16_t *peer, uint16_t *child)
{
    for (size_t i = 0; i < queue->config->peer_count; i++) {
        struct start_entry *entry = &queue->entries[i];
        if (entry_pends(queue, i) && entry->next_try_ns <= now_ns) {
            entry->waiting = true;
            *peer = (uint16_t)i;
            *child = entry->child_index;
            return true;
        }
    }
    return false;
}

void start_queue_done(struct start_queue *queue, uint16_t peer, bool up, uint64_t now_ns)
{
    struct start_entry *entry = &queue->entries[peer];
    entry->waiting = false;
    if (up) {
        entry->child_index++;
        entry->backoff_ns = START_RETRY_MIN_NS;
        entry_skip(queue, peer);
        return;
    }
    entry->next_try_ns = now_ns + entry->backoff_ns;
    entry->backoff_ns =
        entry->backoff_ns * 2 < START_RETRY_MAX_NS ? entry->backoff_ns * 2 : START_RETRY_MAX_NS;
}

void start_queue_hurry(struct start_queue *queue, uint64_t now_ns)
{
    for (size_t i = 0; i < queue->config->peer_count; i++) {
        if (entry_pends(queue, i) && queue->entries[i].next_try_ns > now_ns) {
            queue->entries[i].next_try_ns = now_ns;
        }
    }
}

uint64_t start_queue_deadline(const struct start_queue *queue)
{
    uint64_t deadline = UINT64_MAX;
    for (size_t i = 0; i < queue->config->peer_count; i++) {
        if (entry_pends(queue, i) && queue->entries[i].next_try_ns < deadline) {
            deadline = queue->entries[i].next_try_ns;
        }
    }
    return deadline;
}

/* The tasks of an IKE SA, in order. */

#include "sa/task.h"

#include <stdlib.h>
#include <string.h>

/* Room for one more, where there may be one. */
static bool make_room(struct task_queue *queue)
{
    if (queue->count < queue->room) {
        return true;
    }
    if (queue->room == 0) {
        queue->items = &queue->one;
        queue->room = 1;
        return true;
    }
    size_t room = 2 * queue->room;
    struct task *items = room <= TASKS_MAX ? malloc(room * sizeof *items) : NULL;
    if (items == NULL) {
        return false;
    }
    memcpy(items, queue->items, queue->count * sizeof *items);
    if (queue->items != &queue->one) {
        free(queue->items);
    }
    queue->items = items;
    queue->room = room;
    return true;
}

void task_queue_clear(struct task_queue *queue)
{
    if (queue->items != &queue->one) {
        free(queue->items);
    }
    queue->items = NULL;
    queue->count = queue->room = 0;
}

bool task_queue_push(struct task_queue *queue, const struct task *task)
{
    if (!make_room(queue)) {
        return false;
    }
    queue->items[queue->count++] = *task;
    return true;
}

bool task_queue_push_front(struct task_queue *queue, const struct task *task)
{
    if (!make_room(queue)) {
        return false;
    }
    memmove(&queue->items[1], &queue->items[0], queue->count * sizeof queue->items[0]);
    queue->items[0] = *task;
    queue->count++;
    return true;
}

static void remove_at(struct task_queue *queue, size_t index)
{
    queue->count--;
    memmove(&queue->items[index], &queue->items[index + 1],
            (queue->count - index) * sizeof queue->items[0]);
    if (queue->count == 0) {
        task_queue_clear(queue);
    }
}

bool task_queue_take(struct task_queue *queue, uint64_t now_ns, struct task *out)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (queue->items[i].not_before_ns <= now_ns) {
            *out = queue->items[i];
            remove_at(queue, i);
            return true;
        }
    }
    return false;
}

static bool is(const struct task *task, enum task_type type, uint32_t child_sa)
{
    return task->type == type && (child_sa == 0 || task->child_sa == child_sa);
}

bool task_queue_has(const struct task_queue *queue, enum task_type type, uint32_t child_sa)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (is(&queue->items[i], type, child_sa)) {
            return true;
        }
    }
    return false;
}

bool task_queue_remove(struct task_queue *queue, enum task_type type, uint32_t child_sa,
                       struct task *out)
{
    for (size_t i = 0; i < queue->count; i++) {
        if (is(&queue->items[i], type, child_sa)) {
            *out = queue->items[i];
            remove_at(queue, i);
            return true;
        }
    }
    return false;
}

uint64_t task_queue_deadline(const struct task_queue *queue)
{
    uint64_t deadline = UINT64_MAX;
    for (size_t i = 0; i < queue->count; i++) {
        if (queue->items[i].not_before_ns < deadline) {
            deadline = queue->items[i].not_before_ns;
        }
    }
    return deadline;
}

/* What an IKE SA still has to ask of its peer. One request is out at a time (window of one, RFC
 * 7296 2.3); the rest waits here in order. */
#ifndef IKEREF_SA_TASK_H
#define IKEREF_SA_TASK_H

#include "base/selector.h"

#define TASKS_MAX 32

enum task_type {
    TASK_NONE,
    TASK_IKE_SA_INIT,
    TASK_IKE_AUTH,
    TASK_CHILD_CREATE,
    TASK_CHILD_REKEY,
    TASK_CHILD_DELETE,
    TASK_IKE_REKEY,
    TASK_IKE_DELETE,
    TASK_LIVENESS,
    TASK_UPDATE_ADDRESSES,     /* RFC 4555 3.5, by the original initiator */
    TASK_ADDITIONAL_ADDRESSES, /* RFC 4555 3.6 */
    TASK_RETURN_ROUTABILITY,   /* RFC 4555 3.7 */
    TASK_AUTH_FAILED,          /* tells the responder that we refused it, RFC 7296 2.21.2 */
    TASK_TYPES,
};

struct task {
    enum task_type type;
    uint64_t not_before_ns; /* after TEMPORARY_FAILURE, RFC 7296 2.25 */
    uint64_t command;       /* reported when the task has ended; 0: nobody waits */
    uint64_t since_ns;      /* of the first try */
    uint32_t child_sa;      /* the Child SA it is about */
    uint16_t child_index;   /* CHILD_CREATE */
    uint16_t group; /* the key exchange the peer asked for (INVALID_KE_PAYLOAD); 0: our guess */
    uint8_t attempts;
    uint32_t copies; /* sent in vain in IKE SAs that were replaced meanwhile: they count (2.4) */
    bool has_key;
    struct packet_key key; /* the packet that wanted the SA */
};

/* Of zeros: empty. Most IKE SAs have nothing to ask most of the time, so more than one are kept
 * where there is memory; the one that an end leaves alone in the queue needs none. */
struct task_queue {
    size_t count, room;
    struct task *items; /* the one below, or as many as there is room for */
    struct task one;
};

/* False when TASKS_MAX wait, or without memory. */
bool task_queue_push(struct task_queue *queue, const struct task *task);
bool task_queue_push_front(struct task_queue *queue, const struct task *task);

/* Takes the first task whose time has come; false when there is none. */
bool task_queue_take(struct task_queue *queue, uint64_t now_ns, struct task *out);

/* A task of this type (and Child SA, unless 0) waits. */
bool task_queue_has(const struct task_queue *queue, enum task_type type, uint32_t child_sa);

/* Takes out the first such task, whether its time has come or not; false when there is none. */
bool task_queue_remove(struct task_queue *queue, enum task_type type, uint32_t child_sa,
                       struct task *out);

/* Nothing waits any more, and no memory is held. */
void task_queue_clear(struct task_queue *queue);

/* When the next task may start; UINT64_MAX: none waits. */
uint64_t task_queue_deadline(const struct task_queue *queue);

#endif

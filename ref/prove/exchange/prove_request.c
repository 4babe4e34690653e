/* Our own window of one (RFC 7296 2.2, 2.3): exchange/request.c never has two requests out, gives
 * each the next Message ID, and never comes round. Any task that waits, any handler. */
#include "prove/prove.h"

#include "exchange/request.c"

static struct {
    size_t sent;
    uint32_t message_id;
    bool gone, deleting;
} seen;

static size_t waiting;

bool task_queue_take(struct task_queue *queue, uint64_t now_ns, struct task *out)
{
    (void)queue;
    (void)now_ns;
    if (waiting == 0) {
        return false;
    }
    waiting--;
    out->type = (enum task_type)(1 + any_up_to(TASK_TYPES - 2));
    __CPROVER_assume(out->type != TASK_IKE_SA_INIT);
    return true;
}

/* What is put off is not due again at once; the queue may be full. */
bool task_queue_push(struct task_queue *queue, const struct task *task)
{
    (void)queue;
    (void)task;
    return any_bool();
}

bool task_queue_push_front(struct task_queue *queue, const struct task *task)
{
    (void)queue;
    (void)task;
    waiting++;
    return true;
}

/* A request whose signature is made elsewhere is ours that is out, as far as others are concerned.
 */
bool waiting_request(struct sa_store *store, struct ike_sa *sa)
{
    (void)store;
    assert(!sa->request.active);
    sa->request.active = any_bool();
    return sa->request.active;
}

/* Called when nothing is asked any more; what it may ask goes through the same door again. */
void reauthentication_conclude(struct sa_store *store, struct ike_sa *sa)
{
    (void)store;
    assert(!sa->request.active);
}

static enum status create_anything(struct sa_store *store, struct ike_sa *sa,
                                   struct chain_writer *chain)
{
    (void)store;
    assert(!sa->request.active);
    chain->w->overflow = any_bool();
    return any_status();
}

const struct task_handler *task_handler_find(enum task_type type)
{
    static struct task_handler handler = {.create_request = create_anything};
    (void)type;
    handler.exchange_type = any_u8();
    return &handler;
}

enum status fragmentation_seal(struct sa_store *store, struct ike_sa *sa,
                               const struct unsealed *message, struct stored_message *out)
{
    (void)store;
    (void)out;
    assert(message->header.message_id == sa->next_request);
    seen.message_id = message->header.message_id;
    return any_status();
}

void fragmentation_send(struct sa_store *store, struct stored_message *message,
                        const struct path *path, bool encapsulated)
{
    (void)store;
    (void)message;
    (void)path;
    (void)encapsulated;
    seen.sent++;
}

void sa_store_ike_gone(struct sa_store *store, struct ike_sa *sa, enum down_reason reason,
                       enum status status)
{
    (void)store;
    (void)reason;
    (void)status;
    sa->state = IKE_SA_CLOSED;
    seen.gone = true;
}

/* Queues a Delete, which is all that may be asked from then on. */
void ike_delete_queue(struct sa_store *store, struct ike_sa *sa, enum down_reason reason,
                      uint64_t command)
{
    (void)store;
    (void)reason;
    (void)command;
    sa->state = IKE_SA_DELETING;
    seen.deleting = true;
}

/* What a request held is let go of; here it holds nothing. */
void key_exchange_destroy(struct key_exchange *key)
{
    (void)key;
}

void stored_message_clear(struct stored_message *stored)
{
    (void)stored;
}

void reassembly_end(struct reassembly **r)
{
    (void)r;
}

void octets_wipe(void *data, size_t length)
{
    memset(data, 0, length);
}

void sa_store_emit_done(struct sa_store *store, uint64_t command, enum status status)
{
    (void)store;
    (void)command;
    (void)status;
}

void sa_store_task_ended(struct sa_store *store, struct ike_sa *sa, const struct task *task,
                         enum status status)
{
    (void)store;
    (void)sa;
    (void)task;
    (void)status;
}

void mobike_probe_other_paths(struct sa_store *store, struct ike_sa *sa)
{
    (void)store;
    (void)sa;
}

size_t fragmentation_size(const struct ike_sa *sa)
{
    (void)sa;
    return FRAGMENT_SIZE_MIN;
}

bool task_queue_has(const struct task_queue *queue, enum task_type type, uint32_t child_sa)
{
    (void)queue;
    (void)type;
    (void)child_sa;
    return any_bool();
}

bool ike_sa_is_up(const struct ike_sa *sa)
{
    return sa->state == IKE_SA_ESTABLISHED || sa->state == IKE_SA_REKEYED ||
           sa->state == IKE_SA_DELETING;
}

void prove_request_start_next(void)
{
    struct ike_sa sa;
    struct sa_store store;
    struct peer_config peer;
    sa.peer = &peer;
    sa.state = (enum ike_sa_state)any_up_to(IKE_SA_STATES - 1);
    sa.request.active = any_bool();
    sa.request.message_id = any_u32();
    waiting = any_up_to(2);
    uint32_t next = sa.next_request;
    bool was_active = sa.request.active;
    bool was_deleting = sa.state == IKE_SA_DELETING;
    uint32_t before = sa.request.message_id;
    request_start_next(&store, &sa);
    assert(seen.sent <= 1);
    if (was_active) {
        assert(seen.sent == 0 && sa.request.message_id == before && sa.next_request == next);
    }
    if (seen.sent == 1) {
        assert(seen.message_id == next && sa.request.message_id == next && sa.request.active);
        assert(sa.next_request == next + 1 && next != UINT32_MAX);
        assert(next != UINT32_MAX - 1 || was_deleting); /* the last one is for the Delete */
    } else {
        assert(sa.next_request == next);
    }
}

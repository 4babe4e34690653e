/* Reauthentication, RFC 7296 2.8.3: make before break. */

#include "exchange/reauthentication.h"

#include "exchange/ike_delete.h"
#include "exchange/ike_sa_init.h"

static bool is_wanted(const struct child_sa *child)
{
    return child->state != CHILD_SA_DELETING && !child->redundant && !child->replaced;
}

/* One for each child of the configuration, however many the old IKE SA has of it. */
static size_t wanted_children(const struct ike_sa *old, uint16_t indexes[CHILDREN_MAX])
{
    size_t count = 0;
    bool has[CHILDREN_MAX] = {false};
    for (const struct child_sa *c = old->children; c != NULL; c = c->next) {
        if (is_wanted(c) && !has[c->child_index]) {
            has[c->child_index] = true;
            indexes[count++] = c->child_index;
        }
    }
    return count;
}

enum status reauthentication_start(struct sa_store *store, struct ike_sa *old, uint64_t command)
{
    uint16_t indexes[CHILDREN_MAX];
    struct task task = {.type = TASK_CHILD_CREATE, .since_ns = store->now_ns};
    size_t count = wanted_children(old, indexes);
    if (store->shutting_down || count == 0) {
        return STATUS_DROP;
    }
    task.child_index = indexes[0];
    /* along the path of the old one, so that even a peer behind a NAT is reached */
    struct ike_sa *sa =
        ike_sa_init_start(store, old->peer_index, &old->path, old->encapsulated, &task);
    if (sa == NULL) {
        return STATUS_INTERNAL;
    }
    sa_store_set_reauthentication(store, sa,
                                  (struct reauthentication){.ike_sa = old->id, .command = command});
    for (size_t i = 1; i < count; i++) {
        task.child_index = indexes[i];
        if (!task_queue_push(&sa->tasks, &task)) { /* it has room for CHILDREN_MAX, if no memory */
            sa_store_task_ended(store, sa, &task, STATUS_INTERNAL);
        }
    }
    return STATUS_OK;
}

void reauthentication_conclude(struct sa_store *store, struct ike_sa *sa)
{
    struct reauthentication made_for = sa->reauthentication;
    if (made_for.ike_sa == 0 || sa->state != IKE_SA_ESTABLISHED || sa->silent ||
        task_queue_has(&sa->tasks, TASK_CHILD_CREATE, 0)) {
        return;
    }
    sa_store_set_reauthentication(store, sa, (struct reauthentication){0});
    struct ike_sa *old = sa_store_find(store, made_for.ike_sa);
    if (old == NULL || old->state != IKE_SA_ESTABLISHED) { /* the peer was faster */
        sa_store_emit_done(store, made_for.command, STATUS_OK);
        return;
    }
    ike_delete_queue(store, old, DOWN_REPLACED, made_for.command);
}

void reauthentication_inherit(struct sa_store *store, struct ike_sa *old, struct ike_sa *heir)
{
    sa_store_set_reauthentication(store, heir, old->reauthentication);
    sa_store_set_reauthentication(store, old, (struct reauthentication){0});
    for (struct ike_sa *sa; (sa = sa_store_find_reauthentication(store, old->id)) != NULL;) {
        struct reauthentication made_for = sa->reauthentication;
        made_for.ike_sa = heir->id;
        sa_store_set_reauthentication(store, sa, made_for);
    }
}

void reauthentication_fail(struct sa_store *store, struct ike_sa *sa, enum status status)
{
    if (sa->reauthentication.ike_sa == 0) {
        return;
    }
    sa_store_emit_done_with(store, sa, sa->reauthentication.command, status);
    sa_store_set_reauthentication(store, sa, (struct reauthentication){0});
    if (sa->state == IKE_SA_ESTABLISHED) {
        ike_delete_queue(store, sa, DOWN_FAILED, 0);
    }
}

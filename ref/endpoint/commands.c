/* What the host asks for: each command finds its SAs and gives them a task. */

#include "endpoint/commands.h"

#include "exchange/child_delete.h"
#include "exchange/ike_delete.h"
#include "exchange/ike_sa_init.h"
#include "exchange/mobike.h"
#include "exchange/reauthentication.h"
#include "exchange/request.h"

static struct ike_sa *find_ike_sa(struct sa_store *store, const struct command *command)
{
    struct ike_sa *sa = command->ike_sa != 0 ? sa_store_find(store, command->ike_sa)
                                             : sa_store_find_peer(store, command->peer_index);
    while (sa != NULL && sa->state == IKE_SA_REKEYED) {
        sa = sa_store_find(store, sa->successor); /* who names an IKE SA means all its line */
    }
    return sa != NULL && sa->state != IKE_SA_CLOSED ? sa : NULL;
}

/* ---- making Child SAs ---- */

static bool child_exists(const struct ike_sa *sa, uint16_t child_index)
{
    for (const struct child_sa *c = sa->children; c != NULL; c = c->next) {
        if (c->child_index == child_index && c->state != CHILD_SA_DELETING) {
            return true;
        }
    }
    return false;
}

static bool is_creation_of(const struct task *task, uint16_t child_index)
{
    return (task->type == TASK_CHILD_CREATE || task->type == TASK_IKE_AUTH) &&
           task->child_index == child_index;
}

static bool child_is_coming(const struct ike_sa *sa, uint16_t child_index)
{
    if (sa->request.active && is_creation_of(&sa->request.task, child_index)) {
        return true;
    }
    for (size_t i = 0; i < sa->tasks.count; i++) {
        if (is_creation_of(&sa->tasks.items[i], child_index)) {
            return true;
        }
    }
    return false;
}

static enum status create_child(struct sa_store *store, const struct command *command,
                                uint16_t child_index, uint64_t id)
{
    struct ike_sa *sa = sa_store_find_peer(store, command->peer_index);
    struct task task = {.type = TASK_CHILD_CREATE,
                        .child_index = child_index,
                        .command = id,
                        .has_key = command->type == COMMAND_ACQUIRE,
                        .key = command->key};
    if (sa == NULL) {
        return ike_sa_init_start(store, command->peer_index, &command->path, false, &task) != NULL
                   ? STATUS_OK
                   : STATUS_INTERNAL;
    }
    if (child_exists(sa, child_index)) {
        /* for traffic that the Child SA does not carry, a further one; a command has what it wants
         */
        if (command->type == COMMAND_INITIATE) {
            sa_store_emit_done(store, id, STATUS_OK);
            return STATUS_OK;
        }
    }
    if (command->type == COMMAND_ACQUIRE && child_is_coming(sa, child_index)) {
        sa_store_emit_done(store, id, STATUS_OK);
        return STATUS_OK;
    }
    request_queue(store, sa, &task);
    return STATUS_OK;
}

/* Which children a command without one means: all that start at once, else the first. */
static enum status create_default_children(struct sa_store *store, const struct command *command)
{
    const struct peer_config *peer = &store->config->peers[command->peer_index];
    size_t last = 0;
    bool any = false;
    for (size_t i = 0; i < peer->child_count; i++) {
        if (peer->children[i].start == START_AT_ONCE) {
            last = i;
            any = true;
        }
    }
    for (size_t i = 0; any && i < last; i++) {
        if (peer->children[i].start == START_AT_ONCE) {
            TRY(create_child(store, command, (uint16_t)i, 0));
        }
    }
    return create_child(store, command, (uint16_t)last, command->id);
}

static enum status initiate(struct sa_store *store, const struct command *command)
{
    const struct peer_config *peer = &store->config->peers[command->peer_index];
    if (store->shutting_down || peer->child_count == 0) {
        return STATUS_DROP;
    }
    if (command->child_index == UINT16_MAX) {
        return create_default_children(store, command);
    }
    if (command->child_index >= peer->child_count) {
        return STATUS_INTERNAL;
    }
    return create_child(store, command, command->child_index, command->id);
}

/* ---- Child SAs that there are ---- */

typedef void child_function(struct sa_store *store, struct ike_sa *sa, struct child_sa *child,
                            uint64_t id);

static void rekey_child(struct sa_store *store, struct ike_sa *sa, struct child_sa *child,
                        uint64_t id)
{
    struct task rekey = {.type = TASK_CHILD_REKEY,
                         .child_sa = child->id,
                         .child_index = child->child_index,
                         .command = id};
    request_queue(store, sa, &rekey);
}

static void delete_child(struct sa_store *store, struct ike_sa *sa, struct child_sa *child,
                         uint64_t id)
{
    child_delete_queue(store, sa, child, DOWN_DELETED_BY_US, id);
}

/* By SPI, or every one of the peer's child of that name; the command ends with the last of them. */
static enum status for_children(struct sa_store *store, const struct command *command,
                                child_function *function)
{
    struct child_sa *child;
    struct child_sa *chosen[CHILD_SAS_MAX];
    size_t count = 0;
    struct ike_sa *sa;
    if (command->spi_in != 0) {
        sa = sa_store_find_child(store, command->spi_in, &child);
        if (sa == NULL || child->state == CHILD_SA_DELETING) {
            return STATUS_DROP;
        }
        function(store, sa, child, command->id);
        return STATUS_OK;
    }
    sa = find_ike_sa(store, command);
    if (sa == NULL || !ike_sa_is_up(sa)) {
        return STATUS_DROP;
    }
    for (child = sa->children; child != NULL && count < CHILD_SAS_MAX; child = child->next) {
        bool named =
            command->child_index == UINT16_MAX || command->child_index == child->child_index;
        if (named && child->state != CHILD_SA_DELETING && !child->redundant && !child->replaced) {
            chosen[count++] = child;
        }
    }
    for (size_t i = 0; i < count; i++) {
        function(store, sa, chosen[i], i + 1 == count ? command->id : 0);
    }
    return count > 0 ? STATUS_OK : STATUS_DROP;
}

static enum status expire_child(struct sa_store *store, const struct command *command)
{
    struct child_sa *child;
    struct ike_sa *sa = sa_store_find_child(store, command->spi_in, &child);
    if (sa == NULL || child->state == CHILD_SA_DELETING) {
        return STATUS_DROP;
    }
    if (command->hard) {
        child_delete_queue(store, sa, child, DOWN_EXPIRED, command->id);
    } else if (child->state == CHILD_SA_INSTALLED && !child->replaced &&
               !task_queue_has(&sa->tasks, TASK_CHILD_REKEY, child->id)) {
        rekey_child(store, sa, child, command->id);
    } else {
        sa_store_emit_done(store, command->id, STATUS_OK); /* under way already */
    }
    return STATUS_OK;
}

static enum status note_traffic(struct sa_store *store, const struct command *command)
{
    struct child_sa *child;
    if (sa_store_find_child(store, command->spi_in, &child) == NULL) {
        return STATUS_DROP;
    }
    child->last_in_ns = command->last_in_ns;
    child->last_out_ns = command->last_out_ns;
    sa_store_emit_done(store, command->id, STATUS_OK);
    return STATUS_OK;
}

static enum status peer_moved(struct sa_store *store, const struct command *command)
{
    struct child_sa *child;
    struct ike_sa *sa = sa_store_find_child(store, command->spi_in, &child);
    if (sa == NULL || sa->state != IKE_SA_ESTABLISHED) {
        return STATUS_DROP;
    }
    nat_follow_esp(store, sa, &command->path);
    sa_store_emit_done(store, command->id, STATUS_OK);
    return STATUS_OK;
}

/* ---- IKE SAs ---- */

static enum status queue_for_ike_sa(struct sa_store *store, const struct command *command,
                                    enum task_type type)
{
    struct task task = {.type = type, .command = command->id};
    struct ike_sa *sa = find_ike_sa(store, command);
    if (sa == NULL || sa->state != IKE_SA_ESTABLISHED) {
        return STATUS_DROP;
    }
    request_queue(store, sa, &task);
    return STATUS_OK;
}

static enum status reauthenticate(struct sa_store *store, const struct command *command)
{
    struct ike_sa *sa = find_ike_sa(store, command);
    return sa != NULL && sa->state == IKE_SA_ESTABLISHED
               ? reauthentication_start(store, sa, command->id)
               : STATUS_DROP;
}

static enum status delete_ike_sa(struct sa_store *store, const struct command *command)
{
    struct ike_sa *sa = find_ike_sa(store, command);
    if (sa == NULL) {
        return STATUS_DROP;
    }
    if (sa->state == IKE_SA_AUTH_SENT) {
        /* the peer may hold it already: what waits is forgotten, and when IKE_AUTH is answered the
         * Delete follows */
        struct task end = {.type = TASK_IKE_DELETE, .command = command->id};
        sa_store_tasks_ended(store, sa, STATUS_DROP);
        (void)task_queue_push(&sa->tasks, &end);
    } else if (!ike_sa_is_up(sa)) { /* nothing to delete at the peer */
        sa_store_ike_gone(store, sa, DOWN_DELETED_BY_US, STATUS_DROP);
        sa_store_emit_done(store, command->id, STATUS_OK);
    } else {
        ike_delete_queue(store, sa, DOWN_DELETED_BY_US, command->id);
    }
    return STATUS_OK;
}

static enum status roam(struct sa_store *store, const struct command *command)
{
    struct ike_sa *sa = command->ike_sa != 0 ? sa_store_find(store, command->ike_sa)
                                             : sa_store_find_peer(store, command->peer_index);
    store->local_addresses = command->addresses;
    if (sa != NULL && sa->peer->mobike &&
        (sa->state == IKE_SA_INIT_SENT || sa->state == IKE_SA_AUTH_SENT)) {
        mobike_roam_connecting(store, sa, command);
        return STATUS_OK;
    }
    if (sa == NULL || !ike_sa_is_up(sa) || !sa->mobike) {
        return STATUS_DROP;
    }
    mobike_roam(store, sa, command);
    return STATUS_OK;
}

static enum status note_path_mtu(struct sa_store *store, const struct command *command)
{
    for (struct ike_sa *sa = store->ike_sas; sa != NULL; sa = sa->next) {
        if (sa->state != IKE_SA_CLOSED &&
            address_equal(&sa->path.remote.ip, &command->path.remote.ip)) {
            sa_store_stir(store, sa);
            request_narrow(store, sa, command->mtu);
        }
    }
    sa_store_emit_done(store, command->id, STATUS_OK);
    return STATUS_OK;
}

static enum status shut_down(struct sa_store *store, const struct command *command)
{
    store->shutting_down = true;
    for (struct ike_sa *sa = store->ike_sas; sa != NULL; sa = sa->next) {
        sa_store_stir(store, sa);
        if (sa->state == IKE_SA_ESTABLISHED) {
            /* a silent one goes by itself, or inherits this Delete */
            if (!sa->silent) {
                ike_delete_queue(store, sa, DOWN_SHUTDOWN, 0);
            }
        } else if (sa->state != IKE_SA_DELETING && sa->state != IKE_SA_REKEYED) {
            sa_store_ike_gone(store, sa, DOWN_SHUTDOWN, STATUS_DROP);
        }
    }
    sa_store_emit_done(store, command->id, STATUS_OK);
    return STATUS_OK;
}

enum status commands_execute(struct sa_store *store, const struct command *command)
{
    bool by_number = (command->ike_sa != 0 || command->spi_in != 0) &&
                     command->type != COMMAND_INITIATE && command->type != COMMAND_ACQUIRE;
    if (command->peer_index >= store->config->peer_count && !by_number &&
        command->type != COMMAND_SHUTDOWN) {
        return STATUS_INTERNAL;
    }
    switch (command->type) {
    case COMMAND_INITIATE:
    case COMMAND_ACQUIRE:
        if (command->addresses.count > 0) {
            store->local_addresses = command->addresses;
        }
        return initiate(store, command);
    case COMMAND_REKEY_IKE:
        return queue_for_ike_sa(store, command, TASK_IKE_REKEY);
    case COMMAND_REAUTHENTICATE:
        return reauthenticate(store, command);
    case COMMAND_REKEY_CHILD:
        return for_children(store, command, rekey_child);
    case COMMAND_DELETE_IKE:
        return delete_ike_sa(store, command);
    case COMMAND_DELETE_CHILD:
        return for_children(store, command, delete_child);
    case COMMAND_LIVENESS:
        return queue_for_ike_sa(store, command, TASK_LIVENESS);
    case COMMAND_ROAM:
        return roam(store, command);
    case COMMAND_ADDRESSES:
        store->local_addresses = command->addresses;
        sa_store_emit_done(store, command->id, STATUS_OK);
        return STATUS_OK;
    case COMMAND_PEER_MOVED:
        return peer_moved(store, command);
    case COMMAND_TRAFFIC:
        return note_traffic(store, command);
    case COMMAND_EXPIRE:
        return expire_child(store, command);
    case COMMAND_PATH_MTU:
        return note_path_mtu(store, command);
    case COMMAND_SHUTDOWN:
        return shut_down(store, command);
    }
    return STATUS_INTERNAL;
}

/* An IKE SA: small questions about one. */

#include "sa/ike_sa.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *ike_sa_state_name(enum ike_sa_state state)
{
    static const char *const names[IKE_SA_STATES] = {
        [IKE_SA_INIT_SENT] = "connecting", [IKE_SA_HALF_OPEN] = "half-open",
        [IKE_SA_AUTH_SENT] = "connecting", [IKE_SA_ESTABLISHED] = "established",
        [IKE_SA_REKEYED] = "rekeyed",      [IKE_SA_DELETING] = "deleting",
        [IKE_SA_CLOSED] = "closed",
    };
    return names[state];
}

const char *child_sa_state_name(enum child_sa_state state)
{
    static const char *const names[] = {
        [CHILD_SA_INSTALLED] = "installed",
        [CHILD_SA_REKEYING] = "rekeying",
        [CHILD_SA_DELETING] = "deleting",
    };
    return names[state];
}

void child_sa_free(struct child_sa *child)
{
    if (child != NULL) {
        selectors_free(&child->local);
        selectors_free(&child->remote);
        free(child);
    }
}

uint64_t ike_sa_local_spi(const struct ike_sa *sa)
{
    return sa->initiator ? sa->spi_i : sa->spi_r;
}

bool ike_sa_is_busy(const struct ike_sa *sa)
{
    return sa->job != NULL && !sa->job->done;
}

bool ike_sa_is_up(const struct ike_sa *sa)
{
    return sa->state == IKE_SA_ESTABLISHED || sa->state == IKE_SA_REKEYED ||
           sa->state == IKE_SA_DELETING;
}

struct child_sa *ike_sa_child_by_id(struct ike_sa *sa, uint32_t id)
{
    struct child_sa *child = sa->children;
    while (child != NULL && child->id != id) {
        child = child->next;
    }
    return child;
}

struct child_sa *ike_sa_child_by_spi_out(struct ike_sa *sa, uint32_t spi_out)
{
    struct child_sa *child = sa->children;
    while (child != NULL && child->spi_out != spi_out) {
        child = child->next;
    }
    return child;
}

struct child_sa *ike_sa_child_by_spi_in(struct ike_sa *sa, uint32_t spi_in)
{
    struct child_sa *child = sa->children;
    while (child != NULL && child->spi_in != spi_in) {
        child = child->next;
    }
    return child;
}

void ike_sa_inherit_children(struct ike_sa *heir, struct ike_sa *old)
{
    assert(heir->children == NULL); /* nobody could make one: it was silent */
    heir->children = old->children;
    old->children = NULL;
    for (struct child_sa *child = heir->children; child != NULL; child = child->next) {
        child->owner = heir;
    }
}

enum status ike_sa_set_keys(struct ike_sa *sa, const struct ike_keys *keys)
{
    const struct secret *ours_e = sa->initiator ? &keys->sk_ei : &keys->sk_er;
    const struct secret *ours_a = sa->initiator ? &keys->sk_ai : &keys->sk_ar;
    const struct secret *theirs_e = sa->initiator ? &keys->sk_er : &keys->sk_ei;
    const struct secret *theirs_a = sa->initiator ? &keys->sk_ar : &keys->sk_ai;
    sa->sk_d = keys->sk_d;
    sa->sk_pi = keys->sk_pi;
    sa->sk_pr = keys->sk_pr;
    sa->seal = protector_create(&sa->protection, secret_bytes(ours_e), secret_bytes(ours_a),
                                PROTECTOR_SEAL);
    sa->open = protector_create(&sa->protection, secret_bytes(theirs_e), secret_bytes(theirs_a),
                                PROTECTOR_OPEN);
    if (sa->seal != NULL && sa->open != NULL) {
        return STATUS_OK;
    }
    protector_destroy(sa->seal); /* both or none: the next response may be tried again */
    protector_destroy(sa->open);
    sa->seal = sa->open = NULL;
    return STATUS_INTERNAL;
}

bool ike_sa_is_ready(const struct ike_sa *sa)
{
    return sa->seal != NULL && (protector_is_ready(sa->seal) || protector_is_ready(sa->open));
}

void ike_sa_rest(struct ike_sa *sa)
{
    protector_rest(sa->seal);
    protector_rest(sa->open);
}

void ike_sa_free_init(struct ike_sa *sa)
{
    if (sa->init == NULL) {
        return;
    }
    key_exchange_destroy(sa->init->key_exchange);
    stored_message_clear(&sa->init->request);
    stored_message_clear(&sa->init->response);
    octets_wipe(sa->init, sizeof *sa->init);
    free(sa->init);
    sa->init = NULL;
}

struct ike_sa_info ike_sa_describe(const struct ike_sa *sa)
{
    struct ike_sa_info info = {
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .initiator = sa->initiator,
        .path = sa->path,
        .nat_local = sa->nat_local,
        .nat_remote = sa->nat_remote,
        .udp_encapsulation = sa->udp_encapsulation,
        .mobike = sa->mobike,
        .fragmentation = sa->fragmentation,
        .local_id = sa->local_id,
        .remote_id = sa->remote_id,
        .protection = sa->protection,
        .prf = sa->prf,
        .key_exchange = sa->key_exchange,
        .local_auth = sa->local_auth,
        .remote_auth = sa->remote_auth,
    };
    memcpy(info.remote_subject, sa->remote_subject, sizeof info.remote_subject);
    return info;
}

struct child_sa_info child_sa_describe(const struct ike_sa *sa, const struct child_sa *child)
{
    struct child_sa_info info = {
        .spi_in = child->spi_in,
        .spi_out = child->spi_out,
        .transport_mode = child->transport_mode,
        .esn = child->esn,
        .protection = child->protection,
        .key_exchange = child->key_exchange,
        .path = sa->path,
        .udp_encapsulation = sa->udp_encapsulation,
    };
    selector_list_set(&info.local, child->local);
    selector_list_set(&info.remote, child->remote);
    return info;
}

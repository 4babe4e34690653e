/* What each side's host has been told, and whether two sides have been told the same. */

#include <stdio.h>
#include <string.h>

#include "endpoint/endpoint_store.h"
#include "test/endpoint/world.h"
#include "test/endpoint/world_internal.h"

static struct world_ike_sa *find_ike(struct world_side *side, uint32_t id)
{
    for (size_t i = 0; i < side->ike_count; i++) {
        if (side->ike[i].id == id) {
            return &side->ike[i];
        }
    }
    return NULL;
}

static struct world_child_sa *find_child(struct world_side *side, uint32_t id)
{
    for (size_t i = 0; i < side->child_count; i++) {
        if (side->child[i].id == id) {
            return &side->child[i];
        }
    }
    return NULL;
}

static void ike_add(struct world *world, unsigned s, const struct event *event)
{
    struct world_side *side = &world->sides[s];
    if (find_ike(side, event->ike_sa) != NULL || side->ike_count == WORLD_IKE_SAS) {
        world_fail(world, s, "an IKE SA came up twice, or too many are up");
    }
    side->ike[side->ike_count++] = (struct world_ike_sa){event->ike_sa, event->ike};
}

static void ike_remove(struct world *world, unsigned s, uint32_t id, bool must_exist)
{
    struct world_side *side = &world->sides[s];
    struct world_ike_sa *ike = find_ike(side, id);
    if (ike == NULL) {
        if (must_exist) {
            world_fail(world, s, "an IKE SA that the host never saw was replaced");
        }
        return; /* went down before it was up */
    }
    *ike = side->ike[--side->ike_count];
}

/* Child SAs of an IKE SA must be gone before it is. */
static void check_childless(struct world *world, unsigned s, uint32_t id)
{
    struct world_side *side = &world->sides[s];
    for (size_t i = 0; i < side->child_count; i++) {
        if (side->child[i].ike_sa == id) {
            world_fail(world, s, "an IKE SA went down and left a Child SA up");
        }
    }
}

static void child_event(struct world *world, unsigned s, const struct event *event)
{
    struct world_side *side = &world->sides[s];
    struct world_child_sa *child = find_child(side, event->child_sa);
    if ((child == NULL) != (event->type == EVENT_CHILD_SA_UP)) {
        world_fail(world, s, "a Child SA came up twice, or went or moved while not up");
    }
    if (event->type == EVENT_CHILD_SA_DOWN) {
        side->child_downs++;
        side->last_child_down = *event;
        *child = side->child[--side->child_count];
    } else if (event->type == EVENT_CHILD_SA_MOVED) {
        side->child_moved++;
        child->info.path = event->child.path;
        child->info.udp_encapsulation = event->child.udp_encapsulation;
    } else {
        if (side->child_count == WORLD_CHILD_SAS || find_ike(side, event->ike_sa) == NULL) {
            world_fail(world, s, "a Child SA came up without its IKE SA, or too many are up");
        }
        side->child_ups++;
        side->last_child_up = *event;
        side->child[side->child_count++] = (struct world_child_sa){
            event->child_sa, event->ike_sa, event->child_index, event->child};
    }
}

static void rekeyed(struct world *world, unsigned s, const struct event *event)
{
    struct world_side *side = &world->sides[s];
    side->ike_rekeyed++;
    if (find_ike(side, event->replaces) == NULL) {
        world_fail(world, s, "an IKE SA that was not up has been rekeyed");
    }
    ike_add(world, s, event);
    for (size_t i = 0; i < side->child_count; i++) {
        if (side->child[i].ike_sa == event->replaces) {
            side->child[i].ike_sa = event->ike_sa;
        }
    }
}

static void command_done(struct world *world, unsigned s, const struct event *event)
{
    struct world_side *side = &world->sides[s];
    if (event->command == 0 || event->command >= WORLD_COMMANDS) {
        world_fail(world, s, "an answer to a command nobody gave");
    }
    struct world_command *command = &side->commands[event->command];
    if (command->answers++ > 0) {
        world_fail(world, s, "a command was answered twice");
    }
    command->status = event->status;
}

static void ike_down(struct world *world, unsigned s, const struct event *event)
{
    struct world_side *side = &world->sides[s];
    side->ike_downs++;
    side->last_ike_down = *event;
    check_childless(world, s, event->ike_sa);
    ike_remove(world, s, event->ike_sa, false);
}

void world_mirror_event(struct world *world, unsigned s, const struct event *event)
{
    struct world_side *side = &world->sides[s];
    switch (event->type) {
    case EVENT_IKE_SA_UP:
        side->ike_ups++;
        ike_add(world, s, event);
        break;
    case EVENT_IKE_SA_REKEYED:
        rekeyed(world, s, event);
        break;
    case EVENT_IKE_SA_DOWN:
        ike_down(world, s, event);
        break;
    case EVENT_IKE_SA_MOVED:
        side->ike_moved++;
        if (find_ike(side, event->ike_sa) != NULL) {
            find_ike(side, event->ike_sa)->info.path = event->ike.path;
        }
        break;
    case EVENT_CHILD_SA_UP:
    case EVENT_CHILD_SA_DOWN:
    case EVENT_CHILD_SA_MOVED:
        child_event(world, s, event);
        break;
    case EVENT_CHILD_SA_FAILED:
        side->child_failed++;
        side->last_child_failed = *event;
        break;
    case EVENT_COMMAND_DONE:
        command_done(world, s, event);
        break;
    case EVENT_ROAM_DONE:
        side->roam_done++;
        side->last_roam = *event;
        break;
    case EVENT_LIVENESS:
        side->livenesses++;
        break;
    case EVENT_NOTIFIED:
        side->notified++;
        side->last_notified = *event;
        break;
    case EVENT_IKE_SA_KEYS:
        break;
    }
}

/* ---- agreement ---- */

static bool secret_same(const struct secret *a, const struct secret *b)
{
    return bytes_equal(secret_bytes(a), secret_bytes(b));
}

static bool child_mirrors(const struct child_sa_info *a, const struct child_sa_info *b)
{
    return a->spi_in == b->spi_out && a->spi_out == b->spi_in &&
           secret_same(&a->encryption_in, &b->encryption_out) &&
           secret_same(&a->encryption_out, &b->encryption_in) &&
           secret_same(&a->integrity_in, &b->integrity_out) &&
           secret_same(&a->integrity_out, &b->integrity_in) && a->encryption_in.length > 0 &&
           a->esn == b->esn && a->transport_mode == b->transport_mode &&
           a->udp_encapsulation == b->udp_encapsulation;
}

static bool selectors_mirror(const struct child_sa_info *a, const struct child_sa_info *b)
{
    return selector_list_equal(&a->local, &b->remote) && selector_list_equal(&a->remote, &b->local);
}

/* What the core says of itself is what its events have said. */
static const char *status_differs(struct world_side *side)
{
    struct ike_sa_status ike;
    struct child_sa_status child;
    size_t ikes = 0, children = 0;
    for (uint32_t id = 0; endpoint_ike_sa_after(side->endpoint, id, &ike); id = ike.id) {
        ikes++;
        if (find_ike(side, ike.id) == NULL) {
            return "the core has an IKE SA the host does not know";
        }
    }
    if (ikes != side->ike_count) {
        return "the host knows an IKE SA the core does not have";
    }
    for (uint32_t id = 0; endpoint_child_sa_after(side->endpoint, id, &child); id = child.id) {
        children++;
        struct world_child_sa *known = find_child(side, child.id);
        if (known == NULL || known->ike_sa != child.ike_sa) {
            return "the core has a Child SA the host does not know, or knows elsewhere";
        }
        if (!path_equal(&known->info.path, &child.info.path) ||
            known->info.udp_encapsulation != child.info.udp_encapsulation) {
            return "the host was not told where a Child SA has moved";
        }
    }
    return children == side->child_count ? NULL
                                         : "the host knows a Child SA the core does not have";
}

static const char *mirrored(struct world *world, const struct world_side *a,
                            const struct world_side *b)
{
    size_t matched = 0;
    for (size_t i = 0; i < a->ike_count; i++) {
        for (size_t k = 0; k < b->ike_count; k++) {
            const struct ike_sa_info *x = &a->ike[i].info;
            const struct ike_sa_info *y = &b->ike[k].info;
            if (x->spi_i == y->spi_i && x->spi_r == y->spi_r && x->initiator != y->initiator) {
                matched++;
                if (!world_paths_meet(world, &x->path, &y->path)) {
                    return "the two sides of an IKE SA do not send to each other";
                }
            }
        }
    }
    if (matched != a->ike_count) {
        return "an IKE SA is at one side only";
    }
    for (size_t i = 0; i < a->child_count; i++) {
        const struct child_sa_info *info = &a->child[i].info;
        bool found = false;
        for (size_t k = 0; k < b->child_count && !found; k++) {
            found = child_mirrors(info, &b->child[k].info);
            if (found && !world_paths_meet(world, &info->path, &b->child[k].info.path)) {
                return "the two sides of a Child SA do not send to each other";
            }
            if (found && !info->transport_mode && !selectors_mirror(info, &b->child[k].info)) {
                return "the selectors of a Child SA differ";
            }
        }
        if (!found) {
            return "a Child SA is at one side only, or with other keys";
        }
    }
    return NULL;
}

const char *world_disagreement(struct world *world, unsigned a, unsigned b)
{
    struct world_side *sides[2] = {&world->sides[a], &world->sides[b]};
    for (unsigned i = 0; i < 2; i++) {
        const char *what = status_differs(sides[i]);
        if (what != NULL) {
            return what;
        }
    }
    if (sides[0]->ike_count != sides[1]->ike_count) {
        return "different numbers of IKE SAs";
    }
    if (sides[0]->child_count != sides[1]->child_count) {
        return "different numbers of Child SAs";
    }
    return mirrored(world, sides[0], sides[1]);
}

const char *world_agreement_text(struct world *world)
{
    const char *what = world_disagreement(world, 0, 1);
    return what != NULL ? what : "agree";
}

const char *world_residue(struct world *world, unsigned s)
{
    struct world_side *side = &world->sides[s];
    if (side->ike_count > 0 || side->child_count > 0) {
        return "the host still has SAs";
    }
    const struct sa_store *store = side->endpoint != NULL ? endpoint_store(side->endpoint) : NULL;
    if (store != NULL && (store->ike_sas != NULL || store->closed.oldest != NULL)) {
        return "the core still holds an IKE SA";
    }
    return world_unanswered(world, s) > 0 ? "a command was never answered" : NULL;
}

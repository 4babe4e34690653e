/* What must hold whatever is sent: nobody is established who has not proved who he is, strangers
 * cost little and are answered with no more than they sent, and what a side holds is bounded. */

#include <string.h>

#include "endpoint/endpoint_store.h"
#include "fuzz/play.h"
#include "wire/ike_header.h"

#define HELD_MAX 512
#define IKE_SAS_MAX 64 /* half-open ones, a few of each command, and closed ones that linger */

/* The keys of each IKE SA that either side has ever had. */
static struct held {
    unsigned side;
    uint64_t spi_i, spi_r;
    struct secret sk_d;
} held[HELD_MAX];
static size_t held_count;

void play_rules_reset(void)
{
    held_count = 0;
}

static struct held *find(unsigned side, uint64_t spi_i, uint64_t spi_r)
{
    for (size_t i = 0; i < held_count && i < HELD_MAX; i++) {
        if (held[i].side == side && held[i].spi_i == spi_i && held[i].spi_r == spi_r) {
            return &held[i];
        }
    }
    return NULL;
}

void play_rules_note(struct play *play)
{
    for (unsigned s = 0; s < 2; s++) {
        struct ike_sa *sa;
        for (size_t k = 0; (sa = play_ike_sa(play, s, k)) != NULL; k++) {
            struct held *one = find(s, sa->spi_i, sa->spi_r);
            one = one != NULL ? one : &held[held_count++ % HELD_MAX];
            *one = (struct held){s, sa->spi_i, sa->spi_r, sa->sk_d};
        }
    }
}

/* Only what the other side took part in, with the same keys, may come up. RFC 7296 2.15 */
void play_rules_event(const struct play *play, unsigned side, const struct event *event)
{
    if (event->type == EVENT_IKE_SA_UP) {
        const struct held *here = find(side, event->ike.spi_i, event->ike.spi_r);
        const struct held *there = find(1 - side, event->ike.spi_i, event->ike.spi_r);
        if (play->wrong_key) {
            finding("an IKE SA is established between hosts that share no key");
        }
        if (here == NULL || there == NULL || here->sk_d.length != there->sk_d.length ||
            memcmp(here->sk_d.data, there->sk_d.data, here->sk_d.length) != 0) {
            finding("an IKE SA is established that the other side does not have");
        }
        if (!identity_equal(&event->ike.remote_id, &play->world.sides[side].peers[0].remote_id)) {
            finding("an IKE SA is established with somebody else");
        }
    }
    if (event->type == EVENT_CHILD_SA_UP && play->wrong_key) {
        finding("a Child SA is up between hosts that share no key");
    }
}

static size_t ike_sas_of(const struct play *play, unsigned side, size_t *unproven)
{
    const struct sa_store *store = endpoint_store(play->world.sides[side].endpoint);
    size_t count = 0;
    for (const struct ike_sa *sa = store->ike_sas; sa != NULL; sa = sa->next) {
        size_t children = 0;
        for (const struct child_sa *child = sa->children; child != NULL; child = child->next) {
            children++;
        }
        if (children > CHILD_SAS_MAX) {
            finding("more Child SAs than an IKE SA may have");
        }
        count++;
    }
    *unproven = store->half_open.count;
    return count;
}

void play_rules_bounds(struct play *play, unsigned side)
{
    size_t unproven;
    size_t count = ike_sas_of(play, side, &unproven);
    if (unproven > play->world.sides[side].config.half_open_max) {
        finding("more half-open IKE SAs than the configuration allows");
    }
    if (count > IKE_SAS_MAX + play->world.sides[side].command_count) {
        finding("more IKE SAs than anybody has asked for");
    }
}

struct play_answer play_rules_before(struct play *play, const struct play_arrival *arrival)
{
    struct play_answer answer = {.stranger = true};
    struct ike_header header;
    size_t unproven;
    answer.ike_sas = ike_sas_of(play, arrival->to, &unproven);
    struct bytes octets = bytes_of(arrival->octets, arrival->length);
    enum status parsed = ike_header_parse(octets, &header);
    const struct sa_store *store = endpoint_store(play->world.sides[arrival->to].endpoint);
    for (const struct ike_sa *sa = store->ike_sas; sa != NULL && octets.length >= 16;
         sa = sa->next) {
        uint64_t spi_i, spi_r;
        struct bytes in = octets;
        if (bytes_take_u64(&in, &spi_i) && bytes_take_u64(&in, &spi_r) &&
            (sa->spi_i == spi_i || (spi_r != 0 && sa->spi_r == spi_r))) {
            answer.stranger = false;
        }
    }
    uint64_t spi = (header.flags & IKE_FLAG_INITIATOR) != 0 ? header.spi_r : header.spi_i;
    if (parsed == STATUS_OK && closed_list_find(&store->closed, spi) != NULL) {
        answer.stranger = false; /* its last request once more */
    }
    return answer;
}

void play_rules_after(struct play *play, const struct play_arrival *arrival,
                      const struct play_answer *answer)
{
    size_t unproven;
    if (!answer->stranger || ike_sas_of(play, arrival->to, &unproven) > answer->ike_sas) {
        return;
    }
    if (answer->datagrams > 1 || answer->octets > arrival->length) {
        finding("a stranger is answered with more than he sent");
    }
}

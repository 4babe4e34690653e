/* With the keys the cores have told, every CREATE_CHILD_SA message is opened again: it must open,
 * and its nonce must be fresh. RFC 7296 2.10. */

#include <stdlib.h>

#include "protect/reassembly.h"
#include "protect/sk_message.h"
#include "protect/skf_message.h"
#include "sim/check.h"

struct opener {
    struct protection protection;
    struct protector *from_i, *from_r;
};

void check_inside_forget(struct sim *sim)
{
    struct checks *c = &sim->checks;
    for (size_t i = 0; i < c->opener_count; i++) {
        protector_destroy(c->opener[i].from_i);
        protector_destroy(c->opener[i].from_r);
    }
    for (size_t i = 0; i < SIM_HOSTS; i++) {
        reassembly_end(&c->fragments[i]);
    }
    free(c->opener);
    c->opener = NULL;
    c->opener_count = 0;
}

void check_inside_keys(struct sim *sim, const struct event *event)
{
    struct checks *c = &sim->checks;
    const struct ike_keys_info *keys = &event->ike_keys;
    if (event->type != EVENT_IKE_SA_KEYS ||
        !ledger_note(&c->openers, mark_join(keys->spi_i, keys->spi_r), c->opener_count, NULL)) {
        return;
    }
    if (c->opener_count % 16 == 0) {
        c->opener = realloc(c->opener, (c->opener_count + 16) * sizeof *c->opener);
        if (c->opener == NULL) {
            abort();
        }
    }
    c->opener[c->opener_count++] = (struct opener){
        .protection = keys->protection,
        .from_i = protector_create(&keys->protection, secret_bytes(&keys->sk_ei),
                                   secret_bytes(&keys->sk_ai), PROTECTOR_OPEN),
        .from_r = protector_create(&keys->protection, secret_bytes(&keys->sk_er),
                                   secret_bytes(&keys->sk_ar), PROTECTOR_OPEN),
    };
}

static struct protector *protector_of(const struct opener *opener, const struct ike_header *header)
{
    return header->flags & IKE_FLAG_INITIATOR ? opener->from_i : opener->from_r;
}

static enum status open_whole(const struct opener *opener, const struct ike_header *header,
                              struct bytes octets, const struct payload *sk, uint8_t *plain,
                              struct payload_chain *inner)
{
    struct bytes text;
    uint8_t first;
    TRY(sk_message_open(&opener->protection, protector_of(opener, header), octets, sk, plain, &text,
                        &first));
    return payload_chain_parse(first, text, inner);
}

/* With the last fragment of a message, all of it is in *inner; before, that is empty. */
static enum status open_fragment(struct reassembly **so_far, const struct opener *opener,
                                 const struct ike_header *header, struct bytes octets,
                                 const struct payload *payload, uint8_t *plain,
                                 struct payload_chain *inner)
{
    struct skf_payload skf;
    struct fragment fragment = {
        .header = header, .skf = &skf, .next_payload = payload->next_payload};
    uint8_t first;
    TRY(skf_payload_parse(payload->body, &skf));
    if (!reassembly_wants(*so_far, &fragment)) {
        reassembly_end(so_far); /* that one was not finished: another message begins */
    }
    TRY(skf_message_open(&opener->protection, protector_of(opener, header), octets, &skf, plain,
                         &fragment.piece));
    TRY(reassembly_add(so_far, &fragment, 0));
    if (!reassembly_is_complete(*so_far)) {
        return STATUS_OK;
    }
    struct bytes text = reassembly_join(*so_far, plain, &first);
    reassembly_end(so_far);
    return payload_chain_parse(first, text, inner);
}

static enum status open(struct checks *c, const struct host *host, const struct ike_header *header,
                        struct bytes octets, struct payload_chain *inner)
{
    static uint8_t plain[IKE_MESSAGE_MAX]; /* *inner views it */
    struct payload_chain outer;
    const uint64_t *index = ledger_find(&c->openers, mark_join(header->spi_i, header->spi_r));
    struct bytes behind =
        bytes_of(octets.data + IKE_HEADER_LENGTH, octets.length - IKE_HEADER_LENGTH);
    inner->count = 0;
    if (index == NULL) {
        return STATUS_DROP;
    }
    const struct opener *opener = &c->opener[*index];
    TRY(payload_chain_parse(header->next_payload, behind, &outer));
    const struct payload *last = &outer.items[outer.count - 1];
    return header->next_payload == PAYLOAD_SKF
               ? open_fragment(&c->fragments[host->index], opener, header, octets, last, plain,
                               inner)
               : open_whole(opener, header, octets, last, plain, inner);
}

void check_inside(struct sim *sim, struct host *host, const struct ike_header *header,
                  struct bytes octets)
{
    struct checks *c = &sim->checks;
    struct payload_chain inner;
    if (header->exchange_type != CREATE_CHILD_SA) {
        return;
    }
    if (open(c, host, header, octets, &inner) != STATUS_OK) {
        sim_violation(sim, host, "sent message %u, which the keys it told do not open",
                      (unsigned)header->message_id);
        return;
    }
    for (size_t i = 0; i < inner.count; i++) {
        /* a smaller cut of the same message has the same nonce */
        uint64_t message = mark_join(mark_join(header->spi_i, header->spi_r),
                                     (uint64_t)header->flags << 32 | header->message_id);
        uint64_t before;
        if (inner.items[i].type == PAYLOAD_NONCE &&
            !ledger_note(&c->nonces, mark_of(inner.items[i].body), message, &before) &&
            before != message) {
            sim_violation(sim, host, "a nonce serves twice (message %u)",
                          (unsigned)header->message_id);
        }
    }
}

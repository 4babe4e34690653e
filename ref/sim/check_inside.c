/* With the keys the cores have told, every CREATE_CHILD_SA message is opened again: it must open,
 * and its nonce must be fresh. RFC 7296 2.10. */

#include <stdlib.h>

#include "protect/sk_message.h"
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

static bool open(const struct opener *opener, const struct ike_header *header, struct bytes octets,
                 struct payload_chain *inner, uint8_t *plain)
{
    struct payload_chain outer;
    struct bytes text;
    uint8_t first;
    struct bytes behind =
        bytes_of(octets.data + IKE_HEADER_LENGTH, octets.length - IKE_HEADER_LENGTH);
    return payload_chain_parse(header->next_payload, behind, &outer) == STATUS_OK &&
           sk_message_open(&opener->protection,
                           header->flags & IKE_FLAG_INITIATOR ? opener->from_i : opener->from_r,
                           octets, &outer.items[outer.count - 1], plain, &text,
                           &first) == STATUS_OK &&
           payload_chain_parse(first, text, inner) == STATUS_OK;
}

void check_inside(struct sim *sim, struct host *host, const struct ike_header *header,
                  struct bytes octets)
{
    static uint8_t plain[IKE_MESSAGE_MAX];
    struct checks *c = &sim->checks;
    struct payload_chain inner;
    const uint64_t *index = ledger_find(&c->openers, mark_join(header->spi_i, header->spi_r));
    if (header->next_payload != PAYLOAD_SK || header->exchange_type != CREATE_CHILD_SA) {
        return;
    }
    if (index == NULL || !open(&c->opener[*index], header, octets, &inner, plain)) {
        sim_violation(sim, host, "sent message %u, which the keys it told do not open",
                      (unsigned)header->message_id);
        return;
    }
    for (size_t i = 0; i < inner.count; i++) {
        if (inner.items[i].type == PAYLOAD_NONCE &&
            !ledger_note(&c->nonces, mark_of(inner.items[i].body), 0, NULL)) {
            sim_violation(sim, host, "a nonce serves twice (message %u)",
                          (unsigned)header->message_id);
        }
    }
}

/* sa/proposal_choice.c: small proposals of any transforms. What is chosen was offered by both. */
#include "prove/prove.h"

#include "sa/proposal_choice.h"

static const struct prf_algorithm prfs[] = {{.id = PRF_HMAC_SHA2_256}};
static const struct key_exchange_algorithm key_exchanges[] = {{.id = KE_CURVE25519}};

const struct prf_algorithm *prf_algorithm_find(uint16_t id)
{
    return id == prfs[0].id ? &prfs[0] : NULL;
}

const struct key_exchange_algorithm *key_exchange_algorithm_find(uint16_t id)
{
    return id == key_exchanges[0].id ? &key_exchanges[0] : NULL;
}

/* Only what comes from a peer may have attributes that we do not know. */
static struct proposal any_proposal(uint8_t protocol, bool ours)
{
    struct proposal p;
    p.protocol = protocol;
    p.spi = bytes_of(NULL, 0);
    p.unusable = false;
    p.count = any_up_to(TRANSFORMS_MAX);
    for (size_t i = 0; i < TRANSFORMS_MAX; i++) {
        p.transforms[i].unknown_attribute = !ours && any_bool();
    }
    return p;
}

static bool holds(const struct proposal *p, const struct transform *t)
{
    bool found = false;
    for (size_t i = 0; i < p->count; i++) {
        const struct transform *x = &p->transforms[i];
        found = found || (x->type == t->type && x->id == t->id && x->key_bits == t->key_bits &&
                          !x->unknown_attribute);
    }
    return found;
}

static size_t how_many(const struct proposal *p, uint8_t type)
{
    size_t count = 0;
    for (size_t i = 0; i < p->count; i++) {
        count += p->transforms[i].type == type ? 1 : 0;
    }
    return count;
}

/* One transform of each type, each in both proposals, and together they are a protection. */
static void check_choice(const struct chosen_proposal *chosen, const struct proposal *ours,
                         const struct proposal *theirs)
{
    const struct proposal *answer = &chosen->answer;
    size_t i = any_size();
    uint8_t type = any_u8();
    assert(answer->count > 0 && answer->count <= TRANSFORMS_MAX);
    assert(answer->number == theirs->number && answer->protocol == theirs->protocol);
    if (i < answer->count) {
        assert(holds(theirs, &answer->transforms[i]) && holds(ours, &answer->transforms[i]));
    }
    assert(how_many(answer, type) <= 1 && how_many(answer, TRANSFORM_ENCR) == 1);
    assert(protection_valid(&chosen->protection));
    if (theirs->protocol == PROTOCOL_IKE) {
        assert(chosen->prf != NULL && chosen->key_exchange != NULL);
        assert(how_many(answer, TRANSFORM_PRF) == 1 && how_many(answer, TRANSFORM_KE) == 1);
    }
}

void prove_proposal_choose(void)
{
    struct proposal_list ours;
    struct sa_payload offer;
    struct chosen_proposal chosen;
    uint8_t protocol = any_bool() ? PROTOCOL_IKE : PROTOCOL_ESP;
    bool without_key_exchange = protocol == PROTOCOL_ESP && any_bool();
    ours.count = offer.count = 1;
    ours.items[0] = any_proposal(protocol, true);
    offer.proposals[0] = any_proposal(any_u8(), false);
    enum status status =
        proposal_choose(&offer, &ours, protocol, 0, without_key_exchange, any_u16(), &chosen);
    assert(is_ok_or_syntax(status) || status == STATUS_NOTIFY(NO_PROPOSAL_CHOSEN));
    if (status == STATUS_OK) {
        assert(offer.proposals[0].protocol == protocol && offer.proposals[0].number == 1);
        check_choice(&chosen, &ours.items[0], &offer.proposals[0]);
    }
}

/* Choosing among proposals, and checking a choice against the offer. RFC 7296 2.7, 3.3. */

#include "sa/proposal_choice.h"

#include <string.h>

static const struct transform *find(const struct proposal *p, const struct transform *wanted)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct transform *t = &p->transforms[i];
        if (t->type == wanted->type && t->id == wanted->id && t->key_bits == wanted->key_bits &&
            !t->unknown_attribute) {
            return t;
        }
    }
    return NULL;
}

static bool has_type(const struct proposal *p, uint8_t type)
{
    for (size_t i = 0; i < p->count; i++) {
        if (p->transforms[i].type == type) {
            return true;
        }
    }
    return false;
}

static bool has_none(const struct proposal *p, uint8_t type)
{
    struct transform none = {.type = type};
    return find(p, &none) != NULL;
}

/* The first of ours of this type that the peer offers as well. */
static const struct transform *first_common(const struct proposal *ours,
                                            const struct proposal *theirs, uint8_t type)
{
    for (size_t i = 0; i < ours->count; i++) {
        if (ours->transforms[i].type == type && find(theirs, &ours->transforms[i]) != NULL) {
            return &ours->transforms[i];
        }
    }
    return NULL;
}

static void answer_add(struct chosen_proposal *out, const struct transform *t)
{
    out->answer.transforms[out->answer.count++] = *t;
}

/* A cipher, and with it the integrity algorithm it needs; an AEAD goes with none or NONE. */
static bool choose_protection(const struct proposal *ours, const struct proposal *theirs,
                              struct chosen_proposal *out)
{
    const struct transform *integ = first_common(ours, theirs, TRANSFORM_INTEG);
    for (size_t i = 0; i < ours->count; i++) {
        const struct transform *encr = &ours->transforms[i];
        if (encr->type != TRANSFORM_ENCR || find(theirs, encr) == NULL) {
            continue;
        }
        struct protection p = {.cipher = cipher_algorithm_find(encr->id),
                               .key_bits = encr->key_bits};
        if (p.cipher != NULL && !p.cipher->has_key_length) {
            p.key_bits = p.cipher->key_bits;
        }
        bool aead = p.cipher != NULL && p.cipher->aead;
        if (aead && has_type(theirs, TRANSFORM_INTEG) && !has_none(theirs, TRANSFORM_INTEG)) {
            continue;
        }
        if (!aead) {
            p.integrity = integ != NULL ? integrity_algorithm_find(integ->id) : NULL;
        }
        if (!protection_valid(&p)) {
            continue;
        }
        out->protection = p;
        answer_add(out, encr);
        if (!aead) {
            answer_add(out, integ);
        }
        return true;
    }
    return false;
}

static bool choose_key_exchange(const struct proposal *ours, const struct proposal *theirs,
                                uint16_t preferred_group, struct chosen_proposal *out)
{
    struct transform preferred = {.type = TRANSFORM_KE, .id = preferred_group};
    const struct transform *ke = NULL;
    if (preferred_group != KE_NONE && find(ours, &preferred) != NULL) {
        ke = find(theirs, &preferred);
    }
    if (ke == NULL) {
        ke = first_common(ours, theirs, TRANSFORM_KE);
    }
    if (ke == NULL || ke->id == KE_NONE) {
        /* none at all is fine when neither side insists */
        return (!has_type(ours, TRANSFORM_KE) || has_none(ours, TRANSFORM_KE)) &&
               (!has_type(theirs, TRANSFORM_KE) || has_none(theirs, TRANSFORM_KE));
    }
    out->key_exchange = key_exchange_algorithm_find(ke->id);
    answer_add(out, ke);
    return out->key_exchange != NULL;
}

/* Every type the peer offers must be one we can answer, RFC 7296 3.3.6. */
static bool types_known(const struct proposal *theirs, bool ike)
{
    for (size_t i = 0; i < theirs->count; i++) {
        uint8_t type = theirs->transforms[i].type;
        bool known = type == TRANSFORM_ENCR || type == TRANSFORM_INTEG || type == TRANSFORM_KE ||
                     (ike ? type == TRANSFORM_PRF : type == TRANSFORM_ESN);
        if (!known && !has_none(theirs, type)) {
            return false;
        }
    }
    return true;
}

static bool choose_one(const struct proposal *ours, const struct proposal *theirs,
                       bool without_key_exchange, uint16_t preferred_group,
                       struct chosen_proposal *out)
{
    bool ike = theirs->protocol == PROTOCOL_IKE;
    memset(out, 0, sizeof *out);
    out->number = theirs->number;
    out->spi = theirs->spi;
    out->answer.number = theirs->number;
    out->answer.protocol = theirs->protocol;
    if (!types_known(theirs, ike) || !choose_protection(ours, theirs, out)) {
        return false;
    }
    if (ike) {
        const struct transform *prf = first_common(ours, theirs, TRANSFORM_PRF);
        if (prf == NULL) {
            return false;
        }
        out->prf = prf_algorithm_find(prf->id);
        answer_add(out, prf);
    }
    if (!without_key_exchange && !choose_key_exchange(ours, theirs, preferred_group, out)) {
        return false;
    }
    if (ike) {
        return out->prf != NULL && out->key_exchange != NULL;
    }
    const struct transform *esn = first_common(ours, theirs, TRANSFORM_ESN);
    if (esn == NULL) {
        /* a peer that says nothing of ESN means 32-bit numbers */
        struct transform no = {.type = TRANSFORM_ESN, .id = ESN_NO};
        return !has_type(theirs, TRANSFORM_ESN) && find(ours, &no) != NULL;
    }
    out->esn = esn->id == ESN_YES;
    answer_add(out, esn);
    return true;
}

enum status proposal_choose(const struct sa_payload *offer, const struct proposal_list *ours,
                            uint8_t protocol, size_t spi_length, bool without_key_exchange,
                            uint16_t preferred_group, struct chosen_proposal *out)
{
    if (offer->count > 0 && offer->proposals[0].number != 1) {
        return STATUS_NOTIFY(INVALID_SYNTAX); /* 3.3.1 */
    }
    for (size_t o = 0; o < ours->count; o++) {
        for (size_t t = 0; t < offer->count; t++) {
            const struct proposal *theirs = &offer->proposals[t];
            if (theirs->protocol == protocol && !theirs->unusable &&
                theirs->spi.length == spi_length &&
                choose_one(&ours->items[o], theirs, without_key_exchange, preferred_group, out)) {
                return STATUS_OK;
            }
        }
    }
    return STATUS_NOTIFY(NO_PROPOSAL_CHOSEN);
}

static bool one_of_each_type(const struct proposal *p)
{
    for (size_t i = 0; i < p->count; i++) {
        for (size_t k = i + 1; k < p->count; k++) {
            if (p->transforms[i].type == p->transforms[k].type) {
                return false;
            }
        }
    }
    return true;
}

enum status proposal_accept(const struct sa_payload *answer, const struct proposal_list *offered,
                            uint8_t protocol, size_t spi_length, bool without_key_exchange,
                            struct chosen_proposal *out)
{
    if (answer->count != 1) {
        return STATUS_NOTIFY(NO_PROPOSAL_CHOSEN);
    }
    const struct proposal *theirs = &answer->proposals[0];
    if (theirs->number == 0 || theirs->number > offered->count || theirs->protocol != protocol ||
        theirs->unusable || theirs->spi.length != spi_length || !one_of_each_type(theirs)) {
        return STATUS_NOTIFY(NO_PROPOSAL_CHOSEN);
    }
    const struct proposal *ours = &offered->items[theirs->number - 1];
    for (size_t i = 0; i < theirs->count; i++) {
        const struct transform *t = &theirs->transforms[i];
        bool none = t->id == 0 && (t->type == TRANSFORM_INTEG || t->type == TRANSFORM_KE);
        if (!none && find(ours, t) == NULL) {
            return STATUS_NOTIFY(NO_PROPOSAL_CHOSEN);
        }
    }
    if (!choose_one(ours, theirs, without_key_exchange, KE_NONE, out)) {
        return STATUS_NOTIFY(NO_PROPOSAL_CHOSEN);
    }
    return STATUS_OK;
}

bool proposal_list_allows_ike(const struct proposal_list *list, const struct protection *protection,
                              const struct prf_algorithm *prf,
                              const struct key_exchange_algorithm *key_exchange)
{
    struct transform encr = {.type = TRANSFORM_ENCR, .id = protection->cipher->id};
    struct transform integ = {.type = TRANSFORM_INTEG};
    struct transform prf_wanted = {.type = TRANSFORM_PRF, .id = prf->id};
    struct transform ke = {.type = TRANSFORM_KE, .id = key_exchange->id};
    if (protection->cipher->has_key_length) {
        encr.key_bits = protection->key_bits;
    }
    if (protection->integrity != NULL) {
        integ.id = protection->integrity->id;
    }
    for (size_t i = 0; i < list->count; i++) {
        const struct proposal *p = &list->items[i];
        bool integrity = protection->integrity == NULL || find(p, &integ) != NULL;
        if (integrity && find(p, &encr) != NULL && find(p, &prf_wanted) != NULL &&
            find(p, &ke) != NULL) {
            return true;
        }
    }
    return false;
}

void proposal_offer(const struct proposal_list *list, struct bytes spi, bool without_key_exchange,
                    struct sa_payload *out)
{
    out->count = list->count;
    for (size_t i = 0; i < list->count; i++) {
        struct proposal *p = &out->proposals[i];
        *p = list->items[i];
        p->number = (uint8_t)(i + 1);
        p->spi = spi;
        if (without_key_exchange) {
            size_t kept = 0;
            for (size_t k = 0; k < p->count; k++) {
                if (p->transforms[k].type != TRANSFORM_KE) {
                    p->transforms[kept++] = p->transforms[k];
                }
            }
            p->count = kept;
        }
    }
}

uint16_t proposal_list_first_group(const struct proposal_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        for (size_t k = 0; k < list->items[i].count; k++) {
            if (list->items[i].transforms[k].type == TRANSFORM_KE) {
                return list->items[i].transforms[k].id;
            }
        }
    }
    return KE_NONE;
}

bool proposal_list_has_group(const struct proposal_list *list, uint16_t group)
{
    struct transform wanted = {.type = TRANSFORM_KE, .id = group};
    for (size_t i = 0; i < list->count; i++) {
        if (find(&list->items[i], &wanted) != NULL) {
            return true;
        }
    }
    return false;
}

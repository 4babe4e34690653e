/* protect/reassembly.c against a model that keeps each piece in a place of its own. Any fragments
 * in any order; memory may run out at any time, and none is left behind. */
#include "prove/prove.h"

#include "protect/reassembly.h"

#define STEPS 3
#define PIECE_MAX 3

/* The C library's, which CBMC does not know. */
void explicit_bzero(void *data, size_t length)
{
    memset(data, 0, length);
}

struct model {
    uint16_t total; /* 0: nothing is there */
    bool present[FRAGMENTS_MAX];
    struct bytes pieces[FRAGMENTS_MAX];
};

/* The header of the module in other words: what is to be kept of a fragment. */
static bool model_wants(const struct model *m, const struct skf_payload *skf)
{
    if (skf->total > FRAGMENTS_MAX || skf->total < m->total) {
        return false;
    }
    return skf->total > m->total || !m->present[skf->number - 1];
}

static void model_add(struct model *m, const struct skf_payload *skf, struct bytes piece)
{
    if (skf->total > m->total) {
        *m = (struct model){.total = skf->total};
    }
    m->present[skf->number - 1] = true;
    m->pieces[skf->number - 1] = piece;
}

static size_t model_length(const struct model *m)
{
    size_t length = 0;
    for (size_t i = 0; i < FRAGMENTS_MAX; i++) {
        length += m->present[i] ? m->pieces[i].length : 0;
    }
    return length;
}

static bool model_is_complete(const struct model *m)
{
    bool complete = m->total > 0;
    for (size_t i = 0; i < FRAGMENTS_MAX; i++) {
        complete = complete && (i >= m->total || m->present[i]);
    }
    return complete;
}

/* What is joined is the pieces in the order of their numbers. */
static void check_join(const struct reassembly *r, const struct model *m)
{
    uint8_t plain[IKE_MESSAGE_MAX];
    uint8_t first;
    struct bytes whole = reassembly_join(r, plain, &first);
    assert(whole.data == plain && whole.length == model_length(m));
    size_t which = any_up_to(FRAGMENTS_MAX - 1);
    size_t at = any_size();
    if (which < m->total && at < m->pieces[which].length) {
        size_t before = 0;
        for (size_t i = 0; i < FRAGMENTS_MAX; i++) {
            before += i < which ? m->pieces[i].length : 0;
        }
        assert(plain[before + at] == m->pieces[which].data[at]);
    }
}

static void step(struct reassembly **r, struct model *m, const uint8_t octets[PIECE_MAX])
{
    static const struct ike_header header = {.message_id = 7, .exchange_type = 35};
    struct skf_payload skf = {.number = any_u16(), .total = any_u16()};
    __CPROVER_assume(skf.number >= 1 && skf.number <= skf.total); /* skf_payload_parse */
    struct fragment fragment = {.header = &header,
                                .skf = &skf,
                                .next_payload = any_u8(),
                                .piece = {octets, any_up_to(PIECE_MAX)}};
    bool wanted = reassembly_wants(*r, &fragment);
    assert(wanted == model_wants(m, &skf));
    if (!wanted) {
        return;
    }
    enum status status = reassembly_add(r, &fragment, 0);
    model_add(m, &skf, fragment.piece);
    if (status != STATUS_OK) { /* no memory, or more than is taken */
        assert(*r == NULL && (status == STATUS_DROP || model_length(m) > IKE_MESSAGE_MAX));
        *m = (struct model){.total = 0};
    }
    assert(reassembly_is_complete(*r) == model_is_complete(m));
}

void prove_reassembly(void)
{
    uint8_t octets[STEPS][PIECE_MAX];
    struct reassembly *r = NULL;
    struct model m = {.total = 0};
    for (size_t i = 0; i < STEPS; i++) {
        step(&r, &m, octets[i]);
    }
    if (reassembly_is_complete(r)) {
        check_join(r, &m);
    }
    reassembly_end(&r);
    assert(r == NULL);
}

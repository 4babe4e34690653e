/* Fragments of one message in any order, repeated, cut anew, wrong: against a model that keeps one
 * piece a number. Records: number, total, first type, length, octet. RFC 7383 2.6. */

#include <stdlib.h>
#include <string.h>

#include "fuzz/input.h"
#include "protect/reassembly.h"

struct model {
    uint16_t total, count;
    uint8_t first;
    size_t length;
    size_t lengths[FRAGMENTS_MAX + 1]; /* by number; of those that are there */
    bool present[FRAGMENTS_MAX + 1];
    uint8_t octets[FRAGMENTS_MAX + 1];
};

static struct model model;
static uint8_t plain[IKE_MESSAGE_MAX];

static bool model_wants(const struct fragment *f)
{
    uint16_t number = f->skf->number;
    uint16_t total = f->skf->total;
    if (total > FRAGMENTS_MAX) {
        return false;
    }
    return total > model.total || (total == model.total && !model.present[number]);
}

static void model_add(const struct fragment *f)
{
    if (f->skf->total > model.total) {
        memset(&model, 0, sizeof model);
        model.total = f->skf->total;
    }
    uint16_t number = f->skf->number;
    model.present[number] = true;
    model.lengths[number] = f->piece.length;
    model.octets[number] = f->piece.length > 0 ? f->piece.data[0] : 0;
    model.length += f->piece.length;
    model.count++;
    model.first = number == 1 ? f->next_payload : model.first;
}

static void check_joined(struct reassembly *r)
{
    uint8_t first;
    struct bytes joined = reassembly_join(r, plain, &first);
    if (joined.length != model.length || first != model.first) {
        finding("a message of other fragments than came");
    }
    size_t at = 0;
    for (size_t i = 1; i <= model.total; at += model.lengths[i], i++) {
        for (size_t k = 0; k < model.lengths[i]; k++) {
            if (joined.data[at + k] != model.octets[i]) {
                finding("fragments in another order than their numbers");
            }
        }
    }
}

/* False: the message is over. */
static bool add(struct reassembly **r, const struct fragment *f)
{
    bool wanted = reassembly_wants(*r, f);
    if (wanted != model_wants(f)) {
        finding("a fragment is wanted that is of no use, or the other way round");
    }
    if (!wanted) {
        return true;
    }
    size_t before = f->skf->total > model.total ? 0 : model.length;
    enum status status = reassembly_add(r, f, 1);
    if (status == STATUS_INTERNAL) {
        if (before + f->piece.length <= IKE_MESSAGE_MAX) {
            finding("a message is given up though there is room for it");
        }
        return false;
    }
    model_add(f);
    if (model.length > IKE_MESSAGE_MAX) {
        finding("more octets are kept than there is room for");
    }
    if (reassembly_is_complete(*r) != (model.count == model.total)) {
        finding("complete without all fragments, or not with all of them");
    }
    if (!reassembly_is_complete(*r)) {
        return true;
    }
    check_joined(*r);
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    struct reassembly *r = NULL;
    struct ike_header header = {.message_id = 1, .exchange_type = INFORMATIONAL};
    static uint8_t octets[4 * 256];
    memset(&model, 0, sizeof model);
    (void)input_u8(&in); /* as of every script: the world, of which there is one */
    uint8_t operation;
    struct input arguments;
    while (input_record(&in, &operation, &arguments)) {
        uint16_t number = 1 + input_u8(&arguments);
        uint16_t total = (uint16_t)(number + input_u8(&arguments));
        struct skf_payload skf = {.number = number, .total = total};
        struct fragment f = {
            .header = &header, .skf = &skf, .next_payload = number == 1 ? input_u8(&arguments) : 0};
        size_t length = 4 * (size_t)input_u8(&arguments);
        memset(octets, input_u8(&arguments), sizeof octets);
        f.piece = bytes_of(octets, length);
        if (!add(&r, &f)) {
            break;
        }
    }
    reassembly_end(&r);
    return 0;
}

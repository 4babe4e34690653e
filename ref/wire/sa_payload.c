/* Security Association payload: proposals of transforms of attributes, RFC 7296 3.3 to 3.3.5.
 *
 *   proposal    0               1               2               3
 *              +---------------+---------------+---------------+---------------+
 *              | 0 last 2 more |   reserved    |  length, SPI and transforms in|
 *              +---------------+---------------+---------------+---------------+
 *              |    number     |   protocol    |   SPI size    | no. transforms|
 *              +---------------+---------------+---------------+---------------+
 *              | SPI ... then the transforms ...
 *
 *   transform  +---------------+---------------+---------------+---------------+
 *              | 0 last 3 more |   reserved    |  length, attributes in        |
 *              +---------------+---------------+---------------+---------------+
 *              |     type      |   reserved    |         transform ID          |
 *              +---------------+---------------+---------------+---------------+
 *              | attributes ...
 *
 *   attribute  +-+-----------------------------+-------------------------------+
 *              |1|            type             | value                         |  TV
 *              +-+-----------------------------+-------------------------------+
 *              |0|            type             | length of the value | value ..|  TLV
 *              +-+-----------------------------+-------------------------------+
 */
#include "wire/payloads.h"

#include <assert.h>

#define SUBSTRUCTURE_LAST 0
#define PROPOSAL_MORE 2
#define TRANSFORM_MORE 3
#define SUBSTRUCTURE_HEADER_LENGTH 4 /* last, reserved, length */
#define ATTRIBUTE_TV 0x8000

/* The inside of one substructure off the front of `in`. "Last" must agree with what follows. */
static enum status substructure_take(struct bytes *in, uint8_t more, struct bytes *out)
{
    uint8_t last;
    uint8_t reserved;
    uint16_t length;
    if (!bytes_take_u8(in, &last) || !bytes_take_u8(in, &reserved) ||
        !bytes_take_u16(in, &length) || length < SUBSTRUCTURE_HEADER_LENGTH ||
        !bytes_take(in, length - SUBSTRUCTURE_HEADER_LENGTH, out) ||
        last != (in->length > 0 ? more : SUBSTRUCTURE_LAST)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    return STATUS_OK;
}

/* The only attribute we know. It may come once (3.3), and zero would read as "none". */
static enum status key_length_set(struct transform *transform, uint16_t bits, bool *seen)
{
    if (*seen) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    *seen = true;
    transform->key_bits = bits;
    transform->unknown_attribute |= bits == 0;
    return STATUS_OK;
}

static enum status attributes_parse(struct bytes in, struct transform *transform)
{
    bool key_length_seen = false;
    while (in.length > 0) {
        uint16_t type;
        uint16_t value; /* of a TLV: its length */
        if (!bytes_take_u16(&in, &type) || !bytes_take_u16(&in, &value)) {
            return STATUS_NOTIFY(INVALID_SYNTAX);
        }
        if (type == (ATTRIBUTE_TV | ATTRIBUTE_KEY_LENGTH)) {
            TRY(key_length_set(transform, value, &key_length_seen));
            continue;
        }
        struct bytes skipped;
        if ((type & ATTRIBUTE_TV) == 0 && !bytes_take(&in, value, &skipped)) {
            return STATUS_NOTIFY(INVALID_SYNTAX);
        }
        /* A Key Length as TLV is not the attribute we know either: 3.3.5 forbids it. */
        transform->unknown_attribute = true;
    }
    return STATUS_OK;
}

static enum status transform_parse(struct bytes in, struct transform *out)
{
    uint8_t reserved;
    *out = (struct transform){0};
    if (!bytes_take_u8(&in, &out->type) || !bytes_take_u8(&in, &reserved) ||
        !bytes_take_u16(&in, &out->id)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    return attributes_parse(in, out);
}

/* Exactly `count` transforms, at least one (3.3.1), and nothing behind them. */
static enum status transforms_parse(struct bytes in, size_t count, struct proposal *out)
{
    if (count == 0) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    for (size_t i = 0; i < count; i++) {
        struct bytes inside;
        struct transform transform;
        TRY(substructure_take(&in, TRANSFORM_MORE, &inside));
        TRY(transform_parse(inside, &transform));
        if (out->count < TRANSFORMS_MAX) {
            out->transforms[out->count++] = transform;
        } else {
            out->unusable = true;
        }
    }
    return in.length == 0 ? STATUS_OK : STATUS_NOTIFY(INVALID_SYNTAX);
}

static enum status proposal_parse(struct bytes in, struct proposal *out)
{
    uint8_t spi_size;
    uint8_t transform_count;
    out->count = 0;
    out->unusable = false;
    if (!bytes_take_u8(&in, &out->number) || !bytes_take_u8(&in, &out->protocol) ||
        !bytes_take_u8(&in, &spi_size) || !bytes_take_u8(&in, &transform_count) ||
        !bytes_take(&in, spi_size, &out->spi)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    return transforms_parse(in, transform_count, out);
}

/* Proposals count up by one; of several, the first is 1. A lone one may be an answer and then
 * bears the number of the proposal that it accepts (3.3.1), so its number is the sa room's affair.
 */
static bool number_is_right(size_t index, size_t rest, uint8_t number, uint8_t previous)
{
    if (index == 0) {
        return number == 1 || rest == 0;
    }
    return number == previous + 1;
}

enum status sa_payload_parse(struct bytes body, struct sa_payload *out)
{
    struct bytes in = body;
    struct proposal beyond_limit;
    uint8_t previous = 0;
    out->count = 0;
    if (in.length == 0) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    for (size_t i = 0; in.length > 0; i++) {
        struct proposal *proposal = i < PROPOSALS_MAX ? &out->proposals[i] : &beyond_limit;
        struct bytes inside;
        TRY(substructure_take(&in, PROPOSAL_MORE, &inside));
        TRY(proposal_parse(inside, proposal));
        if (!number_is_right(i, in.length, proposal->number, previous)) {
            return STATUS_NOTIFY(INVALID_SYNTAX);
        }
        previous = proposal->number;
        if (i < PROPOSALS_MAX) {
            out->count++;
        }
    }
    return STATUS_OK;
}

/* Starts a substructure; returns the offset that substructure_end needs. */
static size_t substructure_begin(struct writer *w, bool last, uint8_t more)
{
    size_t start = w->length;
    writer_u8(w, last ? SUBSTRUCTURE_LAST : more);
    writer_u8(w, 0);
    writer_u16(w, 0);
    return start;
}

static void substructure_end(struct writer *w, size_t start)
{
    writer_patch_u16(w, start + 2, (uint16_t)(w->length - start));
}

static void transform_build(struct writer *w, const struct transform *transform, bool last)
{
    size_t start = substructure_begin(w, last, TRANSFORM_MORE);
    writer_u8(w, transform->type);
    writer_u8(w, 0);
    writer_u16(w, transform->id);
    if (transform->key_bits != 0) {
        writer_u16(w, ATTRIBUTE_TV | ATTRIBUTE_KEY_LENGTH);
        writer_u16(w, transform->key_bits);
    }
    substructure_end(w, start);
}

static void proposal_build(struct writer *w, const struct proposal *proposal, bool last)
{
    assert(proposal->count > 0 && proposal->count <= TRANSFORMS_MAX);
    assert(proposal->spi.length <= UINT8_MAX);
    size_t start = substructure_begin(w, last, PROPOSAL_MORE);
    writer_u8(w, proposal->number);
    writer_u8(w, proposal->protocol);
    writer_u8(w, (uint8_t)proposal->spi.length);
    writer_u8(w, (uint8_t)proposal->count);
    writer_put(w, proposal->spi);
    for (size_t i = 0; i < proposal->count; i++) {
        transform_build(w, &proposal->transforms[i], i + 1 == proposal->count);
    }
    substructure_end(w, start);
}

void sa_payload_build(struct writer *w, const struct sa_payload *sa)
{
    assert(sa->count > 0 && sa->count <= PROPOSALS_MAX);
    for (size_t i = 0; i < sa->count; i++) {
        proposal_build(w, &sa->proposals[i], i + 1 == sa->count);
    }
}

/* The fragments of one message until all are there, RFC 7383 2.6. */

#include "protect/reassembly.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

_Static_assert(IKE_MESSAGE_MAX <= UINT16_MAX, "offsets of pieces are 16 bits");

bool reassembly_wants(const struct reassembly *r, const struct fragment *fragment)
{
    const struct skf_payload *skf = fragment->skf;
    if (skf->total > FRAGMENTS_MAX) {
        return false;
    }
    if (r == NULL) {
        return true;
    }
    if (fragment->header->message_id != r->message_id ||
        fragment->header->exchange_type != r->exchange_type || skf->total < r->total) {
        return false;
    }
    return skf->total > r->total || !r->pieces[skf->number - 1].present;
}

static void begin(struct reassembly *r, const struct fragment *fragment, uint64_t now_ns)
{
    octets_wipe(r, sizeof *r);
    r->message_id = fragment->header->message_id;
    r->exchange_type = fragment->header->exchange_type;
    r->total = fragment->skf->total;
    r->since_ns = now_ns;
}

static void keep(struct reassembly *r, const struct fragment *fragment)
{
    uint16_t number = fragment->skf->number;
    r->pieces[number - 1].present = true;
    r->pieces[number - 1].offset = (uint16_t)r->length;
    r->pieces[number - 1].length = (uint16_t)fragment->piece.length;
    if (fragment->piece.length > 0) {
        memcpy(r->octets + r->length, fragment->piece.data, fragment->piece.length);
    }
    r->length += fragment->piece.length;
    r->count++;
    if (number == 1) { /* in the others it is zero, and means nothing (RFC 7383 2.5) */
        r->first = fragment->next_payload;
    }
    if (fragment->header->length > r->largest) {
        r->largest = fragment->header->length;
    }
}

enum status reassembly_add(struct reassembly **r, const struct fragment *fragment, uint64_t now_ns)
{
    assert(reassembly_wants(*r, fragment));
    if (*r == NULL) {
        *r = calloc(1, sizeof **r);
        if (*r == NULL) {
            return STATUS_DROP; /* lost, like any datagram may be */
        }
        begin(*r, fragment, now_ns);
    } else if (fragment->skf->total > (*r)->total) {
        begin(*r, fragment, now_ns);
    }
    if (fragment->piece.length > sizeof(*r)->octets - (*r)->length) {
        reassembly_end(r);
        return STATUS_INTERNAL;
    }
    keep(*r, fragment);
    return STATUS_OK;
}

bool reassembly_is_complete(const struct reassembly *r)
{
    return r != NULL && r->count == r->total;
}

struct bytes reassembly_join(const struct reassembly *r, uint8_t *plain, uint8_t *first)
{
    struct writer w = writer_over(plain, IKE_MESSAGE_MAX);
    assert(reassembly_is_complete(r));
    for (uint16_t i = 0; i < r->total; i++) {
        writer_put(&w, bytes_of(r->octets + r->pieces[i].offset, r->pieces[i].length));
    }
    *first = r->first;
    return writer_bytes(&w);
}

void reassembly_end(struct reassembly **r)
{
    if (*r != NULL) {
        octets_wipe(*r, sizeof **r);
        free(*r);
        *r = NULL;
    }
}

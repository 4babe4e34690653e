/* The fragments of one message until all are there, RFC 7383 2.6. What is kept has been opened, so
 * only the peer can put anything here; how much is bounded: one allocation, IKE_MESSAGE_MAX octets
 * and FRAGMENTS_MAX fragments. */
#ifndef IKEREF_PROTECT_REASSEMBLY_H
#define IKEREF_PROTECT_REASSEMBLY_H

#include "base/limits.h"
#include "wire/ike_header.h"
#include "wire/payloads.h"

struct reassembly {
    uint32_t message_id;
    uint8_t exchange_type;
    uint8_t first;         /* type of the first inner payload, once fragment 1 is there */
    uint16_t total, count; /* fragments of the message, and how many are there */
    size_t length;         /* octets kept */
    size_t largest;        /* octets of the largest datagram a fragment came in */
    uint64_t since_ns;     /* when the first of this set came */
    struct {
        bool present;
        uint16_t offset, length; /* in octets[], in the order of arrival */
    } pieces[FRAGMENTS_MAX];
    uint8_t octets[IKE_MESSAGE_MAX];
};

/* One fragment as it came. */
struct fragment {
    const struct ike_header *header;
    const struct skf_payload *skf;
    uint8_t next_payload; /* of SKF's generic header */
    struct bytes piece;   /* what was inside, once it is open */
};

/* Before the dear step: may this fragment be of use? `r` may be NULL: nothing is there yet. False
 * for a copy of what is there, for a total smaller than what is there (RFC 7383 2.6), for more
 * fragments than we take, and for another message or exchange than the one begun. */
bool reassembly_wants(const struct reassembly *r, const struct fragment *fragment);

/* Keeps an opened fragment that is wanted; *r is made when it is NULL. A total greater than what is
 * there means that the sender has cut the message anew: what was there goes. STATUS_DROP: no
 * memory. STATUS_INTERNAL: more octets than we take; nothing is kept any more. */
MUST_USE enum status reassembly_add(struct reassembly **r, const struct fragment *fragment,
                                    uint64_t now_ns);

bool reassembly_is_complete(const struct reassembly *r); /* NULL is not */

/* The payloads of a complete message in the order of their numbers, in `plain` (IKE_MESSAGE_MAX
 * octets), *first their first type. */
struct bytes reassembly_join(const struct reassembly *r, uint8_t *plain, uint8_t *first);

/* Wipes and frees; *r is NULL afterwards. */
void reassembly_end(struct reassembly **r);

#endif

/* IKE fragmentation, RFC 7383. Out first, in below. */

#include "exchange/fragmentation.h"

#include "protect/sealed_body.h"
#include "protect/sk_message.h"
#include "protect/skf_message.h"

#define IPV4_HEADER_LENGTH 20
#define IPV6_HEADER_LENGTH 40
#define UDP_HEADER_LENGTH 8
#define NON_ESP_MARKER_LENGTH 4
#define REASSEMBLY_TIMEOUT_NS 30000000000ULL
#define CUT_TRIES 3 /* copies of one cut: "a few retries within several seconds", 2.5.2 */

/* Where nothing is configured we start above the 576 octets that 2.5.1 recommends for IPv4, since
 * the search goes downwards (2.5.2) and hardly any path is that narrow: with IPv6's minimum, which
 * leaves room for a tunnel on an Ethernet path. 576 comes when that has failed. */
static const size_t sizes[] = {1280, 576};
#define SIZE_DEFAULT 1280

size_t fragmentation_size(const struct ike_sa *sa)
{
    if (sa->fragment_size != 0 && sa->fragment_path == sa->path_changes) {
        return sa->fragment_size;
    }
    return sa->peer->fragment_size != 0 ? sa->peer->fragment_size : SIZE_DEFAULT;
}

void fragmentation_inherit(struct ike_sa *heir, const struct ike_sa *old)
{
    heir->fragmentation = old->fragmentation;
    heir->fragment_size = fragmentation_size(old);
    heir->fragment_path = heir->path_changes;
}

/* What an IP packet has around the IKE message, RFC 7383 appendix B. */
static size_t packet_overhead(const struct path *path, bool encapsulated)
{
    return (path->remote.ip.family == ADDRESS_V6 ? IPV6_HEADER_LENGTH : IPV4_HEADER_LENGTH) +
           UDP_HEADER_LENGTH + (encapsulated ? NON_ESP_MARKER_LENGTH : 0);
}

/* The puzzle's solution goes with IKE_AUTH, in the open (RFC 8019 7.2.2). */
static struct bytes ps_of(const struct ike_sa *sa, const struct ike_header *header)
{
    bool asks = header->exchange_type == IKE_AUTH && (header->flags & IKE_FLAG_RESPONSE) == 0;
    return asks && sa->init != NULL ? bytes_of(sa->init->solution, sa->init->solution_length)
                                    : bytes_of(NULL, 0);
}

/* Octets of the IKE message in an IP packet of this size, beside those in the open. */
static size_t message_max(const struct ike_sa *sa, const struct unsealed *message, size_t size)
{
    return size - packet_overhead(message->path, message->encapsulated) -
           sealed_body_ps_length(ps_of(sa, &message->header));
}

static bool fits_whole(const struct ike_sa *sa, const struct unsealed *message, size_t size)
{
    return sk_message_length(&sa->protection, message->inner.length) <=
           message_max(sa, message, size);
}

static enum status seal_whole(struct sa_store *store, struct ike_sa *sa,
                              const struct unsealed *message, struct stored_message *out)
{
    uint8_t octets[IKE_MESSAGE_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    TRY(sk_message_seal_behind(&sa->protection, sa->seal, store->random, &message->header,
                               ps_of(sa, &message->header), message->first, message->inner, &w));
    return stored_message_add(out, writer_bytes(&w));
}

/* The content is cut wherever a fragment is full (2.5). With more fragments than that takes, all
 * are about equal. */
static enum status seal_pieces(struct sa_store *store, struct ike_sa *sa,
                               const struct unsealed *message, size_t room, size_t total,
                               struct stored_message *out)
{
    struct bytes rest = message->inner;
    bool full = rest.length > (total - 1) * room;
    for (size_t number = 1; number <= total; number++) {
        uint8_t octets[IKE_MESSAGE_MAX];
        struct writer w = writer_over(octets, sizeof octets);
        size_t left = total - number + 1;
        size_t length = full ? room : (rest.length + left - 1) / left;
        struct bytes piece;
        (void)!bytes_take(&rest, length < rest.length ? length : rest.length, &piece);
        TRY(skf_message_seal_behind(&sa->protection, sa->seal, store->random, &message->header,
                                    ps_of(sa, &message->header), message->first, (uint16_t)number,
                                    (uint16_t)total, piece, &w));
        TRY(stored_message_add(out, writer_bytes(&w)));
    }
    return STATUS_OK;
}

/* Into more than `before` fragments: a peer tells a new cut from the one it has by their number,
 * which must grow (2.5.2). */
static enum status seal_fragments(struct sa_store *store, struct ike_sa *sa,
                                  const struct unsealed *message, uint16_t before, uint16_t *total,
                                  struct stored_message *out)
{
    size_t room = skf_message_room(&sa->protection, message_max(sa, message, message->size));
    if (room == 0) {
        return STATUS_INTERNAL;
    }
    size_t count = (message->inner.length + room - 1) / room;
    if (count <= before) {
        count = before + 1U;
    }
    if (count > FRAGMENTS_MAX) {
        return STATUS_INTERNAL;
    }
    *total = (uint16_t)count;
    return seal_pieces(store, sa, message, room, count, out);
}

/* The next smaller size that makes a difference; 0: none. */
static size_t next_size(const struct ike_sa *sa, const struct unsealed *message, uint16_t total)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        if (sizes[i] < message->size && (total > 1 || !fits_whole(sa, message, sizes[i]))) {
            return sizes[i];
        }
    }
    return 0;
}

static enum status keep_plain(const struct ike_sa *sa, const struct unsealed *message,
                              uint16_t total, struct stored_message *out)
{
    struct stored_plain plain = {.header = message->header,
                                 .first = message->first,
                                 .total = total,
                                 .next_size = next_size(sa, message, total)};
    return plain.next_size == 0 ? STATUS_OK
                                : stored_message_keep_plain(out, &plain, message->inner);
}

enum status fragmentation_seal(struct sa_store *store, struct ike_sa *sa,
                               const struct unsealed *message, struct stored_message *out)
{
    struct stored_message sealed = {0};
    uint16_t total = 1;
    enum status status = !sa->fragmentation || fits_whole(sa, message, message->size)
                             ? seal_whole(store, sa, message, &sealed)
                             : seal_fragments(store, sa, message, 0, &total, &sealed);
    if (status == STATUS_OK && sa->fragmentation) {
        status = keep_plain(sa, message, total, &sealed);
    }
    if (status != STATUS_OK) {
        stored_message_clear(&sealed);
        return status;
    }
    stored_message_clear(out);
    *out = sealed;
    return STATUS_OK;
}

void fragmentation_send(struct sa_store *store, struct stored_message *message,
                        const struct path *path, bool encapsulated)
{
    sa_store_send_message(store, path, encapsulated, message);
    if (message->plain != NULL) {
        message->plain->copies++;
    }
}

void fragmentation_retry(struct stored_message *message)
{
    if (message->plain != NULL) {
        message->plain->copies = 0;
    }
}

bool fragmentation_cut_due(const struct stored_message *message)
{
    return message->plain != NULL && message->plain->copies >= CUT_TRIES;
}

void fragmentation_cut(struct sa_store *store, struct ike_sa *sa, const struct path *path,
                       bool encapsulated, struct stored_message *message)
{
    const struct stored_plain *plain = message->plain;
    struct stored_message smaller = {0};
    struct unsealed again = {.header = plain->header,
                             .first = plain->first,
                             .inner = bytes_of(plain->inner, plain->length),
                             .path = path,
                             .encapsulated = encapsulated,
                             .size = plain->next_size};
    uint16_t total;
    enum status status = seal_fragments(store, sa, &again, plain->total, &total, &smaller);
    if (status == STATUS_OK) {
        status = keep_plain(sa, &again, total, &smaller);
    }
    if (status != STATUS_OK) {
        stored_message_clear(&smaller);
        return;
    }
    if ((again.header.flags & IKE_FLAG_RESPONSE) == 0) {
        /* nothing is learned from a response: the request that asks for it again may be a copy that
         * anybody has sent */
        sa->fragment_size = again.size;
        sa->fragment_path = sa->path_changes;
    }
    stored_message_clear(message);
    *message = smaller;
}

static bool exceeds(const struct ike_sa *sa, const struct stored_message *message, size_t mtu)
{
    for (const struct stored_datagram *d = message->datagrams; d != NULL; d = d->next) {
        if (d->length + packet_overhead(&sa->path, sa->encapsulated) > mtu) {
            return true;
        }
    }
    return false;
}

bool fragmentation_narrow(struct sa_store *store, struct ike_sa *sa, size_t mtu,
                          struct stored_message *message)
{
    size_t size = mtu > FRAGMENT_SIZE_MIN ? mtu : FRAGMENT_SIZE_MIN;
    if (size < fragmentation_size(sa)) {
        sa->fragment_size = size;
        sa->fragment_path = sa->path_changes;
    }
    if (message->plain == NULL || message->plain->total == 1 || !exceeds(sa, message, size)) {
        return false;
    }
    message->plain->next_size = size;
    fragmentation_cut(store, sa, &sa->path, sa->encapsulated, message);
    return !exceeds(sa, message, size);
}

/* ---- in ---- */

/* A fragment of a request we have answered brings the answer once more, but only the first one: one
 * request is worth one answer, however many pieces it came in (2.6.1). */
static enum status open_repeated(struct ike_sa *sa, const struct exchange_input *in,
                                 const struct skf_payload *skf, uint8_t *plain, struct opened *out)
{
    if (skf->number != 1) {
        return STATUS_DROP;
    }
    out->whole = true;
    return skf_message_open(&sa->protection, sa->open, in->datagram, skf, plain, &out->inner);
}

/* Keeps a new, authentic fragment; the message when that was the last. */
static enum status keep_fragment(struct sa_store *store, struct ike_sa *sa,
                                 const struct exchange_input *in, const struct fragment *fragment,
                                 struct reassembly **partial, uint8_t *plain, struct opened *out)
{
    enum status status = reassembly_add(partial, fragment, store->now_ns);
    if (status == STATUS_INTERNAL) {
        sa_store_ike_gone(store, sa, DOWN_FAILED, STATUS_INTERNAL);
    }
    TRY(status);
    store->counters.fragments_in++;
    out->whole = reassembly_is_complete(*partial);
    if (out->whole) {
        out->inner = reassembly_join(*partial, plain, &out->first);
        out->packet = (*partial)->largest + packet_overhead(in->path, in->encapsulated);
        reassembly_end(partial);
    }
    return STATUS_OK;
}

enum status fragmentation_open(struct sa_store *store, struct ike_sa *sa,
                               const struct exchange_input *in, const struct payload *payload,
                               bool repeated, uint8_t *plain, struct opened *out)
{
    bool response = (in->header->flags & IKE_FLAG_RESPONSE) != 0;
    struct reassembly **partial = response ? &sa->request.partial_response : &sa->partial_request;
    struct skf_payload skf;
    struct fragment fragment = {
        .header = in->header, .skf = &skf, .next_payload = payload->next_payload};
    *out = (struct opened){.whole = false};
    if (!sa->fragmentation) {
        return STATUS_DROP; /* not without both having said so, 2.4 */
    }
    TRY(skf_payload_parse(payload->body, &skf));
    if (repeated) {
        return open_repeated(sa, in, &skf, plain, out);
    }
    if (!reassembly_wants(*partial, &fragment)) {
        return STATUS_DROP;
    }
    enum status status =
        skf_message_open(&sa->protection, sa->open, in->datagram, &skf, plain, &fragment.piece);
    out->false_seal = status == STATUS_DROP;
    TRY(status);
    return keep_fragment(store, sa, in, &fragment, partial, plain, out);
}

uint64_t fragmentation_deadline(const struct ike_sa *sa)
{
    const struct reassembly *partial = sa->partial_request;
    return partial != NULL ? partial->since_ns + REASSEMBLY_TIMEOUT_NS : UINT64_MAX;
}

void fragmentation_expire(const struct sa_store *store, struct ike_sa *sa)
{
    if (store->now_ns >= fragmentation_deadline(sa)) {
        reassembly_end(&sa->partial_request);
    }
}

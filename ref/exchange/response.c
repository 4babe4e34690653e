/* Our responses: sealed, kept, and repeated octet for octet. RFC 7296 2.1, 2.21. */

#include "exchange/response.h"

#include "exchange/fragmentation.h"

struct exchange_reply exchange_reply_over(struct writer *w)
{
    return (struct exchange_reply){.chain = chain_writer_over(w)};
}

void notify_add(struct chain_writer *chain, uint16_t type, struct bytes data)
{
    payload_begin(chain, PAYLOAD_NOTIFY);
    notify_payload_build(chain->w, PROTOCOL_NONE, bytes_of(NULL, 0), type, data);
    payload_end(chain);
}

void notify_add_puzzle(struct chain_writer *chain, const struct puzzle_notify *puzzle)
{
    uint8_t data[PUZZLE_NOTIFY_LENGTH];
    struct writer w = writer_over(data, sizeof data);
    puzzle_notify_build(&w, puzzle);
    notify_add(chain, PUZZLE, writer_bytes(&w));
}

/* The chain becomes a single error notification, RFC 7296 3.10.1. */
static void replace_by_error(struct exchange_reply *reply, uint16_t type)
{
    struct writer *w = reply->chain.w;
    *w = writer_over(w->data, w->capacity);
    reply->chain = chain_writer_over(w);
    payload_begin(&reply->chain, PAYLOAD_NOTIFY);
    notify_payload_build(w, reply->error_protocol,
                         bytes_of(reply->error_spi, reply->error_spi_length), type,
                         bytes_of(reply->error_data, reply->error_data_length));
    payload_end(&reply->chain);
    if (type == INVALID_SYNTAX || type == AUTHENTICATION_FAILED ||
        type == UNEXPECTED_NAT_DETECTED) {
        /* fatal for both sides without a Delete, 2.21.3 and 2.21.2; RFC 4555 3.9 */
        reply->close = true;
        reply->close_reason = DOWN_FAILED;
        reply->close_status = STATUS_NOTIFY(type);
    }
}

/* A peer that has cut its request small may have found that the path takes no more: our answer does
 * not go beyond that (RFC 7383 2.5.1). */
static size_t response_size(const struct ike_sa *sa, const struct exchange_input *in)
{
    size_t size = fragmentation_size(sa);
    if (in->packet != 0 && in->packet < size) {
        size = in->packet > FRAGMENT_SIZE_MIN ? in->packet : FRAGMENT_SIZE_MIN;
    }
    return size;
}

static enum status seal_and_store(struct sa_store *store, struct ike_sa *sa,
                                  const struct exchange_input *in,
                                  const struct exchange_reply *reply)
{
    if (reply->chain.w->overflow) {
        return STATUS_INTERNAL;
    }
    struct ike_header header = {
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .exchange_type = in->header->exchange_type,
        .flags = (uint8_t)(IKE_FLAG_RESPONSE | (sa->initiator ? IKE_FLAG_INITIATOR : 0)),
        .message_id = in->header->message_id,
    };
    struct unsealed message = {.header = header,
                               .first = reply->chain.first,
                               .inner = writer_bytes(reply->chain.w),
                               .path = in->path,
                               .encapsulated = in->encapsulated,
                               .size = response_size(sa, in)};
    return fragmentation_seal(store, sa, &message, &sa->response);
}

void response_send(struct sa_store *store, struct ike_sa *sa, const struct exchange_input *in,
                   struct exchange_reply *reply, enum status status)
{
    uint16_t type;
    if (status_is_notify(status, &type)) {
        replace_by_error(reply, type);
    } else if (status != STATUS_OK) {
        return; /* the peer will ask again */
    }
    if (seal_and_store(store, sa, in, reply) != STATUS_OK) {
        /* the request has had its effect, and there is no answer to say so: were it handled once
         * more, it would have it twice */
        sa_store_ike_gone(store, sa, DOWN_FAILED, STATUS_INTERNAL);
        return;
    }
    sa->expected_request = in->header->message_id + 1;
    fragmentation_send(store, &sa->response, in->path, in->encapsulated);
    sa->last_out_ns = store->now_ns;
    if (in->header->message_id == UINT32_MAX && !reply->close) {
        sa_store_ike_gone(store, sa, DOWN_EXPIRED, STATUS_DROP); /* none can follow, 2.2 */
    }
    if (reply->close) {
        sa_store_ike_gone(store, sa, reply->close_reason, reply->close_status);
    }
}

void response_repeat(struct sa_store *store, struct ike_sa *sa, const struct path *path,
                     bool encapsulated)
{
    sa->duplicates++;
    if (fragmentation_cut_due(&sa->response)) { /* it does not seem to arrive, RFC 7383 2.4 */
        fragmentation_cut(store, sa, path, encapsulated, &sa->response);
        fragmentation_retry(&sa->response);
    }
    fragmentation_send(store, &sa->response, path, encapsulated);
}

/* ---- in the open ---- */

struct open_response {
    uint8_t octets[IKE_HEADER_LENGTH + 128];
    struct writer w;
    struct chain_writer chain;
};

static void open_begin(struct open_response *response, const struct ike_header *request)
{
    struct ike_header header = {
        .spi_i = request->spi_i,
        .spi_r = request->spi_r,
        .next_payload = PAYLOAD_NOTIFY,
        .exchange_type = request->exchange_type,
        .flags = (uint8_t)(IKE_FLAG_RESPONSE |
                           (request->flags & IKE_FLAG_INITIATOR ? 0 : IKE_FLAG_INITIATOR)),
        .message_id = request->message_id,
    };
    response->w = writer_over(response->octets, sizeof response->octets);
    ike_header_build(&response->w, &header);
    response->chain = chain_writer_over(&response->w);
}

/* Who has not shown that it is where it says it is does not get more octets than it sent. */
static void open_send(struct sa_store *store, struct open_response *response,
                      const struct ike_header *request, const struct path *path, bool encapsulated)
{
    struct writer *w = &response->w;
    ike_header_patch_length(w);
    if (!w->overflow && w->length <= request->length) {
        sa_store_send(store, path, encapsulated, false, writer_bytes(w));
    }
}

void response_send_unprotected(struct sa_store *store, const struct ike_header *request,
                               const struct path *path, bool encapsulated, uint16_t type,
                               struct bytes data)
{
    struct open_response response;
    open_begin(&response, request);
    notify_add(&response.chain, type, data);
    open_send(store, &response, request, path, encapsulated);
}

void response_demand(struct sa_store *store, const struct exchange_input *in, struct bytes cookie,
                     const struct puzzle_notify *puzzle)
{
    struct open_response response;
    open_begin(&response, in->header);
    notify_add(&response.chain, COOKIE, cookie);
    if (puzzle != NULL) {
        notify_add_puzzle(&response.chain, puzzle);
    }
    open_send(store, &response, in->header, in->path, in->encapsulated);
}

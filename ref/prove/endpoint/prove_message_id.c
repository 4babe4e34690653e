/* The peer's window of one (RFC 7296 2.1 to 2.3), which endpoint/corridor.c guards and
 * exchange/response.c moves: a request is handled once and in its turn, the last one is answered
 * again, and nothing after the last Message ID. One step from any state; the simple model is the
 * number below which all has been handled. */
#include "prove/prove.h"

#include "endpoint/corridor.c"

static struct {
    bool sealed, sent, gone;
} seen;

enum status fragmentation_seal(struct sa_store *store, struct ike_sa *sa,
                               const struct unsealed *message, struct stored_message *out)
{
    static struct stored_datagram datagram;
    (void)store;
    assert(out == &sa->response && message->header.message_id == sa->expected_request);
    enum status status = any_status();
    if (status == STATUS_OK) {
        out->datagrams = &datagram;
        seen.sealed = true;
    }
    return status;
}

void fragmentation_send(struct sa_store *store, struct stored_message *message,
                        const struct path *path, bool encapsulated)
{
    (void)store;
    (void)path;
    (void)encapsulated;
    assert(message->datagrams != NULL);
    seen.sent = true;
}

void sa_store_ike_gone(struct sa_store *store, struct ike_sa *sa, enum down_reason reason,
                       enum status status)
{
    (void)store;
    (void)reason;
    (void)status;
    sa->state = IKE_SA_CLOSED;
    seen.gone = true;
}

size_t fragmentation_size(const struct ike_sa *sa)
{
    (void)sa;
    return FRAGMENT_SIZE_MIN + any_up_to(1024);
}

/* An IKE SA of which only what the window looks at is of interest. */
static void make_any(struct ike_sa *sa, struct stored_datagram *last)
{
    sa->state = (enum ike_sa_state)any_up_to(IKE_SA_STATES - 1);
    sa->request.active = any_bool();
    sa->initiator = any_bool();
    /* the answer to the last request is kept, and there is none before the first */
    sa->response = (struct stored_message){.datagrams = any_bool() ? last : NULL};
    __CPROVER_assume(sa->response.datagrams == NULL || sa->expected_request != 0 ||
                     sa->state == IKE_SA_CLOSED);
}

/* All below expected_request has been handled; when that has come round, all. */
static bool is_handled(const struct ike_sa *sa, uint32_t id)
{
    return id < sa->expected_request || (sa->state == IKE_SA_CLOSED && sa->expected_request == 0);
}

void prove_message_id_request(void)
{
    uint8_t chain_memory[SIZE];
    struct stored_datagram last;
    struct ike_sa sa;
    struct sa_store store;
    struct datagram datagram;
    struct ike_header header = {.message_id = any_u32(), .exchange_type = any_u8()};
    struct exchange_input in = {
        .header = &header, .path = &datagram.path, .datagram = datagram.octets};
    struct writer w = writer_over(chain_memory, sizeof chain_memory);
    struct exchange_reply reply = exchange_reply_over(&w);
    bool repeated;
    make_any(&sa, &last);
    uint32_t expected = sa.expected_request;
    uint32_t other = any_u32();
    bool other_handled = is_handled(&sa, other);
    if (!message_id_fits(&sa, &header, &repeated)) {
        return;
    }
    if (repeated) {
        assert(header.message_id == (uint32_t)(expected - 1) && sa.response.datagrams == &last);
        assert(is_handled(&sa, header.message_id));
        return;
    }
    assert(header.message_id == expected && !is_handled(&sa, header.message_id));
    assert(sa.state != IKE_SA_CLOSED && sa.state != IKE_SA_AUTH_SENT);
    response_send(&store, &sa, &in, &reply, any_status());
    if (seen.sealed) {
        assert(seen.sent && is_handled(&sa, header.message_id));
        assert(seen.gone || sa.expected_request == expected + 1);
        assert(header.message_id != UINT32_MAX || seen.gone);
        assert(is_handled(&sa, other) == (other_handled || other == header.message_id));
    } else {
        assert(sa.expected_request == expected && !seen.sent);
    }
}

/* An answer is taken for the request that is out, and for no other. */
void prove_message_id_response(void)
{
    struct stored_datagram last;
    struct ike_sa sa;
    struct ike_header header = {
        .message_id = any_u32(), .exchange_type = any_u8(), .flags = IKE_FLAG_RESPONSE};
    bool repeated;
    make_any(&sa, &last);
    bool fits = message_id_fits(&sa, &header, &repeated);
    assert(!repeated && fits == (sa.request.active && sa.request.message_id == header.message_id &&
                                 sa.request.exchange_type == header.exchange_type));
}

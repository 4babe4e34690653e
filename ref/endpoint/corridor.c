/* The way of one datagram through the rooms: header, IKE SA by SPI, Message ID, outer payloads, SK,
 * inner payloads, handler. Cheap checks come before dear ones; a Message ID counts only after its
 * message has been opened. RFC 7296 2.1 to 2.3, 2.5, 2.21. */

#include "endpoint/corridor.h"

#include "exchange/admission.h"
#include "exchange/client_puzzle.h"
#include "exchange/fragmentation.h"
#include "exchange/ike_auth.h"
#include "exchange/ike_rekey.h"
#include "exchange/ike_sa_init.h"
#include "exchange/informational.h"
#include "exchange/mobike.h"
#include "exchange/request.h"
#include "exchange/response.h"
#include "exchange/waiting.h"
#include "protect/sk_message.h"

#define HINT_INTERVAL_NS 100000000ULL /* given or taken at most ten times a second (2.21.4) */

struct arrival { /* one datagram on its way */
    const struct datagram *datagram;
    struct ike_header header;
    struct opened opened; /* views `plain` */
    /* Large, and so not cleared for each datagram: who parses, decodes or opens writes them. */
    struct payload_chain outer;
    struct payload_chain inner;
    struct message message;
    uint8_t plain[IKE_MESSAGE_MAX];
};

static void arrival_begin(struct arrival *arrival, const struct datagram *datagram)
{
    arrival->datagram = datagram;
    arrival->header = (struct ike_header){0};
    arrival->opened = (struct opened){0};
}

/* What has been opened is no longer than the datagram, or than the fragments it completed. */
static void arrival_wipe(struct arrival *arrival)
{
    size_t opened = arrival->opened.inner.length, came = arrival->datagram->octets.length;
    octets_wipe(arrival->plain, opened > came ? opened : came);
}

static bool is_response(const struct ike_header *header)
{
    return (header->flags & IKE_FLAG_RESPONSE) != 0;
}

static struct exchange_input input_of(const struct arrival *arrival)
{
    return (struct exchange_input){
        .header = &arrival->header,
        .message = &arrival->message,
        .path = &arrival->datagram->path,
        .encapsulated = arrival->datagram->encapsulated,
        .datagram = arrival->datagram->octets,
        .packet = arrival->opened.packet,
    };
}

static enum status decode_outer(struct arrival *arrival)
{
    struct bytes octets = arrival->datagram->octets;
    struct bytes behind_header =
        bytes_of(octets.data + IKE_HEADER_LENGTH, octets.length - IKE_HEADER_LENGTH);
    TRY(payload_chain_parse(arrival->header.next_payload, behind_header, &arrival->outer));
    return message_decode(&arrival->outer, &arrival->message);
}

/* ---- IKE_SA_INIT: in the open ---- */

static enum status receive_init_request(struct sa_store *store, struct arrival *arrival)
{
    uint16_t type;
    if (arrival->header.message_id != 0 || arrival->header.spi_r != 0 ||
        (arrival->header.flags & IKE_FLAG_INITIATOR) == 0) {
        return STATUS_DROP;
    }
    enum status status = decode_outer(arrival);
    if (status_is_notify(status, &type)) {
        uint8_t critical = arrival->outer.unsupported_critical;
        bool named = type == UNSUPPORTED_CRITICAL_PAYLOAD;
        response_send_unprotected(store, &arrival->header, &arrival->datagram->path,
                                  arrival->datagram->encapsulated, type,
                                  bytes_of(&critical, named ? 1 : 0));
    }
    TRY(status);
    struct exchange_input in = input_of(arrival);
    return ike_sa_init_consume_request(store, &in);
}

static enum status receive_init_response(struct sa_store *store, struct arrival *arrival)
{
    struct ike_sa *sa = sa_store_find_spi(store, arrival->header.spi_i);
    if (sa == NULL || sa->state != IKE_SA_INIT_SENT || arrival->header.message_id != 0 ||
        (arrival->header.flags & IKE_FLAG_INITIATOR) != 0) {
        return STATUS_DROP;
    }
    TRY(decode_outer(arrival));
    struct exchange_input in = input_of(arrival);
    return ike_sa_init_consume_response(store, sa, &in);
}

/* ---- everything else: inside SK, or in fragments of it ---- */

/* Somebody, perhaps the peer after a restart, says in the open that it does not know an SA of ours:
 * nothing changes, but we ask the peer (2.21.4). */
static enum status take_hint(struct sa_store *store, struct ike_sa *sa)
{
    struct task ask = {.type = TASK_LIVENESS};
    if (sa->state == IKE_SA_ESTABLISHED && !sa->request.active &&
        !task_queue_has(&sa->tasks, TASK_LIVENESS, 0) &&
        store->now_ns - sa->last_in_ns >= sa->peer->retransmission.timeout_ns) {
        request_queue(store, sa, &ask);
    }
    return STATUS_DROP;
}

/* INVALID_SPI outside of any IKE SA (1.5), from where ESP of ours goes: perhaps to a third party
 * that does not want it (RFC 4555 5.3). */
static enum status take_esp_hint(struct sa_store *store, struct arrival *arrival)
{
    const struct address *from = &arrival->datagram->path.remote.ip;
    uint32_t spi;
    if (decode_outer(arrival) != STATUS_OK) {
        return STATUS_DROP;
    }
    const struct notify_payload *told = message_notify(&arrival->message, INVALID_SPI);
    struct bytes data = told != NULL ? told->data : bytes_of(NULL, 0);
    if (data.length != sizeof spi || !bytes_take_u32(&data, &spi)) {
        return STATUS_DROP;
    }
    for (struct ike_sa *sa = store->ike_sas; sa != NULL; sa = sa->next) {
        if (address_equal(&sa->path.remote.ip, from) && ike_sa_child_by_spi_out(sa, spi) != NULL) {
            sa_store_stir(store, sa);
            return take_hint(store, sa);
        }
    }
    return STATUS_DROP;
}

/* A request for an IKE SA we do not have: perhaps we have restarted. A rationed hint, 2.21.4. It is
 * never an answer to what is itself a hint in the open, for two such could go on for ever (1.5);
 * such hints are rationed likewise. */
static enum status receive_stray(struct sa_store *store, struct arrival *arrival)
{
    uint8_t first = arrival->header.next_payload;
    bool sealed = first == PAYLOAD_SK || first == PAYLOAD_SKF;
    bool hint = first == PAYLOAD_NOTIFY && arrival->header.exchange_type == INFORMATIONAL;
    if (is_response(&arrival->header) || (!sealed && !hint) ||
        store->now_ns - store->hint_ns < HINT_INTERVAL_NS) {
        return STATUS_DROP;
    }
    store->hint_ns = store->now_ns;
    if (hint) {
        return take_esp_hint(store, arrival);
    }
    response_send_unprotected(store, &arrival->header, &arrival->datagram->path,
                              arrival->datagram->encapsulated, INVALID_IKE_SPI, bytes_of(NULL, 0));
    return STATUS_DROP;
}

/* Is it this message's turn? A request we have answered already may pass, to be answered again. An
 * initiator that has not yet seen the responder prove itself hears no requests: what overtook the
 * answer to IKE_AUTH will be sent again. */
static bool message_id_fits(const struct ike_sa *sa, const struct ike_header *header,
                            bool *repeated)
{
    *repeated = false;
    if (is_response(header)) {
        return sa->request.active && header->message_id == sa->request.message_id &&
               header->exchange_type == sa->request.exchange_type;
    }
    *repeated =
        header->message_id + 1 == sa->expected_request && !stored_message_is_empty(&sa->response);
    if (sa->state == IKE_SA_CLOSED || sa->state == IKE_SA_AUTH_SENT) {
        return *repeated;
    }
    return *repeated || header->message_id == sa->expected_request;
}

static enum status open(struct sa_store *store, struct ike_sa *sa, struct arrival *arrival,
                        bool repeated)
{
    const struct payload_chain *outer = &arrival->outer;
    const struct payload *last = outer->count > 0 ? &outer->items[outer->count - 1] : NULL;
    struct exchange_input in = input_of(arrival);
    if (last != NULL && last->type == PAYLOAD_SKF) {
        return fragmentation_open(store, sa, &in, last, repeated, arrival->plain, &arrival->opened);
    }
    if (last == NULL || last->type != PAYLOAD_SK) {
        return STATUS_DROP;
    }
    arrival->opened.whole = true;
    enum status status =
        sk_message_open(&sa->protection, sa->open, in.datagram, last, arrival->plain,
                        &arrival->opened.inner, &arrival->opened.first);
    arrival->opened.false_seal = status == STATUS_DROP;
    return status;
}

static bool is_deferred(const struct ike_sa *sa)
{
    return sa->state == IKE_SA_HALF_OPEN && sa->init->deferred;
}

/* A stranger's message to a half-open IKE SA costs cryptography only within bounds, and a key
 * exchange only when that was worth some work. Once made, the keys are kept whatever becomes of the
 * message (RFC 8019 4.6, 7.2.4). */
static enum status admit_half_open(struct sa_store *store, struct ike_sa *sa,
                                   const struct arrival *arrival)
{
    if (sa->state != IKE_SA_HALF_OPEN) {
        return STATUS_OK;
    }
    if (arrival->header.exchange_type != IKE_AUTH || !admission_may_open(store, sa)) {
        return STATUS_DROP;
    }
    if (sa->init->deferred) {
        TRY(client_puzzle_check(store, sa, &arrival->outer));
        if (ike_sa_init_derive(store, sa) != STATUS_OK) {
            sa_store_ike_gone(store, sa, DOWN_FAILED, STATUS_NOTIFY(INVALID_SYNTAX));
            return STATUS_DROP;
        }
    }
    return STATUS_OK;
}

static enum status decode_inner(struct arrival *arrival)
{
    TRY(payload_chain_parse(arrival->opened.first, arrival->opened.inner, &arrival->inner));
    TRY(message_decode(&arrival->inner, &arrival->message));
    if (arrival->message.has_sk || arrival->message.has_skf) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    return STATUS_OK;
}

static enum status receive_request(struct sa_store *store, struct ike_sa *sa,
                                   struct arrival *arrival, enum status decoded)
{
    uint8_t inner[IKE_MESSAGE_MAX];
    struct writer w = writer_over(inner, sizeof inner);
    struct exchange_reply reply = exchange_reply_over(&w);
    struct exchange_input in = input_of(arrival);
    enum status status = decoded;
    consume_request_function *handler =
        request_handler_find(sa->state, arrival->header.exchange_type, sa->initiator);
    if (status == STATUS_NOTIFY(UNSUPPORTED_CRITICAL_PAYLOAD)) {
        reply.error_data[0] = arrival->inner.unsupported_critical;
        reply.error_data_length = 1;
    } else if (status == STATUS_OK) {
        if (sa->silent && !informational_deletes_ike_sa(&arrival->message)) {
            ike_rekey_believe(store, sa);
        }
        mobike_follow_responder(store, sa, &in);
        status = handler != NULL ? handler(store, sa, &in, &reply) : STATUS_NOTIFY(INVALID_SYNTAX);
    }
    response_send(store, sa, &in, &reply, status);
    if (sa->state != IKE_SA_CLOSED) {
        nat_follow(store, sa, in.path);
        request_start_next(store, sa);
    }
    return status;
}

static enum status receive_response(struct sa_store *store, struct ike_sa *sa,
                                    struct arrival *arrival, enum status decoded)
{
    struct exchange_input in = input_of(arrival);
    if (decoded != STATUS_OK) {
        /* authentic and malformed: the peer and we do not speak the same language (2.21.3) */
        sa_store_ike_gone(store, sa, DOWN_FAILED, decoded);
        return decoded;
    }
    nat_follow(store, sa, in.path);
    mobike_answered_on(store, sa, in.path);
    request_answered(store, sa, &in);
    return STATUS_OK;
}

static enum status receive_opened(struct sa_store *store, struct ike_sa *sa,
                                  struct arrival *arrival, enum status decoded)
{
    return is_response(&arrival->header) ? receive_response(store, sa, arrival, decoded)
                                         : receive_request(store, sa, arrival, decoded);
}

static bool waits(struct sa_store *store, struct ike_sa *sa, const struct arrival *arrival,
                  bool *lost)
{
    struct exchange_input in = input_of(arrival);
    return waiting_message(store, sa, &in, &arrival->opened, lost);
}

static enum status receive_of(struct sa_store *store, struct ike_sa *sa, struct arrival *arrival)
{
    bool repeated;
    const struct ike_header *header = &arrival->header;
    bool from_initiator = (header->flags & IKE_FLAG_INITIATOR) != 0;
    if (sa->initiator == from_initiator || sa->spi_i != header->spi_i ||
        sa->spi_r != header->spi_r || (sa->open == NULL && !is_deferred(sa))) {
        return STATUS_DROP;
    }
    TRY(payload_chain_parse(header->next_payload,
                            bytes_of(arrival->datagram->octets.data + IKE_HEADER_LENGTH,
                                     arrival->datagram->octets.length - IKE_HEADER_LENGTH),
                            &arrival->outer));
    if (arrival->outer.count == 1 && arrival->outer.items[0].type == PAYLOAD_NOTIFY &&
        is_response(header)) {
        return take_hint(store, sa);
    }
    if (ike_sa_is_busy(sa) || !message_id_fits(sa, header, &repeated)) {
        return STATUS_DROP;
    }
    TRY(admit_half_open(store, sa, arrival));
    enum status status = open(store, sa, arrival, repeated);
    if (arrival->opened.false_seal && sa->state == IKE_SA_HALF_OPEN) {
        half_open_failed(&store->half_open, sa, store->now_ns);
    }
    if (status == STATUS_DROP || status == STATUS_INTERNAL ||
        (status == STATUS_OK && !arrival->opened.whole)) {
        return status;
    }
    if (repeated) {
        /* no sign of life: anybody can send a copy of what has been seen before (2.4) */
        response_repeat(store, sa, &arrival->datagram->path, arrival->datagram->encapsulated);
        return STATUS_OK;
    }
    sa->last_in_ns = store->now_ns;
    if (status == STATUS_OK) {
        status = decode_inner(arrival);
    }
    if (!is_response(header)) {
        reassembly_end(&sa->partial_request); /* of a request that has come whole after all */
    }
    bool lost;
    if (status == STATUS_OK && store->jobs.max > 0 && waits(store, sa, arrival, &lost)) {
        return lost ? STATUS_DROP : STATUS_OK;
    }
    return receive_opened(store, sa, arrival, status);
}

/* Of an IKE SA that has ended nothing is answered but the last request once more (2.1). */
static enum status receive_closed(struct sa_store *store, struct closed_sa *closed,
                                  struct arrival *arrival)
{
    struct ike_sa sa;
    closed_sa_lend(closed, &sa);
    enum status status = receive_of(store, &sa, arrival);
    closed_sa_take_back(closed, &sa);
    return status;
}

static enum status receive_protected(struct sa_store *store, struct arrival *arrival)
{
    const struct ike_header *header = &arrival->header;
    uint64_t spi = (header->flags & IKE_FLAG_INITIATOR) != 0 ? header->spi_r : header->spi_i;
    struct ike_sa *sa = sa_store_find_spi(store, spi);
    struct closed_sa *closed = sa == NULL ? closed_list_find(&store->closed, spi) : NULL;
    if (closed != NULL) {
        return receive_closed(store, closed, arrival);
    }
    return sa != NULL ? receive_of(store, sa, arrival) : receive_stray(store, arrival);
}

/* The way goes on where it was left: the message is authentic, and it is still its turn. */
static void receive_kept(struct sa_store *store, struct ike_sa *sa, const struct job *job)
{
    const struct kept_message *kept = &job->message;
    struct datagram datagram = {.path = kept->path, .encapsulated = kept->encapsulated};
    struct arrival arrival;
    arrival_begin(&arrival, &datagram);
    arrival.header = kept->header;
    arrival.opened = (struct opened){
        .whole = true, .inner = kept->inner, .first = kept->first, .packet = kept->packet};
    enum status status = decode_inner(&arrival);
    (void)!receive_opened(store, sa, &arrival, status); /* nobody asks what became of it */
}

void corridor_job_done(struct sa_store *store, struct job *job)
{
    struct ike_sa *sa = sa_store_find(store, job->ike_sa);
    if (sa == NULL || sa->job != job) {
        return; /* it has gone meanwhile */
    }
    job->done = true;
    if (job->for_request) {
        ike_auth_go_on(store, sa);
    } else {
        receive_kept(store, sa, job);
    }
    sa->job = NULL;
}

enum status corridor_receive(struct sa_store *store, const struct datagram *datagram)
{
    struct arrival arrival;
    arrival_begin(&arrival, datagram);
    if (datagram->octets.length > IKE_MESSAGE_MAX) {
        return STATUS_DROP;
    }
    enum status status = ike_header_parse(datagram->octets, &arrival.header);
    if (status == STATUS_NOTIFY(INVALID_MAJOR_VERSION) && !is_response(&arrival.header)) {
        response_send_unprotected(store, &arrival.header, &datagram->path, datagram->encapsulated,
                                  INVALID_MAJOR_VERSION, bytes_of(NULL, 0));
    }
    TRY(status);
    if (arrival.header.exchange_type != IKE_SA_INIT) {
        status = receive_protected(store, &arrival);
    } else if (is_response(&arrival.header)) {
        status = receive_init_response(store, &arrival);
    } else {
        status = receive_init_request(store, &arrival);
    }
    arrival_wipe(&arrival);
    return status;
}

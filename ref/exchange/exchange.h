/* What the exchanges share: what a handler reads, what it answers with, and the two tables. */
#ifndef IKEREF_EXCHANGE_EXCHANGE_H
#define IKEREF_EXCHANGE_EXCHANGE_H

#include "sa/sa_store.h"
#include "wire/ike_header.h"
#include "wire/message.h"

/* One message, opened, decoded and in its turn. All views die with endpoint_receive. */
struct exchange_input {
    const struct ike_header *header;
    const struct message *message;
    const struct path *path;
    bool encapsulated;
    struct bytes datagram;
    size_t packet; /* of the largest IP packet it came in when in fragments; 0: it came whole */
};

/* What a request handler answers. When it returns STATUS_NOTIFY(type) instead of STATUS_OK, the
 * chain is thrown away and that notification sent, with the protocol, SPI and data found here. */
struct exchange_reply {
    struct chain_writer chain;
    uint8_t error_protocol;
    uint8_t error_spi[4];
    size_t error_spi_length;
    uint8_t error_data[2];
    size_t error_data_length;
    bool close; /* the IKE SA ends once the response is out */
    enum down_reason close_reason;
    enum status close_status;
};

/* Requests of the peer: a table row's handler. */
typedef enum status consume_request_function(struct sa_store *store, struct ike_sa *sa,
                                             const struct exchange_input *in,
                                             struct exchange_reply *reply);

/* What of a handler's work is left to others where the host wants jobs (sa/job.h): puts it into
 * `job`, which is empty. `in` is the message to be handled; NULL: our request is to be built. It
 * may change of the IKE SA only what the handler then would have changed first. False: there is no
 * such work, or something is wrong, which the handler will find by itself. */
typedef bool prepare_function(struct sa_store *store, struct ike_sa *sa,
                              const struct exchange_input *in, struct job *job);

/* Our requests: one row per task. create_request fills the inner chain from sa->request
 * (STATUS_DROP: there is nothing to ask any more); consume_response gets the request that has
 * ended, already taken off the IKE SA, and must see to its command. */
struct task_handler {
    uint8_t exchange_type;
    enum status (*create_request)(struct sa_store *store, struct ike_sa *sa,
                                  struct chain_writer *chain);
    void (*consume_response)(struct sa_store *store, struct ike_sa *sa, struct request *request,
                             const struct exchange_input *in);
    prepare_function *prepare_request, *prepare_response; /* NULL: no such work */
};

/* The handler of a task; never NULL for the tasks that run inside SK. */
const struct task_handler *task_handler_find(enum task_type type);

/* The handler of a peer's request in this state; NULL: not allowed here. */
consume_request_function *request_handler_find(enum ike_sa_state state, uint8_t exchange_type,
                                               bool initiator);

/* And what of its work is left to others; NULL: nothing. */
prepare_function *request_prepare_find(enum ike_sa_state state, uint8_t exchange_type,
                                       bool initiator);

/* Bracketed Notify payload without SPI. */
void notify_add(struct chain_writer *chain, uint16_t type, struct bytes data);
void notify_add_puzzle(struct chain_writer *chain, const struct puzzle_notify *puzzle);

#endif

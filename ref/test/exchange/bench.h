/* Two connected endpoints whose handlers are called by hand: a chain is written, read back as the
 * other side would, and given to one function of the exchange room. Nothing is sent unless a test
 * runs the world. */
#ifndef IKEREF_TEST_EXCHANGE_BENCH_H
#define IKEREF_TEST_EXCHANGE_BENCH_H

#include "exchange/exchange.h"
#include "test/endpoint/world.h"

struct mail { /* the payloads inside SK, written and then read */
    uint8_t octets[IKE_MESSAGE_MAX];
    struct writer w;
    struct chain_writer chain;
    struct message message;
};

struct bench {
    struct world world;
    struct mail ask, answer;
    struct exchange_reply reply; /* over `answer` */
};

/* The world of world_init, both sides booted and connected. */
void bench_connect(struct bench *bench, uint64_t seed);
/* The same, but what is out is IKE_AUTH: side 0 has sent it, side 1 is half-open. Not booted:
 * world_init has been called, and the test has changed the configuration as it likes. */
void bench_half_open(struct bench *bench);
void bench_close(struct bench *bench);

/* The core's own records; `bench_sa` is the newest IKE SA, whatever its state. */
struct sa_store *bench_store(struct bench *bench, unsigned side);
struct ike_sa *bench_sa(struct bench *bench, unsigned side);
size_t bench_child_count(struct bench *bench, unsigned side);

/* An empty chain to write to. */
struct chain_writer *mail_begin(struct mail *mail);
/* Decodes what has been written. */
const struct message *mail_read(struct mail *mail);
/* One Delete payload with these SPIs: 4 octets each for ESP, none for IKE. */
void mail_add_delete(struct mail *mail, uint8_t protocol, const uint32_t *spis, size_t count);
/* The octets of one SPI. */
struct bytes mail_spi(uint32_t spi, uint8_t out[4]);

/* Our request for this task, as request_start would have it built, into bench->ask. */
enum status bench_ask(struct bench *bench, unsigned side, const struct task *task);
/* Gives bench->ask to a handler of the side's; its reply is in bench->answer. */
enum status bench_consume(struct bench *bench, unsigned side, consume_request_function *handler);
/* The same with the message as the test has changed it. */
enum status bench_consume_as_is(struct bench *bench, unsigned side,
                                consume_request_function *handler);
/* Takes the request off the side and gives it bench->answer. */
void bench_conclude(struct bench *bench, unsigned side);
/* The same with the answer's message as the test has changed it. */
void bench_conclude_as_is(struct bench *bench, unsigned side);
/* The answer is one error notification instead. */
void bench_conclude_error(struct bench *bench, unsigned side, uint16_t type, struct bytes data);

/* Takes the side's events up to the next of this type; false when none is left. */
bool bench_event(struct bench *bench, unsigned side, enum event_type type, struct event *out);

#endif

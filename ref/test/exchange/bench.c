/* Handlers called by hand. */

#include "test/exchange/bench.h"

#include <assert.h>
#include <string.h>

#include "endpoint/endpoint_store.h"
#include "exchange/request.h"
#include "exchange/response.h"

void bench_connect(struct bench *bench, uint64_t seed)
{
    memset(bench, 0, sizeof *bench);
    world_init(&bench->world, seed);
    world_boot(&bench->world);
    world_connect(&bench->world);
}

void bench_half_open(struct bench *bench)
{
    world_boot(&bench->world);
    (void)world_command(&bench->world, 0, COMMAND_INITIATE);
    world_run(&bench->world, 2 * bench->world.delay_ns + WORLD_MS); /* IKE_SA_INIT, both ways */
}

void bench_close(struct bench *bench)
{
    world_destroy(&bench->world);
}

struct sa_store *bench_store(struct bench *bench, unsigned side)
{
    return (struct sa_store *)endpoint_store(bench->world.sides[side].endpoint);
}

struct ike_sa *bench_sa(struct bench *bench, unsigned side)
{
    return bench_store(bench, side)->ike_sas;
}

size_t bench_child_count(struct bench *bench, unsigned side)
{
    size_t count = 0;
    for (const struct child_sa *c = bench_sa(bench, side)->children; c != NULL; c = c->next) {
        count++;
    }
    return count;
}

/* ---- mail ---- */

struct chain_writer *mail_begin(struct mail *mail)
{
    mail->w = writer_over(mail->octets, sizeof mail->octets);
    mail->chain = chain_writer_over(&mail->w);
    return &mail->chain;
}

const struct message *mail_read(struct mail *mail)
{
    struct payload_chain parsed;
    assert(!mail->w.overflow);
    enum status status = payload_chain_parse(mail->chain.first, writer_bytes(&mail->w), &parsed);
    if (status == STATUS_OK) {
        status = message_decode(&parsed, &mail->message);
    }
    assert(status == STATUS_OK);
    return &mail->message;
}

struct bytes mail_spi(uint32_t spi, uint8_t out[4])
{
    struct writer w = writer_over(out, 4);
    writer_u32(&w, spi);
    return writer_bytes(&w);
}

void mail_add_delete(struct mail *mail, uint8_t protocol, const uint32_t *spis, size_t count)
{
    uint8_t octets[4 * CHILD_SAS_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    for (size_t i = 0; i < count; i++) {
        writer_u32(&w, spis[i]);
    }
    payload_begin(&mail->chain, PAYLOAD_DELETE);
    delete_payload_build(&mail->w, protocol, protocol == PROTOCOL_IKE ? 0 : 4, writer_bytes(&w));
    payload_end(&mail->chain);
}

/* ---- one exchange ---- */

enum status bench_ask(struct bench *bench, unsigned side, const struct task *task)
{
    struct ike_sa *sa = bench_sa(bench, side);
    request_end(&sa->request);
    sa->request.task = *task;
    enum status status =
        task_handler_find(task->type)
            ->create_request(bench_store(bench, side), sa, mail_begin(&bench->ask));
    if (status == STATUS_OK) {
        sa->request.active = true;
        (void)mail_read(&bench->ask);
    }
    return status;
}

enum status bench_consume_as_is(struct bench *bench, unsigned side,
                                consume_request_function *handler)
{
    struct ike_sa *sa = bench_sa(bench, side);
    struct ike_header header = {.message_id = sa->expected_request};
    struct exchange_input in = {
        .header = &header, .message = &bench->ask.message, .path = &sa->path};
    (void)mail_begin(&bench->answer);
    bench->reply = exchange_reply_over(&bench->answer.w);
    enum status status = handler(bench_store(bench, side), sa, &in, &bench->reply);
    bench->answer.chain = bench->reply.chain;
    return status;
}

enum status bench_consume(struct bench *bench, unsigned side, consume_request_function *handler)
{
    (void)mail_read(&bench->ask);
    return bench_consume_as_is(bench, side, handler);
}

void bench_conclude(struct bench *bench, unsigned side)
{
    (void)mail_read(&bench->answer);
    bench_conclude_as_is(bench, side);
}

void bench_conclude_as_is(struct bench *bench, unsigned side)
{
    struct ike_sa *sa = bench_sa(bench, side);
    struct request request = sa->request;
    struct exchange_input in = {.message = &bench->answer.message, .path = &sa->path};
    memset(&sa->request, 0, sizeof sa->request);
    task_handler_find(request.task.type)
        ->consume_response(bench_store(bench, side), sa, &request, &in);
    request_end(&request);
}

void bench_conclude_error(struct bench *bench, unsigned side, uint16_t type, struct bytes data)
{
    notify_add(mail_begin(&bench->answer), type, data);
    bench_conclude(bench, side);
}

bool bench_event(struct bench *bench, unsigned side, enum event_type type, struct event *out)
{
    while (endpoint_next_event(bench->world.sides[side].endpoint, out)) {
        if (out->type == type) {
            return true;
        }
    }
    return false;
}

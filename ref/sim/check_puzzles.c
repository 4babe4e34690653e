/* Whoever was given a puzzle goes on with its solution: four keys that are good enough, beside the
 * cookie that came with it (RFC 8019 7.1.2), or before SK in IKE_AUTH (7.2.2). */

#include "endpoint/endpoint_store.h"
#include "sa/puzzle.h"
#include "sim/check.h"
#include "wire/message.h"

#define TOLD_TWICE UINT64_MAX /* the network has changed one of two copies: which one counts? */

struct read_message {
    struct payload_chain chain;
    struct message message;
};

static bool reads(const struct ike_header *header, struct bytes octets, struct read_message *out)
{
    struct bytes payloads =
        bytes_of(octets.data + IKE_HEADER_LENGTH, octets.length - IKE_HEADER_LENGTH);
    return payload_chain_parse(header->next_payload, payloads, &out->chain) == STATUS_OK &&
           message_decode(&out->chain, &out->message) == STATUS_OK;
}

/* ---- what a host was told: a puzzle's PRF and difficulty; 0: none came with it ---- */

/* Which of its exchanges with the responder a puzzle belongs to. */
static uint64_t exchange_mark(const struct host *host, const struct notify_payload *cookie,
                              uint64_t spi_i)
{
    return mark_join(cookie != NULL ? mark_of(cookie->data) : spi_i, host->index);
}

void check_puzzles_received(struct sim *sim, struct host *host, const struct ike_header *header,
                            struct bytes octets)
{
    struct read_message in;
    struct puzzle_notify puzzle = {0};
    uint64_t before;
    if (header->exchange_type != IKE_SA_INIT || (header->flags & IKE_FLAG_RESPONSE) == 0 ||
        !reads(header, octets, &in)) {
        return;
    }
    const struct notify_payload *cookie = message_notify(&in.message, COOKIE);
    const struct notify_payload *notify = message_notify(&in.message, PUZZLE);
    if ((cookie == NULL && header->spi_r == 0) ||
        (notify != NULL && puzzle_notify_parse(notify->data, &puzzle) != STATUS_OK)) {
        return;
    }
    uint64_t told = (uint64_t)puzzle.prf << 8 | puzzle.difficulty;
    uint64_t mark = exchange_mark(host, cookie, header->spi_i);
    if (!ledger_note(&sim->checks.puzzles, mark, told, &before) && before != told) {
        *ledger_find(&sim->checks.puzzles, mark) = TOLD_TWICE;
    }
}

/* False: none was given, or none that is fair. */
static bool was_given(const struct sim *sim, const struct host *host, uint64_t mark,
                      struct puzzle_notify *out)
{
    const uint64_t *told = ledger_find(&sim->checks.puzzles, mark);
    if (told == NULL || *told == TOLD_TWICE) {
        return false;
    }
    *out = (struct puzzle_notify){.prf = (uint16_t)(*told >> 8), .difficulty = (uint8_t)*told};
    return out->difficulty > 0 && out->difficulty <= host->config.puzzle_difficulty_max &&
           prf_algorithm_find(out->prf) != NULL;
}

/* ---- what it says then ---- */

static void check_solution(struct sim *sim, struct host *host, const struct ike_header *header,
                           const struct puzzle_notify *puzzle, struct bytes s1, struct bytes s2,
                           struct bytes keys)
{
    if (puzzle_solved(puzzle->prf, s1, s2, keys, puzzle->difficulty) < puzzle->difficulty) {
        sim_violation(sim, host, "was given a puzzle of %u bits, and sends %s without its solution",
                      (unsigned)puzzle->difficulty, exchange_type_name(header->exchange_type));
    }
}

static void check_init(struct sim *sim, struct host *host, const struct ike_header *header,
                       struct bytes octets)
{
    struct read_message out;
    struct puzzle_notify puzzle;
    if (!reads(header, octets, &out)) {
        sim_violation(sim, host, "sent an IKE_SA_INIT request that cannot be read");
        return;
    }
    const struct notify_payload *cookie = message_notify(&out.message, COOKIE);
    if (cookie != NULL && was_given(sim, host, exchange_mark(host, cookie, 0), &puzzle)) {
        check_solution(sim, host, header, &puzzle, cookie->data, bytes_of(NULL, 0),
                       out.message.has_ps ? out.message.ps.keys : bytes_of(NULL, 0));
    }
}

/* The solution stands in the first fragment and in no other (7.2.2). */
static bool is_further_fragment(const struct payload_chain *outer)
{
    struct skf_payload skf;
    const struct payload *last = &outer->items[outer->count - 1];
    return last->type == PAYLOAD_SKF && skf_payload_parse(last->body, &skf) == STATUS_OK &&
           skf.number > 1;
}

/* S is Nr | SPIr (7.2.3); the core still has the nonce while IKE_AUTH is out. */
static void check_auth(struct sim *sim, struct host *host, const struct ike_header *header,
                       struct bytes octets)
{
    struct payload_chain outer;
    struct puzzle_notify puzzle;
    struct bytes payloads =
        bytes_of(octets.data + IKE_HEADER_LENGTH, octets.length - IKE_HEADER_LENGTH);
    const struct ike_sa *sa = endpoint_store(host->endpoint)->ike_sas;
    while (sa != NULL && (sa->spi_i != header->spi_i || sa->init == NULL)) {
        sa = sa->next;
    }
    if (sa == NULL || !was_given(sim, host, exchange_mark(host, NULL, header->spi_i), &puzzle) ||
        payload_chain_parse(header->next_payload, payloads, &outer) != STATUS_OK) {
        return;
    }
    bool solved = outer.items[0].type == PAYLOAD_PS;
    if (!is_further_fragment(&outer)) {
        check_solution(sim, host, header, &puzzle, bytes_of(sa->init->nr, sa->init->nr_length),
                       bytes_of(octets.data + 8, 8),
                       solved ? outer.items[0].body : bytes_of(NULL, 0));
    } else if (solved) {
        sim_violation(sim, host, "sends the solution in a fragment that is not the first");
    }
}

void check_puzzles_sent(struct sim *sim, struct host *host, const struct ike_header *header,
                        struct bytes octets)
{
    if ((header->flags & IKE_FLAG_RESPONSE) != 0) {
        return;
    }
    if (header->exchange_type == IKE_SA_INIT) {
        check_init(sim, host, header, octets);
    } else if (header->exchange_type == IKE_AUTH) {
        check_auth(sim, host, header, octets);
    }
}

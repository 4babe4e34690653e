/* Client puzzles, RFC 8019 7. Initiator first, responder below. */

#include "exchange/client_puzzle.h"

#include <string.h>

#include "exchange/ike_auth.h"
#include "exchange/ike_sa_init.h"

/* A slice is a few milliseconds of a processor, then all else has its turn. */
#define SLICE_TRIES 16384
#define SLICE_PAUSE_NS 1000000ULL
#define DIFFICULTY_CHOSEN 16 /* what we do where the responder leaves it to us */

static bool for_ike_auth(const struct ike_sa *sa)
{
    return sa->spi_r != 0;
}

static struct bytes spi_r_bytes(const struct ike_sa *sa, uint8_t out[8])
{
    struct writer w = writer_over(out, 8);
    writer_u64(&w, sa->spi_r);
    return writer_bytes(&w);
}

static struct bytes nonce_r(const struct ike_sa *sa)
{
    return bytes_of(sa->init->nr, sa->init->nr_length);
}

bool client_puzzle_is_fair(const struct sa_store *store, const struct puzzle_notify *puzzle)
{
    return puzzle->difficulty <= store->config->puzzle_difficulty_max &&
           store->config->puzzle_difficulty_max > 0 && prf_algorithm_find(puzzle->prf) != NULL;
}

static uint8_t difficulty_of(const struct sa_store *store, const struct puzzle_notify *puzzle)
{
    uint32_t most = store->config->puzzle_difficulty_max;
    if (puzzle->difficulty != 0) {
        return puzzle->difficulty;
    }
    return (uint8_t)(most < DIFFICULTY_CHOSEN ? most : DIFFICULTY_CHOSEN);
}

enum status client_puzzle_begin(struct sa_store *store, struct ike_sa *sa,
                                const struct puzzle_notify *puzzle)
{
    uint8_t spi_r[8];
    struct ike_init *init = sa->init;
    bool auth = for_ike_auth(sa);
    if (!client_puzzle_is_fair(store, puzzle)) {
        return STATUS_DROP;
    }
    TRY(puzzle_search_begin(&init->search, puzzle->prf, difficulty_of(store, puzzle),
                            auth ? nonce_r(sa) : bytes_of(init->cookie, init->cookie_length),
                            auth ? spi_r_bytes(sa, spi_r) : bytes_of(NULL, 0)));
    init->searching = true;
    init->search_ns = store->now_ns;
    init->solution_length = 0;
    sa->request.next_ns = UINT64_MAX; /* what is out has been answered, */
    sa->request.error = STATUS_OK;    /* and an error that came before was not the last word */
    return STATUS_OK;
}

uint64_t client_puzzle_deadline(const struct ike_sa *sa)
{
    bool searches = sa->state == IKE_SA_INIT_SENT && sa->init != NULL && sa->init->searching;
    return searches ? sa->init->search_ns : UINT64_MAX;
}

void client_puzzle_expire(struct sa_store *store, struct ike_sa *sa)
{
    if (store->now_ns < client_puzzle_deadline(sa)) {
        return;
    }
    struct ike_init *init = sa->init;
    if (puzzle_search_go_on(&init->search, SLICE_TRIES)) {
        struct bytes keys = puzzle_search_keys(&init->search);
        memcpy(init->solution, keys.data, keys.length);
        init->solution_length = keys.length;
    } else if (!init->search.exhausted) {
        init->search_ns = store->now_ns + SLICE_PAUSE_NS;
        return;
    } /* else we try without: in IKE_SA_INIT there is a chance */
    init->searching = false;
    if (for_ike_auth(sa)) {
        ike_auth_start(store, sa);
    } else {
        ike_sa_init_ask_again(store, sa);
    }
}

/* ---- responder ---- */

static const struct payload *find(const struct payload_chain *outer, uint8_t type)
{
    for (size_t i = 0; i < outer->count; i++) {
        if (outer->items[i].type == type) {
            return &outer->items[i];
        }
    }
    return NULL;
}

enum status client_puzzle_check(struct sa_store *store, const struct ike_sa *sa,
                                const struct payload_chain *outer)
{
    const struct puzzle_notify *puzzle = &sa->init->puzzle;
    const struct payload *payload = find(outer, PAYLOAD_PS);
    struct ps_payload ps;
    uint8_t spi_r[8];
    if (puzzle->difficulty == 0) {
        return STATUS_OK;
    }
    if (payload == NULL || ps_payload_parse(payload->body, &ps) != STATUS_OK ||
        puzzle_solved(puzzle->prf, nonce_r(sa), spi_r_bytes(sa, spi_r), ps.keys,
                      puzzle->difficulty) < puzzle->difficulty) {
        return STATUS_DROP;
    }
    store->counters.puzzles_solved++;
    return STATUS_OK;
}

/* Which IKE_SA_INIT requests may cost us an IKE SA: RFC 8019 6 and 7.1, RFC 7296 2.6. */

#include "exchange/admission.h"

#include "exchange/response.h"
#include "sa/puzzle.h"

#define ATTACK_HALF_OPEN 32 /* the sign of an attack where cookies are asked for always */
#define FAILURES_FREE 8     /* datagrams for a half-open IKE SA that may fail at any rate */
#define FAILURE_PAUSE_NS 100000000ULL
#define LOAD_FULL 256

/* One request, and how things stand. */
struct applicant {
    const struct exchange_input *in;
    struct cookie_request request;
    size_t half_open;
    struct prefix_history history;
    bool suspect;  /* its address or prefix is: a soft limit, RFC 8019 4.2 */
    unsigned load; /* from 0, where puzzles begin for all, to LOAD_FULL, where nothing is left */
};

static bool reaches(size_t count, uint32_t limit)
{
    return limit != 0 && count >= limit;
}

static unsigned load_of(const struct endpoint_config *config, size_t half_open)
{
    if (half_open < config->puzzle_threshold || config->half_open_max <= config->puzzle_threshold) {
        return 0;
    }
    size_t above = half_open - config->puzzle_threshold;
    size_t room = config->half_open_max - config->puzzle_threshold;
    return above < room ? (unsigned)(above * LOAD_FULL / room) : LOAD_FULL;
}

static struct applicant look_at(const struct sa_store *store, const struct exchange_input *in)
{
    const struct endpoint_config *config = store->config;
    struct applicant a = {.in = in, .half_open = store->half_open.count};
    a.request = (struct cookie_request){
        .ni = in->message->nonce.nonce, .ip = &in->path->remote.ip, .spi_i = in->header->spi_i};
    a.history = half_open_history(&store->half_open, a.request.ip, store->now_ns);
    a.suspect = reaches(a.history.half_open, config->prefix_half_open) ||
                reaches(a.history.failures, config->prefix_failures);
    a.load = load_of(config, a.half_open);
    return a;
}

static bool is_attack(const struct sa_store *store, const struct applicant *a)
{
    uint32_t threshold = store->config->cookie_threshold;
    return a->suspect || a->half_open >= (threshold != 0 ? threshold : ATTACK_HALF_OPEN);
}

/* ---- what is demanded ---- */

/* The last step of the plan for everybody, the first one for who is suspicious. */
static bool wants_puzzle(const struct sa_store *store, const struct applicant *a)
{
    const struct endpoint_config *config = store->config;
    return config->puzzles && (a->suspect || a->half_open >= config->puzzle_threshold);
}

/* Harder by one bit, twice the work, for each quarter of what is left that is taken. */
static uint8_t difficulty_now(const struct sa_store *store, const struct applicant *a)
{
    uint32_t difficulty = store->config->puzzle_difficulty;
    return (uint8_t)(difficulty == 0 ? 0 : difficulty + a->load * 4 / (LOAD_FULL + 1));
}

static uint32_t period_now(const struct sa_store *store)
{
    return (uint32_t)(store->now_ns / COOKIE_PERIOD_NS);
}

/* Cookies without a puzzle are the same for copies of a request; those with one change with time,
 * so that no solution is good for long (RFC 8019 10). */
static enum status demand(struct sa_store *store, const struct applicant *a, uint8_t round)
{
    uint8_t cookie[COOKIE_LENGTH];
    struct cookie_demand demand = {0};
    struct puzzle_notify puzzle = {0};
    if (round > 0) {
        puzzle.prf = puzzle_prf_choose(&a->in->message->sa);
        puzzle.difficulty = difficulty_now(store, a);
        if (puzzle.prf == 0) {
            return STATUS_NOTIFY(NO_PROPOSAL_CHOSEN); /* RFC 8019 7.1.1.2 */
        }
        demand = (struct cookie_demand){.round = round,
                                        .difficulty = puzzle.difficulty,
                                        .prf = puzzle.prf,
                                        .period = period_now(store)};
        store->counters.puzzles_sent++;
    }
    cookie_make(&store->cookies, &a->request, &demand, cookie);
    store->counters.cookies_sent++;
    response_demand(store, a->in, bytes_of(cookie, sizeof cookie), round > 0 ? &puzzle : NULL);
    return STATUS_DROP;
}

/* ---- what has come back ---- */

/* Four keys that are good enough, and not once more those of an IKE SA that has been had for them.
 */
static bool solves(const struct sa_store *store, const struct applicant *a, struct bytes cookie,
                   const struct cookie_demand *given)
{
    const struct message *m = a->in->message;
    unsigned wanted = given->difficulty;
    if (wanted == 0) { /* it was free to choose: what is enough depends on how things are */
        wanted = PUZZLE_DIFFICULTY_MIN + 4 * (a->load * 4 / (LOAD_FULL + 1));
    }
    return given->round > 0 && m->has_ps && !cookie_is_spent(&store->cookies, cookie) &&
           puzzle_solved(given->prf, cookie, bytes_of(NULL, 0), m->ps.keys, wanted) >= wanted;
}

/* With little left, one puzzle is not enough when it took no time (RFC 8019 7.1.5). */
static bool has_to_solve_more(const struct sa_store *store, const struct applicant *a,
                              const struct cookie_demand *given)
{
    return a->load >= LOAD_FULL * 3 / 4 && given->round < 2 && given->period == period_now(store);
}

/* Who cannot solve puzzles, or does not want to, depends on what is left (RFC 8019 7.1), and the
 * last quarter is for those who do. The lot lies in the cookie: asking again with the same one does
 * not change it, and the next has to be fetched first. */
static bool is_lucky(const struct sa_store *store, const struct applicant *a, struct bytes cookie)
{
    uint8_t lot = cookie.data[cookie.length - 1];
    return !reaches(a->history.half_open, store->config->prefix_half_open_max) &&
           lot >= a->load * 4 / 3;
}

/* Before IKE_AUTH too when what strangers send there is junk: each piece of it costs us a key
 * exchange (RFC 8019 7.2). */
static bool is_junk_about(const struct sa_store *store, const struct applicant *a)
{
    return store->half_open.failing * 4 > a->half_open ||
           reaches(a->history.failures, store->config->prefix_failures);
}

static enum status judge(struct sa_store *store, const struct applicant *a, struct bytes cookie,
                         const struct cookie_demand *given, struct admission *out)
{
    if (a->half_open >= store->config->half_open_max) {
        store->counters.requests_refused++;
        return STATUS_DROP;
    }
    if (!wants_puzzle(store, a)) {
        bool full = reaches(a->history.half_open, store->config->prefix_half_open_max);
        store->counters.requests_refused += full;
        return full ? STATUS_DROP : STATUS_OK;
    }
    if (solves(store, a, cookie, given)) {
        store->counters.puzzles_solved++;
        if (has_to_solve_more(store, a, given)) {
            return demand(store, a, (uint8_t)(given->round + 1));
        }
        out->solved = true;
        out->puzzle = is_junk_about(store, a);
        out->cookie = cookie;
        return STATUS_OK;
    }
    return is_lucky(store, a, cookie) ? STATUS_OK : demand(store, a, 1);
}

enum status admission_decide(struct sa_store *store, const struct exchange_input *in,
                             struct admission *out)
{
    struct applicant a = look_at(store, in);
    struct cookie_demand given;
    if (job_queue_is_full(&store->jobs)) { /* it would get no further than IKE_AUTH */
        store->counters.requests_refused++;
        return STATUS_DROP;
    }
    *out = (struct admission){.attacked = is_attack(store, &a)};
    if (a.half_open < store->config->cookie_threshold && !a.suspect) {
        return STATUS_OK;
    }
    TRY(cookie_jar_turn(&store->cookies, store->random, store->now_ns));
    const struct notify_payload *n = message_notify(in->message, COOKIE);
    if (n != NULL && cookie_verify(&store->cookies, &a.request, n->data, &given)) {
        return judge(store, &a, n->data, &given, out);
    }
    return demand(store, &a, wants_puzzle(store, &a) ? 1 : 0);
}

void admission_spend(struct sa_store *store, const struct admission *admission)
{
    if (admission->solved) {
        cookie_spend(&store->cookies, admission->cookie);
    }
}

bool admission_may_open(const struct sa_store *store, const struct ike_sa *sa)
{
    return !sa->unproven || sa->failures < FAILURES_FREE ||
           store->now_ns - sa->failed_ns >= FAILURE_PAUSE_NS;
}

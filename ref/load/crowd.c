/* Begins what is due with who is idle, and notes when each has ended. */

#include "load/crowd.h"

#include <stdlib.h>

/* ---- beginning and end ---- */

static bool tables_open(struct crowd *crowd)
{
    size_t count = crowd->plan.clients;
    crowd->clients = calloc(count, sizeof *crowd->clients);
    crowd->deadlines = calloc(count, sizeof *crowd->deadlines);
    crowd->spis = calloc(count, sizeof *crowd->spis);
    crowd->idle = calloc(count, sizeof *crowd->idle);
    return crowd->clients != NULL && crowd->deadlines != NULL && crowd->spis != NULL &&
           crowd->idle != NULL && latencies_open(&crowd->latencies, crowd->plan.count);
}

bool crowd_open(struct crowd *crowd, const struct crowd_plan *plan,
                const struct crowd_members *members, const struct random_source *random,
                uint64_t now_ns, uint64_t utc_ns)
{
    *crowd = (struct crowd){.plan = *plan, .begun_ns = now_ns, .utc_ns = utc_ns};
    bool good = tables_open(crowd);
    for (size_t i = 0; good && i < plan->clients; i++) {
        good = client_open(&crowd->clients[i], members->config,
                           &members->inners[i % members->inner_count],
                           &members->initiates[i % members->initiate_count], random);
        crowd->deadlines[i] = UINT64_MAX;
        crowd->idle[crowd->idle_count++] = i;
    }
    pace_open(&crowd->pace, plan->pace, plan->rate, random, now_ns);
    if (!good) {
        crowd_close(crowd);
    }
    return good;
}

void crowd_close(struct crowd *crowd)
{
    for (size_t i = 0; crowd->clients != NULL && i < crowd->plan.clients; i++) {
        client_close(&crowd->clients[i]);
    }
    free(crowd->clients);
    free(crowd->deadlines);
    free(crowd->spis);
    free(crowd->idle);
    latencies_close(&crowd->latencies);
    *crowd = (struct crowd){0};
}

/* ---- who is idle ---- */

static void idle_put(struct crowd *crowd, size_t number)
{
    crowd->idle[(crowd->idle_first + crowd->idle_count++) % crowd->plan.clients] = number;
}

static size_t idle_take(struct crowd *crowd)
{
    size_t number = crowd->idle[crowd->idle_first];
    crowd->idle_first = (crowd->idle_first + 1) % crowd->plan.clients;
    crowd->idle_count--;
    return number;
}

/* ---- what has come of something ---- */

static void ended_note(struct crowd *crowd, const struct client *client, enum status status,
                       uint64_t now_ns)
{
    char cause[TALLY_NAME_MAX];
    if (status != STATUS_OK) {
        tally_add(&crowd->failed, tally_cause(status, cause));
        return;
    }
    crowd->done++;
    crowd->done_in_time += now_ns - crowd->begun_ns <= crowd->plan.offer_ns;
    crowd->last_done_ns = now_ns;
    latencies_add(&crowd->latencies, now_ns - client->due_ns);
}

static void states_count(struct crowd *crowd, enum client_state before, enum client_state after)
{
    crowd->connecting += (after == CLIENT_CONNECTING) - (before == CLIENT_CONNECTING);
    crowd->leaving += (after == CLIENT_LEAVING) - (before == CLIENT_LEAVING);
}

/* The crowd's part of what has happened to a client. */
static void follow(struct crowd *crowd, struct client *client, uint64_t now_ns)
{
    size_t number = (size_t)(client - crowd->clients);
    enum client_state before = client->state;
    struct client_news news = client_news(client);
    if (news.ended) {
        ended_note(crowd, client, news.status, now_ns);
    }
    crowd->lost += news.lost;
    bool failed = news.ended && news.status != STATUS_OK;
    if (client->state == CLIENT_STANDS && (failed || !crowd->plan.keep)) {
        client_leave(client, now_ns);
    }
    states_count(crowd, before, client->state);
    if (before != CLIENT_IDLE && client->state == CLIENT_IDLE) {
        idle_put(crowd, number);
    }
    crowd->deadlines[number] = client_deadline(client);
}

void crowd_settle(struct crowd *crowd, struct client *client, uint64_t now_ns)
{
    follow(crowd, client, now_ns);
}

bool crowd_next_datagram(struct crowd *crowd, struct client *client, struct datagram *out)
{
    bool more = client_next_datagram(client, out);
    crowd->spis[client - crowd->clients] = client->spi;
    return more;
}

/* ---- what is due ---- */

static bool offer_is_over(const struct crowd *crowd, uint64_t now_ns)
{
    uint64_t until_ns = crowd->begun_ns + crowd->plan.offer_ns;
    return crowd->begun == crowd->plan.count || now_ns >= until_ns ||
           pace_due(&crowd->pace, now_ns) >= until_ns;
}

static bool may_begin(const struct crowd *crowd)
{
    return crowd->idle_count > 0 && crowd->connecting + crowd->leaving < crowd->plan.at_once;
}

static struct client *begin(struct crowd *crowd, uint64_t now_ns)
{
    uint64_t due_ns = pace_due(&crowd->pace, now_ns);
    struct client *client = &crowd->clients[idle_take(crowd)];
    uint64_t late_ns = now_ns - due_ns;
    crowd->begun++;
    crowd->last_begun_ns = now_ns;
    crowd->late_max_ns = late_ns > crowd->late_max_ns ? late_ns : crowd->late_max_ns;
    bool good = pace_advance(&crowd->pace) &&
                client_begin(client, due_ns, now_ns, crowd->utc_ns + (now_ns - crowd->begun_ns));
    states_count(crowd, CLIENT_IDLE, client->state);
    if (!good) {
        tally_add(&crowd->failed, "internal");
        idle_put(crowd, (size_t)(client - crowd->clients));
    }
    follow(crowd, client, now_ns);
    return client;
}

static struct client *expire(struct crowd *crowd, uint64_t now_ns)
{
    for (size_t i = 0; i < crowd->plan.clients; i++) {
        if (crowd->deadlines[i] <= now_ns) {
            client_expire(&crowd->clients[i], now_ns);
            follow(crowd, &crowd->clients[i], now_ns);
            return &crowd->clients[i];
        }
    }
    return NULL;
}

struct client *crowd_work(struct crowd *crowd, uint64_t now_ns)
{
    struct client *client = expire(crowd, now_ns);
    if (client == NULL && may_begin(crowd) && !offer_is_over(crowd, now_ns) &&
        pace_due(&crowd->pace, now_ns) <= now_ns) {
        client = begin(crowd, now_ns);
    }
    return client;
}

/* ---- what arrives ---- */

struct client *crowd_receive(struct crowd *crowd, const struct datagram *datagram, uint64_t now_ns)
{
    struct bytes octets = datagram->octets;
    uint64_t spi;
    if (!bytes_take_u64(&octets, &spi) || spi == 0) {
        return NULL;
    }
    for (size_t i = 0; i < crowd->plan.clients; i++) {
        if (crowd->spis[i] == spi) {
            client_receive(&crowd->clients[i], datagram, now_ns);
            return &crowd->clients[i];
        }
    }
    return NULL;
}

/* ---- time ---- */

/* What is on its way then is not waited for. */
static uint64_t patience(const struct crowd *crowd)
{
    bool by_count = crowd->begun == crowd->plan.count;
    return (by_count ? crowd->last_begun_ns : crowd->begun_ns + crowd->plan.offer_ns) + GRACE_NS;
}

uint64_t crowd_deadline(const struct crowd *crowd, uint64_t now_ns)
{
    uint64_t deadline_ns = patience(crowd);
    if (!offer_is_over(crowd, now_ns)) {
        deadline_ns = crowd->begun_ns + crowd->plan.offer_ns;
        if (may_begin(crowd) && pace_due(&crowd->pace, now_ns) < deadline_ns) {
            deadline_ns = pace_due(&crowd->pace, now_ns);
        }
    }
    for (size_t i = 0; i < crowd->plan.clients; i++) {
        if (crowd->deadlines[i] < deadline_ns) {
            deadline_ns = crowd->deadlines[i];
        }
    }
    return deadline_ns;
}

bool crowd_over(const struct crowd *crowd, uint64_t now_ns)
{
    return offer_is_over(crowd, now_ns) &&
           ((crowd->connecting == 0 && crowd->leaving == 0) || now_ns >= patience(crowd));
}

/* ---- figures ---- */

uint64_t crowd_duration(const struct crowd *crowd)
{
    bool by_count = crowd->begun == crowd->plan.count && crowd->done > 0;
    uint64_t last_ns = by_count ? crowd->last_done_ns - crowd->begun_ns : crowd->plan.offer_ns;
    return last_ns < crowd->plan.offer_ns ? last_ns : crowd->plan.offer_ns;
}

uint64_t crowd_offered(const struct crowd *crowd)
{
    struct pace pace = crowd->pace;
    uint64_t offered = crowd->begun, until_ns = crowd->begun_ns + crowd->plan.offer_ns;
    while (pace.kind != PACE_CLOSED && offered < crowd->plan.count &&
           pace_due(&pace, 0) < until_ns && pace_advance(&pace)) {
        offered++;
    }
    return offered;
}

struct endpoint_counters crowd_counters(const struct crowd *crowd)
{
    struct endpoint_counters sum = {0};
    for (size_t i = 0; i < crowd->plan.clients; i++) {
        struct endpoint_counters one = client_counters(&crowd->clients[i]);
        sum.datagrams_in += one.datagrams_in;
        sum.datagrams_out += one.datagrams_out;
        sum.retransmissions += one.retransmissions;
        sum.puzzles_solved += one.puzzles_solved;
    }
    return sum;
}

/* Everybody comes back at once. The gateway is as slow as it is told to be: time passes with each
 * datagram that it takes; to the clients everything comes at once. */

#include "crowd/comeback.h"

#include "crowd/crowd.h"
#include "endpoint/endpoint_store.h"
#include "sa/sa_store.h"

#define SECONDS_MAX 3600

struct comeback {
    struct crowd crowd;
    const struct comeback_config *config;
    struct comeback_report *report;
    size_t begun;      /* clients, so far */
    uint64_t began_ns; /* the first */
};

static const struct sa_store *gateway_store(const struct comeback *play)
{
    return endpoint_store(play->crowd.gateway);
}

/* Whose time it is; who is early waits for his. */
static void clients_begin(struct comeback *play)
{
    struct crowd *crowd = &play->crowd;
    const struct comeback_config *config = play->config;
    uint64_t spread_ns = config->spread_s * CROWD_NS_S;
    while (play->begun < config->pairs &&
           crowd->now_ns - play->began_ns >= spread_ns / config->pairs * play->begun) {
        crowd_begin(crowd, play->begun++);
    }
}

static void look_at_gateway(struct comeback *play)
{
    size_t count = gateway_store(play)->half_open.count;
    if (count > play->report->half_open_most) {
        play->report->half_open_most = count;
    }
}

/* Until everybody is back, or it takes too long. */
static void run(struct comeback *play)
{
    struct crowd *crowd = &play->crowd;
    uint64_t step_ns = CROWD_NS_S / play->config->rate;
    uint64_t end_ns = play->began_ns + SECONDS_MAX * CROWD_NS_S;
    while (crowd->up < play->config->pairs && crowd->now_ns < end_ns) {
        crowd->now_ns += step_ns;
        clients_begin(play);
        crowd_take_one(crowd);
        crowd_expire(crowd);
        look_at_gateway(play);
    }
    play->report->seconds = (size_t)((crowd->now_ns - play->began_ns) / CROWD_NS_S);
}

/* A gateway that has lost everything, or clients that have. */
static void lose(struct comeback *play)
{
    struct crowd *crowd = &play->crowd;
    crowd_restart(crowd, play->config->gateway_lost);
    crowd->up = 0;
    play->began_ns = crowd->now_ns;
    play->begun = 0;
}

void comeback_play(const struct comeback_config *config, struct comeback_report *out)
{
    static struct comeback play;
    struct crowd *crowd = &play.crowd;
    *out = (struct comeback_report){0};
    play.config = config;
    play.report = out;
    crowd_init(crowd, "aes256gcm16-prfsha256", "aes256gcm16", 256);
    crowd->letter_ns = 0;
    crowd->waiting_max = config->waiting_max;
    crowd->without_packets = true;
    crowd->gateway_peer.replace_existing =
        true; /* as INITIAL_CONTACT of each would have it (2.4) */
    crowd->gateway_config.puzzles =
        false; /* they are to cost the clients, and all are played here */
    crowd_start(crowd);
    if (!config->gateway_lost) {
        for (size_t n = 0; n < config->pairs; n++) {
            crowd_connect(crowd, n);
        }
    }
    lose(&play);
    uint64_t before_ns = crowd_cpu_ns();
    run(&play);
    out->cpu_ns = crowd_cpu_ns() - before_ns;
    out->half_open_max = crowd->gateway_config.half_open_max;
    out->again = crowd->again;
    out->dropped = crowd->dropped;
    struct endpoint_counters counters;
    endpoint_counters(crowd->gateway, &counters);
    out->cookies = counters.cookies_sent;
    for (size_t n = 0; n < config->pairs; n++) {
        out->back += crowd_reaches(crowd, n);
    }
    crowd_run(crowd, crowd->now_ns + 60 * CROWD_NS_S);
    out->stale = gateway_store(&play)->by_number.count - out->back;
    crowd_stop(crowd);
}

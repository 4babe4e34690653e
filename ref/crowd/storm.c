/* A storm of rekeys: how many begin in each second of virtual time. */

#include "crowd/storm.h"

#include "crowd/crowd.h"

#define SOFT_S 3600
#define HARD_S 4200

struct storm {
    struct crowd crowd;
    uint64_t first_ns; /* of the rekeys */
    struct storm_report *report;
};

static void on_rekey(void *context)
{
    struct storm *storm = context;
    struct storm_report *report = storm->report;
    if (storm->first_ns == 0) {
        storm->first_ns = storm->crowd.now_ns;
    }
    size_t second = (size_t)((storm->crowd.now_ns - storm->first_ns) / CROWD_NS_S);
    crowd_insist(second < STORM_SECONDS_MAX, "rekeys go on and on");
    size_t count = ++report->per_second[second];
    report->seconds = second + 1;
    report->most = count > report->most ? count : report->most;
}

void storm_play(size_t pairs, bool of_ike_sas, unsigned jitter_s, struct storm_report *out)
{
    static struct storm storm;
    struct crowd *crowd = &storm.crowd;
    *out = (struct storm_report){.pairs = pairs};
    storm.report = out;
    crowd_init(crowd, "aes256gcm16-prfsha256", "aes256gcm16", 256);
    crowd->on_rekey = on_rekey;
    crowd->context = &storm;
    crowd->letter_ns = 0; /* all of them come at one moment */
    crowd->without_packets = true;
    struct peer_config *peer = &crowd->gateway_peer;
    *(of_ike_sas ? &peer->lifetime : &peer->children[0].lifetime) =
        (struct lifetime_config){.soft_ns = SOFT_S * CROWD_NS_S,
                                 .hard_ns = HARD_S * CROWD_NS_S,
                                 .jitter_ns = jitter_s * CROWD_NS_S};
    crowd_start(crowd);
    for (size_t n = 0; n < pairs; n++) {
        crowd_connect(crowd, n);
    }
    uint64_t before_ns = crowd_cpu_ns();
    /* before the first of the new ones are due */
    crowd_run(crowd, crowd->now_ns + (SOFT_S + 60) * CROWD_NS_S);
    out->cpu_ns = crowd_cpu_ns() - before_ns;
    out->rekeyed = crowd->rekeyed;
    out->lost = crowd->down;
    for (size_t n = 0; n < pairs; n++) {
        out->lost += !crowd_reaches(crowd, n);
    }
    crowd_stop(crowd);
}

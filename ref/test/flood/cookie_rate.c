/* How many cookies the core makes in a second of one processor: requests from memory, answers to
 * memory, no sockets. Prints the figure; `make flood` runs it beside the one with sockets. */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "test/endpoint/stranger.h"

#define REQUESTS 4096
#define SECONDS 2.0

static struct world world;

static double processor_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(void)
{
    static uint8_t octets[REQUESTS][STRANGER_REQUEST_MAX];
    static struct datagram requests[REQUESTS];
    struct world_side *b = &world.sides[1];
    struct stranger s;
    struct datagram answer;
    uint64_t answers = 0;
    world_init(&world, 1);
    b->config.cookie_threshold = 0;
    peer_config_defaults(&b->peers[0]); /* proposals as long as in real life */
    world_boot(&world);
    for (uint32_t i = 0; i < REQUESTS; i++) {
        stranger_init(&s, i);
        requests[i] =
            (struct datagram){.path = s.path, .octets = stranger_request(&s, b, octets[i])};
    }
    double begun_s = processor_s();
    double spent_s = 0;
    while (spent_s < SECONDS) {
        for (uint32_t i = 0; i < REQUESTS; i++) {
            (void)!endpoint_receive(b->endpoint, &requests[i], world.now_ns);
            while (endpoint_next_datagram(b->endpoint, &answer)) {
                answers += answer.octets.length <= requests[i].octets.length;
            }
            world.now_ns += 10000;
            (void)endpoint_deadline(b->endpoint);
        }
        spent_s = processor_s() - begun_s;
    }
    printf("{\"request_octets\": %zu, \"cookies_per_processor_second\": %.0f}\n",
           requests[0].octets.length, (double)answers / spent_s);
    world_destroy(&world);
    return 0;
}

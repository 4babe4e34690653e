/* What memory a pair takes, by malloc's own count: before and after each of the three lets time
 * pass, and before and after it is destroyed. */

#include "crowd/memory.h"

#include <malloc.h>

#include "crowd/crowd.h"

#define STEPS_MAX 1000000

static int64_t heap(void)
{
    struct mallinfo2 info = mallinfo2();
    return (int64_t)(info.uordblks + info.hblkhd);
}

/* Returns how much less it holds then. */
static int64_t endpoint_rest(struct endpoint *endpoint, uint64_t now_ns)
{
    int64_t before = heap();
    struct datagram datagram;
    for (size_t steps = 0; endpoint_deadline(endpoint) <= now_ns; steps++) {
        crowd_insist(steps < STEPS_MAX, "a deadline passes and nothing is done");
        endpoint_expire(endpoint, now_ns);
    }
    crowd_insist(!endpoint_next_datagram(endpoint, &datagram),
                 "somebody idle has something to send");
    return before - heap();
}

static int64_t plane_rest(struct esp_plane *plane, uint64_t now_ns)
{
    int64_t before = heap();
    for (size_t steps = 0; esp_plane_deadline(plane) <= now_ns; steps++) {
        crowd_insist(steps < STEPS_MAX, "a deadline passes and nothing is done");
        esp_plane_expire(plane, esp_plane_deadline(plane));
    }
    return before - heap();
}

static int64_t endpoint_end(struct endpoint **endpoint)
{
    int64_t before = heap();
    endpoint_destroy(*endpoint);
    *endpoint = NULL;
    return before - heap();
}

static int64_t plane_end(struct esp_plane **plane)
{
    int64_t before = heap();
    esp_plane_destroy(*plane);
    *plane = NULL;
    return before - heap();
}

struct memory_report memory_measure(size_t pairs, const char *ike, const char *esp,
                                    uint32_t replay_window)
{
    static struct crowd crowd;
    struct memory_report report = {.pairs = pairs};
    crowd_init(&crowd, ike, esp, replay_window);
    crowd.letter_ns = 0; /* nobody has rested before the last is there */
    crowd_start(&crowd);
    for (size_t n = 0; n < pairs; n++) {
        crowd_connect(&crowd, n);
    }
    uint64_t then_ns = crowd.now_ns + MEMORY_IDLE_S * CROWD_NS_S;
    struct memory_held less = {.responder = endpoint_rest(crowd.gateway, then_ns),
                               .initiator = endpoint_rest(crowd.clients, then_ns),
                               .esp = plane_rest(crowd.plane, then_ns)};
    report.idle = (struct memory_held){.responder = endpoint_end(&crowd.gateway),
                                       .initiator = endpoint_end(&crowd.clients),
                                       .esp = plane_end(&crowd.plane)};
    report.used = (struct memory_held){.responder = report.idle.responder + less.responder,
                                       .initiator = report.idle.initiator + less.initiator,
                                       .esp = report.idle.esp + less.esp};
    crowd_stop(&crowd);
    return report;
}

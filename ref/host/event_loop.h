/* Waits for file descriptors and one deadline: epoll and a timerfd on CLOCK_BOOTTIME, which also
 * counts while the machine sleeps, as lifetimes must. */
#ifndef IKEREF_HOST_EVENT_LOOP_H
#define IKEREF_HOST_EVENT_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "host/problem.h"

/* Owned by who adds it; once removed its memory may be used for anything, another source too: what
 * the loop had fetched for it already is forgotten. */
struct event_source {
    int fd; /* -1: removed */
    void (*ready)(void *context, uint32_t epoll_events);
    void *context;
};

#define EVENTS_PER_TURN 64

struct event_loop {
    struct epoll_event fetched[EVENTS_PER_TURN]; /* of the turn that runs */
    int fetched_count;
    int epoll_fd, timer_fd;
    uint64_t armed_ns; /* deadline the timer is set to; UINT64_MAX: disarmed */
};

bool event_loop_open(struct event_loop *loop, struct problem *problem);
void event_loop_close(struct event_loop *loop);

/* epoll_events: EPOLLIN, EPOLLOUT. False: the kernel refused. */
bool event_loop_add(struct event_loop *loop, struct event_source *source, uint32_t epoll_events);
void event_loop_change(struct event_loop *loop, struct event_source *source, uint32_t epoll_events);
void event_loop_remove(struct event_loop *loop, struct event_source *source); /* does not close */

/* One turn: waits until something is ready or deadline_ns has come, and calls `ready` of each. */
void event_loop_turn(struct event_loop *loop, uint64_t deadline_ns);

uint64_t clock_now_ns(void);

/* CLOCK_REALTIME: nanoseconds since 1970, which jump when somebody sets the clock. */
uint64_t clock_utc_ns(void);

#endif

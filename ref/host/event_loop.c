/* epoll, level triggered: who reads only a burst is simply called again. */
#include "host/event_loop.h"

#include <errno.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000ULL

uint64_t clock_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_BOOTTIME, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

uint64_t clock_utc_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec < 0 ? 0 : (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

bool event_loop_open(struct event_loop *loop, struct problem *problem)
{
    loop->armed_ns = UINT64_MAX;
    loop->fetched_count = 0;
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->timer_fd = timerfd_create(CLOCK_BOOTTIME, TFD_NONBLOCK | TFD_CLOEXEC);
    struct epoll_event event = {.events = EPOLLIN, .data = {.ptr = NULL}};
    if (loop->epoll_fd < 0 || loop->timer_fd < 0 ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, loop->timer_fd, &event) != 0) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "cannot set up the event loop (%s); raise the limit of open files (ulimit -n)",
            strerror(errno));
    }
    return true;
}

void event_loop_close(struct event_loop *loop)
{
    if (loop->epoll_fd >= 0) {
        close(loop->epoll_fd);
    }
    if (loop->timer_fd >= 0) {
        close(loop->timer_fd);
    }
    loop->epoll_fd = loop->timer_fd = -1;
}

bool event_loop_add(struct event_loop *loop, struct event_source *source, uint32_t epoll_events)
{
    struct epoll_event event = {.events = epoll_events, .data = {.ptr = source}};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, source->fd, &event) == 0;
}

void event_loop_change(struct event_loop *loop, struct event_source *source, uint32_t epoll_events)
{
    struct epoll_event event = {.events = epoll_events, .data = {.ptr = source}};
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_MOD, source->fd, &event);
}

void event_loop_remove(struct event_loop *loop, struct event_source *source)
{
    if (source->fd >= 0) {
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, source->fd, NULL);
        source->fd = -1;
    }
    for (int i = 0; i < loop->fetched_count; i++) {
        if (loop->fetched[i].data.ptr == source) {
            loop->fetched[i].events = 0;
        }
    }
}

static void timer_arm(struct event_loop *loop, uint64_t deadline_ns)
{
    if (deadline_ns == loop->armed_ns) {
        return;
    }
    struct itimerspec when = {0};
    if (deadline_ns != UINT64_MAX) {
        /* All zero would disarm: a deadline at the beginning of time is due in its first
         * nanosecond. */
        uint64_t at = deadline_ns == 0 ? 1 : deadline_ns;
        when.it_value.tv_sec = (time_t)(at / NS_PER_S);
        when.it_value.tv_nsec = (long)(at % NS_PER_S);
    }
    timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
    loop->armed_ns = deadline_ns;
}

void event_loop_turn(struct event_loop *loop, uint64_t deadline_ns)
{
    timer_arm(loop, deadline_ns);
    loop->fetched_count = epoll_wait(loop->epoll_fd, loop->fetched, EVENTS_PER_TURN, -1);
    for (int i = 0; i < loop->fetched_count; i++) {
        struct event_source *source = loop->fetched[i].data.ptr;
        if (source == NULL) {
            uint64_t expirations;
            ssize_t n = read(loop->timer_fd, &expirations, sizeof(expirations));
            (void)n;
            loop->armed_ns = UINT64_MAX;
        } else if (loop->fetched[i].events != 0) { /* 0: removed in this very turn */
            source->ready(source->context, loop->fetched[i].events);
        }
    }
    loop->fetched_count = 0;
}

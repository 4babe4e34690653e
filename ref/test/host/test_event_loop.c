/* host/event_loop.c: deadlines in order, sources that are removed while others are served. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "host/event_loop.h"

struct pipe_source {
    struct event_source source;
    int write_fd;
    int served;
    struct event_loop *loop;
    struct pipe_source *removes;
};

static void served(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    struct pipe_source *pipe_source = context;
    pipe_source->served++;
    if (pipe_source->removes != NULL) {
        event_loop_remove(pipe_source->loop, &pipe_source->removes->source);
    }
}

static void pipe_open(struct pipe_source *p, struct event_loop *loop)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    *p = (struct pipe_source){.write_fd = fds[1], .loop = loop};
    p->source = (struct event_source){.fd = fds[0], .ready = served, .context = p};
    assert_true(event_loop_add(loop, &p->source, EPOLLIN));
    assert_int_equal(write(fds[1], "x", 1), 1);
}

static void deadline_ends_the_wait(void **state)
{
    (void)state;
    struct event_loop loop;
    struct problem problem = {0};
    assert_true(event_loop_open(&loop, &problem));
    uint64_t due = clock_now_ns() + 20000000;
    event_loop_turn(&loop, due);
    assert_true(clock_now_ns() >= due);
    event_loop_turn(&loop, 0);   /* long past: at once */
    event_loop_turn(&loop, due); /* the same again is not forgotten */
    event_loop_close(&loop);
}

static void removed_source_is_not_served(void **state)
{
    (void)state;
    struct event_loop loop;
    struct problem problem = {0};
    assert_true(event_loop_open(&loop, &problem));
    struct pipe_source a, b;
    pipe_open(&a, &loop);
    pipe_open(&b, &loop);
    a.removes = &b;
    b.removes = &a;
    event_loop_turn(&loop, UINT64_MAX);
    assert_int_equal(a.served + b.served, 1); /* whichever came first removed the other */
    close(a.write_fd);
    close(b.write_fd);
    event_loop_close(&loop);
}

static void replaced(void *context, uint32_t epoll_events)
{
    (void)epoll_events;
    struct pipe_source *p = context;
    p->served++;
    if (p->removes != NULL) { /* the other one goes, and its memory becomes a source in silence */
        struct pipe_source *other = p->removes;
        int silent[2];
        assert_int_equal(pipe(silent), 0);
        event_loop_remove(p->loop, &other->source);
        other->removes = NULL;
        other->source.fd = silent[0];
        assert_true(event_loop_add(p->loop, &other->source, EPOLLIN));
    }
}

static void what_was_ready_before_is_not_told_to_a_successor(void **state)
{
    (void)state;
    struct event_loop loop;
    struct problem problem = {0};
    assert_true(event_loop_open(&loop, &problem));
    struct pipe_source a, b;
    pipe_open(&a, &loop);
    pipe_open(&b, &loop);
    a.source.ready = b.source.ready = replaced;
    a.removes = &b;
    b.removes = &a;
    event_loop_turn(&loop, UINT64_MAX);
    assert_int_equal(a.served + b.served, 1);
    event_loop_close(&loop);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(deadline_ends_the_wait),
        cmocka_unit_test(removed_source_is_not_served),
        cmocka_unit_test(what_was_ready_before_is_not_told_to_a_successor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

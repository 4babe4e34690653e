/* host/log.c: one line a call, in one write, however long and to whomever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"

static int saved, ends[2];

/* stderr goes into a pipe; as packets, so that two writes do not look like one. */
static int set_up(void **state)
{
    (void)state;
    saved = dup(STDERR_FILENO);
    return saved < 0 || pipe2(ends, O_DIRECT | O_NONBLOCK | O_CLOEXEC) != 0 ||
                   dup2(ends[1], STDERR_FILENO) < 0
               ? -1
               : 0;
}

static int tear_down(void **state)
{
    (void)state;
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static char got[4096];

/* What one write brought; empty: there was none. */
static const char *next_write(void)
{
    ssize_t length = read(ends[0], got, sizeof(got) - 1);
    got[length > 0 ? length : 0] = '\0';
    return got;
}

static void one_write_one_line(void **state)
{
    (void)state;
    log_line("%s is %s", "gateway", "up");
    log_line("no end of line %d", 2);
    assert_string_equal(next_write(), "ikeref: gateway is up\n");
    assert_string_equal(next_write(), "ikeref: no end of line 2\n");
    assert_string_equal(next_write(), "");
}

static void warnings_say_so(void **state)
{
    (void)state;
    log_warning("%u packets lost", 7u);
    assert_string_equal(next_write(), "ikeref: warning: 7 packets lost\n");
    assert_string_equal(next_write(), "");
}

static void a_long_line_is_cut_and_still_a_line(void **state)
{
    (void)state;
    char longer[3000];
    memset(longer, 'x', sizeof(longer) - 1);
    longer[sizeof(longer) - 1] = '\0';
    log_warning("%s", longer);
    const char *line = next_write();
    assert_int_equal(strlen(line), 1024 - 1);
    assert_int_equal(strncmp(line, "ikeref: warning: xxx", 20), 0);
    assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
    assert_string_equal(next_write(), "");
}

/* A name that a peer chose can neither begin a line of its own nor speak to a terminal. */
static void control_characters_are_not_passed_on(void **state)
{
    (void)state;
    log_line("peer %s", "a\nikeref: all is well\r\x1b[2J\x7f \xc3\xa9");
    assert_string_equal(next_write(), "ikeref: peer a?ikeref: all is well??[2J? \xc3\xa9\n");
    assert_string_equal(next_write(), "");
}

/* The daemon goes on without its log. */
static void nobody_reads(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    assert_true(full >= 0);
    dup2(full, STDERR_FILENO);
    close(full);
    log_line("lost");
    dup2(ends[1], STDERR_FILENO);
    log_line("heard");
    assert_string_equal(next_write(), "ikeref: heard\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_write_one_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(warnings_say_so, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_line_is_cut_and_still_a_line, set_up, tear_down),
        cmocka_unit_test_setup_teardown(control_characters_are_not_passed_on, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nobody_reads, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

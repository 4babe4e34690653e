/* host/pending_requests.c: numbers that are never given twice, and a limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/pending_requests.h"

static struct pending_requests pending;

static int set_up(void **state)
{
    (void)state;
    memset(&pending, 0, sizeof(pending));
    return 0;
}

static void a_request_comes_back_once(void **state)
{
    (void)state;
    struct control_client_ref client = {.index = 3, .generation = 9};
    struct pending_request out;
    uint64_t command = pending_requests_add(&pending, client, "\"mine\"");
    assert_true(command != 0);
    assert_true(pending_requests_take(&pending, command, &out));
    assert_true(out.command == command);
    assert_int_equal(out.client.index, 3);
    assert_int_equal(out.client.generation, 9);
    assert_string_equal(out.id, "\"mine\"");
    assert_false(pending_requests_take(&pending, command, &out));
}

static void nobody_waits(void **state)
{
    (void)state;
    struct pending_request out;
    assert_false(pending_requests_take(&pending, 0, &out)); /* free places hold 0 too */
    assert_false(pending_requests_take(&pending, 1, &out));
    uint64_t command = pending_requests_add(&pending, (struct control_client_ref){0}, "1");
    /* The same place, another number. */
    assert_false(pending_requests_take(&pending, command + PENDING_MAX, &out));
    assert_true(pending_requests_take(&pending, command, &out));
}

static void too_many_are_refused_until_one_ends(void **state)
{
    (void)state;
    struct control_client_ref client = {0};
    struct pending_request out;
    uint64_t first = pending_requests_add(&pending, client, "1"), last = first;
    for (size_t i = 1; i < PENDING_MAX; i++) {
        uint64_t command = pending_requests_add(&pending, client, "1");
        assert_true(command > last);
        last = command;
    }
    assert_true(pending_requests_add(&pending, client, "1") == 0);
    assert_true(pending_requests_take(&pending, first + 500, &out));
    uint64_t again = pending_requests_add(&pending, client, "\"again\"");
    assert_true(again > last); /* the old number is not given to somebody else */
    assert_false(pending_requests_take(&pending, first + 500, &out));
    assert_true(pending_requests_take(&pending, again, &out));
    assert_string_equal(out.id, "\"again\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_request_comes_back_once, set_up),
        cmocka_unit_test_setup(nobody_waits, set_up),
        cmocka_unit_test_setup(too_many_are_refused_until_one_ends, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

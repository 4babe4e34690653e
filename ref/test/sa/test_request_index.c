/* IKE SAs by the request that made them. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sa/request_index.h"

static struct request_index requests;

static int set_up(void **state)
{
    (void)state;
    return request_index_init(&requests) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    request_index_free(&requests);
    return 0;
}

/* They are told apart, and each can go in any order, and twice. */
static void test_told_apart(void **state)
{
    static struct ike_sa sas[3];
    static const size_t order[] = {1, 0, 2};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        sas[i].request_hash = 5 + (i << 32);
        request_index_add(&requests, &sas[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        for (size_t left = i; left < 3; left++) {
            assert_true(request_index_has(&requests, sas[order[left]].request_hash));
        }
        request_index_remove(&requests, &sas[order[i]]);
        request_index_remove(&requests, &sas[order[i]]);
        assert_false(request_index_has(&requests, sas[order[i]].request_hash));
    }
}

/* What no request has made is not in, and can be taken out all the same. */
static void test_of_no_request(void **state)
{
    static struct ike_sa sa;
    (void)state;
    request_index_add(&requests, &sa);
    assert_false(request_index_has(&requests, 0));
    request_index_remove(&requests, &sa);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_told_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_no_request, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

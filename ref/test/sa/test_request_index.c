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
    static struct hash_link links[3];
    static const uint64_t hashes[] = {5, 5 + (UINT64_C(1) << 32), 5 + (UINT64_C(2) << 32)};
    static const size_t order[] = {1, 0, 2};
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        request_index_add(&requests, &links[i], hashes[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        for (size_t left = i; left < 3; left++) {
            assert_true(request_index_has(&requests, hashes[order[left]]));
        }
        assert_true(request_index_remove(&requests, &links[order[i]]));
        assert_false(request_index_remove(&requests, &links[order[i]]));
        assert_false(request_index_has(&requests, hashes[order[i]]));
    }
}

/* What no request has made is not in, and can be taken out all the same. */
static void test_of_no_request(void **state)
{
    static struct hash_link link;
    (void)state;
    request_index_add(&requests, &link, 0);
    assert_false(request_index_has(&requests, 0));
    assert_false(request_index_remove(&requests, &link));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_told_apart, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_of_no_request, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

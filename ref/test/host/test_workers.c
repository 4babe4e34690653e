/* host/workers: whoever gives work gets it back done, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <poll.h>
#include <string.h>

#include "cell_lab.h"
#include "host/seccomp_filter.h"
#include "host/workers.h"
#include "test/crypto/pki_lab.h"

#define JOBS 200
#define PATIENCE_MS 60000

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static const uint8_t words[] = "what is signed";
static struct credential *credential;

static struct job *job_of(uint32_t number)
{
    struct job *job = job_create(number, bytes_of(NULL, 0));
    assert_non_null(job);
    job->own = (struct own_proof){
        .wanted = true,
        .status = STATUS_DROP,
        .key = credential_key(credential),
        .algorithm = signature_algorithm_choose(KEY_RSA, HASH_BIT(HASH_SHA2_256), false),
        .signed_octets = bytes_of(words, sizeof(words))};
    return job;
}

static bool is_readable(const struct workers *workers, int timeout_ms)
{
    struct pollfd poll_fd = {.fd = workers_fd(workers), .events = POLLIN};
    return poll(&poll_fd, 1, timeout_ms) == 1;
}

static struct workers *start(uint32_t count)
{
    struct problem problem = {0};
    struct workers *workers = workers_start(count, &problem);
    assert_non_null(workers);
    return workers;
}

/* Takes until `wanted` have come, and marks each. */
static void take_all(struct workers *workers, bool seen[JOBS], unsigned wanted)
{
    unsigned count = 0;
    while (count < wanted) {
        struct job *job;
        assert_true(is_readable(workers, PATIENCE_MS));
        workers_heard(workers);
        while ((job = workers_take(workers)) != NULL) {
            assert_false(seen[job->ike_sa]);
            assert_int_equal(job->own.status, STATUS_OK);
            assert_true(job->own.length > 0);
            seen[job->ike_sa] = true;
            job_destroy(job);
            count++;
        }
    }
}

static void each_comes_back_once(void **state)
{
    (void)state;
    for (uint32_t count = 1; count <= 4; count += 3) {
        bool seen[JOBS] = {false};
        struct workers *workers = start(count);
        assert_false(is_readable(workers, 0));
        assert_null(workers_take(workers));
        for (uint32_t i = 0; i < JOBS; i++) {
            workers_give(workers, job_of(i));
        }
        take_all(workers, seen, JOBS);
        assert_null(workers_take(workers));
        workers_heard(workers);
        assert_false(is_readable(workers, 0));
        workers_stop(workers);
    }
}

/* What nobody takes any more is freed, done or not: a sanitizer sees what is not. */
static void an_end_in_the_middle(void **state)
{
    (void)state;
    struct workers *workers = start(2);
    for (uint32_t i = 0; i < JOBS; i++) {
        workers_give(workers, job_of(i));
    }
    assert_true(is_readable(workers, PATIENCE_MS));
    workers_stop(workers);
    workers_stop(start(1)); /* nothing to do at all */
    workers_stop(NULL);
}

static void as_many_as_processors(void **state)
{
    (void)state;
    assert_in_range(workers_default(), 1, WORKERS_MAX);
}

/* What is left by the filter is enough for signatures, and to end. */
static bool works_in_the_cell(void)
{
    bool seen[JOBS] = {false};
    struct seccomp_filter filter;
    struct workers *workers = start(12); /* more than the C library has arenas to begin with */
    if (!seccomp_filter_build(FILTER_KILL, &filter) || !seccomp_filter_load(&filter)) {
        return false;
    }
    for (uint32_t i = 0; i < JOBS; i++) {
        workers_give(workers, job_of(i));
    }
    unsigned count = 0;
    while (count < JOBS) { /* poll() is not among the calls that are left */
        struct job *job = workers_take(workers);
        if (job != NULL) {
            count += !seen[job->ike_sa] && job->own.status == STATUS_OK;
            seen[job->ike_sa] = true;
            job_destroy(job);
        }
    }
    workers_stop(workers);
    return true;
}

static void the_filter_lets_them_work(void **state)
{
    (void)state;
    if (sanitized) {
        print_message(
            "a sanitizer's runtime calls what no daemon may: such a build does not filter\n");
        skip();
    }
    assert_int_equal(cell_lab_run(works_in_the_cell), 0);
}

static int credential_make(void **state)
{
    (void)state;
    credential = pki_credential(pki_peer(PKI_RSA_2048, "a.example"), NULL, NULL);
    return credential == NULL;
}

static int credential_end(void **state)
{
    (void)state;
    credential_destroy(credential);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_comes_back_once),
        cmocka_unit_test(an_end_in_the_middle),
        cmocka_unit_test(as_many_as_processors),
        cmocka_unit_test(the_filter_lets_them_work),
    };
    return cmocka_run_group_tests(tests, credential_make, credential_end);
}

/* Public-key work as a value, and the queue of it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sa/job.h"
#include "test/crypto/pki_lab.h"

static const uint8_t words[] = "a message";

static struct job *job_of(uint32_t ike_sa)
{
    struct job *job = job_create(ike_sa, bytes_of(words, sizeof words));
    assert_non_null(job);
    return job;
}

/* The message has gone when the work is done: the job has its own octets. */
static void test_it_keeps_the_message(void **state)
{
    uint8_t octets[] = {1, 2, 3};
    (void)state;
    struct job *job = job_create(7, bytes_of(octets, sizeof octets));
    octets[0] = 9;
    assert_int_equal(job->ike_sa, 7);
    assert_false(job->done);
    assert_int_equal(job->message.inner.length, sizeof octets);
    assert_int_equal(job->message.inner.data[0], 1);
    job_destroy(job);
    job_destroy(job_create(7, bytes_of(NULL, 0)));
    job_destroy(NULL);
}

/* Nothing is signed for who is refused: a stranger must not have signatures for the asking. */
static void test_nothing_is_signed_for_who_is_refused(void **state)
{
    struct credential *credential = pki_credential(pki_peer(PKI_P256, "a"), NULL, NULL);
    struct authorities *authorities = pki_authorities(pki_authority());
    (void)state;
    for (int refused = 0; refused < 2; refused++) {
        struct job *job = job_of(1);
        job->peer = (struct peer_proof){.wanted = refused == 1,
                                        .authorities = authorities,
                                        .certificate_count = 1,
                                        .certificates = {bytes_of(words, sizeof words)}};
        job->own = (struct own_proof){
            .wanted = true,
            .key = credential_key(credential),
            .algorithm = signature_algorithm_choose(KEY_ECDSA_256, HASH_BIT(HASH_SHA2_256), false),
            .signed_octets = bytes_of(words, sizeof words)};
        job_do(job);
        assert_int_equal(job->peer.refusal,
                         refused == 1 ? REFUSAL_CERTIFICATE_MALFORMED : REFUSAL_NONE);
        assert_int_equal(job->own.length > 0, refused == 0);
        job_destroy(job);
    }
    credential_destroy(credential);
    authorities_destroy(authorities);
}

static void test_first_come_first_served(void **state)
{
    struct job_queue queue = {.max = 2};
    (void)state;
    assert_null(job_queue_take(&queue));
    for (int round = 0; round < 2; round++) { /* it is empty in between */
        for (uint32_t i = 1; i <= 3; i++) {
            assert_int_equal(job_queue_is_full(&queue), i == 3);
            job_queue_put(&queue, job_of(i));
        }
        for (uint32_t i = 1; i <= 3; i++) {
            struct job *job = job_queue_take(&queue);
            assert_int_equal(job->ike_sa, i);
            assert_null(job->next);
            job_destroy(job);
        }
        assert_null(job_queue_take(&queue));
        assert_int_equal(queue.count, 3); /* handed out is not done */
        for (uint32_t i = 1; i <= 3; i++) {
            job_queue_forget(&queue);
        }
    }
}

static void test_where_none_are_wanted(void **state)
{
    struct job_queue queue = {.max = 0};
    (void)state;
    assert_false(job_queue_is_full(&queue));
    job_queue_put(&queue, job_of(1));
    assert_false(job_queue_is_full(&queue));
    job_queue_wipe(&queue);
    assert_int_equal(queue.count, 0);
    assert_null(job_queue_take(&queue));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_it_keeps_the_message),
        cmocka_unit_test(test_nothing_is_signed_for_who_is_refused),
        cmocka_unit_test(test_first_come_first_served),
        cmocka_unit_test(test_where_none_are_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

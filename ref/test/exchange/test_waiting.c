/* What waits for public-key work, and what does not: the jobs of a core are held back, come late,
 * in another order, or for nobody. RFC 7296 2.1, 2.3. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/waiting.h"
#include "test/crypto/pki_lab.h"
#include "test/exchange/core_lab.h"

#define A 0 /* connects to B, */
#define B 1
#define C 2 /* and so does this one */
#define JOBS_MAX 4
#define SOON (50 * WORLD_MS) /* what is on its way has arrived, nothing is sent again yet */

static struct world world;
static const char *const names[] = {"a.example", "b.example", "c.example"};

static struct peer_config *peer_at(unsigned side, unsigned peer)
{
    return &world.sides[side].peers[peer];
}

/* This side proves itself to that peer of its by signature. */
static void sign(unsigned side, unsigned peer, struct peer_config *other)
{
    struct peer_config *own = peer_at(side, peer);
    own->credential = pki_credential(pki_peer(PKI_P256, names[side]), NULL, NULL);
    own->local_authentication = AUTHENTICATION_SIGNATURE;
    other->authorities = pki_authorities(pki_authority());
    other->remote_authentication = AUTHENTICATION_SIGNATURE;
}

static int set_up(void **state)
{
    (void)state;
    memset(&world, 0, sizeof world);
    world_init(&world, 5);
    world.jobs_max = JOBS_MAX;
    world.jobs_held = true;
    (void)world_add_side(&world);
    sign(A, 0, peer_at(B, 0));
    sign(B, 0, peer_at(A, 0));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (unsigned side = A; side <= C; side++) {
        for (unsigned i = 0; i < 2; i++) {
            credential_destroy(peer_at(side, i)->credential);
            authorities_destroy(peer_at(side, i)->authorities);
        }
    }
    world_destroy(&world);
    return 0;
}

static void boot(void)
{
    world_boot(&world);
    for (unsigned side = A; side <= C; side++) {
        endpoint_set_utc(world.sides[side].endpoint, (uint64_t)PKI_NOW_S * WORLD_S, world.now_ns);
    }
}

static struct job *take(unsigned side)
{
    return endpoint_next_job(world.sides[side].endpoint);
}

/* It is done, and what follows from it has arrived. */
static void bring_back(unsigned side, struct job *job)
{
    assert_non_null(job);
    job_do(job);
    endpoint_job_done(world.sides[side].endpoint, job, world.now_ns);
    world_drain(&world, side);
    world_run(&world, SOON);
}

static uint64_t dropped(unsigned side)
{
    struct endpoint_counters counters;
    endpoint_counters(world.sides[side].endpoint, &counters);
    return counters.dropped;
}

static size_t jobs_of(unsigned side)
{
    return core_store(&world, side)->jobs.count;
}

static void begin(unsigned side)
{
    (void)world_command(&world, side, COMMAND_INITIATE);
    world_run(&world, SOON);
}

/* As far as IKE_AUTH, which B has: its job. */
static struct job *begin_until_answer(unsigned side)
{
    begin(side);
    struct job *job = take(side);
    if (job != NULL) {
        bring_back(side, job);
    }
    job = take(B);
    assert_non_null(job);
    return job;
}

static void assert_connected(unsigned side)
{
    assert_int_equal(world.sides[side].ike_count, 1);
    assert_int_equal(world.sides[side].child_count, 1);
}

/* ---- one IKE SA ---- */

static void test_each_step_waits(void **state)
{
    (void)state;
    boot();
    begin(A);
    uint64_t sent = world.sides[A].sent;
    struct job *job = take(A);
    assert_non_null(job);
    assert_true(job->for_request && job->own.wanted && !job->peer.wanted);
    world_run(&world, 2 * WORLD_S);
    assert_int_equal(world.sides[A].sent, sent); /* not yet asked, so not asked again */
    assert_null(take(B));
    bring_back(A, job);
    assert_true(world.sides[A].sent > sent);
    job = take(B); /* one for both signatures */
    assert_non_null(job);
    assert_true(!job->for_request && job->own.wanted && job->peer.wanted);
    assert_int_equal(world.sides[B].ike_count, 0);
    bring_back(B, job);
    assert_connected(B);
    assert_int_equal(world.sides[A].ike_count, 0);
    job = take(A);
    assert_non_null(job);
    assert_true(!job->for_request && !job->own.wanted && job->peer.wanted);
    bring_back(A, job);
    assert_connected(A);
    world_assert_agreement(&world);
    assert_true(jobs_of(A) == 0 && jobs_of(B) == 0);
}

/* There is no response to repeat yet, and no second job. */
static void test_a_copy_is_dropped(void **state)
{
    (void)state;
    boot();
    struct job *job = begin_until_answer(A);
    uint64_t before = dropped(B), received = world.sides[B].received, sent = world.sides[B].sent;
    world_run(&world, WORLD_S);
    assert_true(world.sides[B].received > received);
    assert_int_equal(dropped(B) - before, world.sides[B].received - received);
    assert_int_equal(world.sides[B].sent, sent);
    assert_null(take(B));
    bring_back(B, job);
    bring_back(A, take(A));
    assert_connected(A);
}

/* What has been answered is not asked again, nor is the peer given up. */
static void test_an_answer_in_hand(void **state)
{
    (void)state;
    boot();
    bring_back(B, begin_until_answer(A));
    struct job *job = take(A);
    uint64_t sent = world.sides[A].sent;
    world_run(&world, 60 * WORLD_S);
    assert_int_equal(world.sides[A].sent, sent);
    bring_back(A, job);
    assert_connected(A);
}

/* Who has its address as its identity has signed the one it had. */
static void test_roaming_while_it_is_signed(void **state)
{
    static const struct pki_request request = {
        .subject = "CN=a", .names = "IP:192.0.2.1", .key = PKI_P256};
    struct pki_request with_issuer = request;
    (void)state;
    with_issuer.issuer = pki_authority();
    credential_destroy(peer_at(A, 0)->credential);
    peer_at(A, 0)->credential = pki_credential(pki_issue(&with_issuer), NULL, NULL);
    peer_at(A, 0)->local_id.type = peer_at(B, 0)->remote_id.type = 0;
    peer_at(B, 0)->remote_addresses.count = 0;
    boot();
    begin(A);
    struct job *job = take(A);
    world_address_set(&world, A, "192.0.2.77");
    (void)world_roam(&world, A, "192.0.2.77");
    world_run(&world, 2 * WORLD_S);
    assert_int_equal(core_store(&world, A)->ike_sas->retransmitted, 0); /* nothing is out */
    bring_back(A, job);
    bring_back(B, take(B));
    bring_back(A, take(A));
    assert_connected(A);
    assert_int_equal(world.sides[A].ike[0].info.path.local.ip.octets[3], 77);
    assert_int_equal(world.sides[B].ike[0].info.remote_id.data[3], 1);
}

/* ---- others ---- */

/* What a slow signature is not to do. */
static void test_others_go_on(void **state)
{
    (void)state;
    boot();
    struct job *job = begin_until_answer(A);
    begin(C); /* with a shared key */
    world_run(&world, SOON);
    assert_connected(C);
    uint32_t asked = world_command(&world, C, COMMAND_LIVENESS);
    world_run(&world, SOON);
    assert_true(world_answered(&world, C, asked));
    assert_int_equal(world.sides[A].ike_count, 0);
    bring_back(B, job);
    bring_back(A, take(A));
    assert_connected(A);
    assert_int_equal(world.sides[B].ike_count, 2);
}

static void test_in_any_order(void **state)
{
    (void)state;
    sign(C, 0, peer_at(B, 1));
    boot();
    struct job *first = begin_until_answer(A);
    struct job *second = begin_until_answer(C);
    bring_back(B, second);
    assert_connected(C);
    assert_int_equal(world.sides[B].ike_count, 1);
    bring_back(B, first);
    bring_back(A, take(A));
    assert_connected(A);
}

/* ---- limits ---- */

/* As if it had been lost: the peer sends it again. */
static void test_one_too_many(void **state)
{
    (void)state;
    world.jobs_max = 1;
    sign(C, 0, peer_at(B, 1));
    boot();
    begin(C);
    struct job *ours = take(C), *job = begin_until_answer(A);
    uint64_t before = dropped(B);
    bring_back(C, ours);
    assert_null(take(B));
    assert_int_equal(dropped(B), before + 1);
    assert_int_equal(jobs_of(B), 1);
    bring_back(B, job);
    world_run(&world, 3 * WORLD_S);
    bring_back(B, take(B));
    assert_connected(C);
}

/* Who would get no further than IKE_AUTH is not let in; one's own requests always are. */
static void test_nobody_more_is_let_in(void **state)
{
    struct endpoint_counters counters;
    (void)state;
    world.jobs_max = 1;
    boot();
    struct job *job = begin_until_answer(A);
    begin(C);
    endpoint_counters(world.sides[B].endpoint, &counters);
    assert_int_equal(counters.half_open, 1);
    assert_int_equal(counters.requests_refused, 1);
    bring_back(B, job);
    world_run(&world, 3 * WORLD_S);
    assert_connected(C);
}

/* A signature is dear: who has the wrong shared key gets none. */
static void test_nothing_is_signed_for_a_stranger(void **state)
{
    (void)state;
    peer_at(A, 0)->local_authentication = AUTHENTICATION_PSK;
    peer_at(B, 0)->remote_authentication = AUTHENTICATION_PSK;
    peer_at(A, 0)->psk[0] ^= 1;
    boot();
    begin(A);
    assert_null(take(A)); /* nor is there anything of its own to sign */
    assert_null(take(B));
    assert_int_equal(jobs_of(B), 0);
    assert_int_equal(world.sides[A].ike_downs, 1);
}

/* ---- for nobody ---- */

static void test_it_has_timed_out(void **state)
{
    (void)state;
    boot();
    struct job *job = begin_until_answer(A);
    world_run(&world, 2 * world.sides[B].config.half_open_timeout_ns);
    assert_int_equal(core_store(&world, B)->half_open.count, 0);
    uint64_t sent = world.sides[B].sent;
    bring_back(B, job);
    assert_int_equal(world.sides[B].sent, sent);
    assert_int_equal(world.sides[B].ike_ups, 0);
    assert_int_equal(jobs_of(B), 0);
}

/* Handed out or not. */
static void test_it_is_not_wanted_any_more(void **state)
{
    (void)state;
    for (int taken = 0; taken < 2; taken++) {
        boot();
        (void)world_command(&world, A, COMMAND_INITIATE);
        world_run(&world, SOON);
        struct job *job = taken ? take(A) : NULL;
        (void)world_command(&world, A, COMMAND_SHUTDOWN);
        assert_int_equal(world_unanswered(&world, A), 0); /* who asked for it knows */
        if (taken) {
            bring_back(A, job);
        }
        assert_null(take(A));
        assert_int_equal(jobs_of(A), 0);
        assert_null(core_store(&world, A)->ike_sas); /* put away */
        (void)tear_down(NULL);
        (void)set_up(NULL);
    }
}

/* Deleted while it is signed: the peer may hear of it all the same, and then of its end. */
static void test_a_delete_meanwhile(void **state)
{
    (void)state;
    boot();
    begin(A);
    struct job *job = take(A);
    uint32_t command = world_command(&world, A, COMMAND_DELETE_IKE);
    bring_back(A, job);
    bring_back(B, take(B));
    bring_back(A, take(A));
    world_run(&world, SOON);
    assert_true(world_answered(&world, A, command));
    assert_int_equal(world.sides[A].ike_count, 0);
    assert_int_equal(world.sides[B].ike_count, 0);
}

/* The core goes first: what it has not handed out it frees, the rest is whose it is. */
static void test_the_core_has_gone(void **state)
{
    (void)state;
    boot();
    struct job *job = begin_until_answer(A);
    world_kill(&world, B);
    world_kill(&world, A);
    world_start(&world, A);
    begin(A);
    world_kill(&world, A);
    job_do(job);
    job_destroy(job);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_each_step_waits),
        CASE(test_a_copy_is_dropped),
        CASE(test_an_answer_in_hand),
        CASE(test_roaming_while_it_is_signed),
        CASE(test_others_go_on),
        CASE(test_in_any_order),
        CASE(test_one_too_many),
        CASE(test_nobody_more_is_let_in),
        CASE(test_nothing_is_signed_for_a_stranger),
        CASE(test_it_has_timed_out),
        CASE(test_it_is_not_wanted_any_more),
        CASE(test_a_delete_meanwhile),
        CASE(test_the_core_has_gone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

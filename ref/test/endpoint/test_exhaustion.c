/* Memory, randomness or the library fails once, at every place in turn at which it can, in a life
 * with everything in it: connect, rekeys, roam, liveness, delete. What must hold whenever it was:
 * nobody dies, every command is answered once, both sides come to terms again, and in the end
 * nothing is left. EXHAUSTION=n in the environment plays the n-th place alone.
 *
 * The linker leads what the core calls through the functions named __wrap_ below (see the
 * Makefile). They fail only while the core is at work, so the world's own memory is safe; and
 * events are spared, for a host that was not told of an SA cannot be right about it. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "crypto/crypto.h"
#include "endpoint/endpoint_store.h"
#include "sa/sa_store.h"
#include "test/crypto/pki_lab.h"
#include "test/endpoint/world.h"
#include "test/endpoint/world_internal.h"

static struct world world;

static struct {
    unsigned inside; /* the core is at work */
    uint64_t places; /* where something could have failed so far */
    uint64_t at;     /* the one that fails, from 1; 0: none */
    uint64_t count;  /* this many, one after the other */
    bool events;     /* every event fails, and nothing else */
} failure;

static bool fails(const char *what)
{
    if (failure.inside == 0) {
        return false;
    }
    failure.places++;
    bool now = failure.places >= failure.at && failure.places < failure.at + failure.count;
    if (now) {
        world_trace(&world, 0, "! %s fails, at one side or the other", what);
    }
    return now;
}

/* ---- the door: the core is at work behind it ---- */

__typeof__(endpoint_receive) __real_endpoint_receive, __wrap_endpoint_receive;
enum status __wrap_endpoint_receive(struct endpoint *endpoint, const struct datagram *datagram,
                                    uint64_t now_ns)
{
    failure.inside++;
    enum status status = __real_endpoint_receive(endpoint, datagram, now_ns);
    failure.inside--;
    return status;
}

__typeof__(endpoint_command) __real_endpoint_command, __wrap_endpoint_command;
enum status __wrap_endpoint_command(struct endpoint *endpoint, const struct command *command,
                                    uint64_t now_ns)
{
    failure.inside++;
    enum status status = __real_endpoint_command(endpoint, command, now_ns);
    failure.inside--;
    return status;
}

__typeof__(endpoint_expire) __real_endpoint_expire, __wrap_endpoint_expire;
void __wrap_endpoint_expire(struct endpoint *endpoint, uint64_t now_ns)
{
    failure.inside++;
    __real_endpoint_expire(endpoint, now_ns);
    failure.inside--;
}

__typeof__(endpoint_job_done) __real_endpoint_job_done, __wrap_endpoint_job_done;
void __wrap_endpoint_job_done(struct endpoint *endpoint, struct job *job, uint64_t now_ns)
{
    failure.inside++;
    __real_endpoint_job_done(endpoint, job, now_ns);
    failure.inside--;
}

__typeof__(job_do) __real_job_do, __wrap_job_do;
void __wrap_job_do(struct job *job)
{
    failure.inside++;
    __real_job_do(job);
    failure.inside--;
}

/* ---- memory ---- */

__typeof__(malloc) __real_malloc, __wrap_malloc;
void *__wrap_malloc(size_t size)
{
    return fails("malloc") ? NULL : __real_malloc(size);
}

__typeof__(calloc) __real_calloc, __wrap_calloc;
void *__wrap_calloc(size_t count, size_t size)
{
    if (size == sizeof(struct queued_event)) {
        return failure.events ? NULL : __real_calloc(count, size);
    }
    return fails("calloc") ? NULL : __real_calloc(count, size);
}

/* ---- randomness ---- */

static struct random_source sources[2];

static bool fill(void *context, uint8_t *out, size_t length)
{
    const struct random_source *source = context;
    return !fails("random_fill") && source->fill(source->context, out, length);
}

/* ---- the library ---- */

__typeof__(digest_sha1) __real_digest_sha1, __wrap_digest_sha1;
enum status __wrap_digest_sha1(const struct bytes *parts, size_t count, uint8_t *out)
{
    return fails("digest_sha1") ? STATUS_INTERNAL : __real_digest_sha1(parts, count, out);
}

__typeof__(prf_compute) __real_prf_compute, __wrap_prf_compute;
enum status __wrap_prf_compute(const struct prf_algorithm *prf, struct bytes key,
                               const struct bytes *parts, size_t count, uint8_t *out)
{
    return fails("prf_compute") ? STATUS_INTERNAL : __real_prf_compute(prf, key, parts, count, out);
}

__typeof__(prf_plus) __real_prf_plus, __wrap_prf_plus;
enum status __wrap_prf_plus(const struct prf_algorithm *prf, struct bytes key, struct bytes seed,
                            uint8_t *out, size_t length)
{
    return fails("prf_plus") ? STATUS_INTERNAL : __real_prf_plus(prf, key, seed, out, length);
}

__typeof__(key_exchange_create) __real_key_exchange_create, __wrap_key_exchange_create;
struct key_exchange *__wrap_key_exchange_create(const struct key_exchange_algorithm *algorithm,
                                                const struct random_source *random)
{
    return fails("key_exchange_create") ? NULL : __real_key_exchange_create(algorithm, random);
}

__typeof__(key_exchange_derive) __real_key_exchange_derive, __wrap_key_exchange_derive;
enum status __wrap_key_exchange_derive(struct key_exchange *key, struct bytes peer_public,
                                       struct shared_secret *out)
{
    return fails("key_exchange_derive") ? STATUS_INTERNAL
                                        : __real_key_exchange_derive(key, peer_public, out);
}

__typeof__(protector_create) __real_protector_create, __wrap_protector_create;
struct protector *__wrap_protector_create(const struct protection *p, struct bytes encryption,
                                          struct bytes integrity, enum protector_direction way)
{
    return fails("protector_create") ? NULL
                                     : __real_protector_create(p, encryption, integrity, way);
}

__typeof__(protector_seal) __real_protector_seal, __wrap_protector_seal;
enum status __wrap_protector_seal(struct protector *protector, struct bytes aad, const uint8_t *iv,
                                  uint8_t *text, size_t length, struct bytes tail, uint8_t *icv)
{
    return fails("protector_seal")
               ? STATUS_INTERNAL
               : __real_protector_seal(protector, aad, iv, text, length, tail, icv);
}

__typeof__(signature_sign) __real_signature_sign, __wrap_signature_sign;
enum status __wrap_signature_sign(const struct signature_key *key,
                                  const struct signature_algorithm *algorithm, struct bytes message,
                                  struct writer *w)
{
    return fails("signature_sign") ? STATUS_INTERNAL
                                   : __real_signature_sign(key, algorithm, message, w);
}

/* ---- a life ---- */

static bool by_jobs; /* with certificates, and signatures that are made elsewhere */
static struct credential *credentials[2];
static struct authorities *authorities;

static void sign(unsigned side)
{
    struct peer_config *peer = &world.sides[side].peers[0];
    peer->credential = credentials[side];
    peer->authorities = authorities;
    peer->local_authentication = peer->remote_authentication = AUTHENTICATION_SIGNATURE;
}

static void prepare(void)
{
    world_init(&world, 77);
    world.jobs_max = by_jobs ? 4 : 0;
    for (unsigned i = 0; i < 2; i++) {
        struct world_side *side = &world.sides[i];
        side->peers[0].mobike = true;
        side->peers[0].liveness_ns = 5 * WORLD_S;
        side->peers[0].fragmentation = true;
        side->peers[0].fragment_size = i == 0 ? FRAGMENT_SIZE_MIN : 600;
        side->config.cookie_threshold = 1 - i; /* b asks for a cookie */
        sources[i] = side->random;
        side->random = (struct random_source){fill, &sources[i]};
        if (by_jobs) {
            sign(i);
        }
    }
    world_add_child(&world, 0, 1);
    world_boot(&world);
    for (unsigned i = 0; i < 2; i++) {
        endpoint_set_utc(world.sides[i].endpoint, (uint64_t)PKI_NOW_S * WORLD_S, world.now_ns);
    }
}

static void ask(unsigned side, enum command_type type)
{
    (void)world_command(&world, side, type);
    world_run(&world, 100 * WORLD_MS);
}

static void initiate(unsigned side, uint16_t child)
{
    struct command command = {.type = COMMAND_INITIATE, .child_index = child};
    command.addresses = world.sides[side].addresses;
    command.path.local = (struct transport_address){world.sides[side].addresses.items[0], 500};
    command.path.remote = (struct transport_address){world.sides[1 - side].addresses.items[0], 500};
    (void)world_command_with(&world, side, command);
    world_run(&world, 100 * WORLD_MS);
}

static void live(void)
{
    initiate(0, 0);
    initiate(1, 1);
    ask(0, COMMAND_REKEY_CHILD);
    ask(1, COMMAND_REKEY_CHILD);
    ask(0, COMMAND_REKEY_IKE);
    ask(1, COMMAND_REKEY_IKE);
    world_address_set(&world, 0, "192.0.2.11");
    (void)world_roam(&world, 0, "192.0.2.11");
    world_run(&world, 100 * WORLD_MS);
    ask(1, COMMAND_LIVENESS);
    (void)world_command(&world, 0, COMMAND_REKEY_IKE); /* both at once */
    ask(1, COMMAND_REKEY_IKE);
    (void)world_command(&world, 0, COMMAND_REKEY_CHILD);
    ask(1, COMMAND_REKEY_CHILD);
    ask(1, COMMAND_REAUTHENTICATE);
    ask(0, COMMAND_DELETE_CHILD);
    initiate(0, 0);
    world_run(&world, WORLD_S);
}

static void assert_none(const char *what, const char *wrong, uint64_t at)
{
    if (wrong != NULL) {
        fail_msg("%s when place %llu failed: %s", what, (unsigned long long)at, wrong);
    }
}

/* Nothing has been left behind in a state from which it cannot be rekeyed. */
static bool rekeyed(void)
{
    static const enum command_type types[] = {COMMAND_REKEY_CHILD, COMMAND_REKEY_IKE};
    for (unsigned i = 0; i < 4; i++) {
        uint32_t id = world_command(&world, i / 2, types[i % 2]);
        world_run(&world, WORLD_S);
        if (id == 0 || !world_answered(&world, i / 2, id) ||
            world_result(&world, i / 2, id) != STATUS_OK) {
            return false;
        }
    }
    return true;
}

/* True while there are places left. */
static bool play(uint64_t at, uint64_t count)
{
    failure.places = 0;
    failure.at = at;
    failure.count = count;
    prepare();
    live();
    bool reached = failure.places >= at;
    failure.count = 0;
    world_run(&world, 90 * WORLD_S); /* liveness finds out what one side alone believes */
    assert_none("commands",
                world_unanswered(&world, 0) + world_unanswered(&world, 1) > 0
                    ? "one was never answered"
                    : NULL,
                at);
    assert_none("agreement", world_disagreement(&world, 0, 1), at);
    initiate(0, 0);
    world_run(&world, 30 * WORLD_S);
    assert_none("afterwards", world.sides[0].child_count == 0 ? "they do not connect" : NULL, at);
    assert_none("afterwards", rekeyed() ? NULL : "something cannot be rekeyed", at);
    assert_none("afterwards", world_disagreement(&world, 0, 1), at);
    ask(0, COMMAND_SHUTDOWN);
    ask(1, COMMAND_SHUTDOWN);
    world_run(&world, 60 * WORLD_S);
    assert_none("the end", world_residue(&world, 0), at);
    assert_none("the end", world_residue(&world, 1), at);
    world_destroy(&world);
    return reached;
}

static void sweep(uint64_t count)
{
    const char *only = getenv("EXHAUSTION");
    uint64_t at = only != NULL ? strtoull(only, NULL, 10) : 1;
    while (play(at, count) && only == NULL) {
        at++;
    }
    print_message("%llu places, %llu at a time\n", (unsigned long long)at - 1,
                  (unsigned long long)count);
}

/* Keys are told in events; one that is lost leaves none behind. */
static void test_no_keys_in_a_lost_event(void **state)
{
    static const struct queued_event nothing;
    (void)state;
    failure.count = 0;
    prepare();
    failure.events = true;
    (void)world_command(&world, 0, COMMAND_INITIATE);
    world_run(&world, 4 * world.delay_ns + WORLD_MS); /* the cookie, then IKE_SA_INIT */
    failure.events = false;
    const struct sa_store *store = endpoint_store(world.sides[1].endpoint);
    assert_int_equal(store->ike_sas->state, IKE_SA_HALF_OPEN); /* it goes on */
    assert_memory_equal(&store->lost, &nothing, sizeof nothing);
    world_destroy(&world);
}

static void test_once(void **state)
{
    (void)state;
    sweep(1);
}

static void test_for_a_while(void **state)
{
    (void)state;
    sweep(12);
}

/* Reading a certificate, signing and what is kept meanwhile can fail, too. */
static void test_by_jobs(void **state)
{
    static const char *const names[] = {"a.example", "b.example"};
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        credentials[i] = pki_credential(pki_peer(PKI_ED25519, names[i]), NULL, NULL);
    }
    authorities = pki_authorities(pki_authority());
    by_jobs = true;
    sweep(1);
    by_jobs = false;
    for (unsigned i = 0; i < 2; i++) {
        credential_destroy(credentials[i]);
    }
    authorities_destroy(authorities);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_no_keys_in_a_lost_event),
        cmocka_unit_test(test_once),
        cmocka_unit_test(test_for_a_while),
        cmocka_unit_test(test_by_jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

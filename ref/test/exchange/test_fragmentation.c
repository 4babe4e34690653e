/* Messages cut into fragments, cut again, and put together: RFC 7383, one function at a time. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "exchange/fragmentation.h"
#include "exchange/request.h"
#include "protect/sk_message.h"
#include "protect/skf_message.h"
#include "test/exchange/bench.h"

static struct bench bench;
static uint8_t inner[IKE_MESSAGE_MAX];
static uint8_t plain[IKE_MESSAGE_MAX];

static int begin(void **state)
{
    (void)state;
    bench_connect(&bench, 1);
    for (size_t i = 0; i < sizeof inner; i++) {
        inner[i] = (uint8_t)(i * 7 + i / 256);
    }
    return 0;
}

static int end(void **state)
{
    (void)state;
    bench_close(&bench);
    return 0;
}

/* A request of side 0, that side 1 will take for the next one. */
static struct unsealed unsealed(size_t length, size_t size)
{
    const struct ike_sa *sa = bench_sa(&bench, 0);
    return (struct unsealed){.header = {.spi_i = sa->spi_i,
                                        .spi_r = sa->spi_r,
                                        .exchange_type = INFORMATIONAL,
                                        .flags = IKE_FLAG_INITIATOR,
                                        .message_id = sa->next_request},
                             .first = PAYLOAD_VENDOR_ID,
                             .inner = bytes_of(inner, length),
                             .path = &sa->path,
                             .encapsulated = false,
                             .size = size};
}

static struct stored_message seal(size_t length, size_t size)
{
    struct stored_message out = {0};
    struct unsealed message = unsealed(length, size);
    assert_int_equal(
        fragmentation_seal(bench_store(&bench, 0), bench_sa(&bench, 0), &message, &out), STATUS_OK);
    return out;
}

static size_t count_of(const struct stored_message *message)
{
    size_t count = 0;
    for (const struct stored_datagram *d = message->datagrams; d != NULL; d = d->next) {
        count++;
    }
    return count;
}

static uint8_t next_payload(const struct stored_datagram *d)
{
    return d->octets[16];
}

/* Gives side 1 one datagram of side 0. */
static enum status open_at(unsigned side, const struct stored_datagram *d, bool repeated,
                           struct opened *out)
{
    struct ike_header header;
    struct payload_chain outer;
    struct ike_sa *sa = bench_sa(&bench, side);
    struct bytes octets = bytes_of(d->octets, d->length);
    assert_int_equal(ike_header_parse(octets, &header), STATUS_OK);
    assert_int_equal(
        payload_chain_parse(header.next_payload,
                            bytes_of(d->octets + IKE_HEADER_LENGTH, d->length - IKE_HEADER_LENGTH),
                            &outer),
        STATUS_OK);
    struct exchange_input in = {.header = &header, .path = &sa->path, .datagram = octets};
    return fragmentation_open(bench_store(&bench, side), sa, &in, &outer.items[0], repeated, plain,
                              out);
}

static enum status open(const struct stored_datagram *d, struct opened *out)
{
    return open_at(1, d, false, out);
}

/* All datagrams bring the whole text, and none before the last. */
static void assert_arrives(const struct stored_message *message, size_t length)
{
    struct opened opened = {0};
    for (const struct stored_datagram *d = message->datagrams; d != NULL; d = d->next) {
        assert_int_equal(open(d, &opened), STATUS_OK);
        assert_int_equal(opened.whole, d->next == NULL);
    }
    assert_int_equal(opened.first, PAYLOAD_VENDOR_ID);
    assert_int_equal(opened.inner.length, length);
    assert_memory_equal(opened.inner.data, inner, length);
    assert_null(bench_sa(&bench, 1)->partial_request);
}

/* ---- sizes ---- */

/* What fits goes whole; from one octet more on in fragments, each within the limit and all but the
 * last as full as can be. */
static void test_sizes(void **state)
{
    static const size_t limits[] = {256, 576, 1280};
    (void)state;
    for (size_t i = 0; i < sizeof limits / sizeof limits[0]; i++) {
        size_t max = limits[i] - 28; /* IPv4 and UDP */
        size_t whole = max - sk_message_length(&bench_sa(&bench, 0)->protection, 0);
        struct stored_message m = seal(whole, limits[i]);
        assert_int_equal(count_of(&m), 1);
        assert_int_equal(m.datagrams->length, max);
        assert_int_equal(next_payload(m.datagrams), PAYLOAD_SK);
        stored_message_clear(&m);
        m = seal(whole + 1, limits[i]);
        assert_int_equal(count_of(&m), 2);
        assert_int_equal(m.datagrams->length, max);
        assert_int_equal(next_payload(m.datagrams), PAYLOAD_SKF);
        assert_arrives(&m, whole + 1);
        stored_message_clear(&m);
        m = seal(4 * whole, limits[i]);
        for (const struct stored_datagram *d = m.datagrams; d->next != NULL; d = d->next) {
            assert_int_equal(d->length, max);
        }
        assert_arrives(&m, 4 * whole);
        stored_message_clear(&m);
    }
}

/* RFC 7383 appendix B: the longer IPv6 header and the Non-ESP marker count. */
static void test_headers_count(void **state)
{
    struct sa_store *store = bench_store(&bench, 0);
    struct ike_sa *sa = bench_sa(&bench, 0);
    struct stored_message m = {0};
    struct path path = sa->path;
    (void)state;
    struct unsealed message = unsealed(2000, 1280);
    message.encapsulated = true;
    assert_int_equal(fragmentation_seal(store, sa, &message, &m), STATUS_OK);
    assert_int_equal(m.datagrams->length, 1280 - 20 - 8 - 4);
    path.local.ip = world_address("2001:db8::1");
    path.remote.ip = world_address("2001:db8::2");
    message.path = &path;
    assert_int_equal(fragmentation_seal(store, sa, &message, &m), STATUS_OK);
    assert_int_equal(m.datagrams->length, 1280 - 40 - 8 - 4);
    stored_message_clear(&m);
}

/* RFC 7383 2.4: not unless both have said that they can. */
static void test_only_when_agreed(void **state)
{
    struct opened opened;
    (void)state;
    struct stored_message fragments = seal(1000, 576);
    bench_sa(&bench, 0)->fragmentation = false;
    bench_sa(&bench, 1)->fragmentation = false;
    struct stored_message m = seal(4000, 576);
    assert_int_equal(count_of(&m), 1);
    assert_int_equal(next_payload(m.datagrams), PAYLOAD_SK);
    assert_null(m.plain);
    assert_int_equal(open(fragments.datagrams, &opened), STATUS_DROP);
    assert_null(bench_sa(&bench, 1)->partial_request);
    stored_message_clear(&m);
    stored_message_clear(&fragments);
}

/* The largest message at the smallest size; beyond that is our own limit. */
static void test_limits(void **state)
{
    struct stored_message m = seal(IKE_MESSAGE_MAX, FRAGMENT_SIZE_MIN);
    (void)state;
    assert_true(count_of(&m) > 2 && count_of(&m) <= FRAGMENTS_MAX);
    assert_arrives(&m, IKE_MESSAGE_MAX);
    stored_message_clear(&m);
    struct unsealed message = unsealed(IKE_MESSAGE_MAX, 100);
    assert_int_equal(fragmentation_seal(bench_store(&bench, 0), bench_sa(&bench, 0), &message, &m),
                     STATUS_INTERNAL);
    message.size = 64; /* no room for a single octet */
    assert_int_equal(fragmentation_seal(bench_store(&bench, 0), bench_sa(&bench, 0), &message, &m),
                     STATUS_INTERNAL);
    assert_true(stored_message_is_empty(&m));
}

/* ---- the search for the path's MTU, 2.5.2 ---- */

static void send_times(struct stored_message *m, unsigned times)
{
    const struct ike_sa *sa = bench_sa(&bench, 0);
    for (unsigned i = 0; i < times; i++) {
        assert_false(fragmentation_cut_due(m));
        fragmentation_send(bench_store(&bench, 0), m, &sa->path, false);
    }
}

/* After three copies for nothing the next smaller size, with more fragments; at the smallest that
 * is all. Later messages of this path begin there. */
static void test_the_search_goes_down(void **state)
{
    struct ike_sa *sa = bench_sa(&bench, 0);
    struct stored_message m = seal(2000, 1400);
    static const size_t sizes[] = {1280, 576};
    size_t before = count_of(&m);
    (void)state;
    sa->path_changes = 3;
    assert_int_equal(fragmentation_size(sa), 1280);
    for (size_t i = 0; i < 2; i++) {
        send_times(&m, 3);
        assert_true(fragmentation_cut_due(&m));
        fragmentation_cut(bench_store(&bench, 0), sa, &sa->path, false, &m);
        assert_true(count_of(&m) > before);
        before = count_of(&m);
        for (const struct stored_datagram *d = m.datagrams; d != NULL; d = d->next) {
            assert_true(d->length + 28 <= sizes[i]);
        }
        assert_int_equal(fragmentation_size(sa), sizes[i]);
    }
    assert_arrives(&m, 2000);
    send_times(&m, 9);
    assert_false(fragmentation_cut_due(&m)); /* no smaller one */
    assert_null(m.plain);
    stored_message_clear(&m);
    sa->path_changes++; /* another path, another search */
    assert_int_equal(fragmentation_size(sa), 1280);
}

/* A response that is asked for again may be asked for by a copy: it says nothing of the path. */
static void test_responses_teach_nothing(void **state)
{
    struct ike_sa *sa = bench_sa(&bench, 0);
    struct stored_message m = {0};
    struct unsealed message = unsealed(2000, 1280);
    (void)state;
    message.header.flags |= IKE_FLAG_RESPONSE;
    assert_int_equal(fragmentation_seal(bench_store(&bench, 0), sa, &message, &m), STATUS_OK);
    send_times(&m, 3);
    fragmentation_cut(bench_store(&bench, 0), sa, &sa->path, false, &m);
    assert_true(count_of(&m) > 2);
    assert_int_equal(fragmentation_size(sa), 1280);
    stored_message_clear(&m);
}

/* Total Fragments must grow, or the receiver could not tell the cuts apart: where a smaller size
 * would need as many as before, there is one more, and none of them is empty. */
static void test_the_total_grows(void **state)
{
    struct ike_sa *sa = bench_sa(&bench, 0);
    (void)state;
    for (size_t size = 577; size < 640; size += 7) {
        for (size_t length = 800; length < 1600; length += 37) {
            struct stored_message m = seal(length, size);
            size_t before = count_of(&m);
            send_times(&m, 3);
            fragmentation_cut(bench_store(&bench, 0), sa, &sa->path, false, &m);
            assert_true(count_of(&m) > before);
            for (const struct stored_datagram *d = m.datagrams; d != NULL; d = d->next) {
                assert_true(d->length > 61 && d->length + 28 <= 576);
            }
            assert_arrives(&m, length);
            stored_message_clear(&m);
        }
    }
}

/* What went whole and was lost may have been too large as well; what fits everywhere was not. */
static void test_whole_messages_too(void **state)
{
    struct ike_sa *sa = bench_sa(&bench, 0);
    struct stored_message m = seal(900, 1280);
    (void)state;
    assert_int_equal(count_of(&m), 1);
    send_times(&m, 3);
    fragmentation_cut(bench_store(&bench, 0), sa, &sa->path, false, &m);
    assert_int_equal(count_of(&m), 2);
    assert_arrives(&m, 900);
    stored_message_clear(&m);
    m = seal(400, 1280);
    send_times(&m, 9);
    assert_false(fragmentation_cut_due(&m));
    stored_message_clear(&m);
}

/* ICMP has told what passes: it counts at once, for this message and for those to come (2.5.1,
 * 2.5.2). Only what can still be made smaller says that IP may not cut it. */
static void test_a_path_that_is_known_to_be_narrow(void **state)
{
    struct sa_store *store = bench_store(&bench, 0);
    struct ike_sa *sa = bench_sa(&bench, 0);
    struct stored_message m = seal(2000, 1280);
    size_t around = 20 + 8 + (sa->encapsulated ? 4 : 0), before = count_of(&m);
    (void)state;
    assert_false(fragmentation_narrow(store, sa, 1500, &m));
    assert_int_equal(fragmentation_size(sa), 1280);
    fragmentation_send(store, &m, &sa->path, sa->encapsulated);
    assert_true(store->datagram_last->dont_fragment);
    assert_true(fragmentation_narrow(store, sa, 900, &m));
    assert_int_equal(fragmentation_size(sa), 900);
    assert_true(count_of(&m) > before);
    for (const struct stored_datagram *d = m.datagrams; d != NULL; d = d->next) {
        assert_true(d->length + around <= 900);
    }
    assert_false(fragmentation_narrow(store, sa, 900, &m));
    assert_true(fragmentation_narrow(store, sa, 400, &m));
    fragmentation_send(store, &m, &sa->path, sa->encapsulated);
    assert_false(store->datagram_last->dont_fragment);
    assert_false(fragmentation_narrow(store, sa, 300, &m)); /* IP may cut these */
    assert_arrives(&m, 2000);
    stored_message_clear(&m);
    assert_false(fragmentation_narrow(store, sa, 1, &m)); /* nothing is out */
    assert_int_equal(fragmentation_size(sa), FRAGMENT_SIZE_MIN);
    m = seal(20, 1280);
    assert_false(fragmentation_narrow(store, sa, 1, &m)); /* it is whole */
    stored_message_clear(&m);
}

static void test_a_new_path_has_all_tries(void **state)
{
    struct stored_message m = seal(2000, 1280);
    (void)state;
    send_times(&m, 3);
    fragmentation_retry(&m);
    send_times(&m, 3);
    assert_true(fragmentation_cut_due(&m));
    stored_message_clear(&m);
    fragmentation_retry(&m); /* nothing: no matter */
}

/* ---- in ---- */

/* A fragment of the smaller cut throws away what was there; one of the larger comes too late. */
static void test_cuts_do_not_mix(void **state)
{
    struct ike_sa *sa = bench_sa(&bench, 0);
    struct stored_message large = seal(2000, 1280), small = seal(2000, 1280);
    struct opened opened;
    (void)state;
    send_times(&small, 3);
    fragmentation_cut(bench_store(&bench, 0), sa, &sa->path, false, &small);
    assert_int_equal(open(large.datagrams, &opened), STATUS_OK);
    assert_int_equal(open(small.datagrams->next, &opened), STATUS_OK);
    assert_int_equal(open(large.datagrams->next, &opened), STATUS_DROP);
    assert_int_equal(open(small.datagrams->next, &opened), STATUS_DROP); /* a copy */
    assert_int_equal(open(small.datagrams, &opened), STATUS_OK);
    for (const struct stored_datagram *d = small.datagrams->next->next; d != NULL; d = d->next) {
        assert_int_equal(open(d, &opened), STATUS_OK);
    }
    assert_true(opened.whole);
    assert_memory_equal(opened.inner.data, inner, 2000);
    stored_message_clear(&large);
    stored_message_clear(&small);
}

/* Garbage costs one opening, and keeps no memory. */
static void test_not_authentic(void **state)
{
    struct stored_message m = seal(2000, 576);
    struct opened opened;
    (void)state;
    m.datagrams->octets[60] ^= 1;
    assert_int_equal(open(m.datagrams, &opened), STATUS_DROP);
    assert_null(bench_sa(&bench, 1)->partial_request);
    m.datagrams->octets[60] ^= 1;
    m.datagrams->octets[35] += 1; /* Total Fragments, by somebody on the way */
    assert_int_equal(open(m.datagrams, &opened), STATUS_DROP);
    m.datagrams->octets[35] -= 1;
    assert_arrives(&m, 2000);
    stored_message_clear(&m);
}

/* RFC 7383 2.6.1: of a request that was answered, fragment 1 alone brings the answer again. */
static void test_repeated(void **state)
{
    struct stored_message m = seal(1000, 576);
    struct opened opened;
    (void)state;
    assert_int_equal(open_at(1, m.datagrams, true, &opened), STATUS_OK);
    assert_true(opened.whole);
    assert_int_equal(open_at(1, m.datagrams->next, true, &opened), STATUS_DROP);
    m.datagrams->octets[m.datagrams->length - 1] ^= 1;
    assert_int_equal(open_at(1, m.datagrams, true, &opened), STATUS_DROP);
    assert_null(bench_sa(&bench, 1)->partial_request);
    stored_message_clear(&m);
}

/* The largest packet it came in: the answer will not be larger (2.5.1). */
static void test_the_packet_size(void **state)
{
    struct stored_message m = seal(1000, 576);
    struct opened opened;
    (void)state;
    for (const struct stored_datagram *d = m.datagrams; d != NULL; d = d->next) {
        assert_int_equal(open(d, &opened), STATUS_OK);
    }
    assert_true(opened.whole);
    assert_int_equal(opened.packet, 576);
    stored_message_clear(&m);
}

/* RFC 7383 5: more than we take ends the IKE SA, and frees all of it. */
static void test_too_much(void **state)
{
    struct sa_store *store = bench_store(&bench, 0);
    struct ike_sa *sa = bench_sa(&bench, 0), *theirs = bench_sa(&bench, 1);
    struct opened opened;
    struct event event;
    enum status status = STATUS_OK;
    (void)state;
    for (uint16_t number = 1; number <= 20 && status == STATUS_OK; number++) {
        struct unsealed message = unsealed(1000, 1280);
        struct stored_message m = {0};
        uint8_t octets[IKE_MESSAGE_MAX];
        struct writer w = writer_over(octets, sizeof octets);
        assert_int_equal(skf_message_seal(&sa->protection, sa->seal, store->random, &message.header,
                                          message.first, number, 20, message.inner, &w),
                         STATUS_OK);
        assert_int_equal(stored_message_set(&m, writer_bytes(&w)), STATUS_OK);
        status = open(m.datagrams, &opened);
        assert_true(status == STATUS_OK || number == IKE_MESSAGE_MAX / 1000 + 1);
        stored_message_clear(&m);
    }
    assert_int_equal(status, STATUS_INTERNAL);
    assert_int_equal(theirs->state, IKE_SA_CLOSED);
    assert_null(theirs->partial_request);
    assert_true(bench_event(&bench, 1, EVENT_IKE_SA_DOWN, &event));
    assert_int_equal(event.reason, DOWN_FAILED);
    event_wipe(&event);
}

/* Half a message is forgotten after a while (2.6). */
static void test_timeout(void **state)
{
    struct stored_message m = seal(1000, 576);
    struct sa_store *store = bench_store(&bench, 1);
    struct ike_sa *theirs = bench_sa(&bench, 1);
    struct opened opened;
    (void)state;
    assert_int_equal(fragmentation_deadline(theirs), UINT64_MAX);
    assert_int_equal(open(m.datagrams, &opened), STATUS_OK);
    uint64_t deadline = fragmentation_deadline(theirs);
    assert_true(deadline > store->now_ns && deadline < store->now_ns + 60 * WORLD_S);
    store->now_ns = deadline - 1;
    fragmentation_expire(store, theirs);
    assert_non_null(theirs->partial_request);
    store->now_ns = deadline;
    fragmentation_expire(store, theirs);
    assert_null(theirs->partial_request);
    assert_int_equal(fragmentation_deadline(theirs), UINT64_MAX);
    stored_message_clear(&m);
}

static void test_inherited(void **state)
{
    struct ike_sa old = *bench_sa(&bench, 0), heir = {.peer = old.peer};
    (void)state;
    old.path_changes = 5;
    old.fragment_path = 5;
    old.fragment_size = 576;
    fragmentation_inherit(&heir, &old);
    assert_true(heir.fragmentation);
    assert_int_equal(fragmentation_size(&heir), 576);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_sizes),
        TEST(test_headers_count),
        TEST(test_only_when_agreed),
        TEST(test_limits),
        TEST(test_the_search_goes_down),
        TEST(test_responses_teach_nothing),
        TEST(test_the_total_grows),
        TEST(test_whole_messages_too),
        TEST(test_a_path_that_is_known_to_be_narrow),
        TEST(test_a_new_path_has_all_tries),
        TEST(test_cuts_do_not_mix),
        TEST(test_not_authentic),
        TEST(test_repeated),
        TEST(test_the_packet_size),
        TEST(test_too_much),
        TEST(test_timeout),
        TEST(test_inherited),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The way of one datagram through the rooms, RFC 7296 2.1 to 2.5, 2.21. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "endpoint/corridor.h"
#include "exchange/ike_delete.h"
#include "exchange/request.h"
#include "test/exchange/core_connected.h"

static struct core_message seen;
static struct datagram sent;
static uint8_t octets[IKE_MESSAGE_MAX + 1];

/* What a has said, as b gets it. */
static struct datagram at_b(void)
{
    assert_true(core_datagram(&world, 0, &sent));
    memcpy(octets, sent.octets.data, sent.octets.length);
    return (struct datagram){.path = {.local = sent.path.remote, .remote = sent.path.local},
                             .encapsulated = sent.encapsulated,
                             .octets = bytes_of(octets, sent.octets.length)};
}

/* A header alone, or with zeros behind it, as it comes to a. */
static enum status receive(struct ike_header header, size_t length)
{
    struct writer w = writer_over(octets, sizeof octets);
    ike_header_build(&w, &header);
    for (size_t i = IKE_HEADER_LENGTH; i < length; i++) {
        writer_u8(&w, 0);
    }
    ike_header_patch_length(&w);
    struct datagram d = {.path = sa->path, .octets = bytes_of(octets, length)};
    return corridor_receive(store, &d);
}

static void test_sizes(void **state)
{
    struct ike_header header = {.spi_i = 1, .exchange_type = IKE_SA_INIT};
    struct datagram d = {.path = sa->path, .octets = bytes_of(octets, sizeof octets)};
    (void)state;
    assert_int_equal(corridor_receive(store, &d), STATUS_DROP);
    for (size_t length = 0; length < IKE_HEADER_LENGTH; length++) {
        assert_int_not_equal(receive(header, length), STATUS_OK);
    }
    assert_false(core_datagram(&world, 0, &sent));
}

/* Dropped by their headers alone, before anything dear is done. */
static void test_headers_that_cannot_be(void **state)
{
    uint64_t i = sa->spi_i, r = sa->spi_r;
    const struct ike_header headers[] = {
        {.spi_i = 1, .exchange_type = IKE_SA_INIT}, /* of no initiator */
        {.spi_i = 1, .spi_r = 2, .exchange_type = IKE_SA_INIT, .flags = IKE_FLAG_INITIATOR},
        {.spi_i = 1, .exchange_type = IKE_SA_INIT, .flags = IKE_FLAG_INITIATOR, .message_id = 1},
        {.spi_i = i, .spi_r = r, .exchange_type = IKE_SA_INIT, .flags = IKE_FLAG_RESPONSE},
        {.spi_i = i, .spi_r = r ^ 1, .exchange_type = INFORMATIONAL},
        {.spi_i = i, .spi_r = r, .exchange_type = INFORMATIONAL}, /* no SK */
        {.spi_i = i, .spi_r = r, .exchange_type = INFORMATIONAL, .flags = IKE_FLAG_RESPONSE},
    };
    (void)state;
    for (size_t n = 0; n < sizeof headers / sizeof headers[0]; n++) {
        assert_int_equal(receive(headers[n], IKE_HEADER_LENGTH), STATUS_DROP);
        assert_false(core_datagram(&world, 0, &sent));
    }
    assert_int_equal(sa->state, IKE_SA_ESTABLISHED);
}

/* 2.5: the version we speak, to a request only. */
static void test_major_version(void **state)
{
    (void)state;
    for (unsigned response = 0; response < 2; response++) {
        struct ike_header header = {.spi_i = 1,
                                    .exchange_type = IKE_SA_INIT,
                                    .flags = response ? IKE_FLAG_RESPONSE : IKE_FLAG_INITIATOR};
        (void)receive(header, IKE_HEADER_LENGTH + 8);
        while (core_datagram(&world, 0, &sent)) { /* of version 2.0: not of interest here */
        }
        octets[17] = 0x30;
        struct datagram d = {.path = sa->path, .octets = bytes_of(octets, IKE_HEADER_LENGTH + 8)};
        assert_int_equal(corridor_receive(store, &d), STATUS_NOTIFY(INVALID_MAJOR_VERSION));
        assert_int_equal(core_datagram(&world, 0, &sent), response == 0);
        if (response == 0) {
            core_decode(&seen, &sent);
            assert_int_equal(seen.message.notifies[0].type, INVALID_MAJOR_VERSION);
        }
    }
}

/* 2.21.4: a hint, ten a second at most, and never to a response. */
static void test_unknown_spis(void **state)
{
    struct ike_header header = {.spi_i = 1,
                                .spi_r = 2,
                                .next_payload = PAYLOAD_SK,
                                .exchange_type = INFORMATIONAL,
                                .flags = IKE_FLAG_INITIATOR};
    unsigned hints = 0;
    (void)state;
    store->now_ns += WORLD_S;
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(receive(header, IKE_HEADER_LENGTH + 8), STATUS_DROP);
        hints += core_datagram(&world, 0, &sent);
        store->now_ns += 50 * WORLD_MS;
    }
    assert_int_equal(hints, 10);
    store->now_ns += WORLD_S;
    header.next_payload = PAYLOAD_NOTIFY; /* a hint itself, 1.5 */
    assert_int_equal(receive(header, IKE_HEADER_LENGTH + 8), STATUS_DROP);
    assert_false(core_datagram(&world, 0, &sent));
    header.next_payload = PAYLOAD_SK;
    header.flags |= IKE_FLAG_RESPONSE;
    assert_int_equal(receive(header, IKE_HEADER_LENGTH + 8), STATUS_DROP);
    assert_false(core_datagram(&world, 0, &sent));
}

/* INVALID_SPI outside of any IKE SA, of the ESP SA whose SPI its data begin with; whether we ask
 * the peer. */
static bool asks_when_told_in(size_t data_length, uint32_t spi, const char *from)
{
    struct writer w = writer_over(octets, sizeof octets);
    struct ike_header header = {.spi_i = 1,
                                .next_payload = PAYLOAD_NOTIFY,
                                .exchange_type = INFORMATIONAL,
                                .flags = IKE_FLAG_INITIATOR};
    ike_header_build(&w, &header);
    struct chain_writer chain = chain_writer_over(&w);
    uint8_t data[5] = {0};
    struct writer of_spi = writer_over(data, sizeof data);
    writer_u32(&of_spi, spi);
    payload_begin(&chain, PAYLOAD_NOTIFY);
    notify_payload_build(&w, PROTOCOL_NONE, bytes_of(NULL, 0), INVALID_SPI,
                         bytes_of(data, data_length));
    payload_end(&chain);
    ike_header_patch_length(&w);
    struct datagram d = {.path = sa->path, .octets = writer_bytes(&w)};
    d.path.remote.ip = world_address(from);
    assert_int_equal(corridor_receive(store, &d), STATUS_DROP);
    bool asks = sa->request.active;
    request_end(&sa->request);
    return asks;
}

static bool asks_when_told_of(uint32_t spi, const char *from)
{
    return asks_when_told_in(4, spi, from);
}

/* RFC 4555 5.3: not of any SPI, nor of what is none, nor of anybody, nor every time. */
static void test_unwanted_esp(void **state)
{
    (void)state;
    uint32_t spi = sa->children->spi_out;
    store->now_ns += WORLD_S;
    assert_false(asks_when_told_of(spi ^ 1, "192.0.2.2"));
    store->now_ns += WORLD_S;
    assert_false(asks_when_told_of(spi, "192.0.2.9"));
    for (size_t length = 0; length <= 5; length++) {
        store->now_ns += WORLD_S;
        assert_int_equal(asks_when_told_in(length, spi, "192.0.2.2"), length == 4);
    }
    store->now_ns += WORLD_S;
    assert_true(asks_when_told_of(spi, "192.0.2.2"));
    assert_false(asks_when_told_of(spi, "192.0.2.2"));
    store->now_ns += WORLD_S;
    assert_true(asks_when_told_of(spi, "192.0.2.2"));
}

/* Nobody gets more octets than it sent: a bare header is shorter than any answer. */
static void test_no_amplification(void **state)
{
    struct ike_header header = {.spi_i = 1,
                                .spi_r = 2,
                                .next_payload = PAYLOAD_SK,
                                .exchange_type = INFORMATIONAL,
                                .flags = IKE_FLAG_INITIATOR};
    (void)state;
    for (size_t length = IKE_HEADER_LENGTH; length < IKE_HEADER_LENGTH + 16; length++) {
        store->now_ns += WORLD_S;
        assert_int_equal(receive(header, length), STATUS_DROP);
        assert_int_equal(core_datagram(&world, 0, &sent), length >= IKE_HEADER_LENGTH + 8);
        assert_true(length < IKE_HEADER_LENGTH + 8 || sent.octets.length <= length);
    }
}

/* A Message ID counts only after its message has been opened; a copy is answered and counts no
 * second time; one octet changed and nothing is said. */
static void test_requests_in_turn(void **state)
{
    struct sa_store *store_b = core_store(&world, 1);
    struct ike_sa *b = world_core_ike_sa(&world, 1);
    struct task task = {.type = TASK_LIVENESS};
    uint32_t expected = b->expected_request;
    (void)state;
    request_queue(store, sa, &task);
    struct datagram d = at_b();
    octets[d.octets.length - 1] ^= 1;
    assert_int_equal(corridor_receive(store_b, &d), STATUS_DROP);
    assert_int_equal(b->expected_request, expected);
    octets[d.octets.length - 1] ^= 1;
    for (unsigned copies = 0; copies < 3; copies++) {
        assert_int_equal(corridor_receive(store_b, &d), STATUS_OK);
        assert_int_equal(b->expected_request, expected + 1);
        assert_int_equal(b->duplicates, copies);
        assert_true(core_datagram(&world, 1, &sent));
    }
    struct datagram answer = {.path = sa->path,
                              .encapsulated = sent.encapsulated,
                              .octets = bytes_of(octets, sent.octets.length)};
    memcpy(octets, sent.octets.data, sent.octets.length);
    assert_int_equal(corridor_receive(store, &answer), STATUS_OK);
    assert_false(sa->request.active);
    assert_int_equal(corridor_receive(store, &answer), STATUS_DROP); /* to no request any more */
}

/* What is left of an IKE SA answers the request that has ended it with the same octets, and says
 * nothing to anything else: not that it does not know it, and not to a late copy of its first
 * request (2.1). */
static void test_of_what_has_ended(void **state)
{
    struct sa_store *store_b = core_store(&world, 1);
    struct ike_sa *b = world_core_ike_sa(&world, 1);
    uint64_t spi_i = b->spi_i, spi_r = b->spi_r;
    uint8_t answer[IKE_MESSAGE_MAX];
    (void)state;
    uint64_t request = b->request_hash;
    ike_delete_queue(store, sa, DOWN_DELETED_BY_US, 0);
    struct datagram d = at_b();
    assert_int_equal(corridor_receive(store_b, &d), STATUS_OK);
    assert_true(core_datagram(&world, 1, &sent));
    size_t length = sent.octets.length;
    memcpy(answer, sent.octets.data, length);
    sa_store_put_away(store_b);
    assert_null(store_b->ike_sas);
    for (unsigned copies = 0; copies < 2; copies++) {
        assert_int_equal(corridor_receive(store_b, &d), STATUS_OK);
        assert_true(core_datagram(&world, 1, &sent));
        assert_true(bytes_equal(sent.octets, bytes_of(answer, length)));
    }
    octets[d.octets.length - 1] ^= 1;
    assert_int_equal(corridor_receive(store_b, &d), STATUS_DROP);
    octets[d.octets.length - 1] ^= 1;
    octets[IKE_HEADER_LENGTH - 5]++; /* another Message ID */
    assert_int_equal(corridor_receive(store_b, &d), STATUS_DROP);
    struct ike_header header = {.spi_i = spi_i, .spi_r = spi_r, .flags = IKE_FLAG_RESPONSE};
    header.exchange_type = INFORMATIONAL;
    struct writer w = writer_over(octets, sizeof octets);
    header.flags |= IKE_FLAG_INITIATOR;
    ike_header_build(&w, &header);
    ike_header_patch_length(&w);
    d.octets = writer_bytes(&w);
    assert_int_equal(corridor_receive(store_b, &d), STATUS_DROP);
    assert_false(core_datagram(&world, 1, &sent));
    assert_true(request_index_has(&store_b->answered, request));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_sizes),
        CASE(test_headers_that_cannot_be),
        CASE(test_major_version),
        CASE(test_unknown_spis),
        CASE(test_unwanted_esp),
        CASE(test_no_amplification),
        CASE(test_requests_in_turn),
        CASE(test_of_what_has_ended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

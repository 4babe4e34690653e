/* wire/message.c: a chain becomes one struct; what must stand alone does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "octets.h"
#include "wire/message.h"

static struct payload_chain chain;
static struct message message;

static enum status decode(uint8_t first, struct bytes octets)
{
    TRY(payload_chain_parse(first, octets, &chain));
    return message_decode(&chain, &message);
}

/* A body that the payload's own parser accepts. */
static const struct {
    uint8_t type;
    const char *hex;
    bool alone;
} bodies[] = {
    {PAYLOAD_SA, "0000 0010 01 03 00 01 0000 0008 05 00 0000", true},
    {PAYLOAD_KE, "001f 0000 aabb", true},
    {PAYLOAD_IDI, "02 000000 61", true},
    {PAYLOAD_IDR, "02 000000 62", true},
    {PAYLOAD_AUTH, "02 000000 aa", true},
    {PAYLOAD_NONCE, "00112233445566778899aabbccddeeff", true},
    {PAYLOAD_TSI, "01 000000 07 00 0010 0000 ffff 00000000 ffffffff", true},
    {PAYLOAD_TSR, "01 000000 07 00 0010 0000 ffff 00000000 ffffffff", true},
    {PAYLOAD_CP, "01 000000", true},
    {PAYLOAD_EAP, "01 00 0004", true},
    {PAYLOAD_NOTIFY, "00 00 4004 aabb", false},
    {PAYLOAD_DELETE, "01 00 0000", false},
    {PAYLOAD_CERT, "04 aabb", false},
    {PAYLOAD_CERTREQ, "04 aabb", false},
    {PAYLOAD_VENDOR_ID, "aabb", false},
};

#define BODIES (sizeof bodies / sizeof bodies[0])

static void put(struct chain_writer *to, uint8_t type, const char *hex)
{
    struct bytes body = octets_hex(hex);
    payload_begin(to, type);
    writer_put(to->w, body);
    payload_end(to);
    octets_free(body);
}

static void test_everything_at_once(void **state)
{
    (void)state;
    uint8_t buffer[1024];
    struct writer w = writer_over(buffer, sizeof buffer);
    struct chain_writer to = chain_writer_over(&w);
    for (size_t i = 0; i < BODIES; i++) {
        put(&to, bodies[i].type, bodies[i].hex);
    }
    struct bytes octets = octets_copy(buffer, w.length);
    assert_int_equal(decode(to.first, octets), STATUS_OK);
    const struct message *m = &message;
    assert_true(m->has_sa && m->has_ke && m->has_nonce && m->has_id_i && m->has_id_r);
    assert_true(m->has_auth && m->has_ts_i && m->has_ts_r && m->has_cp && m->has_eap);
    assert_false(m->has_sk || m->has_skf);
    assert_int_equal(m->sa.count, 1);
    assert_int_equal(m->ke.group, 31);
    assert_int_equal(m->nonce.nonce.length, 16);
    assert_int_equal(m->id_i.data.data[0], 'a');
    assert_int_equal(m->id_r.data.data[0], 'b');
    assert_int_equal(m->auth.method, 2);
    assert_int_equal(m->ts_i.count, 1);
    assert_int_equal(m->ts_r.count, 1);
    assert_int_equal(m->notify_count, 1);
    assert_int_equal(m->delete_count, 1);
    octets_free(octets);
}

static void test_twice(void **state)
{
    (void)state;
    for (size_t i = 0; i < BODIES; i++) {
        uint8_t buffer[256];
        struct writer w = writer_over(buffer, sizeof buffer);
        struct chain_writer to = chain_writer_over(&w);
        put(&to, bodies[i].type, bodies[i].hex);
        put(&to, bodies[i].type, bodies[i].hex);
        enum status expected = bodies[i].alone ? STATUS_NOTIFY(INVALID_SYNTAX) : STATUS_OK;
        assert_int_equal(decode(to.first, writer_bytes(&w)), expected);
    }
}

static void test_a_payloads_own_verdict_is_passed_on(void **state)
{
    (void)state;
    static const uint8_t types[] = {PAYLOAD_SA,     PAYLOAD_KE,    PAYLOAD_IDI, PAYLOAD_IDR,
                                    PAYLOAD_AUTH,   PAYLOAD_NONCE, PAYLOAD_TSI, PAYLOAD_TSR,
                                    PAYLOAD_NOTIFY, PAYLOAD_DELETE};
    for (size_t i = 0; i < sizeof types; i++) {
        struct bytes octets = octets_hex("00 00 0005 aa");
        assert_int_equal(decode(types[i], octets), STATUS_NOTIFY(INVALID_SYNTAX));
        octets_free(octets);
    }
}

static void test_sk(void **state)
{
    (void)state;
    struct bytes octets = octets_hex("2e 00 0006 aabb 23 00 0007 010203");
    assert_int_equal(decode(PAYLOAD_VENDOR_ID, octets), STATUS_OK);
    assert_true(message.has_sk);
    assert_false(message.has_skf);
    assert_true(bytes_equal(message.sk, bytes_of("\x01\x02\x03", 3)));
    assert_int_equal(message.sk_offset, 6);
    assert_int_equal(message.sk_next_payload, PAYLOAD_IDI);
    octets_free(octets);
    octets = octets_hex("24 00 0007 010203");
    assert_int_equal(decode(PAYLOAD_SKF, octets), STATUS_OK);
    assert_true(message.has_skf);
    assert_false(message.has_sk);
    assert_int_equal(message.sk_next_payload, PAYLOAD_IDR);
    octets_free(octets);
}

static void test_notifications_by_type(void **state)
{
    (void)state;
    struct bytes octets = octets_hex("29 00 0009 00 00 4004 01  29 00 0009 00 00 4004 02"
                                     "29 00 0009 00 00 0011 03  00 00 0009 00 00 000e 04");
    assert_int_equal(decode(PAYLOAD_NOTIFY, octets), STATUS_OK);
    assert_int_equal(message_notify(&message, NAT_DETECTION_SOURCE_IP)->data.data[0], 1);
    assert_int_equal(message_notify(&message, NO_PROPOSAL_CHOSEN)->data.data[0], 4);
    assert_null(message_notify(&message, COOKIE));
    assert_int_equal(message_error(&message)->data.data[0], 3);
    octets_free(octets);
}

static void test_status_notifications_are_no_errors(void **state)
{
    (void)state;
    struct bytes octets = octets_hex("29 00 0008 00 00 4000  00 00 0008 00 00 3fff");
    assert_int_equal(decode(PAYLOAD_NOTIFY, octets), STATUS_OK);
    assert_int_equal(message_error(&message)->type, 16383);
    octets_free(octets);
    octets = octets_hex("00 00 0008 00 00 4000");
    assert_int_equal(decode(PAYLOAD_NOTIFY, octets), STATUS_OK);
    assert_null(message_error(&message));
    octets_free(octets);
}

static void test_limits(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        const char *hex;
        size_t limit;
    } rows[] = {
        {PAYLOAD_NOTIFY, "00 00 4004", NOTIFIES_MAX},
        {PAYLOAD_DELETE, "03 04 0001 11111111", DELETES_MAX},
    };
    for (size_t i = 0; i < 2; i++) {
        uint8_t buffer[1024];
        struct writer w = writer_over(buffer, sizeof buffer);
        struct chain_writer to = chain_writer_over(&w);
        for (size_t count = 1; count <= rows[i].limit + 1; count++) {
            put(&to, rows[i].type, rows[i].hex);
            enum status expected =
                count <= rows[i].limit ? STATUS_OK : STATUS_NOTIFY(INVALID_SYNTAX);
            assert_int_equal(decode(to.first, writer_bytes(&w)), expected);
        }
    }
}

/* RFC 7296 3.6, 3.7: several of each; those beyond the limits are counted or skipped, not refused.
 */
static void test_certificates(void **state)
{
    (void)state;
    static const struct {
        uint8_t type;
        size_t limit;
    } rows[] = {{PAYLOAD_CERT, CERTS_MAX}, {PAYLOAD_CERTREQ, CERTREQS_MAX}};
    for (size_t i = 0; i < 2; i++) {
        uint8_t buffer[1024];
        struct writer w = writer_over(buffer, sizeof buffer);
        struct chain_writer to = chain_writer_over(&w);
        for (size_t count = 1; count <= rows[i].limit + 2; count++) {
            put(&to, rows[i].type, "04 3000");
            assert_int_equal(decode(to.first, writer_bytes(&w)), STATUS_OK);
            bool certs = rows[i].type == PAYLOAD_CERT;
            size_t kept = count < rows[i].limit ? count : rows[i].limit;
            assert_int_equal(message.cert_count, certs ? count : 0);
            assert_int_equal(message.certreq_count, certs ? 0 : kept);
        }
        put(&to, rows[i].type, ""); /* not even an encoding */
        assert_int_equal(decode(to.first, writer_bytes(&w)), STATUS_NOTIFY(INVALID_SYNTAX));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_everything_at_once),
        cmocka_unit_test(test_twice),
        cmocka_unit_test(test_a_payloads_own_verdict_is_passed_on),
        cmocka_unit_test(test_sk),
        cmocka_unit_test(test_notifications_by_type),
        cmocka_unit_test(test_status_notifications_are_no_errors),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_certificates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

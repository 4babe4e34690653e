/* host/control_json.c: what docs/CONTROL.md promises its readers, and nothing of a key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "host/control_json.h"

static struct endpoint_config config;

static int set_up(void **state)
{
    (void)state;
    config = (struct endpoint_config){.peer_count = 1, .peers = calloc(1, sizeof(*config.peers))};
    if (config.peers == NULL) {
        return -1;
    }
    strcpy(config.peers[0].name, "gateway");
    strcpy(config.peers[0].children[0].name, "net");
    config.peers[0].child_count = 1;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(config.peers);
    return 0;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "(none)";
}

static void an_ike_sa(void **state)
{
    (void)state;
    struct ike_sa_status sa = {
        .id = 3,
        .state = "established",
        .info = {.spi_i = 0xc0ffee,
                 .spi_r = UINT64_MAX,
                 .path = {.local = {.port = 500}, .remote = {.port = 4500}},
                 .protection = {.cipher = cipher_algorithm_find(ENCR_AES_GCM_16), .key_bits = 256}},
        .rekey_at_ns = UINT64_MAX};
    assert_true(address_parse("192.0.2.1", &sa.info.path.local.ip));
    assert_true(address_parse("2001:db8::1", &sa.info.path.remote.ip));
    /* What a peer calls itself need not be text. */
    sa.info.remote_id =
        (struct identity){.type = ID_FQDN, .length = 4, .data = {'a', 0xff, 'b', 'c'}};
    json_t *json = control_json_ike_sa(&sa, &config);
    assert_string_equal(text_of(json, "peer"), "gateway");
    assert_null(json_object_get(json, "child"));
    assert_string_equal(text_of(json, "state"), "established");
    assert_string_equal(text_of(json, "spi_i"), "0000000000c0ffee");
    assert_string_equal(text_of(json, "spi_r"), "ffffffffffffffff");
    assert_string_equal(text_of(json, "local"), "192.0.2.1:500");
    assert_string_equal(text_of(json, "remote"), "[2001:db8::1]:4500");
    assert_string_equal(text_of(json, "proposal"), "aes256gcm16");
    assert_true(json_is_null(json_object_get(json, "rekey_at_ns"))); /* never */
    assert_int_equal(json_integer_value(json_object_get(json, "id")), 3);
    char *line = control_json_line(json);
    assert_non_null(line);
    free(line);
}

static void a_child_sa(void **state)
{
    (void)state;
    struct child_sa_status sa = {.ike_sa = 3, .state = "installed", .info = {.spi_in = 0xabc}};
    struct esp_usage usage = {.packets_in = 4, .sequence_out = 5000000000};
    sa.info.esn = true;
    sa.info.protection =
        (struct protection){.cipher = cipher_algorithm_find(ENCR_AES_CBC),
                            .key_bits = 128,
                            .integrity = integrity_algorithm_find(AUTH_HMAC_SHA2_256_128)};
    sa.info.local.count = sa.info.remote.count = 1;
    assert_true(selector_parse("10.1.0.0/24", &sa.info.local.items[0]));
    assert_true(selector_parse("10.2.0.0/24[tcp/443]", &sa.info.remote.items[0]));
    json_t *json = control_json_child_sa(&sa, &usage, &config);
    assert_string_equal(text_of(json, "child"), "net");
    assert_string_equal(text_of(json, "spi_in"), "00000abc");
    assert_string_equal(text_of(json, "mode"), "tunnel");
    assert_string_equal(text_of(json, "proposal"), "aes128-sha256-esn");
    const json_t *remote = json_array_get(json_object_get(json, "remote_ts"), 0);
    assert_string_equal(json_string_value(remote), "10.2.0.0/24[tcp/443]");
    assert_int_equal(json_integer_value(json_object_get(json, "packets_in")), 4);
    assert_true(json_integer_value(json_object_get(json, "sequence_out")) == 5000000000);
    json_decref(json);
}

static void every_verdict_is_counted(void **state)
{
    (void)state;
    struct endpoint_counters ike = {.datagrams_in = 9};
    struct esp_counters esp;
    for (uint64_t i = 0; i < PACKET_VERDICTS; i++) {
        esp.sealed[i] = 100 + i;
        esp.opened[i] = 200 + i;
    }
    json_t *json = control_json_counters(&ike, &esp);
    assert_int_equal(json_integer_value(json_object_get(json, "datagrams_in")), 9);
    for (int i = 0; i < PACKET_VERDICTS; i++) {
        const char *name = packet_verdict_name((enum packet_verdict)i);
        const json_t *out = json_object_get(json_object_get(json, "esp_out"), name);
        const json_t *in = json_object_get(json_object_get(json, "esp_in"), name);
        if (json_integer_value(out) != 100 + i || json_integer_value(in) != 200 + i) {
            fail_msg("%s", name);
        }
    }
    json_decref(json);
}

static void events(void **state)
{
    (void)state;
    static const struct {
        enum event_type type;
        enum down_reason reason;
        enum status status;
        const char *name, *said, *error;
    } rows[] = {
        {EVENT_IKE_SA_UP, 0, STATUS_OK, "ike-sa-up", "(none)", "(none)"},
        {EVENT_IKE_SA_DOWN, DOWN_DELETED_BY_US, STATUS_DROP, "ike-sa-down", "deleted-by-us",
         "(none)"}, /* in good order */
        {EVENT_IKE_SA_DOWN, DOWN_UNREACHABLE, STATUS_UNREACHABLE, "ike-sa-down", "unreachable",
         "UNREACHABLE"},
        {EVENT_CHILD_SA_FAILED, 0, STATUS_PEER(TS_UNACCEPTABLE), "child-sa-failed", "(none)",
         "TS_UNACCEPTABLE"},
        {EVENT_CHILD_SA_FAILED, 0, STATUS_DROP, "child-sa-failed", "(none)", "GONE"},
        {EVENT_NOTIFIED, 0, STATUS_PEER(INVALID_SYNTAX), "notified", "(none)", "INVALID_SYNTAX"},
        {EVENT_IKE_SA_KEYS, 0, STATUS_OK, NULL, NULL, NULL},
        {EVENT_COMMAND_DONE, 0, STATUS_OK, NULL, NULL, NULL},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct event event = {.type = rows[i].type, .reason = rows[i].reason};
        event.status = rows[i].status;
        json_t *json = control_json_event(&event, &config);
        if (rows[i].name == NULL) {
            assert_null(json);
            continue;
        }
        assert_string_equal(text_of(json, "event"), rows[i].name);
        assert_string_equal(text_of(json, "reason"), rows[i].said);
        assert_string_equal(text_of(json, "error"), rows[i].error);
        assert_string_equal(text_of(json, "peer"), "gateway");
        assert_int_equal(control_event_failed(&event), strcmp(rows[i].error, "(none)") != 0);
        json_decref(json);
    }
}

/* EVENT_CHILD_SA_UP brings the keys to the data plane: clients must not see one. */
static void an_event_holds_no_key(void **state)
{
    (void)state;
    struct event event = {.type = EVENT_CHILD_SA_UP, .child = {.replaces_spi_in = 0xbeef}};
    memset(&event.child.encryption_in, 'K', sizeof(event.child.encryption_in));
    memset(&event.child.integrity_out, 'K', sizeof(event.child.integrity_out));
    json_t *json = control_json_event(&event, &config);
    assert_string_equal(text_of(json, "replaces_spi_in"), "0000beef");
    char *line = control_json_line(json);
    assert_non_null(line);
    assert_null(strstr(line, "KK"));
    assert_null(strstr(line, "4b4b"));
    free(line);
}

static void a_peer_that_is_not_known_has_no_name(void **state)
{
    (void)state;
    struct event event = {.type = EVENT_IKE_SA_UP, .peer_index = UINT16_MAX};
    event.child_index = UINT16_MAX;
    json_t *json = control_json_event(&event, &config);
    assert_null(json_object_get(json, "peer"));
    json_decref(json);
}

static void errors_have_a_name_and_a_sentence(void **state)
{
    (void)state;
    assert_null(control_error_name(STATUS_OK));
    assert_string_equal(control_error_name(STATUS_DROP), "GONE");
    assert_string_equal(control_error_name(STATUS_INTERNAL), "INTERNAL");
    enum status ours = STATUS_NOTIFY(AUTHENTICATION_FAILED);
    enum status theirs = STATUS_PEER(AUTHENTICATION_FAILED);
    assert_string_equal(control_error_name(ours), "AUTHENTICATION_FAILED");
    assert_string_equal(control_error_name(theirs), "AUTHENTICATION_FAILED");
    assert_non_null(strstr(control_error_sentence(ours, REFUSAL_NONE), "we refused"));
    assert_non_null(strstr(control_error_sentence(theirs, REFUSAL_NONE), "the peer refused"));
    assert_string_equal(control_error_sentence(ours, REFUSAL_CERTIFICATE_EXPIRED),
                        refusal_sentence(REFUSAL_CERTIFICATE_EXPIRED));
    assert_non_null(
        strstr(control_error_sentence(STATUS_UNREACHABLE, REFUSAL_NONE), "does not answer"));
}

static void answers_are_lines(void **state)
{
    (void)state;
    static const struct {
        const char *id, *error, *message, *line;
    } rows[] = {
        {"7", NULL, NULL, "{\"id\":7,\"ok\":true}\n"},
        {"\"x\"", "BUSY", "later",
         "{\"id\":\"x\",\"ok\":false,\"error\":\"BUSY\",\"message\":\"later\"}\n"},
        {"null", "BAD_REQUEST", "a\nb",
         "{\"id\":null,\"ok\":false,\"error\":\"BAD_REQUEST\",\"message\":\"a\\nb\"}\n"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        char *line =
            control_json_line(control_json_answer(rows[i].id, rows[i].error, rows[i].message));
        assert_non_null(line);
        assert_string_equal(line, rows[i].line);
        free(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ike_sa),
        cmocka_unit_test(a_child_sa),
        cmocka_unit_test(every_verdict_is_counted),
        cmocka_unit_test(events),
        cmocka_unit_test(an_event_holds_no_key),
        cmocka_unit_test(a_peer_that_is_not_known_has_no_name),
        cmocka_unit_test(errors_have_a_name_and_a_sentence),
        cmocka_unit_test(answers_are_lines),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

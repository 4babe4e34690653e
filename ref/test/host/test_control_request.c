/* host/control_request.c: requests as docs/CONTROL.md has them, and a lot of junk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "host/control_request.h"

static struct peer_config *peers;
static struct endpoint_config config;

static int set_up(void **state)
{
    (void)state;
    peers = calloc(2, sizeof(*peers));
    if (peers == NULL) {
        return -1;
    }
    strcpy(peers[0].name, "other");
    strcpy(peers[1].name, "gateway");
    strcpy(peers[1].children[0].name, "net");
    strcpy(peers[1].children[1].name, "more");
    peers[1].child_count = 2;
    config.peers = peers;
    config.peer_count = 2;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(peers);
    return 0;
}

static bool parse(const char *line, struct control_request *out)
{
    char error[CONTROL_ERROR_MAX];
    return control_request_parse(line, strlen(line), &config, out, error);
}

static void good_requests(void **state)
{
    (void)state;
    struct control_request request;
    struct command command;
    assert_true(
        parse("{\"id\": 7, \"command\": \"initiate\", \"peer\": \"gateway\", \"child\": \"more\"}",
              &request));
    control_request_command(&request, &command);
    assert_string_equal(request.id, "7");
    assert_true(request.wait);
    assert_int_equal(command.type, COMMAND_INITIATE);
    assert_int_equal(command.peer_index, 1);
    assert_int_equal(command.child_index, 1);

    assert_true(
        parse("{\"command\": \"initiate\", \"peer\": \"gateway\", \"wait\": false}", &request));
    control_request_command(&request, &command);
    assert_false(request.wait);
    assert_string_equal(request.id, "null");
    assert_int_equal(command.child_index, UINT16_MAX);

    assert_true(
        parse("{\"id\": \"x\", \"command\": \"rekey\", \"peer\": \"gateway\", \"what\": \"ike\"}",
              &request));
    control_request_command(&request, &command);
    assert_string_equal(request.id, "\"x\"");
    assert_int_equal(command.type, COMMAND_REKEY_IKE);

    assert_true(parse("{\"command\": \"reauthenticate\", \"peer\": \"gateway\"}", &request));
    control_request_command(&request, &command);
    assert_int_equal(command.type, COMMAND_REAUTHENTICATE);
    assert_int_equal(command.peer_index, 1);

    assert_true(parse("{\"command\": \"delete\", \"spi_in\": \"c0FFee01\"}", &request));
    control_request_command(&request, &command);
    assert_int_equal(command.type, COMMAND_DELETE_CHILD);
    assert_int_equal(command.spi_in, 0xc0ffee01);

    assert_true(parse("{\"command\": \"roam\", \"peer\": \"gateway\", \"local\": \"192.0.2.7\"}",
                      &request));
    assert_int_equal(request.local.family, ADDRESS_V4);
    assert_true(parse("{\"command\": \"status\"}", &request));
    assert_true(parse("{\"command\": \"subscribe\"}", &request));
    assert_true(parse("{\"command\": \"shutdown\"}", &request));
}

static const char *const junk[] = {
    "",
    " ",
    "x",
    "[]",
    "1",
    "\"status\"",
    "null",
    "{",
    "{}",
    "{\"id\": 1}",
    "{\"command\": 1}",
    "{\"command\": \"explode\"}",
    "{\"command\": \"status\"} trailing",
    "{\"command\": \"status\", \"command\": \"status\"}",
    "{\"command\": \"status\", \"peer\": \"gateway\"}",
    "{\"command\": \"status\", \"verbose\": true}",
    "{\"command\": \"initiate\"}",
    "{\"command\": \"initiate\", \"peer\": \"nobody\"}",
    "{\"command\": \"initiate\", \"peer\": 3}",
    "{\"command\": \"initiate\", \"peer\": \"other\", \"child\": \"net\"}",
    "{\"command\": \"initiate\", \"peer\": \"gateway\", \"wait\": 1}",
    "{\"command\": \"rekey\", \"peer\": \"gateway\"}",
    "{\"command\": \"rekey\", \"peer\": \"gateway\", \"what\": \"all\"}",
    "{\"command\": \"rekey\", \"what\": \"ike\"}",
    "{\"command\": \"rekey\", \"what\": \"ike\", \"spi_in\": \"01\"}",
    "{\"command\": \"delete\", \"spi_in\": \"\"}",
    "{\"command\": \"delete\", \"spi_in\": \"0\"}",
    "{\"command\": \"delete\", \"spi_in\": \"0x1\"}",
    "{\"command\": \"delete\", \"peer\": \"gateway\", \"child\": \"net\", \"spi_in\": \"0\"}",
    "{\"command\": \"delete\", \"spi_in\": \"123456789\"}",
    "{\"command\": \"delete\", \"child\": \"net\"}",
    "{\"command\": \"roam\", \"peer\": \"gateway\", \"local\": \"here\"}",
};

static void junk_is_refused_with_a_sentence(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(junk) / sizeof(junk[0]); i++) {
        struct control_request request;
        char error[CONTROL_ERROR_MAX] = "";
        if (control_request_parse(junk[i], strlen(junk[i]), &config, &request, error)) {
            fail_msg("taken: %s", junk[i]);
        }
        assert_true(strlen(error) > 10);
    }
}

/* Every truncation and every flipped bit of a good line: never a crash, never a peer that is not
 * there. */
static void mutations_do_no_harm(void **state)
{
    (void)state;
    static const char good[] =
        "{\"id\": 1, \"command\": \"delete\", \"peer\": \"gateway\", \"child\": \"net\"}";
    struct control_request request;
    char error[CONTROL_ERROR_MAX];
    for (size_t length = 0; length < sizeof(good) - 1; length++) {
        assert_false(control_request_parse(good, length, &config, &request, error));
    }
    for (size_t bit = 0; bit < (sizeof(good) - 1) * 8; bit++) {
        char line[sizeof(good)];
        memcpy(line, good, sizeof(good));
        line[bit / 8] = (char)(line[bit / 8] ^ 1 << bit % 8);
        if (control_request_parse(line, sizeof(good) - 1, &config, &request, error)) {
            assert_true(request.peer_index == UINT16_MAX || request.peer_index < config.peer_count);
        }
    }
}

/* What cannot be repeated in the answer is answered as null. */
static void odd_ids(void **state)
{
    (void)state;
    struct control_request request;
    assert_false(parse("{\"id\": {\"a\": 1}, \"command\": \"explode\"}", &request));
    assert_string_equal(request.id, "null");
    char line[256] = "{\"command\": \"status\", \"id\": \"";
    memset(line + strlen(line), 'x', 100);
    strcat(line, "\"}");
    assert_true(parse(line, &request));
    assert_string_equal(request.id, "null");
    assert_false(parse("{\"id\": 5, \"command\": \"explode\"}", &request));
    assert_string_equal(request.id, "5");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_requests),
        cmocka_unit_test(junk_is_refused_with_a_sentence),
        cmocka_unit_test(mutations_do_no_harm),
        cmocka_unit_test(odd_ids),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}

/* host/config_file.c: what a person writes becomes what the core reads, or one sentence with a line
 * in it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_lab.h"
#include "host/config_value.h"
#include "test/crypto/pki_lab.h"

#define NS_PER_S 1000000000ULL

static void example_is_good(void **state)
{
    (void)state;
    struct host_config config;
    struct problem problem = {0};
    if (!config_file_read("docs/ikeref.conf.example", &config, &problem)) {
        fail_msg("%s", problem.text);
    }
    const struct peer_config *peer = &config.endpoint.peers[0];
    assert_int_equal(config.endpoint.peer_count, 1);
    assert_string_equal(config.interface, "ikeref0");
    assert_int_equal(config.mark, 0x1ce);
    assert_string_equal(peer->name, "gateway");
    assert_int_equal(peer->local_id.type, ID_FQDN);
    assert_int_equal(peer->child_count, 1);
    assert_int_equal(peer->children[0].local.count, 2);
    assert_int_equal(peer->children[0].proposals.count, 2);
    assert_int_equal(peer->proposals.count, 2);
    host_config_wipe(&config);
}

/* The example says of itself that it shows the defaults: a bare configuration must come out the
 * same. */
static void example_shows_the_defaults(void **state)
{
    (void)state;
    struct host_config shown, bare;
    struct problem problem = {0};
    assert_true(config_file_read("docs/ikeref.conf.example", &shown, &problem));
    assert_true(
        config_lab_read("peer \"gateway\" { address = \"192.0.2.1\" local-id = \"a\" psk = \"k\"\n"
                        "child \"net\" { local = \"10.1.0.0/24\" remote = \"10.2.0.0/24\" } }",
                        &bare, &problem));
    const struct peer_config *a = &shown.endpoint.peers[0], *b = &bare.endpoint.peers[0];
    const struct child_config *c = &a->children[0], *d = &b->children[0];
    assert_memory_equal(&a->lifetime, &b->lifetime, sizeof(a->lifetime));
    assert_memory_equal(&a->retransmission, &b->retransmission, sizeof(a->retransmission));
    assert_memory_equal(&c->lifetime, &d->lifetime, sizeof(c->lifetime));
    assert_int_equal(a->liveness_ns, b->liveness_ns);
    assert_int_equal(a->keepalive_ns, b->keepalive_ns);
    assert_int_equal(a->mobike, b->mobike);
    assert_int_equal(a->fragmentation, b->fragmentation);
    assert_int_equal(a->fragment_size, b->fragment_size);
    assert_int_equal(a->initial_contact, b->initial_contact);
    assert_int_equal(a->replace_existing, b->replace_existing);
    assert_int_equal(a->nat_traversal, b->nat_traversal);
    assert_int_equal(a->force_udp_encapsulation, b->force_udp_encapsulation);
    assert_int_equal(a->remote_port, b->remote_port);
    assert_int_equal(a->remote_natt_port, b->remote_natt_port);
    assert_int_equal(c->transport_mode, d->transport_mode);
    assert_int_equal(c->transport_required, d->transport_required);
    assert_int_equal(c->start, d->start);
    assert_int_equal(c->replay_window, d->replay_window);
    assert_int_equal(c->copy_dscp, d->copy_dscp);
    assert_int_equal(c->ecn, d->ecn);
    assert_int_equal(shown.offload_off, bare.offload_off);
    assert_int_equal(shown.endpoint.cookie_threshold, bare.endpoint.cookie_threshold);
    assert_int_equal(shown.endpoint.half_open_max, bare.endpoint.half_open_max);
    assert_int_equal(shown.endpoint.half_open_timeout_ns, bare.endpoint.half_open_timeout_ns);
    assert_int_equal(shown.endpoint.half_open_timeout_attacked_ns,
                     bare.endpoint.half_open_timeout_attacked_ns);
    assert_int_equal(shown.endpoint.prefix_half_open, bare.endpoint.prefix_half_open);
    assert_int_equal(shown.endpoint.prefix_half_open_max, bare.endpoint.prefix_half_open_max);
    assert_int_equal(shown.endpoint.prefix_failures, bare.endpoint.prefix_failures);
    assert_int_equal(shown.endpoint.puzzles, bare.endpoint.puzzles);
    assert_int_equal(shown.endpoint.puzzle_threshold, bare.endpoint.puzzle_threshold);
    assert_int_equal(shown.endpoint.puzzle_difficulty, bare.endpoint.puzzle_difficulty);
    assert_int_equal(shown.endpoint.puzzle_difficulty_max, bare.endpoint.puzzle_difficulty_max);
    assert_int_equal(shown.endpoint.create_child_sa_rate, bare.endpoint.create_child_sa_rate);
    assert_int_equal(shown.endpoint.delete_linger_ns, bare.endpoint.delete_linger_ns);
    assert_int_equal(shown.route_table, bare.route_table);
    assert_string_equal(shown.control_socket, bare.control_socket);
    assert_string_equal(bare.key_log, "");
    host_config_wipe(&shown);
    host_config_wipe(&bare);
}

#define PEER(keys)                                                                                 \
    "peer \"p\" { local-id = \"a\" psk = \"k\" " keys " child \"c\" { mode = transport } }\n"
#define CHILD(keys)                                                                                \
    "peer \"p\" { local-id = \"a\" psk = \"k\" address = \"192.0.2.1\" child \"c\" { " keys " } "  \
    "}\n"

/* Each is wrong in one way; the sentence must hold the line and both words. */
static const struct {
    const char *text;
    int line;
    const char *words[2];
} wrong[] = {
    {"", 0, {"peer", "found 0"}},
    {"\nadress = \"x\"\n", 2, {"adress", "unknown key"}},
    {"\ninterfase = \"x\"\n", 2, {"unknown key \"interfase\"", "did you mean \"interface\""}},
    {"peer \"p\" {\n  adress = \"192.0.2.1\" }", 2, {"adress", "did you mean \"address\""}},
    {"peer \"p\" {\n  child \"c\" {\n dcsp = true } }", 3, {"in child \"c\"", "\"dscp\""}},
    {"ike-port = 65536\n", 1, {"ike-port = \"65536\"", "expected a port"}},
    {"ike-port = 500\nnatt-port = 500\n" PEER(""), 0, {"ike-port and natt-port", "two"}},
    {"offload = on\n", 1, {"offload", "\"auto\" or \"off\""}},
    {"route-table = 254\n" PEER(""), 0, {"route-table", "nobody else"}},
    {"interface = \"far-too-long-a-name\"\n", 1, {"interface", "1 to 15"}},
    {"peer { }", 1, {"title", "peer \"name\""}},
    {"peer \"p\" {\n liveness = 30\n}", 2, {"liveness", "\"30s\""}},
    {"peer \"p\" {\n liveness = \"30 parsecs\"\n}", 2, {"liveness", "unit"}},
    {"peer \"p\" {\n proposals = {\"aes256-rot13\"}\n}", 2, {"proposals", "expected"}},
    {"peer \"p\" {\n psk = \"0x123\"\n}", 2, {"psk", "hexadecimal"}},
    {"peer \"p\" {\n psk-file = \"/nonexistent/psk\"\n}", 2, {"psk-file", "No such file"}},
    {"peer \"p\" {\n address = {\"192.0.2.1\", \"gateway\"}\n}", 2, {"gateway", "IP addresses"}},
    {"peer \"p\" { local-id = \"a\" child \"c\" { mode = transport } }",
     1,
     {"no shared key", "psk"}},
    {"peer \"p\" { psk = \"k\" child \"c\" { mode = transport } }", 1, {"no local-id", "local-id"}},
    {"peer \"p\" { psk = \"k\" local-id = \"a\" }", 1, {"no child", "child \"name\""}},
    {PEER("psk-file = \"docs/none\""), 1, {"psk-file", "No such file"}},
    {PEER("retransmit-timeout = 0"), 1, {"retransmit-timeout", "zero"}},
    {PEER("rekey = 2h lifetime = 1h"), 1, {"lifetime is not longer", "rekey"}},
    {PEER("rekey = 1h jitter = 1h"), 1, {"jitter", "shorter"}},
    {PEER("retransmit-backoff = 50"), 1, {"retransmit-backoff", "100"}},
    {CHILD(""), 1, {"tunnel mode needs", "local"}},
    {CHILD("mode = tunel"), 1, {"mode = \"tunel\"", "\"tunnel\" or \"transport\""}},
    {CHILD("mode = transport start = later"), 1, {"start", "\"now\""}},
    {CHILD("local = \"10.1.0.0/33\""), 1, {"local = \"10.1.0.0/33\"", "selectors"}},
    {CHILD("mode = transport replay-window = 5000"), 1, {"replay-window", "4096"}},
    {CHILD("mode = transport lifetime-octets = 1MB rekey-octets = 1MB"),
     1,
     {"lifetime-octets", "larger"}},
    {CHILD("mode = transport dscp = maybe"), 1, {"dscp", "true or false"}},
    {CHILD("mode = transport df = no"), 1, {"df = \"no\"", "\"copy\", \"clear\" or \"set\""}},
    {"data-plane = xfrm\n" CHILD("mode = transport df = set"), 0, {"df = \"set\"", "data-plane"}},
    {"peer \"p\" { local-id = \"a\" psk = \"k\" child \"c\" { mode = transport start = now } }",
     1,
     {"start = \"now\"", "address"}},
    {PEER("") PEER(""), 2, {"another section", "own"}},
    {"peer \"p\" \"q\" { }", 1, {"expected", "peer \"name\""}},
    {"ike-port == 500", 1, {"unexpected token", "expected lines"}},
};

static void wrong_is_refused_with_its_line(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
        struct host_config config;
        struct problem problem;
        if (config_lab_read(wrong[i].text, &config, &problem)) {
            fail_msg("taken: %s", wrong[i].text);
        }
        assert_int_equal(problem.code, EXIT_USAGE);
        assert_null(config.endpoint.peers);
        char line[16];
        snprintf(line, sizeof(line), ":%d: ", wrong[i].line);
        if ((wrong[i].line != 0 && strstr(problem.text, line) == NULL) ||
            strstr(problem.text, wrong[i].words[0]) == NULL ||
            strstr(problem.text, wrong[i].words[1]) == NULL) {
            fail_msg("%s\n-> %s", wrong[i].text, problem.text);
        }
    }
}

static void secret_is_never_shown(void **state)
{
    (void)state;
    struct host_config config;
    struct problem problem;
    assert_false(config_lab_read("peer \"p\" { psk = \"0xdeadbeefg\" }", &config, &problem));
    assert_null(strstr(problem.text, "deadbeef"));
}

static void values_arrive(void **state)
{
    (void)state;
    struct host_config config;
    struct problem problem;
    const char *text =
        "ike-port = 1500\nnatt-port = 5500\noffload = off\nmark = 7\nkey-log = "
        "'/tmp/keys'\ncookie-threshold = 0\n"
        "puzzles = no puzzle-difficulty = 18 prefix-half-open = 9 half-open-timeout-attacked = 3s\n"
        "peer \"p\" { address = {\"192.0.2.1\", \"2001:db8::1\"} local-address = 'any'\n"
        " local-id = 'a' remote-id = 'key:office' psk = '0x00ff10'\n"
        " proposals = {\"aes128-sha256-modp2048\"} mobike = no encapsulation = always\n"
        " fragmentation = no fragment-size = 576\n"
        " retransmit-timeout = 100ms retransmit-backoff = 100 retransmit-tries = 3 rekey = 2s\n"
        " child \"t\" { mode = transport start = now replay-window = 0 dscp = off rekey-octets = "
        "10MB\n"
        "  rekey-packets = 5 proposals = 'chacha20poly1305-noesn' } }\n";
    if (!config_lab_read(text, &config, &problem)) {
        fail_msg("%s", problem.text);
    }
    const struct peer_config *peer = &config.endpoint.peers[0];
    const struct child_config *child = &peer->children[0];
    assert_int_equal(config.endpoint.ike_port, 1500);
    assert_int_equal(config.endpoint.natt_port, 5500);
    assert_int_equal(config.mark, 7);
    assert_true(config.offload_off);
    assert_string_equal(config.key_log, "/tmp/keys");
    assert_int_equal(config.endpoint.cookie_threshold, 0);
    assert_false(config.endpoint.puzzles);
    assert_int_equal(config.endpoint.puzzle_difficulty, 18);
    assert_int_equal(config.endpoint.prefix_half_open, 9);
    assert_int_equal(config.endpoint.half_open_timeout_attacked_ns, 3 * NS_PER_S);
    assert_int_equal(peer->remote_addresses.count, 2);
    assert_int_equal(peer->local_addresses.count, 0);
    assert_int_equal(peer->remote_id.type, ID_KEY_ID);
    assert_int_equal(peer->psk_length, 3);
    assert_memory_equal(peer->psk, "\x00\xff\x10", 3);
    assert_int_equal(peer->proposals.count, 1);
    assert_false(peer->mobike);
    assert_false(peer->fragmentation);
    assert_int_equal(peer->fragment_size, 576);
    assert_true(peer->force_udp_encapsulation);
    assert_int_equal(peer->retransmission.timeout_ns, NS_PER_S / 10);
    assert_int_equal(peer->retransmission.tries, 3);
    assert_int_equal(peer->lifetime.soft_ns, 2 * NS_PER_S);
    assert_true(peer->lifetime.hard_ns > peer->lifetime.soft_ns);
    assert_true(peer->lifetime.jitter_ns <= peer->lifetime.soft_ns / 10);
    assert_true(child->transport_mode);
    assert_int_equal(child->start, START_AT_ONCE);
    assert_int_equal(child->replay_window, 0);
    assert_false(child->copy_dscp);
    assert_true(child->ecn);
    assert_int_equal(child->lifetime.soft_octets, 10000000);
    assert_int_equal(child->lifetime.soft_packets, 5);
    host_config_wipe(&config);
}

/* Who gives one of the two times has not contradicted the default of the other. */
static void times_left_out_follow_those_given(void **state)
{
    (void)state;
    struct host_config config;
    struct problem problem;
    assert_true(config_lab_read(PEER("rekey = 8h"), &config, &problem));
    assert_int_equal(config.endpoint.peers[0].lifetime.soft_ns, 8 * 3600 * NS_PER_S);
    assert_true(config.endpoint.peers[0].lifetime.hard_ns > 8 * 3600 * NS_PER_S);
    host_config_wipe(&config);
    assert_true(config_lab_read(PEER("lifetime = 10s"), &config, &problem));
    assert_int_equal(config.endpoint.peers[0].lifetime.hard_ns, 10 * NS_PER_S);
    assert_true(config.endpoint.peers[0].lifetime.soft_ns < 10 * NS_PER_S);
    host_config_wipe(&config);
}

static void psk_file_is_read_when_private(void **state)
{
    (void)state;
    struct peer_config peer = {0};
    char error[VALUE_ERROR_MAX];
    assert_true(config_value_parse(VALUE_PSK_FILE, config_lab_file("key of the file\n", 0600),
                                   &peer, error));
    assert_int_equal(peer.psk_length, 15);
    assert_memory_equal(peer.psk, "key of the file", 15);
    assert_false(config_value_parse(VALUE_PSK_FILE, config_lab_file("key\n", 0640), &peer, error));
    assert_non_null(strstr(error, "chmod 600"));
    assert_false(config_value_parse(VALUE_PSK_FILE, config_lab_file("", 0600), &peer, error));
    assert_non_null(strstr(error, "empty"));
}

/* ---- certificates ---- */

#define FILES 3

static char files[FILES][64];

static const char *file_make(size_t index, struct bytes text)
{
    char *path = files[index];
    snprintf(path, sizeof(files[index]), "/tmp/ikeref-test-pem-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text.data, text.length), (ssize_t)text.length);
    close(fd);
    return path;
}

static int files_remove(void **state)
{
    (void)state;
    for (size_t i = 0; i < FILES; i++) {
        unlink(files[i]);
    }
    return 0;
}

/* Three lines are enough: who we are stands in the certificate, how we prove it follows. */
static void certificates_are_read(void **state)
{
    (void)state;
    struct host_config config;
    struct problem problem;
    char text[1024];
    const struct pki_certificate *own = pki_peer(PKI_P256, "gw.example");
    const char *certificate = file_make(0, pki_pem(own, NULL, NULL));
    const char *key = file_make(1, pki_key_pem(own));
    const char *authority = file_make(2, pki_pem(pki_authority(), pki_authority(), NULL));
    snprintf(text, sizeof(text),
             "peer \"p\" { certificate = \"%s\" private-key = \"%s\" authorities = {\"%s\"} "
             "rsa-padding = pkcs1 rsa-sha1 = yes "
             "child \"c\" { local = {\"10.1.0.0/24\"} remote = {\"10.2.0.0/24\"} } }",
             certificate, key, authority);
    assert_true(config_lab_read(text, &config, &problem));
    const struct peer_config *peer = &config.endpoint.peers[0];
    assert_int_equal(peer->local_authentication, AUTHENTICATION_SIGNATURE);
    assert_int_equal(peer->remote_authentication, AUTHENTICATION_SIGNATURE);
    assert_int_equal(peer->local_id.type, ID_FQDN);
    assert_int_equal(authorities_count(peer->authorities), 2);
    assert_true(bytes_equal(credential_certificate(peer->credential, 0), pki_der(own)));
    assert_true(peer->rsa_pkcs1 && peer->rsa_sha1);
    host_config_wipe(&config);
}

/* A shared key beside them is used where it is asked for. */
static void ways_of_proof_are_chosen(void **state)
{
    (void)state;
    struct host_config config;
    struct problem problem;
    char text[1024];
    const char *authority = file_make(2, pki_pem(pki_authority(), NULL, NULL));
    snprintf(text, sizeof(text),
             "peer \"p\" { psk = x local-id = gw authorities = {\"%s\"} %s child \"c\" { local = "
             "{\"10.1.0.0/24\"} remote = {\"10.2.0.0/24\"} } }",
             authority, "");
    assert_true(config_lab_read(text, &config, &problem));
    assert_int_equal(config.endpoint.peers[0].local_authentication, AUTHENTICATION_PSK);
    assert_int_equal(config.endpoint.peers[0].remote_authentication, AUTHENTICATION_SIGNATURE);
    host_config_wipe(&config);
    snprintf(text, sizeof(text),
             "peer \"p\" { psk = x local-id = gw authorities = {\"%s\"} %s child \"c\" { local = "
             "{\"10.1.0.0/24\"} remote = {\"10.2.0.0/24\"} } }",
             authority, "remote-authentication = psk");
    assert_true(config_lab_read(text, &config, &problem));
    assert_int_equal(config.endpoint.peers[0].remote_authentication, AUTHENTICATION_PSK);
    host_config_wipe(&config);
}

static void certificates_that_are_none(void **state)
{
    (void)state;
    static const char *const keys[] = {"certificate", "private-key", "authorities"};
    struct host_config config;
    struct problem problem;
    char text[256];
    for (size_t i = 0; i < 3; i++) {
        const char *paths[] = {file_make(i, bytes_of("nonsense", 8)), "/nowhere/at/all"};
        const char *about[] = {"PEM", "No such file"};
        for (size_t j = 0; j < 2; j++) {
            snprintf(text, sizeof(text), "\npeer \"p\" { %s = \"%s\" }", keys[i], paths[j]);
            assert_false(config_lab_read(text, &config, &problem));
            assert_int_equal(problem.code, EXIT_USAGE);
            assert_non_null(strstr(problem.text, ":2: "));
            assert_non_null(strstr(problem.text, keys[i]));
            assert_non_null(strstr(problem.text, about[j]));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(example_is_good),
        cmocka_unit_test(example_shows_the_defaults),
        cmocka_unit_test(wrong_is_refused_with_its_line),
        cmocka_unit_test(secret_is_never_shown),
        cmocka_unit_test(values_arrive),
        cmocka_unit_test_teardown(certificates_are_read, files_remove),
        cmocka_unit_test_teardown(ways_of_proof_are_chosen, files_remove),
        cmocka_unit_test_teardown(certificates_that_are_none, files_remove),
        cmocka_unit_test(times_left_out_follow_those_given),
        cmocka_unit_test(psk_file_is_read_when_private),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

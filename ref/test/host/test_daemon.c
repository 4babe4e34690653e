/* host/daemon, with daemon_control and daemon_events: a whole daemon in a child process, spoken to
 * on its control socket, ended in every way there is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <net/if.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/daemon.h"
#include "net_lab.h"

struct lab {
    struct host_config config;
    char directory[64];
    pid_t child;
    FILE *said; /* the daemon's standard output */
    int control;
};

static void lab_start(struct lab *lab)
{
    int fds[2];
    char line[512];
    assert_int_equal(pipe(fds), 0);
    fflush(stdout); /* else the child says it again */
    lab->child = fork();
    assert_true(lab->child >= 0);
    if (lab->child == 0) {
        struct problem problem = {0};
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves no daemon */
        dup2(fds[1], STDOUT_FILENO);
        _exit(daemon_run(&lab->config, &problem) ? EXIT_FINE : (int)problem.code);
    }
    close(fds[1]);
    lab->said = fdopen(fds[0], "r");
    net_lab_await(fds[0]);
    assert_non_null(fgets(line, sizeof(line), lab->said));
    assert_non_null(strstr(line, "\"event\":\"ready\""));
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, lab->config.control_socket, strlen(lab->config.control_socket));
    lab->control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(lab->control, (struct sockaddr *)&name, sizeof(name)), 0);
}

static void lab_open(struct lab *lab)
{
    char more[256];
    *lab = (struct lab){.directory = "/tmp/ikeref-test-XXXXXX"};
    net_lab_enter();
    net_lab_ip("address add 10.1.0.1/32 dev lo");
    assert_non_null(mkdtemp(lab->directory));
    snprintf(more, sizeof(more), "control-socket = \"%s/run/control.sock\"", lab->directory);
    net_lab_config(&lab->config, more);
    lab->config.endpoint.peers[0].retransmission.tries = 1;
    lab->config.endpoint.peers[0].retransmission.timeout_ns = 1000000;
    lab->config.endpoint.peers[0].retransmission.timeout_max_ns = 1000000;
    lab_start(lab);
}

/* How the daemon ended: its exit code, or minus the signal. */
static int lab_end(struct lab *lab)
{
    int status;
    assert_int_equal(waitpid(lab->child, &status, 0), lab->child);
    fclose(lab->said);
    close(lab->control);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void lab_close(struct lab *lab)
{
    char made[80];
    snprintf(made, sizeof(made), "%s/run", lab->directory);
    assert_int_equal(rmdir(made), 0); /* the control socket is gone */
    assert_int_equal(rmdir(lab->directory), 0);
    host_config_wipe(&lab->config);
}

static void line_read(int fd, char *out, size_t size)
{
    size_t length = 0;
    do {
        net_lab_await(fd);
        assert_true(length < size - 1);
        assert_int_equal(recv(fd, out + length, 1, 0), 1);
    } while (out[length++] != '\n');
    out[length] = '\0';
}

/* Says it and compares the answer. */
static void ask(struct lab *lab, const char *line, const char *wanted)
{
    char answer[8192];
    assert_int_equal(send(lab->control, line, strlen(line), MSG_NOSIGNAL), strlen(line));
    line_read(lab->control, answer, sizeof(answer));
    if (strstr(answer, wanted) == NULL) {
        fail_msg("%s is not in %s", wanted, answer);
    }
}

static bool nothing_left(void)
{
    char text[64];
    net_lab_say("{ ip route show table 4711; ip rule; ip -6 rule; nft list tables; } 2>/dev/null"
                " | grep -c 'unreachable\\|ikt0\\|4711'",
                text, sizeof(text));
    return atoi(text) == 0 && if_nametoindex("ikt0") == 0;
}

static void requests_are_answered(void **state)
{
    (void)state;
    static const struct {
        const char *line, *answer;
    } rows[] = {
        {"{\"id\":1,\"command\":\"status\"}\n", "\"data_plane\":\"tun\""},
        {"{\"id\":2,\"command\":\"status\"}\n", "\"policies\":[{\"peer\":\"p\",\"child\":\"c\"}]"},
        {"{\"id\":\"x\",\"command\":\"dance\"}\n", "\"error\":\"BAD_REQUEST\""},
        {"no JSON\n", "\"id\":null"},
        {"{\"id\":3,\"command\":\"initiate\",\"peer\":\"p\"}\n", "\"error\":\"NOT_POSSIBLE\""},
        {"{\"id\":4,\"command\":\"roam\",\"peer\":\"p\"}\n", "there is no IKE SA with this peer"},
        {"{\"id\":5,\"command\":\"liveness\",\"peer\":\"p\"}\n", "\"error\":\"NOT_FOUND\""},
        {"{\"id\":6,\"command\":\"subscribe\"}\n", "\"ok\":true"},
        {"{\"id\":7,\"command\":\"shutdown\"}\n", "\"id\":7,\"ok\":true"},
    };
    struct lab lab;
    lab_open(&lab);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        ask(&lab, rows[i].line, rows[i].answer);
    }
    assert_int_equal(lab_end(&lab), EXIT_FINE);
    assert_true(nothing_left());
    lab_close(&lab);
}

/* The end of a command comes from the core, as an event. */
static void a_silent_peer_ends_the_command(void **state)
{
    (void)state;
    struct lab lab;
    lab_open(&lab);
    net_lab_ip("link add v0 type veth peer name v1");
    net_lab_ip("address add 192.0.2.1/24 dev v0");
    net_lab_ip("link set v0 up");
    net_lab_ip("link set v1 up");
    ask(&lab, "{\"id\":8,\"command\":\"initiate\",\"peer\":\"p\",\"wait\":false}\n", "\"ok\":true");
    ask(&lab, "{\"id\":9,\"command\":\"initiate\",\"peer\":\"p\"}\n", "\"error\":\"UNREACHABLE\"");
    assert_int_equal(kill(lab.child, SIGTERM), 0);
    assert_int_equal(lab_end(&lab), EXIT_FINE);
    lab_close(&lab);
}

static void a_second_daemon_and_a_cleanup_are_refused(void **state)
{
    (void)state;
    struct lab lab;
    struct problem problem = {0};
    size_t count = 0;
    lab_open(&lab);
    assert_false(daemon_cleanup(&lab.config, &count, &problem));
    assert_int_equal(problem.code, EXIT_ENVIRONMENT);
    assert_non_null(strstr(problem.text, "stop it first"));
    int status;
    pid_t second = fork(); /* for a daemon takes its process's signals */
    assert_true(second >= 0);
    if (second == 0) {
        problem = (struct problem){0};
        bool ran = daemon_run(&lab.config, &problem);
        _exit(!ran && strstr(problem.text, "another ikeref answers") != NULL ? 0 : 1);
    }
    assert_int_equal(waitpid(second, &status, 0), second);
    assert_int_equal(status, 0);
    ask(&lab, "{\"id\":1,\"command\":\"status\"}\n", "\"ok\":true"); /* the first goes on */
    assert_int_equal(kill(lab.child, SIGINT), 0);
    assert_int_equal(lab_end(&lab), EXIT_FINE);
    assert_true(nothing_left());
    lab_close(&lab);
}

/* A killed daemon leaves the way closed; cleaning up, or starting again, makes all good. */
static void a_killed_one_leaves_the_way_closed(void **state)
{
    (void)state;
    struct lab lab;
    struct problem problem = {0};
    size_t count = 0;
    lab_open(&lab);
    assert_int_equal(kill(lab.child, SIGKILL), 0);
    assert_int_equal(lab_end(&lab), -SIGKILL);
    assert_false(nothing_left());
    lab_start(&lab); /* over what was left */
    assert_int_equal(kill(lab.child, SIGKILL), 0);
    assert_int_equal(lab_end(&lab), -SIGKILL);
    assert_true(daemon_cleanup(&lab.config, &count, &problem));
    assert_true(count >= 4); /* route, rules, control socket */
    assert_true(nothing_left());
    assert_true(daemon_cleanup(&lab.config, &count, &problem));
    assert_int_equal(count, 0);
    lab_close(&lab);
}

static void a_lost_interface_ends_it(void **state)
{
    (void)state;
    struct lab lab;
    struct problem problem = {0};
    size_t count = 0;
    lab_open(&lab);
    net_lab_ip("link del ikt0");
    assert_int_equal(lab_end(&lab), EXIT_RUNTIME);
    assert_false(nothing_left()); /* protected packets stay blocked */
    assert_true(daemon_cleanup(&lab.config, &count, &problem));
    assert_true(nothing_left());
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_answered),
        cmocka_unit_test(a_silent_peer_ends_the_command),
        cmocka_unit_test(a_second_daemon_and_a_cleanup_are_refused),
        cmocka_unit_test(a_killed_one_leaves_the_way_closed),
        cmocka_unit_test(a_lost_interface_ends_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

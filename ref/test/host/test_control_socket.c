/* host/control_socket: lines in, answers and events out, for clients that come and go as they like.
 */
#include "host/control_socket.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <libgen.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

struct lab {
    struct event_loop loop;
    struct problem problem;
    char directory[64], path[HOST_PATH_MAX];
    struct control_socket *control;
    struct control_client_ref client; /* of the last line */
    char last[128];
    unsigned lines, too_long;
};

static void line_note(void *context, struct control_client_ref client, const char *line,
                      size_t length)
{
    struct lab *lab = context;
    lab->client = client;
    if (line == NULL) {
        lab->too_long++;
        return;
    }
    lab->lines++;
    snprintf(lab->last, sizeof(lab->last), "%.*s", (int)length, line);
}

static int lab_open(void **state)
{
    struct lab *lab = calloc(1, sizeof(*lab));
    snprintf(lab->directory, sizeof(lab->directory), "/tmp/ikeref-test-XXXXXX");
    *state = lab;
    if (mkdtemp(lab->directory) == NULL || !event_loop_open(&lab->loop, &lab->problem)) {
        return -1;
    }
    snprintf(lab->path, sizeof(lab->path), "%s/control.sock", lab->directory);
    lab->control = control_socket_open(lab->path, &lab->loop, line_note, lab, &lab->problem);
    return lab->control != NULL ? 0 : -1;
}

static int lab_close(void **state)
{
    struct lab *lab = *state;
    control_socket_close(lab->control);
    event_loop_close(&lab->loop);
    int gone = access(lab->path, F_OK) != 0 && rmdir(lab->directory) == 0;
    free(lab);
    return gone ? 0 : -1;
}

/* Everything that is ready now; a deadline that has passed keeps the last turn from waiting. */
static void lab_run(struct lab *lab)
{
    for (int i = 0; i < 8; i++) {
        event_loop_turn(&lab->loop, 1);
    }
}

static int client_open(const struct lab *lab)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    memcpy(name.sun_path, lab->path, strlen(lab->path));
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&name, sizeof(name)), 0);
    return fd;
}

static void say(int fd, const char *text)
{
    assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void test_only_its_owner_may_connect(void **state)
{
    struct lab *lab = *state;
    struct stat info;
    assert_int_equal(stat(lab->path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0600);
}

/* In a child that is somebody else: 0 when its line was not heard. */
static int stranger_speak(struct lab *lab)
{
    int status;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        char octet;
        bool gone = setresuid(65184, 65184, 65184) == 0;
        int fd = client_open(lab);
        send(fd, "one\n", 4, MSG_NOSIGNAL);
        gone = gone && recv(fd, &octet, 1, 0) <= 0;
        _exit(gone ? 0 : 1);
    }
    while (waitpid(child, &status, WNOHANG) == 0) {
        lab_run(lab);
    }
    return status;
}

/* Somebody has opened its mode; the kernel still says who is calling. */
static void test_other_users_are_turned_away(void **state)
{
    struct lab *lab = *state;
    if (geteuid() != 0) {
        print_message("only root can be somebody else\n");
        skip();
    }
    assert_int_equal(chmod(lab->directory, 0755), 0);
    assert_int_equal(chmod(lab->path, 0666), 0);
    assert_int_equal(stranger_speak(lab), 0);
    assert_int_equal(lab->lines, 0);
    int fd = client_open(lab);
    say(fd, "one\n");
    lab_run(lab);
    assert_int_equal(lab->lines, 1);
    close(fd);
}

/* Without a descriptor for who waits, the loop would turn and turn. */
static void test_without_descriptors_a_client_is_turned_away(void **state)
{
    struct lab *lab = *state;
    char octet;
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int first = client_open(lab), second = client_open(lab);
    none = (struct rlimit){(rlim_t)first, before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    lab_run(lab);
    assert_true(recv(first, &octet, 1, MSG_DONTWAIT) <= 0 && errno != EAGAIN);
    assert_true(recv(second, &octet, 1, MSG_DONTWAIT) <= 0 && errno != EAGAIN);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    int third = client_open(lab);
    say(third, "one\n");
    lab_run(lab);
    assert_int_equal(lab->lines, 1);
    close(first);
    close(second);
    close(third);
}

/* The user we are to become can take the socket away, but is not heard on it. */
static void test_the_directory_is_handed_over(void **state)
{
    (void)state;
    struct lab lab = {.directory = "/tmp/ikeref-test-XXXXXX"};
    struct stat info;
    if (geteuid() != 0) {
        print_message("only root can give away\n");
        skip();
    }
    assert_non_null(mkdtemp(lab.directory));
    assert_true(event_loop_open(&lab.loop, &lab.problem));
    snprintf(lab.path, sizeof(lab.path), "%s/run/control.sock", lab.directory);
    lab.control = control_socket_open(lab.path, &lab.loop, line_note, &lab, &lab.problem);
    assert_non_null(lab.control);
    control_socket_hand_over(lab.control, 65184, 65185);
    assert_int_equal(stat(lab.path, &info), 0);
    assert_int_equal(info.st_uid, 0);
    assert_int_equal(stat(dirname(lab.path), &info), 0);
    assert_int_equal(info.st_uid, 65184);
    assert_int_equal(info.st_gid, 65185);
    control_socket_close(lab.control);
    event_loop_close(&lab.loop);
    assert_int_equal(rmdir(lab.directory), 0); /* root could remove what it had made */
}

/* A life before was killed between making it and handing it over; what others use stays theirs. */
static void test_an_empty_directory_is_handed_over_too(void **state)
{
    struct lab *lab = *state;
    struct stat info;
    char other[80];
    if (geteuid() != 0) {
        print_message("only root can give away\n");
        skip();
    }
    snprintf(other, sizeof(other), "%s/other", lab->directory);
    assert_int_equal(mkdir(other, 0700), 0);
    control_socket_hand_over(lab->control, 65184, 65184);
    assert_int_equal(stat(lab->directory, &info), 0);
    assert_int_equal(info.st_uid, 0);
    assert_int_equal(rmdir(other), 0);
    control_socket_hand_over(lab->control, 65184, 65184);
    assert_int_equal(stat(lab->directory, &info), 0);
    assert_int_equal(info.st_uid, 65184);
}

static void test_a_line_may_come_in_pieces(void **state)
{
    struct lab *lab = *state;
    int fd = client_open(lab);
    say(fd, "one\n\ntw");
    lab_run(lab);
    assert_int_equal(lab->lines, 1);
    say(fd, "o\n");
    lab_run(lab);
    assert_int_equal(lab->lines, 2);
    assert_string_equal(lab->last, "two");
    close(fd);
}

/* Who says what is wanted and goes is heard as well. */
static void test_a_client_that_leaves_at_once_is_heard(void **state)
{
    struct lab *lab = *state;
    int fd = client_open(lab);
    say(fd, "one\ntwo\n");
    close(fd);
    lab_run(lab);
    assert_int_equal(lab->lines, 2);
    control_socket_subscribe(lab->control, lab->client);
    assert_false(control_socket_has_subscribers(lab->control)); /* and its place is free again */
}

static void test_who_only_stops_sending_is_answered(void **state)
{
    struct lab *lab = *state;
    int fd = client_open(lab);
    say(fd, "one\n");
    shutdown(fd, SHUT_WR);
    lab_run(lab);
    control_socket_answer(lab->control, lab->client, "late\n");
    char answer[16] = "";
    assert_int_equal(recv(fd, answer, sizeof(answer), MSG_DONTWAIT), 5);
    assert_memory_equal(answer, "late\n", 5);
    close(fd);
}

static void test_a_late_answer_reaches_no_stranger(void **state)
{
    struct lab *lab = *state;
    int first = client_open(lab);
    say(first, "one\n");
    lab_run(lab);
    struct control_client_ref gone = lab->client;
    close(first);
    lab_run(lab);
    int second = client_open(lab);
    say(second, "two\n");
    lab_run(lab);
    assert_int_equal(lab->client.index, gone.index);
    control_socket_answer(lab->control, gone, "secret\n");
    char answer[16];
    assert_int_equal(recv(second, answer, sizeof(answer), MSG_DONTWAIT), -1);
    close(second);
}

static void test_a_line_too_long_is_skipped(void **state)
{
    struct lab *lab = *state;
    int fd = client_open(lab);
    char *text = malloc(CONTROL_LINE_MAX);
    memset(text, 'x', CONTROL_LINE_MAX);
    for (int i = 0; i < 3; i++) {
        for (size_t sent = 0; sent < CONTROL_LINE_MAX;) {
            ssize_t n = send(fd, text + sent, CONTROL_LINE_MAX - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
            sent += n > 0 ? (size_t)n : 0;
            lab_run(lab);
        }
    }
    say(fd, "\nafter\n");
    lab_run(lab);
    free(text);
    assert_int_equal(lab->too_long, 1);
    assert_int_equal(lab->lines, 1);
    assert_string_equal(lab->last, "after");
    close(fd);
}

/* It costs us what may wait for one client, and then the client its connection; others go on. */
static void test_a_subscriber_that_does_not_read_is_closed(void **state)
{
    struct lab *lab = *state;
    int slow = client_open(lab);
    say(slow, "subscribe\n");
    lab_run(lab);
    control_socket_subscribe(lab->control, lab->client);
    assert_true(control_socket_has_subscribers(lab->control));
    char event[1024];
    memset(event, 'e', sizeof(event) - 2);
    memcpy(event + sizeof(event) - 2, "\n", 2);
    size_t octets = 0;
    while (control_socket_has_subscribers(lab->control) && octets < 16 * CONTROL_QUEUE_MAX) {
        control_socket_publish(lab->control, event);
        octets += sizeof(event) - 1;
    }
    assert_false(control_socket_has_subscribers(lab->control));
    assert_in_range(octets, CONTROL_QUEUE_MAX / 2, 4 * CONTROL_QUEUE_MAX);
    int other = client_open(lab);
    say(other, "still there\n");
    lab_run(lab);
    assert_string_equal(lab->last, "still there");
    close(slow);
    close(other);
}

static void test_one_client_too_many_is_turned_away(void **state)
{
    struct lab *lab = *state;
    int clients[CONTROL_CLIENTS_MAX + 1];
    for (size_t i = 0; i <= CONTROL_CLIENTS_MAX; i++) {
        clients[i] = client_open(lab);
        lab_run(lab);
    }
    char octet;
    assert_int_equal(recv(clients[CONTROL_CLIENTS_MAX], &octet, 1, MSG_DONTWAIT), 0);
    say(clients[0], "first\n");
    lab_run(lab);
    assert_string_equal(lab->last, "first");
    for (size_t i = 0; i <= CONTROL_CLIENTS_MAX; i++) {
        close(clients[i]);
    }
}

static void test_a_second_daemon_finds_the_first(void **state)
{
    struct lab *lab = *state;
    struct problem problem = {0};
    assert_null(control_socket_open(lab->path, &lab->loop, line_note, lab, &problem));
    assert_int_equal(problem.code, EXIT_ENVIRONMENT);
    assert_non_null(strstr(problem.text, "another ikeref answers"));
    assert_int_equal(access(lab->path, F_OK), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, lab_open, lab_close)
    const struct CMUnitTest tests[] = {
        TEST(test_only_its_owner_may_connect),
        TEST(test_other_users_are_turned_away),
        TEST(test_without_descriptors_a_client_is_turned_away),
        cmocka_unit_test(test_the_directory_is_handed_over),
        TEST(test_an_empty_directory_is_handed_over_too),
        TEST(test_a_line_may_come_in_pieces),
        TEST(test_a_client_that_leaves_at_once_is_heard),
        TEST(test_who_only_stops_sending_is_answered),
        TEST(test_a_late_answer_reaches_no_stranger),
        TEST(test_a_line_too_long_is_skipped),
        TEST(test_a_subscriber_that_does_not_read_is_closed),
        TEST(test_one_client_too_many_is_turned_away),
        TEST(test_a_second_daemon_finds_the_first),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}

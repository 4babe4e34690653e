/* unshare, iproute2 and a child process without rights. */
#include "net_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "config_lab.h"

#define AWAIT_MS 5000
#define NOBODY 65534

void net_lab_enter(void)
{
    if (unshare(CLONE_NEWNET) != 0) {
        print_message("no network namespace (%s): run as root or with CAP_SYS_ADMIN\n",
                      strerror(errno));
        skip();
    }
    net_lab_ip("link set lo up");
}

void net_lab_ip(const char *arguments)
{
    char command[256];
    snprintf(command, sizeof(command), "ip %s", arguments);
    if (system(command) != 0) {
        fail_msg("%s", command);
    }
}

int net_lab_say(const char *command, char *out, size_t size)
{
    FILE *pipe = popen(command, "re");
    assert_non_null(pipe);
    size_t length = fread(out, 1, size - 1, pipe);
    out[length] = '\0';
    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

struct address net_lab_address(const char *text)
{
    struct address address;
    assert_true(address_parse(text, &address));
    return address;
}

int net_lab_unprivileged(bool (*act)(void))
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        _exit(setgid(NOBODY) == 0 && setuid(NOBODY) == 0 && act() ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

void net_lab_await(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, AWAIT_MS), 1);
}

void net_lab_fill(struct packet *packet, const void *octets, size_t length)
{
    packet->offset = ESP_HEADROOM;
    packet->length = length;
    memcpy(packet->buffer + packet->offset, octets, length);
}

void net_lab_config(struct host_config *out, const char *more)
{
    char text[1024];
    struct problem problem;
    snprintf(text, sizeof(text),
             "interface = \"ikt0\"\nroute-table = 4711\nmark = 0x77\n%s\n"
             "peer \"p\" { address = \"192.0.2.2\" local-id = \"a\" psk = \"k\"\n"
             "child \"c\" { local = \"10.1.0.0/24\" remote = \"10.2.0.0/24\" } }\n",
             more);
    if (!config_lab_read(text, out, &problem)) {
        fail_msg("%s", problem.text);
    }
}

/* veth, and the flags of an interface. */
#include "link_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <net/if.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net_lab.h"

#define LOOKS_MAX 1000
#define BETWEEN_LOOKS_MS 5

static bool is_running(int fd, const char *name)
{
    struct ifreq request = {0};
    snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", name);
    return ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_RUNNING) != 0;
}

void link_lab_join(const char *one, const char *other)
{
    char text[128];
    snprintf(text, sizeof(text), "link add %s type veth peer name %s", one, other);
    net_lab_ip(text);
    snprintf(text, sizeof(text), "link set %s addrgenmode none up", one);
    net_lab_ip(text);
    snprintf(text, sizeof(text), "link set %s addrgenmode none up", other);
    net_lab_ip(text);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    bool running = false;
    for (int i = 0; !running && i < LOOKS_MAX; i++) {
        running = is_running(fd, one) && is_running(fd, other);
        if (!running) {
            poll(NULL, 0, BETWEEN_LOOKS_MS);
        }
    }
    close(fd);
    assert_true(running);
}

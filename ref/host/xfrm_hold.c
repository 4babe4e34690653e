/* The lock is the name of an abstract Unix socket: names of those belong to a network namespace, as
 * SAs and policies do, and no killed daemon leaves one. */
#include "host/xfrm_hold.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "host/xfrm_tag.h"

#define LARVAL_DROP "/proc/sys/net/core/xfrm_larval_drop"

static bool lock_take(struct xfrm_hold *hold, uint32_t mark)
{
    struct sockaddr_un name = {.sun_family = AF_UNIX};
    int length = snprintf(name.sun_path + 1, sizeof(name.sun_path) - 1, "ikeref-xfrm-%x",
                          xfrm_tag_first(mark));
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)length);
    hold->lock_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    return hold->lock_fd >= 0 && bind(hold->lock_fd, (struct sockaddr *)&name, size) == 0;
}

/* The setting, open, when we have changed it. */
static int larval_drop_clear(void)
{
    char before = '0';
    int fd = open(LARVAL_DROP, O_RDWR | O_CLOEXEC);
    if (fd >= 0 &&
        (pread(fd, &before, 1, 0) != 1 || before != '1' || pwrite(fd, "0\n", 2, 0) != 2)) {
        close(fd);
        return -1;
    }
    return fd;
}

bool xfrm_hold_begin(struct xfrm_hold *hold, uint32_t mark, struct problem *problem)
{
    *hold = (struct xfrm_hold){.lock_fd = -1, .drop_fd = -1};
    if (!lock_take(hold, mark)) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "another ikeref has its SAs in this kernel under mark = %#x (%s); stop it, "
            "or set mark to another number",
            mark, strerror(errno));
    }
    hold->drop_fd = larval_drop_clear();
    return true;
}

void xfrm_hold_end(struct xfrm_hold *hold)
{
    if (hold->drop_fd >= 0) {
        ssize_t written = pwrite(hold->drop_fd, "1\n", 2, 0);
        (void)written; /* it was ours to write before */
        close(hold->drop_fd);
    }
    if (hold->lock_fd >= 0) {
        close(hold->lock_fd);
    }
    *hold = (struct xfrm_hold){.lock_fd = -1, .drop_fd = -1};
}

/* Everything is open by now. What is left is to move packets, to tell the kernel of routes and SAs
 * by netlink, to count time and memory. No file is opened, no program started, and no memory made
 * executable. */
#include "host/seccomp_filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

static const int allowed[] = {
    /* the loop */
    SCMP_SYS(epoll_wait), SCMP_SYS(epoll_pwait), SCMP_SYS(epoll_ctl), SCMP_SYS(timerfd_settime),
    SCMP_SYS(clock_gettime), SCMP_SYS(clock_gettime64), SCMP_SYS(gettimeofday), SCMP_SYS(time),
    /* sockets, the TUN, signals, control clients, the logs */
    SCMP_SYS(read), SCMP_SYS(readv), SCMP_SYS(write), SCMP_SYS(writev), SCMP_SYS(pwrite64),
    SCMP_SYS(recvfrom), SCMP_SYS(recvmsg), SCMP_SYS(recvmmsg), SCMP_SYS(sendto), SCMP_SYS(sendmsg),
    SCMP_SYS(sendmmsg), SCMP_SYS(setsockopt), SCMP_SYS(getsockopt), SCMP_SYS(getsockname),
    SCMP_SYS(bind), SCMP_SYS(connect), SCMP_SYS(accept4), SCMP_SYS(close), SCMP_SYS(fcntl),
    SCMP_SYS(lseek), SCMP_SYS(ftruncate), SCMP_SYS(fstat), SCMP_SYS(newfstatat),
    /* the control socket goes last */
    SCMP_SYS(unlinkat),
    /* memory, and chance */
    SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex),
    SCMP_SYS(sysinfo), SCMP_SYS(getrandom),
    /* who we are; an assertion that fails; the end */
    SCMP_SYS(getpid), SCMP_SYS(gettid), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigreturn), SCMP_SYS(restart_syscall), SCMP_SYS(exit), SCMP_SYS(exit_group)};

/* Of whom the kernel is asked (netlink), and the path to a peer (local_address.c,
 * path_mtu_probe.c). */
static const int families[] = {AF_NETLINK, AF_INET, AF_INET6};

static const int memory_calls[] = {SCMP_SYS(mmap), SCMP_SYS(mmap2), SCMP_SYS(mprotect)};

static int plain_allow(scmp_filter_ctx filter)
{
    int error = 0;
    for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]) && error == 0; i++) {
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, allowed[i], 0);
    }
    return error;
}

static int bounded_allow(scmp_filter_ctx filter)
{
    int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
                                 SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid(), 0));
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]) && error == 0; i++) {
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
                                 SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i], 0));
    }
    for (size_t i = 0; i < sizeof(memory_calls) / sizeof(memory_calls[0]) && error == 0; i++) {
        error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, memory_calls[i], 1,
                                 SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
    }
    return error;
}

static int rules_allow(scmp_filter_ctx filter)
{
    int error = plain_allow(filter);
    return error == 0 ? bounded_allow(filter) : error;
}

static int program_export(scmp_filter_ctx filter, struct seccomp_filter *out)
{
    int fd = memfd_create("filter", MFD_CLOEXEC);
    if (fd < 0) {
        return -errno;
    }
    int error = seccomp_export_bpf(filter, fd);
    ssize_t length = error == 0 ? pread(fd, out->program, sizeof(out->program), 0) : error;
    close(fd);
    if (length <= 0 || length == sizeof(out->program)) {
        return error != 0 ? error : -E2BIG;
    }
    out->length = (unsigned short)((size_t)length / sizeof(out->program[0]));
    return 0;
}

bool seccomp_filter_build(enum seccomp_mode mode, struct seccomp_filter *out)
{
    scmp_filter_ctx filter =
        seccomp_init(mode == FILTER_LOG ? SCMP_ACT_LOG : SCMP_ACT_KILL_PROCESS);
    int error = -ENOMEM;
    if (filter != NULL) {
        error = rules_allow(filter);
        error = error == 0 ? program_export(filter, out) : error;
        seccomp_release(filter);
    }
    errno = -error;
    return error == 0;
}

bool seccomp_filter_load(const struct seccomp_filter *filter)
{
    struct sock_fprog program = {.len = filter->length,
                                 .filter = (struct sock_filter *)filter->program};
    /* for every thread there is: each has its own filter, or none */
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) == 0;
}

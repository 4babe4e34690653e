/* host/seccomp_filter: what a running daemon does passes, what somebody who has taken it over would
 * do ends it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cell_lab.h"
#include "host/seccomp_filter.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

static bool load(enum seccomp_mode mode)
{
    struct seccomp_filter filter;
    return seccomp_filter_build(mode, &filter) && seccomp_filter_load(&filter);
}

static bool opens_a_file(void)
{
    return load(FILTER_KILL) && open("/dev/null", O_RDONLY) >= 0;
}

static void *open_when_told(void *told)
{
    char octet;
    bool good = read(*(int *)told, &octet, 1) == 1 && open("/dev/null", O_RDONLY) >= 0;
    return good ? told : NULL;
}

/* One that was there before. */
static bool has_a_thread_that_opens_a_file(void)
{
    int pair[2];
    pthread_t thread;
    void *opened = NULL;
    return pipe(pair) == 0 && pthread_create(&thread, NULL, open_when_told, &pair[0]) == 0 &&
           load(FILTER_KILL) && write(pair[1], "x", 1) == 1 && pthread_join(thread, &opened) == 0 &&
           opened != NULL;
}

static bool starts_a_program(void)
{
    char *const arguments[] = {"/bin/true", NULL};
    return load(FILTER_KILL) && execv("/bin/true", arguments) == 0;
}

static bool makes_a_process(void)
{
    return load(FILTER_KILL) && syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0) > 0;
}

static bool talks_to_other_daemons(void)
{
    return load(FILTER_KILL) && socket(AF_UNIX, SOCK_STREAM, 0) >= 0;
}

static bool makes_memory_executable(void)
{
    return load(FILTER_KILL) && mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS,
                                     -1, 0) != MAP_FAILED;
}

static bool kills_another(void)
{
    pid_t parent = getppid();
    return load(FILTER_KILL) && syscall(SYS_tgkill, parent, parent, 0) == 0;
}

static bool looks_into_another(void)
{
    return load(FILTER_KILL) && ptrace(PTRACE_ATTACH, getppid(), 0, 0) == 0;
}

static bool fails_an_assertion(void)
{
    if (load(FILTER_KILL)) {
        abort();
    }
    return true;
}

static bool goes_on(void)
{
    int pair[2];
    char octet = 0;
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) != 0 || !load(FILTER_KILL)) {
        return false;
    }
    void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory != MAP_FAILED && munmap(memory, 4096) == 0 && write(pair[0], "x", 1) == 1 &&
           read(pair[1], &octet, 1) == 1 && socket(AF_NETLINK, SOCK_RAW, 0) >= 0 &&
           socket(AF_INET, SOCK_DGRAM, 0) >= 0 && close(pair[0]) == 0;
}

static bool is_only_told_of(void)
{
    return load(FILTER_LOG) && open("/dev/null", O_RDONLY) >= 0;
}

static void what_becomes_of_it(void **state)
{
    (void)state;
    if (sanitized) {
        print_message(
            "a sanitizer's runtime calls what no daemon may: such a build does not filter\n");
        skip();
    }
    static const struct {
        const char *what;
        bool (*act)(void);
        int end;
    } rows[] = {
        {"opens a file", opens_a_file, -SIGSYS},
        {"has a thread that opens a file", has_a_thread_that_opens_a_file, -SIGSYS},
        {"starts a program", starts_a_program, -SIGSYS},
        {"makes a process", makes_a_process, -SIGSYS},
        {"talks to other daemons", talks_to_other_daemons, -SIGSYS},
        {"makes memory executable", makes_memory_executable, -SIGSYS},
        {"kills another", kills_another, -SIGSYS},
        {"looks into another", looks_into_another, -SIGSYS},
        {"fails an assertion", fails_an_assertion, -SIGABRT},
        {"goes on", goes_on, 0},
        {"is only told of", is_only_told_of, 0},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int end = cell_lab_run(rows[i].act);
        if (end != rows[i].end) {
            fail_msg("who %s ends with %d and not %d", rows[i].what, end, rows[i].end);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_becomes_of_it)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

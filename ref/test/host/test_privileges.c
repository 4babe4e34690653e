/* host/privileges: another user for good, one capability, no core dump; and what must survive. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cell_lab.h"
#include "host/privileges.h"

static const struct service_user somebody = {.user = 65184, .group = 65185};

static uint64_t permitted(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};
    syscall(SYS_capget, &header, data);
    return (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

static bool becomes_somebody(void)
{
    struct problem problem = {0};
    uid_t real, effective, saved;
    return privileges_drop(&somebody, &problem) && getresuid(&real, &effective, &saved) == 0 &&
           real == 65184 && effective == 65184 && saved == 65184 && getegid() == 65185 &&
           getgroups(0, NULL) == 0 && permitted() == 1ULL << CAP_NET_ADMIN &&
           prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1;
}

static bool has_no_way_back(void)
{
    struct problem problem = {0};
    return privileges_drop(&somebody, &problem) && setresuid(0, 0, 0) != 0 &&
           open("/etc/shadow", O_RDONLY) < 0 && prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN) == 0;
}

/* Also as root: its files are still its own, but the machine is not. */
static bool stays_root_with_one_capability(void)
{
    static const struct service_user root = {.given = true};
    struct problem problem = {0};
    return privileges_drop(&root, &problem) && geteuid() == 0 &&
           permitted() == 1ULL << CAP_NET_ADMIN && chroot("/") != 0;
}

/* The lab's daemons die with their runner; changing the user would have undone that. */
static bool still_dies_with_its_parent(void)
{
    struct problem problem = {0};
    int death_signal = 0;
    return prctl(PR_SET_PDEATHSIG, SIGTERM) == 0 && privileges_drop(&somebody, &problem) &&
           prctl(PR_GET_PDEATHSIG, &death_signal) == 0 && death_signal == SIGTERM;
}

static bool memory_stays_hidden(void)
{
    struct problem problem = {0};
    struct rlimit core;
    privileges_hide_memory();
    return privileges_drop(&somebody, &problem) && prctl(PR_GET_DUMPABLE) == 0 &&
           getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_max == 0;
}

/* Who was started as somebody else can become nobody else, and is told. */
static bool another_user_is_refused_without_root(void)
{
    static const struct service_user wanted = {.given = true, .user = 65186, .group = 65186};
    struct problem problem = {0}, none = {0};
    return setresuid(65184, 65184, 65184) == 0 && !privileges_drop(&wanted, &problem) &&
           problem.code == EXIT_ENVIRONMENT && strstr(problem.text, "65186") != NULL &&
           privileges_drop(&somebody, &none) && geteuid() == 65184;
}

static void for_good(void **state)
{
    (void)state;
    static const struct {
        const char *what;
        bool (*act)(void);
    } rows[] = {
        {"becomes somebody", becomes_somebody},
        {"has no way back", has_no_way_back},
        {"stays root with one capability", stays_root_with_one_capability},
        {"still dies with its parent", still_dies_with_its_parent},
        {"memory stays hidden", memory_stays_hidden},
        {"another user is refused without root", another_user_is_refused_without_root},
    };
    cell_lab_need_root();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        int end = cell_lab_run(rows[i].act);
        if (end != 0) {
            fail_msg("not so: %s (%d)", rows[i].what, end);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(for_good)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* libc has no names for capget and capset; the kernel's are three structures. */
#include "host/privileges.h"

#include <errno.h>
#include <grp.h>
#include <stdint.h>
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#define WORDS _LINUX_CAPABILITY_U32S_3
#define CAPABILITIES_MAX 64
#define KEPT (1U << CAP_NET_ADMIN)

void privileges_hide_memory(void)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

/* Of what a program may ever get, while we may still say so; "no new privileges" says it as well.
 */
static void bounding_set_drop(void)
{
    for (unsigned long capability = 0; capability < CAPABILITIES_MAX; capability++) {
        if (capability != CAP_NET_ADMIN) {
            prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
        }
    }
}

/* The kernel forgets with the user whose death ends us, and takes us for one that may be looked
 * into again or not, as the machine says: both are put back as they were. */
static bool user_become(const struct service_user *user)
{
    int death_signal = 0, dumpable = prctl(PR_GET_DUMPABLE);
    prctl(PR_GET_PDEATHSIG, &death_signal);
    bool good = prctl(PR_SET_KEEPCAPS, 1) == 0 && setgroups(0, NULL) == 0 &&
                setresgid(user->group, user->group, user->group) == 0 &&
                setresuid(user->user, user->user, user->user) == 0;
    int error = errno;
    prctl(PR_SET_DUMPABLE, dumpable);
    if (death_signal != 0) {
        prctl(PR_SET_PDEATHSIG, death_signal);
    }
    errno = error;
    return good;
}

/* What we have not got cannot be kept: then it was missed before, or is not needed. */
static bool capabilities_drop(void)
{
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[WORDS] = {0};
    if (syscall(SYS_capget, &header, data) != 0) {
        return false;
    }
    uint32_t kept = data[0].permitted & KEPT;
    memset(data, 0, sizeof(data));
    data[0].permitted = data[0].effective = kept;
    return syscall(SYS_capset, &header, data) == 0;
}

bool privileges_drop(const struct service_user *user, struct problem *problem)
{
    bool root = geteuid() == 0;
    if (!root && user->given && user->user != geteuid()) {
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "only root can become user %u; start ikeref as root, or remove user from "
            "the configuration",
            (unsigned)user->user);
    }
    bounding_set_drop();
    if (root && user->user != 0 && !user_become(user)) {
        return problem_set(problem, EXIT_ENVIRONMENT,
                           "cannot become user %u (%s); let ikeref have CAP_SETUID and CAP_SETGID, "
                           "or set user = \"root\"",
                           (unsigned)user->user, strerror(errno));
    }
    if (!capabilities_drop() || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) {
        return problem_set(problem, EXIT_ENVIRONMENT,
                           "cannot give up privileges (%s); this kernel is too old, or somebody "
                           "forbids it",
                           strerror(errno));
    }
    return true;
}

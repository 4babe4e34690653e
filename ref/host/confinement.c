/* A build under a sanitizer looks into itself at its end, and opens files and starts programs
 * to tell what it has found: it changes its user, and no more. */
#include "host/confinement.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "host/log.h"
#include "host/privileges.h"

#if defined(__has_feature)
#define CLANG_SANITIZES (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define CLANG_SANITIZES 0
#endif

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || CLANG_SANITIZES
static const bool sanitized = true;
#else
static const bool sanitized = false;
#endif

void confinement_begin(void)
{
    if (!sanitized) {
        privileges_hide_memory();
    }
}

bool confinement_prepare(struct host_config *config, struct problem *problem)
{
    if (sanitized || config->seccomp == FILTER_OFF ||
        seccomp_filter_build(config->seccomp, &config->filter)) {
        return true;
    }
    return problem_set(problem, EXIT_ENVIRONMENT,
                       "cannot make the filter of system calls (%s); give memory and "
                       "descriptors, or set seccomp = \"off\"",
                       strerror(errno));
}

static const char *filter_enter(const struct host_config *config)
{
    enum seccomp_mode mode = config->seccomp;
    if (sanitized) {
        return "system calls are not filtered, nor is memory hidden, in this build with "
               "a sanitizer";
    }
    if (mode == FILTER_OFF) {
        return "system calls are not filtered, as the configuration wants it";
    }
    if (!seccomp_filter_load(&config->filter)) {
        log_warning("this kernel does not filter our system calls (%s); it needs "
                    "CONFIG_SECCOMP_FILTER",
                    strerror(errno));
        return "system calls are not filtered";
    }
    return mode == FILTER_LOG ? "other system calls than we need are told to the kernel's log"
                              : "other system calls than we need end the daemon";
}

bool confinement_give_up(const struct host_config *config, struct problem *problem)
{
    return privileges_drop(&config->user, problem);
}

void confinement_enter(const struct host_config *config)
{
    uid_t user = geteuid();
    const char *calls = filter_enter(config);
    log_line("confined: user %u, no capability but CAP_NET_ADMIN, no new privileges, no core dump; "
             "%s",
             (unsigned)user, calls);
}

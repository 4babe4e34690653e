/* The system calls a running daemon makes, and what becomes of who makes another: seccomp(2). */
#ifndef IKEREF_HOST_SECCOMP_FILTER_H
#define IKEREF_HOST_SECCOMP_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

enum seccomp_mode {
    FILTER_KILL, /* the kernel ends the process at once (SIGSYS) */
    FILTER_LOG,  /* the kernel writes it to its log, and lets it pass */
    FILTER_OFF,
};

#define SECCOMP_INSTRUCTIONS_MAX 1024 /* of which it takes a tenth */

struct seccomp_filter {
    struct sock_filter program[SECCOMP_INSTRUCTIONS_MAX];
    unsigned short length; /* instructions */
};

/* For FILTER_KILL and FILTER_LOG. To be called before anything is open: the library that writes the
 * program does not live through memory that runs out. False: errno says why. */
bool seccomp_filter_build(enum seccomp_mode mode, struct seccomp_filter *out);
/* From here on, for good; in the process that has built it, and asks for no memory. False: this
 * kernel cannot, and errno says why. */
bool seccomp_filter_load(const struct seccomp_filter *filter);

#endif

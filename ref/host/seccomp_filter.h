/* The system calls a running daemon makes, and what becomes of who makes another: seccomp(2). */
#ifndef IKEREF_HOST_SECCOMP_FILTER_H
#define IKEREF_HOST_SECCOMP_FILTER_H

#include <stdbool.h>

enum seccomp_mode {
    FILTER_KILL, /* the kernel ends the process at once (SIGSYS) */
    FILTER_LOG,  /* the kernel writes it to its log, and lets it pass */
    FILTER_OFF,
};

/* From here on, for good. False: this kernel cannot, and errno says why. */
bool seccomp_filter_load(enum seccomp_mode mode);

#endif

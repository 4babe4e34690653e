/* Why the daemon cannot start or go on: one sentence with its remedy, and the exit code that fits.
 */
#ifndef IKEREF_HOST_PROBLEM_H
#define IKEREF_HOST_PROBLEM_H

#include <stdbool.h>

/* docs/EXIT_CODES.md explains them to the reader. */
enum exit_code {
    EXIT_FINE = 0,
    EXIT_RUNTIME = 1,     /* something failed after the start */
    EXIT_USAGE = 2,       /* the command line or the configuration */
    EXIT_ENVIRONMENT = 3, /* this machine, as it is now, cannot run the daemon */
};

#define PROBLEM_TEXT_MAX 768

struct problem {
    enum exit_code code; /* EXIT_FINE: none so far */
    char text[PROBLEM_TEXT_MAX];
};

/* Notes the first problem; later ones follow from it and are left out. Always returns false, so
 * that a caller can write `return problem_set(...)`. */
bool problem_set(struct problem *problem, enum exit_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif

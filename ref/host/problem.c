/* The first problem is the cause; see problem.h. */
#include "host/problem.h"

#include <stdarg.h>
#include <stdio.h>

bool problem_set(struct problem *problem, enum exit_code code, const char *format, ...)
{
    if (problem->code == EXIT_FINE) {
        problem->code = code;
        va_list arguments;
        va_start(arguments, format);
        vsnprintf(problem->text, sizeof(problem->text), format, arguments);
        va_end(arguments);
    }
    return false;
}

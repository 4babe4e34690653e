/* One write a line, so that lines of several daemons on one terminal do not mix. What a peer named
 * itself may stand in it: control characters are shown as '?', so that nobody writes a line, or to
 * a terminal, in our name. */
#include "host/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_LENGTH 1024

static void line_write(const char *prefix, const char *format, va_list arguments)
{
    char line[LINE_MAX_LENGTH];
    int start = snprintf(line, sizeof(line), "ikeref: %s", prefix);
    vsnprintf(line + start, sizeof(line) - (size_t)start - 1, format, arguments);
    size_t length = strlen(line);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)line[i] < ' ' || line[i] == 0x7f) {
            line[i] = '?';
        }
    }
    line[length] = '\n';
    /* A log nobody reads any more must not end the daemon. */
    ssize_t written = write(STDERR_FILENO, line, length + 1);
    (void)written;
}

void log_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line_write("", format, arguments);
    va_end(arguments);
}

void log_warning(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    line_write("warning: ", format, arguments);
    va_end(arguments);
}

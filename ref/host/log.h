/* One line an event on stderr; never a secret. */
#ifndef IKEREF_HOST_LOG_H
#define IKEREF_HOST_LOG_H

void log_line(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same with "warning: " in front. */
void log_warning(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif

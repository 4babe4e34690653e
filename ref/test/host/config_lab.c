/* Files under TMPDIR that are gone again when the test ends. */
#include "config_lab.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[256];

static void path_remove(void)
{
    unlink(path);
}

const char *config_lab_file(const char *text, unsigned mode)
{
    const char *directory = getenv("TMPDIR");
    if (path[0] != '\0') {
        unlink(path);
    } else {
        atexit(path_remove);
    }
    snprintf(path, sizeof(path), "%s/ikeref-test-XXXXXX", directory != NULL ? directory : "/tmp");
    int fd = mkstemp(path);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fchmod(fd, mode) != 0) {
        abort();
    }
    close(fd);
    return path;
}

bool config_lab_read(const char *text, struct host_config *out, struct problem *problem)
{
    *problem = (struct problem){0};
    return config_file_read(config_lab_file(text, S_IRUSR | S_IWUSR), out, problem);
}

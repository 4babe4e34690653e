/* Reads with a limit, past the C library's buffers, which nobody would wipe. */
#include "host/pem_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/secret.h"

#define FILE_MAX 262144 /* octets */

/* What the file holds, up to FILE_MAX + 1 octets; -1: see errno. */
static ssize_t read_all(int fd, uint8_t *out)
{
    size_t length = 0;
    ssize_t count = 1;
    while (count > 0 && length <= FILE_MAX) {
        count = read(fd, out + length, FILE_MAX + 1 - length);
        length += count > 0 ? (size_t)count : 0;
    }
    return count < 0 ? -1 : (ssize_t)length;
}

bool pem_file_read(const char *path, struct pem_file *out, const char **error)
{
    static char text[160];
    *out = (struct pem_file){.data = calloc(1, FILE_MAX + 1)};
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = fd >= 0 && out->data != NULL ? read_all(fd, out->data) : -1;
    int failure = errno;
    if (fd >= 0) {
        close(fd);
    }
    if (length >= 0 && length <= FILE_MAX) {
        out->length = (size_t)length;
        return true;
    }
    pem_file_wipe(out);
    if (length < 0) {
        snprintf(text, sizeof(text), "expected a file that can be read, but: %s; name a PEM file",
                 strerror(failure));
    } else {
        snprintf(text, sizeof(text), "expected a PEM file of at most %d octets", FILE_MAX);
    }
    *error = text;
    return false;
}

struct bytes pem_file_bytes(const struct pem_file *file)
{
    return bytes_of(file->data, file->length);
}

void pem_file_wipe(struct pem_file *file)
{
    if (file->data != NULL) {
        octets_wipe(file->data, FILE_MAX + 1);
        free(file->data);
    }
    *file = (struct pem_file){0};
}

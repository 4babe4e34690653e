/* A small file of certificates or a private key, read whole and wiped when done with. */
#ifndef IKEREF_HOST_PEM_FILE_H
#define IKEREF_HOST_PEM_FILE_H

#include "base/bytes.h"

struct pem_file {
    size_t length;
    uint8_t *data; /* owned */
};

/* False: *error says what was expected, with its remedy; it is valid until the next call. */
bool pem_file_read(const char *path, struct pem_file *out, const char **error);
struct bytes pem_file_bytes(const struct pem_file *file);
void pem_file_wipe(struct pem_file *file);

#endif

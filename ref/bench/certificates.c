/* Certificates and keys, one PEM file each. */

#include "bench/certificates.h"

#include <stdio.h>

#define PEM_MAX 16384

const char *certificates_folder = "ref/bench/certificates";

/* The whole file in a buffer that the next call uses again. */
static struct bytes file_read(const struct bench *bench, const char *kind, const char *what)
{
    static char pem[PEM_MAX];
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s-%s.pem", certificates_folder, kind, what);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "ikebench: cannot read %s; name the folder with --certificates\n", path);
        bench_insist(bench, false, "it needs certificates");
    }
    size_t length = fread(pem, 1, sizeof pem, file);
    (void)fclose(file);
    return bytes_of(pem, length);
}

struct credential *certificates_credential(const struct bench *bench, const char *kind,
                                           const char *host)
{
    const char *error = "no memory";
    char key[16];
    (void)snprintf(key, sizeof key, "%s-key", host);
    struct credential *made = credential_create();
    bool good = made != NULL &&
                credential_set_certificates(made, file_read(bench, kind, host), &error) &&
                credential_set_key(made, file_read(bench, kind, key), &error);
    bench_insist(bench, good, error);
    bench_insist(bench, credential_complete(made) == NULL, "a certificate and its key differ");
    return made;
}

struct authorities *certificates_authorities(const struct bench *bench, const char *kind)
{
    const char *error = "no memory";
    struct authorities *made = authorities_create();
    bool good = made != NULL && authorities_add(made, file_read(bench, kind, "authority"), &error);
    bench_insist(bench, good, error);
    return made;
}

/* Plays the inputs that are named, or all in the folders that are, once each: a fuzzer without its
 * engine, for compilers that have none and for `make coverage`. */

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "fuzz/input.h"

static unsigned played;

static void play(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *octets = malloc(1 << 20);
    if (file == NULL || octets == NULL) {
        fprintf(stderr, "%s: cannot be read; name inputs or folders of them\n", path);
        exit(2);
    }
    size_t length = fread(octets, 1, 1 << 20, file);
    fclose(file);
    uint8_t *exact = malloc(length > 0 ? length : 1);
    for (size_t i = 0; i < length; i++) {
        exact[i] = octets[i];
    }
    (void)LLVMFuzzerTestOneInput(exact, length);
    free(exact);
    free(octets);
    played++;
}

static void play_all(const char *folder)
{
    struct dirent **entries;
    int count = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < count; i++) {
        char path[4096];
        if (entries[i]->d_name[0] != '.') {
            snprintf(path, sizeof path, "%s/%s", folder, entries[i]->d_name);
            play(path);
        }
        free(entries[i]);
    }
    if (count >= 0) {
        free(entries);
    }
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct stat status;
        if (stat(argv[i], &status) == 0 && S_ISDIR(status.st_mode)) {
            play_all(argv[i]);
        } else {
            play(argv[i]);
        }
    }
    printf("%u inputs\n", played);
    return 0;
}

/* Reads with a limit: a configuration is written by a person. */
#include "host/config_text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/secret.h"

#define TEXT_MAX 1048576

static const char mark[] = "\n" CONFIG_TEXT_END " = 1\n";

bool config_text_read(const char *path, struct config_text *out, struct problem *problem)
{
    *out = (struct config_text){.capacity = TEXT_MAX + sizeof(mark)};
    FILE *file = fopen(path, "re");
    out->data = file != NULL ? calloc(1, out->capacity) : NULL;
    int error = errno;
    if (out->data != NULL) {
        errno = 0;
        out->length = fread(out->data, 1, TEXT_MAX, file);
        error = errno != 0 ? errno : getc(file) != EOF ? EFBIG : 0;
    }
    if (file != NULL) {
        fclose(file);
    }
    if (out->data == NULL || error != 0) {
        config_text_wipe(out);
        return problem_set(
            problem,
            error == ENOMEM || error == EMFILE || error == ENFILE ? EXIT_ENVIRONMENT : EXIT_USAGE,
            "cannot read the configuration %s: %s; docs/ikeref.conf.example shows one", path,
            strerror(error));
    }
    memcpy(out->data + out->length, mark, sizeof(mark) - 1);
    out->length += sizeof(mark) - 1;
    return true;
}

void config_text_wipe(struct config_text *text)
{
    if (text->data != NULL) {
        octets_wipe(text->data, text->capacity);
        free(text->data);
    }
    *text = (struct config_text){0};
}

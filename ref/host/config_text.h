/* The text of a configuration file, with a mark behind its end.
 *
 * libconfuse takes the end of the file for the end of every open section, so a forgotten brace
 * would go unseen. The mark is a key that only the top level knows: what reads it elsewhere has
 * found a section still open. */
#ifndef IKEREF_HOST_CONFIG_TEXT_H
#define IKEREF_HOST_CONFIG_TEXT_H

#include <stddef.h>

#include "host/problem.h"

#define CONFIG_TEXT_END "_end_of_file_"

struct config_text {
    char *data; /* may hold a shared key: wipe it soon */
    size_t length, capacity;
};

/* Reads all of the file. False: the problem names file and remedy, and nothing is owned. */
bool config_text_read(const char *path, struct config_text *out, struct problem *problem);
void config_text_wipe(struct config_text *text);

#endif

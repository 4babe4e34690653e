/* The configuration file. docs/ikeref.conf.example shows every key. */
#ifndef IKEREF_HOST_CONFIG_FILE_H
#define IKEREF_HOST_CONFIG_FILE_H

#include "host/host_config.h"
#include "host/problem.h"

/* Reads and checks all of it; true: *out is complete (host_config_wipe it). False: *out is empty
 * and the problem names file, line, what was found, what was expected. */
bool config_file_read(const char *path, struct host_config *out, struct problem *problem);

#endif

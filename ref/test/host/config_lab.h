/* Writes a configuration to a file of its own and reads it. */
#ifndef IKEREF_TEST_CONFIG_LAB_H
#define IKEREF_TEST_CONFIG_LAB_H

#include "host/config_file.h"

/* Reads `text` as a configuration file; what config_file_read returns. */
bool config_lab_read(const char *text, struct host_config *out, struct problem *problem);

/* Writes a file with this mode; its path in static storage. */
const char *config_lab_file(const char *text, unsigned mode);

#endif

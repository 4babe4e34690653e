/* ikeload's command line. */
#ifndef IKEREF_LOAD_OPTIONS_H
#define IKEREF_LOAD_OPTIONS_H

#include "host/problem.h"
#include "load/crowd.h"

struct options {
    const char *config; /* the file; NULL with `help` or `version` only */
    struct crowd_plan plan;
    size_t sources;   /* addresses of ours that the clients share */
    bool inner_whole; /* each asks for all of the configuration's own selectors */
    bool help, version;
};

extern const char options_usage[];

/* False: the problem says what was expected. */
MUST_USE bool options_parse(int argc, char **argv, struct options *out, struct problem *problem);

#endif

/* What has come of a run, as one JSON object. docs/PERFORMANCE.md says what each figure is. */
#ifndef IKEREF_LOAD_REPORT_H
#define IKEREF_LOAD_REPORT_H

#include <jansson.h>

#include "load/crowd.h"
#include "load/effort.h"

/* NULL: no memory. The caller drops the reference. */
json_t *report_build(struct crowd *crowd, const struct effort *spent);

#endif

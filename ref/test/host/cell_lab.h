/* A child process that gives something up for good, and what became of it. */
#ifndef IKEREF_TEST_CELL_LAB_H
#define IKEREF_TEST_CELL_LAB_H

#include <stdbool.h>

/* Runs `act` in a child: 0 when it returned true, 1 when false, minus the signal that ended it. */
int cell_lab_run(bool (*act)(void));

/* Skips the test, with the reason, when we are not root. */
void cell_lab_need_root(void);

#endif

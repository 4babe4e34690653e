/* What has been seen before: 64-bit marks and a number for each. Nothing depends on its order. */
#ifndef IKEREF_SIM_LEDGER_H
#define IKEREF_SIM_LEDGER_H

#include "base/bytes.h"

struct ledger {
    size_t capacity, count; /* a power of two; 0: not yet used */
    uint64_t *marks;        /* 0: empty */
    uint64_t *numbers;
};

/* The number of a mark; NULL when it has not been seen. Valid until the next note. */
uint64_t *ledger_find(const struct ledger *ledger, uint64_t mark);

/* Notes a mark that was not there, with this number: true. It was there: false, nothing changes,
 * and *before (unless NULL) is its number. */
bool ledger_note(struct ledger *ledger, uint64_t mark, uint64_t number, uint64_t *before);

void ledger_clear(struct ledger *ledger); /* empty, memory kept */
void ledger_free(struct ledger *ledger);

/* A mark of octets, and of two marks; the same on every machine. */
uint64_t mark_of(struct bytes octets);
uint64_t mark_join(uint64_t a, uint64_t b);

#endif

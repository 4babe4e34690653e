/* Open addressing, at most half full. */

#include "sim/ledger.h"

#include <stdlib.h>
#include <string.h>

#define CAPACITY_FIRST 512

static size_t slot_of(const struct ledger *ledger, uint64_t mark)
{
    size_t i = (size_t)(mark * 0x9e3779b97f4a7c15ULL >> 20) & (ledger->capacity - 1);
    while (ledger->marks[i] != 0 && ledger->marks[i] != mark) {
        i = (i + 1) & (ledger->capacity - 1);
    }
    return i;
}

static void grow(struct ledger *ledger)
{
    struct ledger larger = {.capacity =
                                ledger->capacity > 0 ? ledger->capacity * 2 : CAPACITY_FIRST};
    larger.marks = calloc(larger.capacity, sizeof *larger.marks);
    larger.numbers = calloc(larger.capacity, sizeof *larger.numbers);
    if (larger.marks == NULL || larger.numbers == NULL) {
        abort();
    }
    for (size_t i = 0; i < ledger->capacity; i++) {
        if (ledger->marks[i] != 0) {
            size_t slot = slot_of(&larger, ledger->marks[i]);
            larger.marks[slot] = ledger->marks[i];
            larger.numbers[slot] = ledger->numbers[i];
        }
    }
    larger.count = ledger->count;
    ledger_free(ledger);
    *ledger = larger;
}

uint64_t *ledger_find(const struct ledger *ledger, uint64_t mark)
{
    if (ledger->capacity == 0) {
        return NULL;
    }
    size_t slot = slot_of(ledger, mark + (mark == 0));
    return ledger->marks[slot] != 0 ? &ledger->numbers[slot] : NULL;
}

bool ledger_note(struct ledger *ledger, uint64_t mark, uint64_t number, uint64_t *before)
{
    if (ledger->count * 2 >= ledger->capacity) {
        grow(ledger);
    }
    mark += mark == 0;
    size_t slot = slot_of(ledger, mark);
    if (ledger->marks[slot] != 0) {
        if (before != NULL) {
            *before = ledger->numbers[slot];
        }
        return false;
    }
    ledger->marks[slot] = mark;
    ledger->numbers[slot] = number;
    ledger->count++;
    return true;
}

void ledger_clear(struct ledger *ledger)
{
    if (ledger->count > 0) {
        memset(ledger->marks, 0, ledger->capacity * sizeof *ledger->marks);
        ledger->count = 0;
    }
}

void ledger_free(struct ledger *ledger)
{
    free(ledger->marks);
    free(ledger->numbers);
    *ledger = (struct ledger){0};
}

uint64_t mark_join(uint64_t a, uint64_t b)
{
    uint64_t z = (a ^ (b + 0x9e3779b97f4a7c15ULL + (a << 6) + (a >> 2))) * 0xbf58476d1ce4e5b9ULL;
    return z ^ (z >> 31);
}

/* Eight octets a step, little end first on every machine. */
uint64_t mark_of(struct bytes octets)
{
    uint64_t mark = mark_join(0x696b6573696d, octets.length);
    size_t i = 0;
    for (; i + 8 <= octets.length; i += 8) {
        const uint8_t *o = octets.data + i;
        uint64_t word = (uint64_t)o[0] | (uint64_t)o[1] << 8 | (uint64_t)o[2] << 16 |
                        (uint64_t)o[3] << 24 | (uint64_t)o[4] << 32 | (uint64_t)o[5] << 40 |
                        (uint64_t)o[6] << 48 | (uint64_t)o[7] << 56;
        mark = mark_join(mark, word);
    }
    for (; i < octets.length; i++) {
        mark = mark_join(mark, octets.data[i]);
    }
    return mark;
}

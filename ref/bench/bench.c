/* Cases by name, and what of them is counted. */

#include "bench/bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <valgrind/callgrind.h>

#include "bench/library.h"

void bench_init(struct bench *bench, char **wanted, int wanted_count, bool list)
{
    *bench = (struct bench){.wanted = wanted, .wanted_count = wanted_count, .list = list};
    bench->random = dice_source(&bench->dice);
}

bool bench_wants(const struct bench *bench)
{
    for (int i = 0; i < bench->wanted_count; i++) {
        if (strncmp(bench->name, bench->wanted[i], strlen(bench->wanted[i])) == 0) {
            return true;
        }
    }
    return bench->wanted_count == 0;
}

/* FNV-1a: any number will do that follows from the name alone. */
static uint64_t seed_of(const char *name)
{
    uint64_t hash = 14695981039346656037ULL;
    for (; *name != '\0'; name++) {
        hash = (hash ^ (uint8_t)*name) * 1099511628211ULL;
    }
    return hash;
}

bool bench_begin(struct bench *bench, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(bench->name, sizeof bench->name, format, arguments);
    va_end(arguments);
    bench_insist(bench, length > 0 && length < BENCH_NAME_MAX, "a name is too long");
    if (!bench_wants(bench)) {
        return false;
    }
    bench->played++;
    if (bench->list) {
        printf("%s\n", bench->name);
        return false;
    }
    bench->dice = dice_of(seed_of(bench->name), 0);
    library_seed(seed_of(bench->name));
    return true;
}

void bench_play(struct bench *bench, unsigned operations, bench_play_function *play, void *context)
{
    play(bench, context);
    CALLGRIND_ZERO_STATS;
    bench->counting = true;
    play(bench, context);
    bench->counting = false;
    CALLGRIND_DUMP_STATS_AT(bench->name);
    printf("case %s %u\n", bench->name, operations);
}

void bench_on(const struct bench *bench)
{
    if (bench->counting) {
        CALLGRIND_TOGGLE_COLLECT;
    }
}

void bench_off(const struct bench *bench)
{
    if (bench->counting) {
        CALLGRIND_TOGGLE_COLLECT;
    }
}

void bench_insist(const struct bench *bench, bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "ikebench: %s: %s\n", bench->name, what);
        exit(1);
    }
}

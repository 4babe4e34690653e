/* What is played and what of it is counted: cases with names, each of them played once to warm up
 * and once to be counted. Valgrind's callgrind counts, between bench_on and bench_off alone; run by
 * itself the program plays the same and counts nothing. docs/PERFORMANCE.md. */
#ifndef IKEREF_BENCH_BENCH_H
#define IKEREF_BENCH_BENCH_H

#include "sim/dice.h"

#define BENCH_NAME_MAX 64

struct bench {
    char **wanted; /* beginnings of the names to be played; none: all */
    int wanted_count;
    bool list; /* name the cases, play none */
    bool counting;
    unsigned played;
    char name[BENCH_NAME_MAX]; /* of the case that is played */
    struct dice dice;          /* its own: the same whatever was played before */
    struct random_source random;
};

/* Once, before anything else. */
void bench_init(struct bench *bench, char **wanted, int wanted_count, bool list);

/* The case with this name is to be set up and played: randomness, the library's too, starts anew
 * from the name. False: it is not wanted, or was only to be named. */
bool bench_begin(struct bench *bench, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Plays it: `play` does `operations` of what the case is about. */
typedef void bench_play_function(struct bench *bench, void *context);
void bench_play(struct bench *bench, unsigned operations, bench_play_function *play, void *context);

/* The name that it has now is among those that are wanted. */
bool bench_wants(const struct bench *bench);

/* What runs between them is the case's, as far as a play is counted at all. */
void bench_on(const struct bench *bench);
void bench_off(const struct bench *bench);

/* What did not come out as it must: says so with the case's name, and ends the program. A case
 * that does not do its work has no counts. */
void bench_insist(const struct bench *bench, bool good, const char *what);

#endif

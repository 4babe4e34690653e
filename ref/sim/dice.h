/* Dice with a seed: the same numbers on every machine. One for each purpose, so that what one part
 * draws does not change what another sees. */
#ifndef IKEREF_SIM_DICE_H
#define IKEREF_SIM_DICE_H

#include "crypto/crypto.h"

struct dice {
    uint64_t state;
};

/* The dice of this number that belong to a seed. */
struct dice dice_of(uint64_t seed, uint64_t number);

uint64_t dice_roll(struct dice *dice);
/* 0 to sides - 1; 0 when there is no side. */
uint32_t dice_below(struct dice *dice, uint32_t sides);
bool dice_percent(struct dice *dice, uint32_t percent);

/* Randomness for a core; `dice` outlives it. */
struct random_source dice_source(struct dice *dice);

#endif

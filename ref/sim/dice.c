/* splitmix64: one addition and three mixing steps a number. */

#include "sim/dice.h"

static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

uint64_t dice_roll(struct dice *dice)
{
    dice->state += 0x9e3779b97f4a7c15ULL;
    return mix(dice->state);
}

struct dice dice_of(uint64_t seed, uint64_t number)
{
    return (struct dice){mix(mix(seed + 1) ^ (number + 1) * 0xd6e8feb86659fd93ULL)};
}

uint32_t dice_below(struct dice *dice, uint32_t sides)
{
    return sides == 0 ? 0 : (uint32_t)(dice_roll(dice) % sides);
}

bool dice_percent(struct dice *dice, uint32_t percent)
{
    return percent > 0 && dice_below(dice, 100) < percent;
}

/* Octet by octet, so that the byte order of the machine does not matter. */
static bool fill(void *context, uint8_t *out, size_t length)
{
    uint64_t number = 0;
    for (size_t i = 0; i < length; i++) {
        number = i % 8 == 0 ? dice_roll(context) : number >> 8;
        out[i] = (uint8_t)number;
    }
    return true;
}

struct random_source dice_source(struct dice *dice)
{
    return (struct random_source){fill, dice};
}

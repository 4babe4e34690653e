/* Randomness that was written down before. */

#include "test/vectors/scripted_random.h"

#include <string.h>

static bool take(struct scripted_random *random, size_t length, struct bytes *out)
{
    if (random->any_length) {
        return bytes_take(&random->draws[0], length, out);
    }
    if (random->next == random->count || random->draws[random->next].length != length) {
        return false;
    }
    *out = random->draws[random->next++];
    return true;
}

static bool fill(void *context, uint8_t *out, size_t length)
{
    struct scripted_random *random = context;
    struct bytes octets;
    if (random->failed || random->drawn_count == SCRIPTED_DRAWS_MAX ||
        !take(random, length, &octets)) {
        random->failed = true;
        return false;
    }
    random->drawn[random->drawn_count++] = octets;
    memcpy(out, octets.data, length);
    return true;
}

void scripted_random_init(struct scripted_random *random)
{
    memset(random, 0, sizeof *random);
    random->source = (struct random_source){fill, random};
}

void scripted_random_add(struct scripted_random *random, struct bytes draw)
{
    if (random->count < SCRIPTED_DRAWS_MAX) {
        random->draws[random->count++] = draw;
    }
}

bool scripted_random_done(const struct scripted_random *random)
{
    return !random->failed && random->next == random->count;
}

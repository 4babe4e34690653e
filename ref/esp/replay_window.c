/* The anti-replay window, RFC 4303 3.4.3, A2 and RFC 6479. */
#include "esp/replay_window.h"

#include <assert.h>
#include <string.h>

#define SUBSPACE (UINT64_C(1) << 32) /* numbers that share their high half */

/* The least power of two that is more than what holds the window: one word is being filled. */
static uint32_t words_of(uint32_t size)
{
    uint32_t words = 1;
    assert(size <= REPLAY_WINDOW_MAX);
    while (words <= (size + 63) / 64) {
        words *= 2;
    }
    return words;
}

size_t replay_window_length(uint32_t size)
{
    return offsetof(struct replay_window, words) + words_of(size) * sizeof(uint64_t);
}

void replay_window_init(struct replay_window *window, uint32_t size)
{
    memset(window, 0, replay_window_length(size));
    window->size = size;
    window->mask = words_of(size) - 1;
}

uint64_t replay_window_sequence(const struct replay_window *window, uint32_t low, bool esn)
{
    if (!esn) {
        return low;
    }
    /* Without a window late packets are welcome from as far behind as they can be told apart. */
    uint32_t size = window->size != 0 ? window->size : UINT32_C(1) << 31;
    uint32_t highest_low = (uint32_t)window->highest;
    uint64_t subspace = window->highest - highest_low;
    uint32_t bottom_low = highest_low - size + 1;
    if (highest_low >= size - 1) {
        return subspace + low + (low >= bottom_low ? 0 : SUBSPACE);
    }
    if (low < bottom_low || subspace == 0) { /* nothing lies before the first subspace */
        return subspace + low;
    }
    return subspace - SUBSPACE + low;
}

static uint64_t *word_of(struct replay_window *window, uint64_t sequence)
{
    return &window->words[sequence / 64 & window->mask];
}

bool replay_window_check(const struct replay_window *window, uint64_t sequence)
{
    if (sequence == 0) { /* the first packet is number 1, RFC 4303 2.2 */
        return window->size == 0;
    }
    if (window->size == 0 || sequence > window->highest) {
        return true;
    }
    if (window->highest - sequence >= window->size) {
        return false;
    }
    uint64_t word = window->words[sequence / 64 & window->mask];
    return (word >> sequence % 64 & 1) == 0;
}

bool replay_window_update(struct replay_window *window, uint64_t sequence)
{
    bool is_highest = sequence > window->highest;
    if (is_highest) {
        uint64_t last = window->highest / 64;
        uint64_t steps = sequence / 64 - last;
        for (uint64_t i = 1; i <= steps && i <= window->mask + 1; i++) {
            window->words[(last + i) & window->mask] = 0;
        }
        window->highest = sequence;
    }
    *word_of(window, sequence) |= UINT64_C(1) << sequence % 64;
    return is_highest;
}

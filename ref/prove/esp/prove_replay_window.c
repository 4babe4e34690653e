/* esp/replay_window.c against the simplest model there is: the set of numbers seen. One number,
 * any, stands for all of them, and one step from any state that the model allows for any history.
 */
#include "prove/prove.h"

#include "esp/replay_window.h"

/* One number, and whether a packet of that number has been taken. */
struct ghost {
    uint64_t number;
    bool seen;
};

static bool bit_of(const struct replay_window *w, uint64_t number)
{
    return (w->words[number / 64 & w->mask] >> number % 64 & 1) != 0;
}

/* What every history leaves behind it, said of one number: within the window its bit is the truth,
 * and the rest of the word that is being filled is empty. */
static bool is_true_of(const struct replay_window *w, const struct ghost *g)
{
    bool ahead = g->number > w->highest;
    if (g->number == 0 || ahead) {
        bool word_begun = g->number / 64 == w->highest / 64;
        return !g->seen && (!ahead || !word_begun || !bit_of(w, g->number));
    }
    return w->highest - g->number >= w->size || bit_of(w, g->number) == g->seen;
}

/* As replay_window_init leaves it: enough words for the window and the one that is being filled. */
static bool has_room(const struct replay_window *w)
{
    return (w->mask & (w->mask + 1)) == 0 && w->mask < REPLAY_WORDS &&
           w->mask + 1 > (w->size + 63) / 64;
}

void prove_replay_window_init(void)
{
    struct replay_window w;
    struct ghost g = {any_u64(), false};
    uint32_t size = any_u32();
    __CPROVER_assume(size <= REPLAY_WINDOW_MAX);
    replay_window_init(&w, size);
    assert(w.size == size && w.highest == 0 && has_room(&w) && is_true_of(&w, &g));
}

/* New is what was not seen and is not behind the window (RFC 4303 3.4.3). */
void prove_replay_window_check(void)
{
    struct replay_window w;
    struct ghost g = {any_u64(), any_bool()};
    __CPROVER_assume(w.size <= REPLAY_WINDOW_MAX && has_room(&w) && is_true_of(&w, &g));
    bool behind = g.number <= w.highest && w.highest - g.number >= w.size;
    bool is_new = replay_window_check(&w, g.number);
    assert(is_new == (w.size == 0 || (g.number != 0 && !behind && !g.seen)));
}

void prove_replay_window_update(void)
{
    struct replay_window w;
    struct ghost g = {any_u64(), any_bool()};
    uint64_t taken = any_u64();
    __CPROVER_assume(w.size > 0 && w.size <= REPLAY_WINDOW_MAX && has_room(&w) &&
                     is_true_of(&w, &g));
    uint64_t highest = w.highest;
    bool was_new = replay_window_check(&w, taken);
    __CPROVER_assume(was_new);
    bool is_highest = replay_window_update(&w, taken);
    g.seen = g.seen || g.number == taken;
    assert(is_highest == (taken > highest));
    assert(w.highest == (taken > highest ? taken : highest));
    assert(is_true_of(&w, &g));
    assert(!replay_window_check(&w, taken));
}

/* RFC 4303 A2: of the numbers with these low 32 bits, the one in the 2^32 from the bottom of the
 * window up. */
void prove_replay_window_sequence(void)
{
    struct replay_window w;
    uint32_t low = any_u32();
    __CPROVER_assume(w.size <= REPLAY_WINDOW_MAX && w.highest < UINT64_MAX - UINT32_MAX);
    uint64_t behind = (w.size != 0 ? w.size : UINT32_C(1) << 31) - 1;
    uint64_t bottom = w.highest >= behind ? w.highest - behind : 0;
    uint64_t sequence = replay_window_sequence(&w, low, true);
    assert((uint32_t)sequence == low && sequence >= bottom && sequence - bottom <= UINT32_MAX);
    assert(replay_window_sequence(&w, low, false) == low);
}

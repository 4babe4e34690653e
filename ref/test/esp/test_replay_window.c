/* The replay window against a model that remembers every number it ever saw. */
#include "esp_lab.h"

#include "esp/replay_window.h"

#define SEEN_MAX 65536

/* The model: a plain list of accepted numbers and the rules of RFC 4303 3.4.3, nothing clever. */
struct model {
    uint32_t size;
    uint64_t highest;
    uint64_t base; /* numbers at or below are not in `seen` */
    uint8_t seen[SEEN_MAX];
};

static bool model_check(const struct model *m, uint64_t sequence)
{
    if (m->size == 0) {
        return true;
    }
    if (sequence == 0 || sequence + m->size <= m->highest) {
        return false;
    }
    return sequence > m->highest || !m->seen[sequence - m->base];
}

static void model_update(struct model *m, uint64_t sequence)
{
    if (sequence > m->base && sequence - m->base < SEEN_MAX) {
        m->seen[sequence - m->base] = 1;
    }
    if (sequence > m->highest) {
        m->highest = sequence;
    }
}

/* A number near the highest: mostly close, sometimes a jump, sometimes far behind. */
static uint64_t near(uint64_t highest, uint32_t size, uint64_t *seed)
{
    uint64_t spread = size == 0 ? 64 : size;
    uint64_t kind = lab_next(seed) % 16;
    if (kind == 0) {
        return highest + lab_next(seed) % (3 * spread);
    }
    if (kind < 8) {
        return highest + 1 + lab_next(seed) % 3;
    }
    uint64_t back = lab_next(seed) % (spread + spread / 4 + 2);
    return back > highest ? 0 : highest - back;
}

static void run_against_model(uint32_t size, uint64_t start, bool esn)
{
    static struct model model;
    struct replay_window window;
    memset(&window, 0xa5, sizeof(window));
    uint64_t seed = 0x9e3779b97f4a7c15u ^ size;
    replay_window_init(&window, size);
    memset(&model, 0, sizeof(model));
    model.size = size;
    model.base = start == 0 ? 0 : start - 1;
    if (start != 0) {
        (void)replay_window_update(&window, start);
        model_update(&model, start);
    }
    while (model.highest - model.base < SEEN_MAX - 4 * REPLAY_WINDOW_MAX) {
        uint64_t sequence = near(model.highest, size, &seed);
        if (sequence <= model.base) { /* before the model began */
            continue;
        }
        bool deducible = size != 0 && sequence + size > model.highest;
        if (!esn || deducible || size == 0) {
            assert_true(replay_window_sequence(&window, (uint32_t)sequence, esn) == sequence);
        }
        bool expected = model_check(&model, sequence);
        assert_int_equal(replay_window_check(&window, sequence), expected);
        if (expected) {
            bool highest = sequence > model.highest;
            assert_int_equal(replay_window_update(&window, sequence), highest);
            model_update(&model, sequence);
        }
        assert_true(window.highest == model.highest);
    }
    for (size_t i = window.mask + 1; i < REPLAY_WORDS; i++) { /* nobody may have memory for them */
        assert_true(window.words[i] == UINT64_C(0xa5a5a5a5a5a5a5a5));
    }
}

static void test_against_model(void **state)
{
    (void)state;
    static const uint32_t sizes[] = {0, 1, 2, 31, 32, 33, 63, 64, 65, 100, 127, 1024, 4000, 4096};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        run_against_model(sizes[i], 0, false);
        run_against_model(sizes[i], 0, true);
        /* straddling 2^32, with ESN */
        run_against_model(sizes[i], (UINT64_C(1) << 32) - 20000, true);
        run_against_model(sizes[i], (UINT64_C(5) << 32) - 20000, true);
    }
}

static void test_no_more_words_than_needed(void **state)
{
    (void)state;
    static const size_t words[][2] = {{0, 1}, {1, 2}, {64, 2}, {65, 4}, {256, 8}, {4096, 128}};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        assert_int_equal(replay_window_length((uint32_t)words[i][0]),
                         offsetof(struct replay_window, words) + 8 * words[i][1]);
    }
    assert_int_equal(replay_window_length(REPLAY_WINDOW_MAX), sizeof(struct replay_window));
}

static void test_first_packet_is_one(void **state)
{
    (void)state;
    struct replay_window window;
    replay_window_init(&window, 64);
    assert_false(replay_window_check(&window, 0));
    assert_true(replay_window_check(&window, 1));
    assert_true(replay_window_update(&window, 1));
    assert_false(replay_window_check(&window, 1));
}

/* A jump over the whole ring leaves nothing of the old behind. */
static void test_far_jump_forgets(void **state)
{
    (void)state;
    for (uint64_t jump = 4000; jump < 20000; jump += 37) {
        struct replay_window window;
        replay_window_init(&window, 4096);
        for (uint64_t sequence = 1; sequence <= 5000; sequence++) {
            (void)replay_window_update(&window, sequence);
        }
        assert_true(replay_window_update(&window, 5000 + jump));
        for (uint64_t back = 1; back < 4096 && back < jump; back++) {
            assert_true(replay_window_check(&window, 5000 + jump - back));
        }
    }
}

/* RFC 4303 A2.2, case A and case B, at the very edges. */
static void test_high_half(void **state)
{
    (void)state;
    struct replay_window window;
    replay_window_init(&window, 64);
    /* before the first subspace there is nothing: what looks late must be far ahead */
    (void)replay_window_update(&window, 10);
    assert_true(replay_window_sequence(&window, 0xfffffff0, true) == UINT64_C(0xfffffff0));
    (void)replay_window_update(&window, UINT64_C(0x100000010)); /* case B: Tl < W - 1 */
    assert_true(replay_window_sequence(&window, 0xffffffd1, true) == UINT64_C(0xffffffd1));
    assert_true(replay_window_sequence(&window, 0xffffffd0, true) == UINT64_C(0x1ffffffd0));
    assert_true(replay_window_sequence(&window, 0x0f, true) == UINT64_C(0x10000000f));
    (void)replay_window_update(&window, UINT64_C(0x100001000)); /* case A */
    assert_true(replay_window_sequence(&window, 0xfc1, true) == UINT64_C(0x100000fc1));
    assert_true(replay_window_sequence(&window, 0xfc0, true) == UINT64_C(0x200000fc0));
    assert_true(replay_window_sequence(&window, 0x1001, true) == UINT64_C(0x100001001));
    assert_true(replay_window_sequence(&window, 0x1001, false) == 0x1001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_model),
        cmocka_unit_test(test_no_more_words_than_needed),
        cmocka_unit_test(test_first_packet_is_one),
        cmocka_unit_test(test_far_jump_forgets),
        cmocka_unit_test(test_high_half),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

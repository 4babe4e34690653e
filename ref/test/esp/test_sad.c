/* The SAD: pairs by the SPI of what we receive. */
#include "esp_lab.h"

static struct esp_pair *pair_of(uint32_t spi)
{
    struct lab lab;
    lab_create(&lab, &(struct lab_options){.algorithm = 0});
    struct esp_pair_config config = lab_config(&lab, true, 1);
    lab_destroy(&lab);
    config.spi_in = spi;
    struct esp_pair *pair = esp_pair_create(&config);
    assert_non_null(pair);
    return pair;
}

static void test_sad_finds_what_was_put_in(void **state)
{
    (void)state;
    struct sad sad;
    assert_true(sad_init(&sad));
    for (uint32_t i = 0; i < 300; i++) { /* beyond the first size, and many in one bucket */
        sad_insert(&sad, pair_of(0x10000 + (i % 3 == 0 ? i * 1024 : i)));
    }
    assert_true(sad.bucket_count > 64);
    size_t seen = 0;
    for (struct esp_pair *pair = sad_next(&sad, NULL); pair != NULL; pair = sad_next(&sad, pair)) {
        assert_ptr_equal(sad_find(&sad, pair->spi_in), pair);
        seen++;
    }
    assert_int_equal(seen, 300);
    struct esp_pair *pair = sad_find(&sad, 0x10000 + 7);
    sad_remove(&sad, pair);
    esp_pair_destroy(pair);
    assert_null(sad_find(&sad, 0x10000 + 7));
    assert_int_equal(sad.count, 299);
    sad_free(&sad);
}

static void test_sad_empty_and_after_removal(void **state)
{
    (void)state;
    struct sad sad;
    assert_true(sad_init(&sad));
    assert_null(sad_next(&sad, NULL));
    assert_null(sad_find(&sad, 0x1000));
    /* all in one bucket: the chain holds when its middle, its end and its start go */
    static const uint32_t order[] = {1, 2, 0};
    for (uint32_t i = 0; i < 3; i++) {
        sad_insert(&sad, pair_of(0x1000 + i * 0x10000));
    }
    for (size_t i = 0; i < 3; i++) {
        struct esp_pair *pair = sad_find(&sad, 0x1000 + order[i] * 0x10000);
        assert_non_null(pair);
        sad_remove(&sad, pair);
        esp_pair_destroy(pair); /* ownership came back */
        for (size_t k = 0; k < 3; k++) {
            assert_int_equal(sad_find(&sad, 0x1000 + order[k] * 0x10000) != NULL, k > i);
        }
        assert_int_equal(sad.count, 2 - i);
    }
    sad_free(&sad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sad_finds_what_was_put_in),
        cmocka_unit_test(test_sad_empty_and_after_removal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* RFC 6040 4.2, figure 4: all sixteen combinations. */
#include "esp_lab.h"

#include "esp/ecn.h"

#define NOT_ECT 0
#define ECT_1 1
#define ECT_0 2
#define CE 3
#define GONE 9

static void test_figure_4(void **state)
{
    (void)state;
    static const struct {
        uint8_t inner, outer, expected;
    } rows[] = {
        {NOT_ECT, NOT_ECT, NOT_ECT},
        {NOT_ECT, ECT_0, NOT_ECT},
        {NOT_ECT, ECT_1, NOT_ECT},
        {NOT_ECT, CE, GONE},
        {ECT_0, NOT_ECT, ECT_0},
        {ECT_0, ECT_0, ECT_0},
        {ECT_0, ECT_1, ECT_1},
        {ECT_0, CE, CE},
        {ECT_1, NOT_ECT, ECT_1},
        {ECT_1, ECT_0, ECT_1},
        {ECT_1, ECT_1, ECT_1},
        {ECT_1, CE, CE},
        {CE, NOT_ECT, CE},
        {CE, ECT_0, CE},
        {CE, ECT_1, CE},
        {CE, CE, CE},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t out = GONE;
        /* the DSCP bits around the field must not matter */
        bool kept = ecn_decapsulate(rows[i].inner | 0xb8, rows[i].outer | 0x28, &out);
        assert_int_equal(kept, rows[i].expected != GONE);
        assert_int_equal(out, rows[i].expected);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_figure_4)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

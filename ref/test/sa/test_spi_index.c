/* IKE SAs by our SPI. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sa/spi_index.h"

static struct spi_index spis;

/* They are told apart, and each can go in any order. */
static void test_told_apart(void **state)
{
    static struct ike_sa sas[3];
    static const size_t order[] = {1, 0, 2};
    (void)state;
    assert_int_equal(spi_index_init(&spis), STATUS_OK);
    for (size_t i = 0; i < 3; i++) {
        sas[i] = (struct ike_sa){.initiator = i == 2, .spi_i = 7, .spi_r = 5 + (i << 32)};
        if (i == 2) {
            sas[i].spi_i = 5 + (i << 32); /* what counts is the SPI that is ours */
        }
        spi_index_add(&spis, &sas[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        for (size_t left = i; left < 3; left++) {
            struct ike_sa *sa = &sas[order[left]];
            assert_ptr_equal(spi_index_find(&spis, 5 + ((uint64_t)order[left] << 32)), sa);
        }
        spi_index_remove(&spis, &sas[order[i]]);
        assert_null(spi_index_find(&spis, 5 + ((uint64_t)order[i] << 32)));
    }
    assert_null(spi_index_find(&spis, 7));
    spi_index_free(&spis);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

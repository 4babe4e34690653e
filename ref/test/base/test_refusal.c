/* base/refusal.c: every refusal has a name of its own and a sentence with a remedy. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/refusal.h"

static void test_every_refusal_has_words(void **state)
{
    (void)state;
    assert_null(refusal_name(REFUSAL_NONE));
    assert_null(refusal_sentence(REFUSAL_NONE));
    for (int i = REFUSAL_NONE + 1; i < REFUSALS; i++) {
        const char *name = refusal_name((enum refusal)i);
        const char *sentence = refusal_sentence((enum refusal)i);
        assert_non_null(name);
        assert_non_null(sentence);
        assert_non_null(strchr(sentence, ';')); /* what is wrong; what to do */
        for (int other = i + 1; other < REFUSALS; other++) {
            assert_string_not_equal(name, refusal_name((enum refusal)other));
            assert_string_not_equal(sentence, refusal_sentence((enum refusal)other));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_refusal_has_words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

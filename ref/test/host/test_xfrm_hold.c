/* host/xfrm_hold: one daemon a mark, and the kernel's setting as it was. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/xfrm_hold.h"
#include "net_lab.h"

#define SETTING "cat /proc/sys/net/core/xfrm_larval_drop"

static char setting(void)
{
    char text[8];
    net_lab_say(SETTING, text, sizeof(text));
    return text[0];
}

static void one_a_mark(void **state)
{
    (void)state;
    net_lab_enter();
    struct xfrm_hold one, same, other;
    struct problem problem = {0};
    assert_true(xfrm_hold_begin(&one, 0x77, &problem));
    assert_false(xfrm_hold_begin(&same, 0x77, &problem));
    assert_int_equal(problem.code, EXIT_ENVIRONMENT);
    assert_non_null(strstr(problem.text, "mark = 0x77"));
    xfrm_hold_end(&same);
    problem = (struct problem){0};
    assert_true(xfrm_hold_begin(&other, 0x78, &problem));
    xfrm_hold_end(&one);
    assert_true(xfrm_hold_begin(&same, 0x77, &problem));
    xfrm_hold_end(&same);
    xfrm_hold_end(&other);
}

static void the_setting(void **state)
{
    (void)state;
    net_lab_enter();
    struct xfrm_hold hold;
    struct problem problem = {0};
    if (setting() != '1') {
        print_message("this kernel has no net.core.xfrm_larval_drop of 1\n");
        skip();
    }
    assert_true(xfrm_hold_begin(&hold, 0x77, &problem));
    assert_int_equal(setting(), '0');
    xfrm_hold_end(&hold);
    assert_int_equal(setting(), '1');
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(one_a_mark), cmocka_unit_test(the_setting)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

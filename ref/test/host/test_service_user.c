/* host/service_user: names and numbers, and who it is when nobody says so. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <pwd.h>

#include "host/service_user.h"

static void names_and_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uid_t user;
        gid_t group;
    } rows[] = {
        {"root", 0, 0},
        {"0", 0, 0},
        {"daemon", 1, 1},
        {"65184", 65184, 65184}, /* no such name is needed */
        {"4294967294", 4294967294, 4294967294},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct service_user user;
        assert_true(service_user_parse(rows[i].text, &user));
        assert_true(user.given);
        assert_int_equal(user.user, rows[i].user);
        assert_int_equal(user.group, rows[i].group);
    }
}

static void what_is_no_user(void **state)
{
    (void)state;
    static const char *const rows[] = {"",           "no-such-user-here",    "-1",
                                       "4294967295", "99999999999999999999", "1x"};
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct service_user user;
        if (service_user_parse(rows[i], &user)) {
            fail_msg("\"%s\" was taken for user %u", rows[i], (unsigned)user.user);
        }
    }
}

static void the_default_is_nobody_else(void **state)
{
    (void)state;
    struct service_user user;
    service_user_default(&user);
    assert_false(user.given);
    assert_int_not_equal(user.user, 0);
    assert_int_not_equal(user.group, 0);
    const struct passwd *entry = getpwnam(SERVICE_USER_NAME);
    assert_int_equal(user.user, entry != NULL ? entry->pw_uid : SERVICE_USER_NUMBER);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_numbers),
        cmocka_unit_test(what_is_no_user),
        cmocka_unit_test(the_default_is_nobody_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

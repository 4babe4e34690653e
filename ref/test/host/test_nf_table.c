/* host/nf_table: what it removes and adds, as nft shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "host/nf_table.h"
#include "net_lab.h"

static bool shows(const char *wanted)
{
    char text[2048];
    net_lab_say("nft list ruleset 2>&1", text, sizeof(text));
    return strstr(text, wanted) != NULL;
}

static void table_make(void)
{
    char text[256];
    net_lab_enter();
    if (net_lab_say("{ nft add table inet t && nft add table inet u &&"
                    " nft add set inet t s '{ type ipv4_addr . ipv4_addr; }'; } 2>&1",
                    text, sizeof(text)) != 0) {
        print_message("no nftables here: %s\n", text);
        skip();
    }
}

static void it_alone_is_removed(void **state)
{
    (void)state;
    table_make();
    assert_int_equal(nf_table_remove("t"), 0);
    assert_false(shows("table inet t"));
    assert_true(shows("table inet u"));
    assert_int_equal(nf_table_remove("t"), ENOENT);
}

static void an_element_is_added(void **state)
{
    (void)state;
    static const uint8_t key[] = {192, 0, 2, 1, 198, 51, 100, 2};
    table_make();
    for (int i = 0; i < 2; i++) { /* also when it is there */
        assert_int_equal(nf_table_set_add("t", "s", bytes_of(key, sizeof(key))), 0);
    }
    assert_true(shows("192.0.2.1 . 198.51.100.2"));
    assert_int_equal(nf_table_set_add("t", "none", bytes_of(key, sizeof(key))), ENOENT);
    assert_int_equal(nf_table_set_add("none", "s", bytes_of(key, sizeof(key))), ENOENT);
    assert_int_not_equal(nf_table_set_add("t", "s", bytes_of(key, 4)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(it_alone_is_removed),
                                       cmocka_unit_test(an_element_is_added)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* host/config_text.c: the whole file with the mark behind it, or a problem and nothing owned. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "config_lab.h"
#include "host/config_text.h"

#define TEXT_MAX 1048576 /* octets of a file that are read, as in config_text.c */

static const char mark[] = "\n" CONFIG_TEXT_END " = 1\n";

static const char *file_of(size_t length)
{
    char *text = malloc(length + 1);
    assert_non_null(text);
    memset(text, '#', length);
    text[length] = '\0';
    const char *path = config_lab_file(text, S_IRUSR);
    free(text);
    return path;
}

static void the_mark_stands_behind_the_text(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "a = 1", "a = 1\n", "# no end of line"};
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct config_text text;
        struct problem problem = {0};
        assert_true(config_text_read(config_lab_file(texts[i], S_IRUSR), &text, &problem));
        size_t length = strlen(texts[i]);
        assert_int_equal(text.length, length + strlen(mark));
        assert_memory_equal(text.data, texts[i], length);
        assert_string_equal(text.data + length, mark); /* and a final zero */
        assert_int_equal(problem.code, EXIT_FINE);
        config_text_wipe(&text);
        assert_null(text.data);
        assert_true(text.length == 0 && text.capacity == 0);
        config_text_wipe(&text); /* a second time is harmless */
    }
}

static void the_largest_file(void **state)
{
    (void)state;
    struct config_text text;
    struct problem problem = {0};
    assert_true(config_text_read(file_of(TEXT_MAX), &text, &problem));
    assert_int_equal(text.length, TEXT_MAX + strlen(mark));
    assert_string_equal(text.data + TEXT_MAX, mark);
    config_text_wipe(&text);
    assert_false(config_text_read(file_of(TEXT_MAX + 1), &text, &problem));
    assert_null(text.data);
    assert_int_equal(problem.code, EXIT_USAGE);
    assert_non_null(strstr(problem.text, "too large"));
}

static void files_that_cannot_be_read(void **state)
{
    (void)state;
    static const struct {
        const char *path, *why;
    } rows[] = {
        {"/nonexistent/ikeref.conf", "No such file"},
        {"/", "directory"},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct config_text text;
        struct problem problem = {0};
        assert_false(config_text_read(rows[i].path, &text, &problem));
        assert_null(text.data);
        assert_int_equal(problem.code, EXIT_USAGE);
        assert_non_null(strstr(problem.text, rows[i].path));
        assert_non_null(strstr(problem.text, rows[i].why));
        assert_non_null(strstr(problem.text, "ikeref.conf.example")); /* the remedy */
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_mark_stands_behind_the_text),
        cmocka_unit_test(the_largest_file),
        cmocka_unit_test(files_that_cannot_be_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

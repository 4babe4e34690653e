/* host/pem_file.c: what is read, and what cannot be. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "host/pem_file.h"
#include "test/host/config_lab.h"

static void a_file_is_read_whole(void **state)
{
    (void)state;
    struct pem_file file;
    const char *error = NULL;
    assert_true(pem_file_read(config_lab_file("some\ntext\n", 0600), &file, &error));
    assert_true(bytes_equal(pem_file_bytes(&file), bytes_of("some\ntext\n", 10)));
    pem_file_wipe(&file);
    assert_null(file.data);
    pem_file_wipe(&file); /* an empty one is fine */
    assert_true(pem_file_read(config_lab_file("", 0600), &file, &error));
    assert_int_equal(pem_file_bytes(&file).length, 0);
    pem_file_wipe(&file);
}

static void what_cannot_be_read_says_why(void **state)
{
    (void)state;
    struct pem_file file;
    const char *error = NULL;
    assert_false(pem_file_read("/nowhere/at/all", &file, &error));
    assert_non_null(strstr(error, "No such file"));
    assert_null(file.data);
    assert_false(pem_file_read("/tmp", &file, &error));
    assert_non_null(strstr(error, "directory"));
}

static void a_huge_file_is_refused(void **state)
{
    (void)state;
    struct pem_file file;
    const char *error = NULL;
    char *text = malloc(262145 + 1);
    assert_non_null(text);
    memset(text, 'x', 262145);
    text[262145] = '\0';
    assert_false(pem_file_read(config_lab_file(text, 0600), &file, &error));
    assert_non_null(strstr(error, "at most 262144"));
    text[262144] = '\0';
    assert_true(pem_file_read(config_lab_file(text, 0600), &file, &error));
    assert_int_equal(pem_file_bytes(&file).length, 262144);
    pem_file_wipe(&file);
    free(text);
    assert_false(pem_file_read("/dev/zero", &file, &error)); /* has no end */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_is_read_whole),
        cmocka_unit_test(what_cannot_be_read_says_why),
        cmocka_unit_test(a_huge_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

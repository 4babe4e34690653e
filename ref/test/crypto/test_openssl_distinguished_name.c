/* Names: text to DER, DER to text, comparison. */

#include "crypto_support.h"

#include <string.h>

#include "crypto/distinguished_name.h"

static bool parse(const char *text, uint8_t out[512], struct bytes *der)
{
    struct writer w = writer_over(out, 512);
    bool good = distinguished_name_parse(text, &w);
    *der = writer_bytes(&w);
    return good;
}

static void test_text(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out; /* out NULL: refused */
    } rows[] = {
        {"CN=gw", "CN=gw"},
        {"C=AT, O=Example Company, CN=gw.example", "C=AT, O=Example Company, CN=gw.example"},
        {"CN = gw ,O=  two  words", "CN=gw, O=two  words"},
        {"CN=a\\, b", "CN=a\\, b"},
        {"CN=a\\20", "CN=a\\ "}, /* an escaped space stays */
        {"CN=gr\xc3\xbc\xc3\x9f", "CN=gr\\C3\\BC\\C3\\9F"},
        {"emailAddress=a@b.example", "emailAddress=a@b.example"},
        {"1.2.3.4=x", "1.2.3.4=#0C0178"},
        {"CN=x=y", "CN=x=y"},
        {"", NULL},
        {"CN", NULL},
        {"CN=", NULL},
        {"=gw", NULL},
        {"CN=gw,", NULL},
        {"CN=gw\\", NULL},
        {"nonsense=gw", NULL},
        {"C=Austria", NULL}, /* two letters */
        {"CN=\\00", NULL},
        {"CN=gr\xfc\xdf", NULL}, /* not UTF-8 */
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t octets[512];
        char text[DISTINGUISHED_NAME_TEXT_MAX];
        struct bytes der;
        bool good = parse(rows[i].in, octets, &der);
        if (good != (rows[i].out != NULL)) {
            fail_msg("\"%s\" is %s", rows[i].in, good ? "taken" : "refused");
        }
        if (good && rows[i].in[0] != '1') {
            assert_string_equal(distinguished_name_format(der, text), rows[i].out);
        }
    }
}

static void test_der(void **state)
{
    (void)state;
    uint8_t octets[512];
    struct bytes der;
    assert_true(parse("C=AT, CN=gw", octets, &der));
    assert_octets_equal_hex(der.data, der.length,
                            "301a 310b 3009 0603550406 13024154 310b 3009 0603550403 0c026777");
    struct writer small = writer_over(octets, 4);
    assert_true(distinguished_name_parse("CN=gw", &small));
    assert_true(small.overflow);
}

static void test_what_is_no_name(void **state)
{
    (void)state;
    char text[DISTINGUISHED_NAME_TEXT_MAX];
    assert_string_equal(distinguished_name_format(bytes_of("\x05\x00", 2), text), "?");
    assert_string_equal(distinguished_name_format(bytes_of("\x30\x00\x00", 3), text), "?");
    assert_string_equal(distinguished_name_format(bytes_of("", 0), text), "?");
}

static void test_a_long_name_is_cut_short(void **state)
{
    (void)state;
    char name[8 * 70 + 1] = "";
    uint8_t octets[1024];
    char text[DISTINGUISHED_NAME_TEXT_MAX];
    for (int i = 0; i < 8; i++) {
        strcat(name, i > 0 ? ",O=" : "O=");
        strcat(name, "0123456789012345678901234567890123456789012345678901234567890123");
    }
    struct writer w = writer_over(octets, sizeof(octets));
    assert_true(distinguished_name_parse(name, &w));
    assert_int_equal(strlen(distinguished_name_format(writer_bytes(&w), text)),
                     DISTINGUISHED_NAME_TEXT_MAX - 1);
}

static void test_comparison(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"C=AT, CN=gw", "C=AT, CN=gw", true},     {"C=AT, CN=gw", "C=AT, CN=GW", true},
        {"CN=two words", "CN=two   words", true}, {"C=AT, CN=gw", "CN=gw, C=AT", false},
        {"C=AT, CN=gw", "CN=gw", false},          {"CN=gw", "O=gw", false},
    };
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        uint8_t one[512], two[512];
        struct bytes a, b;
        assert_true(parse(rows[i].a, one, &a) && parse(rows[i].b, two, &b));
        assert_int_equal(distinguished_name_equal(a, b), rows[i].equal);
        assert_int_equal(distinguished_name_number(a) == distinguished_name_number(b),
                         rows[i].equal);
        assert_int_equal(distinguished_name_number(bytes_of(b.data, b.length - 1)), 0);
        assert_false(distinguished_name_equal(a, bytes_of(b.data, b.length - 1)));
    }
    /* the same name in another kind of string: PrintableString and UTF8String */
    struct test_octets printable = test_octets_from_hex("300d310b30090603550403 13026777");
    uint8_t octets[512];
    struct bytes der;
    assert_true(parse("CN=gw", octets, &der));
    assert_false(bytes_equal(der, test_octets_bytes(&printable)));
    assert_true(distinguished_name_equal(der, test_octets_bytes(&printable)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_der),
        cmocka_unit_test(test_what_is_no_name),
        cmocka_unit_test(test_a_long_name_is_cut_short),
        cmocka_unit_test(test_comparison),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Identities as text, RFC 7296 3.5. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "sa/config.h"

static void assert_identity(const char *text, uint8_t type, const void *data, size_t length)
{
    struct identity id;
    char out[IDENTITY_TEXT_MAX];
    assert_true(identity_parse(text, &id));
    assert_int_equal(id.type, type);
    assert_int_equal(id.length, length);
    assert_memory_equal(id.data, data, length);
    (void)identity_format(&id, out);
    assert_string_equal(out, text[0] == '@' ? text + 1 : text);
}

static void test_kinds(void **state)
{
    static const uint8_t v4[] = {192, 0, 2, 1};
    static const uint8_t v6[] = {0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    (void)state;
    assert_identity("gw.example.org", ID_FQDN, "gw.example.org", 14);
    assert_identity("@gw", ID_FQDN, "gw", 2);
    assert_identity("alice@example.org", ID_RFC822_ADDR, "alice@example.org", 17);
    assert_identity("192.0.2.1", ID_IPV4_ADDR, v4, 4);
    assert_identity("2001:db8::1", ID_IPV6_ADDR, v6, 16);
    assert_identity("key:office", ID_KEY_ID, "office", 6);
    assert_identity("dn:C=AT, CN=gw", ID_DER_ASN1_DN,
                    "\x30\x1a\x31\x0b\x30\x09\x06\x03\x55\x04\x06\x13\x02\x41\x54"
                    "\x31\x0b\x30\x09\x06\x03\x55\x04\x03\x0c\x02\x67\x77",
                    28);
}

static void test_any(void **state)
{
    struct identity id;
    char out[IDENTITY_TEXT_MAX];
    (void)state;
    assert_true(identity_parse("any", &id));
    assert_int_equal(id.type, 0);
    assert_true(identity_parse("%any", &id));
    assert_int_equal(id.type, 0);
    assert_string_equal(identity_format(&id, out), "any");
}

static void test_refused(void **state)
{
    struct identity id;
    char longer[IDENTITY_MAX + 2];
    (void)state;
    assert_false(identity_parse("", &id));
    assert_false(identity_parse("@", &id));
    assert_false(identity_parse("key:", &id));
    assert_false(identity_parse("dn:", &id));
    assert_false(identity_parse("dn:gw.example.org", &id));
    memset(longer, 'x', sizeof longer);
    longer[IDENTITY_MAX + 1] = '\0';
    assert_false(identity_parse(longer, &id));
    longer[IDENTITY_MAX] = '\0';
    assert_true(identity_parse(longer, &id));
}

/* The octets come from the peer: nothing of them may forge a line. */
static void test_format_of_hostile_octets(void **state)
{
    struct identity id = {.type = ID_FQDN, .length = IDENTITY_MAX};
    char out[IDENTITY_TEXT_MAX];
    (void)state;
    for (size_t i = 0; i < IDENTITY_MAX; i++) {
        id.data[i] = (uint8_t)i;
    }
    (void)identity_format(&id, out);
    assert_int_equal(strlen(out), IDENTITY_MAX);
    for (const char *c = out; *c != '\0'; c++) {
        assert_true(*c > 0x20 && *c < 0x7f && *c != '"' && *c != '\\');
    }
    id.type = 99;
    (void)identity_format(&id, out);
    assert_int_equal(strncmp(out, "other:", 6), 0);
    id.type = ID_DER_ASN1_DN;
    assert_string_equal(identity_format(&id, out), "dn:?");
}

static void test_equal(void **state)
{
    struct identity a;
    struct identity b;
    (void)state;
    assert_true(identity_parse("gw", &a));
    assert_true(identity_parse("@gw", &b));
    assert_true(identity_equal(&a, &b));
    assert_true(identity_parse("key:gw", &b));
    assert_false(identity_equal(&a, &b));
    assert_true(identity_parse("gw2", &b));
    assert_false(identity_equal(&a, &b));
    assert_true(identity_parse("GW", &b));
    assert_false(identity_equal(&a, &b));
    /* names are compared as names */
    assert_true(identity_parse("dn:CN=gw", &a));
    assert_true(identity_parse("dn:CN=GW", &b));
    assert_true(identity_equal(&a, &b));
    assert_true(identity_parse("dn:CN=gw2", &b));
    assert_false(identity_equal(&a, &b));
    assert_true(identity_parse("dn:O=gw", &b));
    assert_false(identity_equal(&a, &b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds),   cmocka_unit_test(test_any),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_format_of_hostile_octets),
        cmocka_unit_test(test_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

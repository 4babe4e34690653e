/* host/key_log.c: the lines Wireshark reads, octet for octet, and nothing when the log is off. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/key_log.h"

static struct secret key_of(uint8_t first, size_t length)
{
    struct secret key = {.length = length};
    for (size_t i = 0; i < length; i++) {
        key.data[i] = (uint8_t)(first + i);
    }
    return key;
}

static struct protection protection_of(uint16_t cipher, uint16_t bits, uint16_t integrity)
{
    return (struct protection){.cipher = cipher_algorithm_find(cipher),
                               .key_bits = bits,
                               .integrity = integrity_algorithm_find(integrity)};
}

static void ike_aead(void **state)
{
    (void)state;
    struct ike_keys_info keys = {.spi_i = 0x0102030405060708, .spi_r = 0x1112131415161718};
    keys.protection = protection_of(ENCR_AES_GCM_16, 128, 0);
    keys.sk_ei = key_of(0x00, 20);
    keys.sk_er = key_of(0x20, 20);
    char line[KEY_LOG_LINE_MAX];
    size_t length = key_log_format_ike(&keys, line);
    assert_int_equal(length, strlen(line));
    assert_string_equal(line, "0102030405060708,1112131415161718,"
                              "000102030405060708090a0b0c0d0e0f10111213,"
                              "202122232425262728292a2b2c2d2e2f30313233,"
                              "\"AES-GCM-128 with 16 octet ICV [RFC5282]\",,,\"NONE [RFC4306]\"\n");
}

static void ike_cbc(void **state)
{
    (void)state;
    struct ike_keys_info keys = {.spi_i = 1, .spi_r = 2};
    keys.protection = protection_of(ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_384_192);
    keys.sk_ei = key_of(0x01, 2);
    keys.sk_er = key_of(0x03, 2);
    keys.sk_ai = key_of(0x05, 2);
    keys.sk_ar = key_of(0x07, 2);
    char line[KEY_LOG_LINE_MAX];
    key_log_format_ike(&keys, line);
    assert_string_equal(line,
                        "0000000000000001,0000000000000002,0102,0304,\"AES-CBC-256 [RFC3602]\","
                        "0506,0708,\"HMAC_SHA2_384_192 [RFC4868]\"\n");
}

static void esp_both_directions(void **state)
{
    (void)state;
    struct child_sa_info child = {.spi_in = 0xc0ffee01, .spi_out = 0x00000102};
    child.protection = protection_of(ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128);
    child.path.remote.ip.family = ADDRESS_V4;
    child.encryption_in = key_of(0x10, 2);
    child.integrity_in = key_of(0x20, 2);
    child.encryption_out = key_of(0x30, 2);
    child.integrity_out = key_of(0x40, 2);
    char line[KEY_LOG_LINE_MAX];
    key_log_format_esp(&child, true, line);
    assert_string_equal(line,
                        "\"IPv4\",\"*\",\"*\",\"0xc0ffee01\",\"AES-CBC [RFC3602]\",\"0x1011\","
                        "\"HMAC-SHA-256-128 [RFC4868]\",\"0x2021\"\n");
    child.path.remote.ip.family = ADDRESS_V6;
    key_log_format_esp(&child, false, line);
    assert_string_equal(line,
                        "\"IPv6\",\"*\",\"*\",\"0x00000102\",\"AES-CBC [RFC3602]\",\"0x3031\","
                        "\"HMAC-SHA-256-128 [RFC4868]\",\"0x4041\"\n");
}

static void esp_without_encryption(void **state)
{
    (void)state;
    struct child_sa_info child = {.spi_in = 0xc0ffee01};
    child.protection = protection_of(ENCR_NULL, 0, AUTH_HMAC_SHA2_256_128);
    child.path.remote.ip.family = ADDRESS_V4;
    child.integrity_in = key_of(0x20, 2);
    char line[KEY_LOG_LINE_MAX];
    key_log_format_esp(&child, true, line);
    assert_string_equal(line, "\"IPv4\",\"*\",\"*\",\"0xc0ffee01\",\"NULL\",\"\","
                              "\"HMAC-SHA-256-128 [RFC4868]\",\"0x2021\"\n");
}

/* Wireshark refuses a whole table for one name it does not know: such lines are comments. */
static void chacha_is_a_comment(void **state)
{
    (void)state;
    struct child_sa_info child = {.spi_in = 1};
    child.protection = protection_of(ENCR_CHACHA20_POLY1305, 256, 0);
    child.encryption_in = key_of(0, 36);
    char line[KEY_LOG_LINE_MAX];
    key_log_format_esp(&child, true, line);
    assert_memory_equal(line, "# \"IPv4\",", 9);
    assert_non_null(strstr(line, "\"NULL\",\"\"\n"));
}

static void longest_line_fits(void **state)
{
    (void)state;
    struct ike_keys_info keys = {.spi_i = UINT64_MAX, .spi_r = UINT64_MAX};
    keys.protection = protection_of(ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256);
    keys.sk_ei = keys.sk_er = keys.sk_ai = keys.sk_ar = key_of(0xff, SECRET_MAX);
    char line[KEY_LOG_LINE_MAX];
    size_t length = key_log_format_ike(&keys, line);
    assert_true(length < KEY_LOG_LINE_MAX);
    assert_int_equal(line[length - 1], '\n');
}

static void log_is_private_and_appends(void **state)
{
    (void)state;
    char directory[] = "/tmp/ikeref-test-XXXXXX", path[64];
    assert_non_null(mkdtemp(directory));
    struct problem problem = {0};
    struct key_log log;
    struct event event = {.type = EVENT_IKE_SA_KEYS};
    event.ike_keys.protection = protection_of(ENCR_AES_GCM_16, 256, 0);
    for (int i = 0; i < 2; i++) {
        assert_true(key_log_open(&log, directory, &problem));
        key_log_event(&log, &event);
        key_log_close(&log);
    }
    struct stat info;
    strcat(strcpy(path, directory), "/ikev2_decryption_table");
    assert_int_equal(stat(path, &info), 0);
    char line[KEY_LOG_LINE_MAX];
    assert_int_equal(info.st_size, 2 * key_log_format_ike(&event.ike_keys, line));
    assert_int_equal(info.st_mode & 0777, 0600);
    unlink(path);
    strcat(strcpy(path, directory), "/esp_sa");
    unlink(path);
    rmdir(directory);
}

/* Wireshark refuses a table with half a line in it. */
static void full_disk_leaves_whole_lines(void **state)
{
    (void)state;
    char directory[] = "/tmp/ikeref-test-XXXXXX", path[64], line[KEY_LOG_LINE_MAX];
    assert_non_null(mkdtemp(directory));
    struct event event = {.type = EVENT_IKE_SA_KEYS};
    event.ike_keys.protection = protection_of(ENCR_AES_GCM_16, 128, 0);
    size_t length = key_log_format_ike(&event.ike_keys, line);
    struct problem problem = {0};
    struct key_log log;
    assert_true(key_log_open(&log, directory, &problem));
    struct rlimit before, little;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    little = (struct rlimit){.rlim_cur = length + length / 2, .rlim_max = before.rlim_max};
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &little), 0);
    key_log_event(&log, &event);
    key_log_event(&log, &event);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    struct stat info;
    assert_int_equal(fstat(log.ike_fd, &info), 0);
    assert_int_equal(info.st_size, length);
    key_log_event(&log, &event);
    assert_int_equal(fstat(log.ike_fd, &info), 0);
    assert_int_equal(info.st_size, 2 * length);
    key_log_close(&log);
    unlink(strcat(strcpy(path, directory), "/ikev2_decryption_table"));
    unlink(strcat(strcpy(path, directory), "/esp_sa"));
    rmdir(directory);
}

static void off_writes_nothing(void **state)
{
    (void)state;
    struct problem problem = {0};
    struct key_log log;
    assert_true(key_log_open(&log, "", &problem));
    assert_int_equal(log.ike_fd, -1);
    assert_int_equal(log.esp_fd, -1);
    struct event event = {.type = EVENT_IKE_SA_KEYS};
    key_log_event(&log, &event);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ike_aead),
        cmocka_unit_test(ike_cbc),
        cmocka_unit_test(esp_both_directions),
        cmocka_unit_test(esp_without_encryption),
        cmocka_unit_test(chacha_is_a_comment),
        cmocka_unit_test(longest_line_fits),
        cmocka_unit_test(log_is_private_and_appends),
        cmocka_unit_test(full_disk_leaves_whole_lines),
        cmocka_unit_test(off_writes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* host/firewall: the rules as text for each kind of selector, and the table that nft makes of them,
 * RFC 4301 5.2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config_lab.h"
#include "host/firewall.h"
#include "net_lab.h"

#define LIST "nft list ruleset 2>&1"

static bool shows(const char *wanted)
{
    char text[8192];
    net_lab_say(LIST, text, sizeof(text));
    return strstr(text, wanted) != NULL;
}

static const struct {
    const char *child;
    const char *rule;
} rows[] = {
    {"local = \"10.1.0.0/24\" remote = \"10.2.0.1\"",
     " ip saddr 10.2.0.1 ip daddr 10.1.0.0-10.1.0.255 counter drop\n"},
    {"local = \"2001:db8:1::1\" remote = \"2001:db8:2::1\"",
     " ip6 saddr 2001:db8:2::1 ip6 daddr 2001:db8:1::1 counter drop\n"},
    {"local = \"10.1.0.1\" remote = \"10.2.0.1[tcp/443]\"",
     " meta l4proto 6 ip saddr 10.2.0.1 th sport 443-443 ip daddr 10.1.0.1 counter drop\n"},
    {"local = \"10.1.0.1[udp/53]\" remote = \"10.2.0.1\"",
     " meta l4proto 17 ip saddr 10.2.0.1 ip daddr 10.1.0.1 th dport 53-53 counter drop\n"},
    {"local = {\"10.1.0.1\", \"2001:db8:1::1\"} remote = \"10.2.0.1\"",
     " ip saddr 10.2.0.1 ip daddr 10.1.0.1 counter drop\n  }\n"}, /* no rule of mixed families */
    {"mode = \"transport\"", " ip saddr 192.0.2.2 fib daddr type local counter drop\n"},
};

static void rules_as_text(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct host_config config;
        struct problem problem;
        char text[512], *rules = NULL;
        size_t length;
        snprintf(text, sizeof(text),
                 "peer \"p\" { address = \"192.0.2.2\" local-id = \"a\" psk = \"k\"\n"
                 "child \"c\" { %s } }",
                 rows[i].child);
        if (!config_lab_read(text, &config, &problem)) {
            fail_msg("%s", problem.text);
        }
        FILE *out = open_memstream(&rules, &length);
        firewall_write(out, &config, false);
        fclose(out);
        if (strstr(rules, rows[i].rule) == NULL) {
            fail_msg("%s is not in %s", rows[i].rule, rules);
        }
        assert_null(strstr(rules, "meta mark set"));
        free(rules);
        host_config_wipe(&config);
    }
}

static void inbound_is_marked_when_asked(void **state)
{
    (void)state;
    struct host_config config;
    char *rules = NULL;
    size_t length;
    net_lab_config(&config, "ike-port = 1500 natt-port = 5500");
    FILE *out = open_memstream(&rules, &length);
    firewall_write(out, &config, true);
    fclose(out);
    assert_non_null(strstr(rules, "udp dport { 1500, 5500 } meta mark set 0x77 accept"));
    assert_non_null(strstr(rules, "meta l4proto esp meta mark set 0x77 accept"));
    free(rules);
    host_config_wipe(&config);
}

static void installed_and_removed(void **state)
{
    (void)state;
    struct host_config config;
    net_lab_enter();
    net_lab_config(&config, "");
    snprintf(config.interface, sizeof(config.interface), "ik-t.0"); /* no name for a table */
    assert_true(firewall_install(&config));
    assert_true(shows("table inet ikeref_ik_t_0 {"));
    assert_true(shows("ip saddr 10.2.0.0-10.2.0.255 ip daddr 10.1.0.0-10.1.0.255") ||
                shows("ip saddr 10.2.0.0/24 ip daddr 10.1.0.0/24"));
    struct address local = net_lab_address("192.0.2.1"), remote = net_lab_address("192.0.2.9");
    struct address six = net_lab_address("2001:db8::9");
    firewall_peer_add(config.interface, &local, &remote);
    firewall_peer_add(config.interface, &local, &six); /* no pair */
    assert_true(shows("elements = { 192.0.2.9 . 192.0.2.1 }"));
    assert_false(shows("2001:db8::9"));
    assert_true(firewall_install(&config)); /* what was there is replaced */
    assert_false(shows("192.0.2.9"));
    assert_true(firewall_remove(config.interface));
    assert_false(shows("ikeref_"));
    assert_false(firewall_remove(config.interface));
    host_config_wipe(&config);
}

/* Strict reverse path filtering would look for the peer behind the TUN, and drop what it sends. */
static void strict_filtering_is_told_our_mark(void **state)
{
    (void)state;
    struct host_config config;
    char text[16];
    net_lab_enter();
    net_lab_config(&config, "");
    net_lab_say("echo 1 >/proc/sys/net/ipv4/conf/all/rp_filter", text, sizeof(text));
    assert_true(firewall_install(&config));
    assert_true(shows("meta mark set 0x00000077"));
    net_lab_say("cat /proc/sys/net/ipv4/conf/all/src_valid_mark", text, sizeof(text));
    assert_string_equal(text, "1\n");
    assert_true(firewall_remove(config.interface));
    host_config_wipe(&config);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rules_as_text),
        cmocka_unit_test(inbound_is_marked_when_asked),
        cmocka_unit_test(installed_and_removed),
        cmocka_unit_test(strict_filtering_is_told_our_mark),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

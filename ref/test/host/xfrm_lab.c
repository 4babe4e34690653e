/* What tests of the kernel's data plane share: octets as text, and a kernel that has ESP. */
#include "xfrm_lab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "host/xfrm_problem.h"
#include "net_lab.h"

void xfrm_lab_expect(const struct nlmsghdr *message, const char *hex)
{
    uint8_t wanted[2048];
    size_t length = strlen(hex) / 2;
    assert_true(length <= sizeof(wanted));
    for (size_t i = 0; i < length; i++) {
        unsigned value;
        assert_int_equal(sscanf(hex + 2 * i, "%2x", &value), 1);
        wanted[i] = (uint8_t)value;
    }
    assert_int_equal(mnl_nlmsg_get_payload_len(message), length);
    assert_memory_equal(mnl_nlmsg_get_payload(message), wanted, length);
}

void xfrm_lab_enter(void)
{
    struct problem problem = {0};
    net_lab_enter();
    if (!xfrm_esp_works(1, &problem)) {
        print_message("%s\n", problem.text);
        skip();
    }
}

void xfrm_lab_loopback(void)
{
    char text[256];
    net_lab_say("cd /proc/sys/net/ipv4/conf/lo && echo 0 >disable_policy && echo 0 >disable_xfrm",
                text, sizeof(text));
    net_lab_ip("link set lo down");
    net_lab_ip("link set lo up"); /* its routes are made anew */
}

size_t xfrm_lab_count(const char *command, const char *word)
{
    char text[16384];
    size_t count = 0;
    net_lab_say(command, text, sizeof(text));
    for (const char *at = text; (at = strstr(at, word)) != NULL; at++) {
        count++;
    }
    return count;
}

static struct secret key_of_nothing(size_t length)
{
    struct secret key = {.length = length};
    memset(key.data, 0x42, length);
    return key;
}

static struct protection gcm(void)
{
    return (struct protection){.cipher = cipher_algorithm_find(ENCR_AES_GCM_16), .key_bits = 256};
}

struct event xfrm_lab_child(uint32_t spi_in, uint32_t spi_out)
{
    struct event event = {.type = EVENT_CHILD_SA_UP};
    event.child.spi_in = spi_in;
    event.child.spi_out = spi_out;
    event.child.protection = gcm();
    event.child.encryption_in = event.child.encryption_out = key_of_nothing(36);
    event.child.path.local =
        (struct transport_address){.ip = net_lab_address("192.0.2.1"), .port = 4500};
    event.child.path.remote =
        (struct transport_address){.ip = net_lab_address("192.0.2.2"), .port = 4500};
    event.child.local.count = event.child.remote.count = 1;
    assert_true(selector_parse("10.1.0.0/24", &event.child.local.items[0]));
    assert_true(selector_parse("10.2.0.0/24", &event.child.remote.items[0]));
    return event;
}

struct xfrm_sa xfrm_lab_sa(uint32_t spi)
{
    static struct protection protection;
    static struct secret key, none;
    protection = gcm();
    key = key_of_nothing(36);
    struct event event = xfrm_lab_child(0, spi);
    return (struct xfrm_sa){
        .spi = spi,
        .reqid = 7,
        .protection = &protection,
        .encryption = &key,
        .integrity = &none,
        .path = {.source = event.child.path.local, .destination = event.child.path.remote},
        .copy_dscp = true,
        .ecn = true,
    };
}

/* IP addresses, transport addresses and paths; the text forms lean on libc's two converters. */
#include "base/address.h"

#include <arpa/inet.h>
#include <assert.h>
#include <stdio.h>
#include <string.h>

#define IPV4_LENGTH 4
#define IPV6_LENGTH 16

size_t address_length(const struct address *a)
{
    switch (a->family) {
    case ADDRESS_V4:
        return IPV4_LENGTH;
    case ADDRESS_V6:
        return IPV6_LENGTH;
    default:
        return 0;
    }
}

struct bytes address_bytes(const struct address *a)
{
    return bytes_of(a->octets, address_length(a));
}

struct address address_from(struct bytes octets)
{
    assert(octets.length == IPV4_LENGTH || octets.length == IPV6_LENGTH);
    struct address a = {.family = octets.length == IPV4_LENGTH ? ADDRESS_V4 : ADDRESS_V6};
    memcpy(a.octets, octets.data, octets.length);
    return a;
}

/* Four octets, so that the first is what counts most. */
static uint32_t number_of(const uint8_t octets[IPV4_LENGTH])
{
    return (uint32_t)octets[0] << 24 | (uint32_t)octets[1] << 16 | (uint32_t)octets[2] << 8 |
           octets[3];
}

bool address_equal(const struct address *a, const struct address *b)
{
    if (a->family != b->family) {
        return false;
    }
    if (a->family == ADDRESS_V4) {
        return number_of(a->octets) == number_of(b->octets);
    }
    return memcmp(a->octets, b->octets, address_length(a)) == 0;
}

int address_compare(const struct address *a, const struct address *b)
{
    assert(a->family == b->family);
    if (a->family == ADDRESS_V4) {
        uint32_t one = number_of(a->octets), other = number_of(b->octets);
        return (one > other) - (one < other);
    }
    return memcmp(a->octets, b->octets, address_length(a));
}

bool transport_address_equal(const struct transport_address *a, const struct transport_address *b)
{
    return a->port == b->port && address_equal(&a->ip, &b->ip);
}

bool path_equal(const struct path *a, const struct path *b)
{
    return transport_address_equal(&a->local, &b->local) &&
           transport_address_equal(&a->remote, &b->remote);
}

bool address_parse(const char *text, struct address *out)
{
    uint8_t octets[IPV6_LENGTH];
    if (inet_pton(AF_INET, text, octets) == 1) {
        *out = address_from(bytes_of(octets, IPV4_LENGTH));
        return true;
    }
    if (inet_pton(AF_INET6, text, octets) == 1) {
        *out = address_from(bytes_of(octets, IPV6_LENGTH));
        return true;
    }
    return false;
}

char *address_format(const struct address *a, char out[ADDRESS_TEXT_MAX])
{
    if (a->family == ADDRESS_NONE) {
        snprintf(out, ADDRESS_TEXT_MAX, "any");
        return out;
    }
    const char *text =
        inet_ntop(a->family == ADDRESS_V4 ? AF_INET : AF_INET6, a->octets, out, ADDRESS_TEXT_MAX);
    assert(text != NULL); /* fails only for a buffer that is too small */
    (void)text;
    return out;
}

char *transport_address_format(const struct transport_address *a, char out[ADDRESS_TEXT_MAX])
{
    char ip[ADDRESS_TEXT_MAX];
    address_format(&a->ip, ip);
    int length = snprintf(out, ADDRESS_TEXT_MAX, a->ip.family == ADDRESS_V6 ? "[%s]:%u" : "%s:%u",
                          ip, (unsigned)a->port);
    assert(length < ADDRESS_TEXT_MAX);
    (void)length;
    return out;
}

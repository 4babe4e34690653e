/* The text form of a traffic selector: an address, prefix or range, then "[protocol/ports]". */
#include "base/selector.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define PORT_MAX 65535

static const struct {
    uint8_t number;
    const char *name;
} protocol_names[] = {
    {0, "any"},
    {IP_PROTOCOL_ICMP, "icmp"},
    {IP_PROTOCOL_TCP, "tcp"},
    {IP_PROTOCOL_UDP, "udp"},
    {IP_PROTOCOL_ICMPV6, "icmpv6"},
};

#define PROTOCOL_NAMES (sizeof protocol_names / sizeof protocol_names[0])

/* Decimal digits and nothing else, up to `max`. */
static bool number_parse(const char *text, unsigned max, unsigned *out)
{
    unsigned value = 0;
    if (*text == '\0') {
        return false;
    }
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9') {
            return false;
        }
        value = value * 10 + (unsigned)(*text - '0');
        if (value > max) {
            return false;
        }
    }
    *out = value;
    return true;
}

static bool protocol_parse(const char *text, uint8_t *out)
{
    for (size_t i = 0; i < PROTOCOL_NAMES; i++) {
        if (strcmp(text, protocol_names[i].name) == 0) {
            *out = protocol_names[i].number;
            return true;
        }
    }
    unsigned number;
    if (!number_parse(text, UINT8_MAX, &number)) {
        return false;
    }
    *out = (uint8_t)number;
    return true;
}

/* "443", "1000-2000" or "opaque"; cuts `text` up. */
static bool ports_parse(char *text, struct traffic_selector *s)
{
    if (strcmp(text, "opaque") == 0) {
        s->port_start = PORT_MAX;
        s->port_end = 0;
        return true;
    }
    char *dash = strchr(text, '-');
    if (dash != NULL) {
        *dash = '\0';
    }
    unsigned start;
    unsigned end;
    if (!number_parse(text, PORT_MAX, &start) ||
        !number_parse(dash != NULL ? dash + 1 : text, PORT_MAX, &end) || start > end) {
        return false;
    }
    s->port_start = (uint16_t)start;
    s->port_end = (uint16_t)end;
    return true;
}

/* What stands behind the "[": "tcp/443]"; cuts `text` up. */
static bool protocol_and_ports_parse(char *text, struct traffic_selector *s)
{
    size_t length = strlen(text);
    if (length == 0 || text[length - 1] != ']') {
        return false;
    }
    text[length - 1] = '\0';
    char *slash = strchr(text, '/');
    if (slash != NULL) {
        *slash = '\0';
        if (!ports_parse(slash + 1, s)) {
            return false;
        }
    }
    return protocol_parse(text, &s->protocol);
}

/* The first and the last address that share `bits` leading bits with `address`. */
static void prefix_bounds(const struct address *address, unsigned bits, struct address *first,
                          struct address *last)
{
    *first = *address;
    *last = *address;
    for (unsigned bit = bits; bit < 8 * address_length(address); bit++) {
        uint8_t mask = (uint8_t)(0x80 >> bit % 8);
        first->octets[bit / 8] &= (uint8_t)~mask;
        last->octets[bit / 8] |= mask;
    }
}

/* Octets behind the prefix must be zero: 10.1.0.5/24 is more likely a slip than a network. */
static bool prefix_parse(const char *base, const char *bits_text, struct traffic_selector *s)
{
    struct address address;
    unsigned bits;
    if (!address_parse(base, &address) ||
        !number_parse(bits_text, (unsigned)(8 * address_length(&address)), &bits)) {
        return false;
    }
    prefix_bounds(&address, bits, &s->start, &s->end);
    return address_equal(&address, &s->start);
}

/* "a", "a/bits" or "a-b"; cuts `text` up. */
static bool addresses_parse(char *text, struct traffic_selector *s)
{
    char *separator = strpbrk(text, "/-");
    if (separator == NULL) {
        if (!address_parse(text, &s->start)) {
            return false;
        }
        s->end = s->start;
        return true;
    }
    bool is_prefix = *separator == '/';
    *separator = '\0';
    if (is_prefix) {
        return prefix_parse(text, separator + 1, s);
    }
    return address_parse(text, &s->start) && address_parse(separator + 1, &s->end) &&
           s->start.family == s->end.family && address_compare(&s->start, &s->end) <= 0;
}

bool selector_parse(const char *text, struct traffic_selector *out)
{
    char copy[SELECTOR_TEXT_MAX];
    size_t length = strlen(text);
    if (length >= sizeof copy) {
        return false;
    }
    memcpy(copy, text, length + 1);
    struct traffic_selector s = {.port_end = PORT_MAX};
    char *bracket = strchr(copy, '[');
    if (bracket != NULL) {
        *bracket = '\0';
        if (!protocol_and_ports_parse(bracket + 1, &s)) {
            return false;
        }
    }
    if (!addresses_parse(copy, &s)) {
        return false;
    }
    *out = s;
    return true;
}

/* The number of leading bits when start to end is exactly one prefix, else -1. */
static int prefix_bits(const struct traffic_selector *s)
{
    unsigned bits_max = (unsigned)(8 * address_length(&s->start));
    for (unsigned bits = 0; bits <= bits_max; bits++) {
        struct address first;
        struct address last;
        prefix_bounds(&s->start, bits, &first, &last);
        if (address_equal(&first, &s->start) && address_equal(&last, &s->end)) {
            return (int)bits;
        }
    }
    return -1;
}

/* Appends to the text of `length` octets; returns the new length. */
static size_t append(char out[SELECTOR_TEXT_MAX], size_t length, const char *text)
{
    size_t more = strlen(text);
    assert(length + more < SELECTOR_TEXT_MAX);
    memcpy(out + length, text, more + 1);
    return length + more;
}

static size_t addresses_format(const struct traffic_selector *s, char out[SELECTOR_TEXT_MAX])
{
    char text[ADDRESS_TEXT_MAX];
    size_t length = append(out, 0, address_format(&s->start, text));
    if (address_equal(&s->start, &s->end)) {
        return length;
    }
    int bits = prefix_bits(s);
    if (bits >= 0) {
        snprintf(text, sizeof text, "/%d", bits);
        return append(out, length, text);
    }
    length = append(out, length, "-");
    return append(out, length, address_format(&s->end, text));
}

static size_t protocol_format(uint8_t protocol, char out[SELECTOR_TEXT_MAX], size_t length)
{
    for (size_t i = 0; i < PROTOCOL_NAMES; i++) {
        if (protocol_names[i].number == protocol) {
            return append(out, length, protocol_names[i].name);
        }
    }
    char text[8];
    snprintf(text, sizeof text, "%u", protocol);
    return append(out, length, text);
}

static size_t ports_format(const struct traffic_selector *s, char out[SELECTOR_TEXT_MAX],
                           size_t length)
{
    char text[16];
    if (s->port_start == PORT_MAX && s->port_end == 0) {
        snprintf(text, sizeof text, "/opaque");
    } else if (s->port_start == s->port_end) {
        snprintf(text, sizeof text, "/%u", s->port_start);
    } else {
        snprintf(text, sizeof text, "/%u-%u", s->port_start, s->port_end);
    }
    return append(out, length, text);
}

char *selector_format(const struct traffic_selector *s, char out[SELECTOR_TEXT_MAX])
{
    bool any_port = s->port_start == 0 && s->port_end == PORT_MAX;
    size_t length = addresses_format(s, out);
    if (s->protocol == 0 && any_port) {
        return out;
    }
    length = append(out, length, "[");
    length = protocol_format(s->protocol, out, length);
    if (!any_port) {
        length = ports_format(s, out, length);
    }
    append(out, length, "]");
    return out;
}

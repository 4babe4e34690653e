/* Traffic selectors as sets of packets: RFC 7296 3.13.1 and RFC 4301 4.4.1.1. */
#include "base/selector.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define PORT_MAX 65535

/* Start above end, in this one form, means "the port cannot be seen", RFC 7296 3.13.1. */
bool selector_is_opaque(const struct traffic_selector *s)
{
    return s->port_start == PORT_MAX && s->port_end == 0;
}

/* ANY covers OPAQUE as well, RFC 4301 4.4.1.1. */
static bool ports_are_any(const struct traffic_selector *s)
{
    return s->port_start == 0 && s->port_end == PORT_MAX;
}

bool selector_equal(const struct traffic_selector *a, const struct traffic_selector *b)
{
    return a->protocol == b->protocol && a->port_start == b->port_start &&
           a->port_end == b->port_end && address_equal(&a->start, &b->start) &&
           address_equal(&a->end, &b->end);
}

static bool ports_contain(const struct traffic_selector *outer,
                          const struct traffic_selector *inner)
{
    if (ports_are_any(outer)) {
        return true;
    }
    if (selector_is_opaque(outer) || selector_is_opaque(inner)) {
        return selector_is_opaque(outer) && selector_is_opaque(inner);
    }
    return outer->port_start <= inner->port_start && inner->port_end <= outer->port_end;
}

bool selector_contains(const struct traffic_selector *outer, const struct traffic_selector *inner)
{
    return outer->start.family == inner->start.family &&
           (outer->protocol == 0 || outer->protocol == inner->protocol) &&
           ports_contain(outer, inner) && address_compare(&outer->start, &inner->start) <= 0 &&
           address_compare(&inner->end, &outer->end) <= 0;
}

/* The ports of `narrow` in both selectors; false when there are none. */
static bool ports_intersect(const struct traffic_selector *a, const struct traffic_selector *b,
                            struct traffic_selector *narrow)
{
    const struct traffic_selector *smaller = NULL;
    if (ports_contain(a, b)) {
        smaller = b;
    } else if (ports_contain(b, a)) {
        smaller = a;
    }
    if (smaller != NULL) {
        narrow->port_start = smaller->port_start;
        narrow->port_end = smaller->port_end;
        return true;
    }
    if (selector_is_opaque(a) || selector_is_opaque(b)) {
        return false;
    }
    narrow->port_start = a->port_start > b->port_start ? a->port_start : b->port_start;
    narrow->port_end = a->port_end < b->port_end ? a->port_end : b->port_end;
    return narrow->port_start <= narrow->port_end;
}

bool selector_intersect(const struct traffic_selector *a, const struct traffic_selector *b,
                        struct traffic_selector *out)
{
    if (a->start.family != b->start.family) {
        return false;
    }
    if (a->protocol != 0 && b->protocol != 0 && a->protocol != b->protocol) {
        return false;
    }
    struct traffic_selector both = {
        .protocol = a->protocol != 0 ? a->protocol : b->protocol,
        .start = address_compare(&a->start, &b->start) >= 0 ? a->start : b->start,
        .end = address_compare(&a->end, &b->end) <= 0 ? a->end : b->end,
    };
    if (address_compare(&both.start, &both.end) > 0 || !ports_intersect(a, b, &both)) {
        return false;
    }
    *out = both;
    return true;
}

bool selector_matches(const struct traffic_selector *s, const struct address *address,
                      uint8_t protocol, bool has_port, uint16_t port)
{
    if (s->start.family != address->family || address_compare(&s->start, address) > 0 ||
        address_compare(address, &s->end) > 0) {
        return false;
    }
    if (s->protocol != 0 && s->protocol != protocol) {
        return false;
    }
    if (ports_are_any(s)) {
        return true;
    }
    return has_port ? s->port_start <= port && port <= s->port_end : selector_is_opaque(s);
}

bool selectors_match(struct selectors selectors, const struct address *address, uint8_t protocol,
                     bool has_port, uint16_t port)
{
    for (size_t i = 0; i < selectors.count; i++) {
        if (selector_matches(&selectors.items[i], address, protocol, has_port, port)) {
            return true;
        }
    }
    return false;
}

bool selector_list_matches(const struct selector_list *list, const struct address *address,
                           uint8_t protocol, bool has_port, uint16_t port)
{
    return selectors_match(selectors_of(list), address, protocol, has_port, port);
}

struct selectors selectors_of(const struct selector_list *list)
{
    return (struct selectors){list->count, (struct traffic_selector *)list->items};
}

bool selectors_keep(struct selectors selectors, struct selectors *out)
{
    size_t length = selectors.count * sizeof *selectors.items;
    *out = (struct selectors){0};
    if (selectors.count == 0) {
        return true;
    }
    out->items = malloc(length);
    if (out->items == NULL) {
        return false;
    }
    memcpy(out->items, selectors.items, length);
    out->count = selectors.count;
    return true;
}

void selectors_free(struct selectors *kept)
{
    free(kept->items);
    *kept = (struct selectors){0};
}

void selector_list_set(struct selector_list *list, struct selectors selectors)
{
    assert(selectors.count <= SELECTORS_MAX);
    list->count = selectors.count;
    if (selectors.count > 0) {
        memcpy(list->items, selectors.items, selectors.count * sizeof *selectors.items);
    }
}

bool selector_list_equal(const struct selector_list *a, const struct selector_list *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!selector_equal(&a->items[i], &b->items[i])) {
            return false;
        }
    }
    return true;
}

struct traffic_selector selector_any(enum address_family family)
{
    assert(family == ADDRESS_V4 || family == ADDRESS_V6);
    struct traffic_selector any = {
        .port_end = PORT_MAX, .start.family = (uint8_t)family, .end.family = (uint8_t)family};
    memset(any.end.octets, 0xff, address_length(&any.end));
    return any;
}

struct traffic_selector selector_host(const struct address *address)
{
    return (struct traffic_selector){.port_end = PORT_MAX, .start = *address, .end = *address};
}

/* base/selector.c: selectors are sets of packets, and what is said of sets holds for each packet.
 */
#include "prove/prove.h"

#include "base/selector.h"

/* One packet as selectors see it. */
struct seen {
    struct address address;
    uint8_t protocol;
    bool has_port;
    uint16_t port;
};

static struct address any_address(enum address_family family)
{
    struct address a;
    a.family = (uint8_t)family;
    if (family == ADDRESS_V4) { /* octets that IPv4 does not use are zero */
        memset(a.octets + 4, 0, 12);
    }
    return a;
}

static enum address_family any_family(void)
{
    return any_bool() ? ADDRESS_V4 : ADDRESS_V6;
}

/* Any selector that a payload or a configuration may bring. */
static struct traffic_selector any_selector(void)
{
    enum address_family family = any_family();
    struct traffic_selector s = {.protocol = any_u8(),
                                 .port_start = any_u16(),
                                 .port_end = any_u16(),
                                 .start = any_address(family),
                                 .end = any_address(family)};
    __CPROVER_assume(s.port_start <= s.port_end || (s.port_start == 65535 && s.port_end == 0));
    __CPROVER_assume(address_compare(&s.start, &s.end) <= 0);
    return s;
}

static struct seen any_packet(void)
{
    return (struct seen){any_address(any_family()), any_u8(), any_bool(), any_u16()};
}

static bool matches(const struct traffic_selector *s, const struct seen *p)
{
    return selector_matches(s, &p->address, p->protocol, p->has_port, p->port);
}

void prove_selector_contains(void)
{
    struct traffic_selector outer = any_selector();
    struct traffic_selector inner = any_selector();
    struct seen packet = any_packet();
    if (selector_contains(&outer, &inner) && matches(&inner, &packet)) {
        assert(matches(&outer, &packet));
    }
}

void prove_selector_intersect(void)
{
    struct traffic_selector a = any_selector();
    struct traffic_selector b = any_selector();
    struct traffic_selector both = selector_any(ADDRESS_V4);
    struct seen packet = any_packet();
    bool in_both = matches(&a, &packet) && matches(&b, &packet);
    if (selector_intersect(&a, &b, &both)) {
        assert(matches(&both, &packet) == in_both);
        assert(selector_contains(&a, &both) && selector_contains(&b, &both));
    } else {
        assert(!in_both);
    }
}

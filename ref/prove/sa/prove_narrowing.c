/* sa/narrowing.c: lists of selectors are sets of packets as well. IPv4 stands for both families. */
#include "prove/prove.h"

#include "sa/narrowing.h"

struct seen {
    struct address address;
    uint8_t protocol;
    bool has_port;
    uint16_t port;
};

static struct address any_address(void)
{
    struct address a = {.family = ADDRESS_V4, .octets = {10, 0, 0, any_u8()}};
    return a;
}

static struct selector_list any_list(void)
{
    struct selector_list list;
    list.count = any_up_to(2);
    for (size_t i = 0; i < 2; i++) {
        struct traffic_selector *s = &list.items[i];
        *s = (struct traffic_selector){.protocol = any_u8(),
                                       .port_start = any_u16(),
                                       .port_end = any_u16(),
                                       .start = any_address(),
                                       .end = any_address()};
        __CPROVER_assume(s->port_start <= s->port_end ||
                         (s->port_start == 65535 && s->port_end == 0));
        __CPROVER_assume(address_compare(&s->start, &s->end) <= 0);
    }
    return list;
}

static bool matches(const struct selector_list *list, const struct seen *p)
{
    return selector_list_matches(list, &p->address, p->protocol, p->has_port, p->port);
}

void prove_selectors_within(void)
{
    struct selector_list inner = any_list();
    struct selector_list outer = any_list();
    struct seen packet = {any_address(), any_u8(), any_bool(), any_u16()};
    if (selectors_within(selectors_of(&inner), selectors_of(&outer))) {
        assert(inner.count > 0 && (!matches(&inner, &packet) || matches(&outer, &packet)));
    }
}

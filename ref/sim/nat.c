/* Mappings of one NAT. */

#include "sim/nat.h"

#include <string.h>

bool nat_hides(const struct nat *nat, const struct address *ip)
{
    return ip->family == ADDRESS_V4 && memcmp(ip->octets, nat->inside.octets, 3) == 0;
}

static bool alive(const struct nat *nat, const struct nat_mapping *mapping, uint64_t now_ns)
{
    return nat->expiry_ns == 0 || now_ns - mapping->used_ns <= nat->expiry_ns;
}

static struct nat_mapping *find_out(struct nat *nat, const struct transport_address *source,
                                    const struct transport_address *destination, uint64_t now_ns)
{
    for (size_t i = 0; i < nat->count && i < NAT_MAPPINGS; i++) {
        struct nat_mapping *m = &nat->mappings[i];
        if (alive(nat, m, now_ns) && transport_address_equal(&m->inside, source) &&
            (!nat->strict || transport_address_equal(&m->remote, destination))) {
            return m;
        }
    }
    return NULL;
}

void nat_out(struct nat *nat, struct transport_address *source,
             const struct transport_address *destination, uint64_t now_ns)
{
    if (nat->forwards) {
        source->ip = nat->outside;
        return;
    }
    struct nat_mapping *mapping = find_out(nat, source, destination, now_ns);
    if (mapping == NULL) {
        mapping = &nat->mappings[nat->count++ % NAT_MAPPINGS];
        *mapping = (struct nat_mapping){
            .inside = *source, .remote = *destination, .outside = {nat->outside, nat->next_port++}};
    }
    mapping->used_ns = now_ns;
    *source = mapping->outside;
}

bool nat_in(struct nat *nat, const struct transport_address *source,
            struct transport_address *destination, uint64_t now_ns)
{
    if (nat->forwards) {
        destination->ip = nat->inside;
        return true;
    }
    for (size_t i = 0; i < nat->count && i < NAT_MAPPINGS; i++) {
        struct nat_mapping *m = &nat->mappings[i];
        if (m->outside.port == destination->port && alive(nat, m, now_ns) &&
            (!nat->strict || transport_address_equal(&m->remote, source))) {
            m->used_ns = now_ns;
            *destination = m->inside;
            return true;
        }
    }
    return false;
}

void nat_rebind(struct nat *nat)
{
    nat->count = 0;
    nat->next_port = (uint16_t)(nat->next_port + 1000);
}

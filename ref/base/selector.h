/* Traffic selectors as sets of packets: RFC 7296 3.13.1 and RFC 4301 4.4.1.1. */
#ifndef IKEREF_BASE_SELECTOR_H
#define IKEREF_BASE_SELECTOR_H

#include "base/address.h"
#include "base/limits.h"

/* A range of addresses, one protocol or all, a range of ports. An ICMP "port" is type*256+code. */
struct traffic_selector {
    uint8_t protocol;    /* 0: any */
    uint16_t port_start; /* 0..65535: any; 65535..0: OPAQUE, RFC 7296 3.13.1 */
    uint16_t port_end;
    struct address start; /* same family as end */
    struct address end;
};

struct selector_list {
    size_t count;
    struct traffic_selector items[SELECTORS_MAX];
};

/* A view of selectors: of a list, or of as many as somebody keeps. */
struct selectors {
    size_t count;
    struct traffic_selector *items;
};

/* What of an inner packet the selectors look at, seen from this host. */
struct packet_key {
    struct address source;
    struct address destination;
    uint8_t protocol;
    bool has_ports;       /* false for a later fragment or a protocol without ports */
    uint16_t source_port; /* ICMP: type*256+code in both */
    uint16_t destination_port;
};

#define SELECTOR_TEXT_MAX 160

bool selector_equal(const struct traffic_selector *a, const struct traffic_selector *b);

/* For packets whose ports are not to be seen, and no others. */
bool selector_is_opaque(const struct traffic_selector *s);

/* Every packet of `inner` is in `outer`. */
bool selector_contains(const struct traffic_selector *outer, const struct traffic_selector *inner);

/* The packets in both; false when there are none (out is then untouched). */
bool selector_intersect(const struct traffic_selector *a, const struct traffic_selector *b,
                        struct traffic_selector *out);

/* The address, protocol and port lie in the selector. Without ports only "any port" and OPAQUE
 * match. */
bool selector_matches(const struct traffic_selector *s, const struct address *address,
                      uint8_t protocol, bool has_port, uint16_t port);
bool selector_list_matches(const struct selector_list *list, const struct address *address,
                           uint8_t protocol, bool has_port, uint16_t port);
bool selectors_match(struct selectors selectors, const struct address *address, uint8_t protocol,
                     bool has_port, uint16_t port);
bool selector_list_equal(const struct selector_list *a, const struct selector_list *b);

/* Of a list that is not to be changed by way of it. */
struct selectors selectors_of(const struct selector_list *list);
/* A copy that takes no more memory than it has to, NULL for none; false: no memory. It belongs to
 * the caller: selectors_free, of zeros too. */
MUST_USE bool selectors_keep(struct selectors selectors, struct selectors *out);
void selectors_free(struct selectors *kept);
/* Into a list; asserts that they fit. */
void selector_list_set(struct selector_list *list, struct selectors selectors);

/* Everything of one family. */
struct traffic_selector selector_any(enum address_family family);

/* One address, every protocol and port. */
struct traffic_selector selector_host(const struct address *address);

/* "10.1.0.0/24", "10.1.0.5", "10.1.0.1-10.1.0.9", each with an optional "[tcp/443]",
 * "[udp/1000-2000]", "[icmp]" or "[17]" behind it; false when it is none of these. */
MUST_USE bool selector_parse(const char *text, struct traffic_selector *out);

/* The same form, a prefix where the range is one; "[tcp/opaque]" and "[any/...]" where it must.
 * At most SELECTOR_TEXT_MAX octets. Returns `out`. */
char *selector_format(const struct traffic_selector *s, char out[SELECTOR_TEXT_MAX]);

#endif

/* IP addresses, transport addresses and the path between two of them, free of any socket header. */
#ifndef IKEREF_BASE_ADDRESS_H
#define IKEREF_BASE_ADDRESS_H

#include "base/bytes.h"

enum address_family { ADDRESS_NONE = 0, ADDRESS_V4 = 4, ADDRESS_V6 = 6 };

struct address {
    uint8_t family;     /* enum address_family; NONE means "any" or "unknown" */
    uint8_t octets[16]; /* network order; IPv4 uses the first four, the rest is zero */
};

struct transport_address {
    struct address ip;
    uint16_t port; /* host order */
};

/* The two ends a datagram travels between, seen from this host. */
struct path {
    struct transport_address local;
    struct transport_address remote;
};

#define ADDRESS_TEXT_MAX 64

/* 4 or 16; 0 for NONE. */
size_t address_length(const struct address *a);
struct bytes address_bytes(const struct address *a);

/* An address from 4 or 16 octets; asserts the length. */
struct address address_from(struct bytes octets);

bool address_equal(const struct address *a, const struct address *b);

/* Negative, zero or positive, as memcmp; families must be the same. */
int address_compare(const struct address *a, const struct address *b);
bool transport_address_equal(const struct transport_address *a, const struct transport_address *b);
bool path_equal(const struct path *a, const struct path *b);

/* Text such as 192.0.2.1 or 2001:db8::1; false when it is neither. */
MUST_USE bool address_parse(const char *text, struct address *out);

/* Writes at most ADDRESS_TEXT_MAX octets with the final zero; returns `out`. */
char *address_format(const struct address *a, char out[ADDRESS_TEXT_MAX]);

/* As above with the port: 192.0.2.1:500 or [2001:db8::1]:500. */
char *transport_address_format(const struct transport_address *a, char out[ADDRESS_TEXT_MAX]);

#endif

/* What tests of the kernel's data plane share: octets as text, and a kernel that has ESP. */
#ifndef IKEREF_TEST_XFRM_LAB_H
#define IKEREF_TEST_XFRM_LAB_H

#include <libmnl/libmnl.h>

#include "host/xfrm_pair.h"

/* Fails unless the message, without its header, has exactly these octets (hexadecimal). */
void xfrm_lab_expect(const struct nlmsghdr *message, const char *hex);

/* net_lab_enter, and skips the test, with the reason, where the kernel has no ESP. */
void xfrm_lab_enter(void);

/* Policies hold for the loopback as for any interface; mostly they do not. */
void xfrm_lab_loopback(void);

/* How often a word stands in what `ip -s xfrm state` or `ip xfrm policy` says. */
size_t xfrm_lab_count(const char *command, const char *word);

/* An SA of a child of the configuration's first peer: 10.1.0.0/24 to 10.2.0.0/24, AES-GCM with 256
 * bits, between 192.0.2.1 and 192.0.2.2, keys of nothing but 0x42. */
struct event xfrm_lab_child(uint32_t spi_in, uint32_t spi_out);

/* One SA of the same kind, outbound. */
struct xfrm_sa xfrm_lab_sa(uint32_t spi);

#endif

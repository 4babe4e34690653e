/* Traffic selectors as the kernel's XFRM has them: a prefix, a port and its mask on either side,
 * one protocol or all. A pair of ours (RFC 7296 3.13.1) makes one or several of these. */
#ifndef IKEREF_HOST_XFRM_SELECTOR_H
#define IKEREF_HOST_XFRM_SELECTOR_H

#include <linux/xfrm.h>

#include "base/selector.h"

#define XFRM_SELECTORS_MAX                                                                         \
    512 /* of one Child SA: beyond it, its selectors are not for a kernel                          \
         */

struct xfrm_selector_list {
    size_t count;
    struct xfrm_selector items[XFRM_SELECTORS_MAX];
};

/* Every pair of a local and a remote selector that has packets, in outbound orientation: the source
 * is local. False: there are more than fit, or one is for OPAQUE ports, which XFRM cannot tell. */
MUST_USE bool xfrm_selectors_of(const struct selector_list *local,
                                const struct selector_list *remote, struct xfrm_selector_list *out);

/* The same packets, the other way. */
struct xfrm_selector xfrm_selector_reversed(const struct xfrm_selector *selector);

bool xfrm_selector_equal(const struct xfrm_selector *a, const struct xfrm_selector *b);

/* What an acquire says of its packet: ports where the selector has them. */
struct packet_key xfrm_selector_key(const struct xfrm_selector *selector);

#endif

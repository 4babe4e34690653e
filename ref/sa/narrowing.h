/* Narrowing of traffic selectors by the responder, RFC 7296 2.9. */
#ifndef IKEREF_SA_NARROWING_H
#define IKEREF_SA_NARROWING_H

#include "base/selector.h"

/* The packets in both lists, as few selectors as possible; false when there are none. When the
 * first of `offered` names a single packet (2.9) and policy allows it, the result contains it. */
bool selectors_narrow(const struct selector_list *offered, const struct selector_list *policy,
                      struct selector_list *out);

/* Every selector of `inner` lies within one of `outer`. */
bool selectors_within(struct selectors inner, struct selectors outer);

#endif

/* What the kernel's refusal of an SA or a policy means to a person, and what helps. */
#ifndef IKEREF_HOST_XFRM_PROBLEM_H
#define IKEREF_HOST_XFRM_PROBLEM_H

#include "crypto/protection.h"
#include "host/problem.h"

/* `what` begins the sentence ("cannot install the SA"); protection may be NULL. Always false. */
bool xfrm_problem_set(struct problem *problem, const char *what, int error,
                      const struct protection *protection);

/* Tries whether this kernel has ESP for IPv4 and, where it has IPv6 at all, for that; false with a
 * problem. Leaves nothing behind. */
bool xfrm_esp_works(uint32_t reqid, struct problem *problem);

#endif

/* NO_NATS_ALLOWED, RFC 4555 3.9: without NAT traversal a message that can move SAs says between
 * which addresses it travels, and a NAT that has changed them is found out. */
#ifndef IKEREF_EXCHANGE_NAT_PROHIBITION_H
#define IKEREF_EXCHANGE_NAT_PROHIBITION_H

#include "exchange/exchange.h"

/* For the first IKE_AUTH request and every INFORMATIONAL request about addresses, as sent on the
 * path in use. Writes nothing when both sides have NAT traversal. */
void nat_prohibition_build(const struct ike_sa *sa, struct chain_writer *chain);

/* True when NO_NATS_ALLOWED of this message names other addresses or ports than it came with. */
bool nat_prohibition_broken(const struct exchange_input *in);

#endif

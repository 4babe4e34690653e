/* INFORMATIONAL requests of the peer, RFC 7296 1.4. */
#ifndef IKEREF_EXCHANGE_INFORMATIONAL_H
#define IKEREF_EXCHANGE_INFORMATIONAL_H

#include "exchange/exchange.h"

consume_request_function informational_consume_request;

bool informational_deletes_ike_sa(const struct message *m);

#endif

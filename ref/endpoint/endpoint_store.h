/* The endpoint's store, for the files of this room. */
#ifndef IKEREF_ENDPOINT_ENDPOINT_STORE_H
#define IKEREF_ENDPOINT_ENDPOINT_STORE_H

#include "endpoint/endpoint.h"
#include "sa/sa_store.h"

const struct sa_store *endpoint_store(const struct endpoint *endpoint);

#endif

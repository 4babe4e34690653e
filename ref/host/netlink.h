/* Requests to the kernel, mostly to its routing, each answered before it returns. */
#ifndef IKEREF_HOST_NETLINK_H
#define IKEREF_HOST_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#define NETLINK_REQUEST_MAX 512
#define NETLINK_SEQUENCE 1 /* of every message: a socket asks once */

/* Sends a request on a bus (NETLINK_ROUTE, NETLINK_XFRM), hands each object of the answer to `each`
 * (NULL: none is looked at), and returns at its end or acknowledgement; 0 or an errno. What was
 * received is wiped. */
int netlink_exchange(int bus, struct nlmsghdr *request, mnl_cb_t each, void *context);

/* The same for messages that are one transaction, each with its flags and NETLINK_SEQUENCE; the
 * first acknowledgement or error is the answer. */
int netlink_transact(int bus, const void *messages, size_t length);

/* Sends one request to the routing and waits for its acknowledgement; 0 or an errno. */
int netlink_request(struct nlmsghdr *request);

/* Sends a dump request to the routing and hands each object to `each`; 0 or an errno. */
int netlink_dump(uint16_t type, uint8_t family, mnl_cb_t each, void *context);

#endif

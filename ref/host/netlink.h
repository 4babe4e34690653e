/* Requests to the kernel's routing over rtnetlink, each answered before it returns. */
#ifndef IKEREF_HOST_NETLINK_H
#define IKEREF_HOST_NETLINK_H

#include <libmnl/libmnl.h>
#include <stdbool.h>
#include <stdint.h>

#define NETLINK_REQUEST_MAX 512

/* Sends one request and waits for its acknowledgement; 0 or an errno. */
int netlink_request(struct nlmsghdr *request);

/* Sends a dump request and hands each object to `each`; 0 or an errno. */
int netlink_dump(uint16_t type, uint8_t family, mnl_cb_t each, void *context);

#endif

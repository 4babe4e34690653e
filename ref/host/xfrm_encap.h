/* ESP in UDP (RFC 3948) as the kernel does it: what an SA says of it, and what a socket is told. */
#ifndef IKEREF_HOST_XFRM_ENCAP_H
#define IKEREF_HOST_XFRM_ENCAP_H

#include "host/xfrm_state.h"

/* The attribute of an SA whose packets travel in UDP on that path. */
void xfrm_encap_put(struct nlmsghdr *request, const struct xfrm_sa_path *path);

/* From now on the kernel takes ESP and keepalives from this UDP socket; what has the Non-ESP marker
 * still comes to who reads it, marker and all. 0 or an errno. */
int xfrm_encap_enable(int fd);

/* Inbound datagrams of this socket need no ESP around them, whatever the policies say: IKE is what
 * ESP is agreed with. 0 or an errno. */
int xfrm_bypass_inbound(int fd, uint8_t family);

#endif

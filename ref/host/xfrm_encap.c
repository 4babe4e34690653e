/* UDP_ENCAP of linux/udp.h, IP_XFRM_POLICY of linux/in.h. */
#include "host/xfrm_encap.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/udp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "host/socket_address.h"

void xfrm_encap_put(struct nlmsghdr *request, const struct xfrm_sa_path *path)
{
    struct xfrm_encap_tmpl encap = {
        .encap_type = UDP_ENCAP_ESPINUDP,
        .encap_sport = htons(path->source.port),
        .encap_dport = htons(path->destination.port),
    };
    mnl_attr_put(request, XFRMA_ENCAP, sizeof(encap), &encap);
}

int xfrm_encap_enable(int fd)
{
    int type = UDP_ENCAP_ESPINUDP;
    return setsockopt(fd, IPPROTO_UDP, UDP_ENCAP, &type, sizeof(type)) == 0 ? 0 : errno;
}

int xfrm_bypass_inbound(int fd, uint8_t family)
{
    bool v4 = family == ADDRESS_V4;
    struct xfrm_userpolicy_info bypass = {
        .sel.family = (uint16_t)socket_family(family),
        .lft = {XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF, 0, 0, 0, 0},
        .dir = XFRM_POLICY_IN,
        .action = XFRM_POLICY_ALLOW,
    };
    return setsockopt(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_XFRM_POLICY : IPV6_XFRM_POLICY,
                      &bypass, sizeof(bypass)) == 0
               ? 0
               : errno;
}

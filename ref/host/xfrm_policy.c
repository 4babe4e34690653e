/* UPDPOLICY, DELPOLICY, GETPOLICY of linux/xfrm.h. */
#include "host/xfrm_policy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "host/netlink.h"
#include "host/socket_address.h"
#include "host/xfrm_address.h"

#define ANY_ALGORITHM (~0U) /* which one an SA has is IKE's to decide */

static void mark_put(struct nlmsghdr *request, uint32_t mark)
{
    if (mark != 0) {
        struct xfrm_mark value = {.v = mark, .m = UINT32_MAX};
        mnl_attr_put(request, XFRMA_MARK, sizeof(value), &value);
    }
}

static void template_put(struct nlmsghdr *request, const struct xfrm_policy *policy)
{
    uint16_t family = policy->selector.family;
    if (policy->destination.family != ADDRESS_NONE) {
        family = (uint16_t)socket_family(policy->destination.family);
    }
    struct xfrm_user_tmpl template = {
        .id = {.daddr = xfrm_address_from(&policy->destination),
               .spi = htonl(policy->spi),
               .proto = IPPROTO_ESP},
        .family = family,
        .saddr = xfrm_address_from(&policy->source),
        .reqid = policy->reqid,
        .mode = policy->transport_mode ? XFRM_MODE_TRANSPORT : XFRM_MODE_TUNNEL,
        .aalgos = ANY_ALGORITHM,
        .ealgos = ANY_ALGORITHM,
        .calgos = ANY_ALGORITHM,
    };
    mnl_attr_put(request, XFRMA_TMPL, sizeof(template), &template);
}

struct nlmsghdr *xfrm_policy_build(uint8_t *buffer, const struct xfrm_policy *policy)
{
    memset(buffer, 0, NETLINK_REQUEST_MAX);
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = XFRM_MSG_UPDPOLICY;
    struct xfrm_userpolicy_info *info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
    *info = (struct xfrm_userpolicy_info){
        .sel = policy->selector,
        .lft = {XFRM_INF, XFRM_INF, XFRM_INF, XFRM_INF, 0, 0, 0, 0},
        .priority = policy->priority,
        .dir = policy->direction,
        .action = policy->action == XFRM_ACTION_BLOCK ? XFRM_POLICY_BLOCK : XFRM_POLICY_ALLOW,
        .flags = XFRM_POLICY_ICMP, /* errors are judged by what they quote, RFC 4301 6.2 */
    };
    if (policy->action == XFRM_ACTION_ESP) {
        template_put(request, policy);
    }
    mark_put(request, policy->mark);
    return request;
}

int xfrm_policy_put(const struct xfrm_policy *policy)
{
    uint8_t buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8)));
    return netlink_exchange(NETLINK_XFRM, xfrm_policy_build(buffer, policy), NULL, NULL);
}

int xfrm_policy_remove(const struct xfrm_policy *policy)
{
    uint8_t buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = XFRM_MSG_DELPOLICY;
    struct xfrm_userpolicy_id *id = mnl_nlmsg_put_extra_header(request, sizeof(*id));
    id->sel = policy->selector;
    id->dir = policy->direction;
    mark_put(request, policy->mark);
    return netlink_exchange(NETLINK_XFRM, request, NULL, NULL);
}

void xfrm_policy_read(const struct xfrm_userpolicy_info *info, struct xfrm_policy *out)
{
    *out = (struct xfrm_policy){
        .direction = info->dir,
        .selector = info->sel,
        .priority = info->priority,
        .action = info->action == XFRM_POLICY_BLOCK ? XFRM_ACTION_BLOCK : XFRM_ACTION_ESP,
    };
}

struct policy_listing {
    uint32_t first, last; /* priorities */
    struct xfrm_policy *items;
    size_t count, capacity;
};

static int policy_collect(const struct nlmsghdr *message, void *context)
{
    struct policy_listing *listing = context;
    struct xfrm_userpolicy_info info; /* a copy: netlink aligns messages to 4 octets, not to 8 */
    memcpy(&info, mnl_nlmsg_get_payload(message), sizeof(info));
    if (info.priority < listing->first || info.priority > listing->last ||
        info.dir >= XFRM_POLICY_MAX) { /* beyond: a socket's own */
        return MNL_CB_OK;
    }
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity == 0 ? 32 : listing->capacity * 2;
        struct xfrm_policy *items = realloc(listing->items, capacity * sizeof(*items));
        if (items == NULL) {
            return MNL_CB_OK; /* what stays blocks: closed, not open */
        }
        listing->items = items;
        listing->capacity = capacity;
    }
    struct xfrm_policy *policy = &listing->items[listing->count++];
    xfrm_policy_read(&info, policy);
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, message, sizeof(info))
    {
        if (mnl_attr_get_type(attribute) == XFRMA_MARK) {
            const struct xfrm_mark *mark = mnl_attr_get_payload(attribute);
            policy->mark = mark->v;
        }
    }
    return MNL_CB_OK;
}

void xfrm_policy_each(uint32_t priority_first, uint32_t priority_last,
                      void (*each)(void *context, const struct xfrm_policy *policy), void *context)
{
    uint8_t buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = XFRM_MSG_GETPOLICY;
    request->nlmsg_flags = NLM_F_DUMP;
    mnl_nlmsg_put_extra_header(request, sizeof(struct xfrm_userpolicy_id));
    struct policy_listing listing = {.first = priority_first, .last = priority_last};
    netlink_exchange(NETLINK_XFRM, request, policy_collect, &listing);
    for (size_t i = 0; i < listing.count; i++) {
        each(context, &listing.items[i]);
    }
    free(listing.items);
}

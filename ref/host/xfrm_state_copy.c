/* Attribute by attribute. What XFRMA_LTIME_VAL and XFRMA_REPLAY_ESN_VAL say is where the new SA
 * goes on. */
#include "host/xfrm_state_copy.h"

#include <errno.h>
#include <string.h>

#include "host/socket_address.h"
#include "host/xfrm_address.h"
#include "host/xfrm_encap.h"

int xfrm_state_copy_take(const struct nlmsghdr *message, void *context)
{
    struct xfrm_state_copy *copy = context;
    if (message->nlmsg_len > sizeof(copy->told)) {
        errno = EMSGSIZE;
        return MNL_CB_ERROR;
    }
    memcpy(copy->told, message, message->nlmsg_len);
    return MNL_CB_OK;
}

static const struct nlmsghdr *told(const struct xfrm_state_copy *copy)
{
    return (const struct nlmsghdr *)copy->told;
}

static const struct xfrm_usersa_info *told_info(const struct xfrm_state_copy *copy)
{
    return mnl_nlmsg_get_payload(told(copy));
}

struct xfrm_usersa_info *xfrm_state_copy_info(struct nlmsghdr *request)
{
    return mnl_nlmsg_get_payload(request);
}

/* The kernel tells the integrity algorithm twice and takes it once; what it tells of itself it does
 * not take at all. */
static bool is_taken_over(uint16_t type)
{
    return type != XFRMA_ALG_AUTH && type != XFRMA_LASTUSED && type != XFRMA_ENCAP &&
           type != XFRMA_LTIME_VAL;
}

static void attribute_copy(struct nlmsghdr *request, const struct nlattr *attribute, uint32_t skip)
{
    uint16_t type = mnl_attr_get_type(attribute);
    uint8_t *end = mnl_nlmsg_get_payload_tail(request);
    mnl_attr_put(request, type, mnl_attr_get_payload_len(attribute),
                 mnl_attr_get_payload(attribute));
    void *value = end + MNL_ATTR_HDRLEN;
    if (type == XFRMA_REPLAY_ESN_VAL) {
        struct xfrm_replay_state_esn *state = value;
        uint64_t next = ((uint64_t)state->oseq_hi << 32 | state->oseq) + skip;
        bool esn = (xfrm_state_copy_info(request)->flags & XFRM_STATE_ESN) != 0;
        if (esn || next <= UINT32_MAX) {
            state->oseq = (uint32_t)next;
            state->oseq_hi = (uint32_t)(next >> 32);
        }
    } else if (type == XFRMA_REPLAY_VAL) {
        struct xfrm_replay_state *state = value;
        if (state->oseq <= UINT32_MAX - skip) {
            state->oseq += skip;
        }
    }
}

static struct nlmsghdr *request_begin(struct xfrm_state_copy *copy, uint16_t type, uint32_t skip)
{
    memset(copy->request, 0, sizeof(copy->request));
    struct nlmsghdr *request = mnl_nlmsg_put_header(copy->request);
    request->nlmsg_type = type;
    struct xfrm_usersa_info *info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
    *info = *told_info(copy);
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, told(copy), sizeof(*info))
    {
        if (is_taken_over(mnl_attr_get_type(attribute))) {
            attribute_copy(request, attribute, skip);
        }
        if (mnl_attr_get_type(attribute) == XFRMA_REPLAY_ESN_VAL) {
            info->replay_window = 0; /* the attribute has it */
        }
    }
    mnl_attr_put(request, XFRMA_LTIME_VAL, sizeof(info->curlft), &info->curlft);
    return request;
}

static const struct xfrm_encap_tmpl *told_encap(const struct xfrm_state_copy *copy)
{
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, told(copy), sizeof(struct xfrm_usersa_info))
    {
        if (mnl_attr_get_type(attribute) == XFRMA_ENCAP) {
            return mnl_attr_get_payload(attribute);
        }
    }
    return NULL;
}

struct nlmsghdr *xfrm_state_copy_request(struct xfrm_state_copy *copy, uint16_t type)
{
    struct nlmsghdr *request = request_begin(copy, type, 0);
    const struct xfrm_encap_tmpl *encap = told_encap(copy);
    if (encap != NULL) {
        mnl_attr_put(request, XFRMA_ENCAP, sizeof(*encap), encap);
    }
    return request;
}

struct nlmsghdr *xfrm_state_copy_moved(struct xfrm_state_copy *copy, uint16_t type,
                                       const struct xfrm_sa_path *path, uint32_t skip)
{
    struct nlmsghdr *request = request_begin(copy, type, skip);
    struct xfrm_usersa_info *info = xfrm_state_copy_info(request);
    info->id.daddr = xfrm_address_from(&path->destination.ip);
    info->saddr = xfrm_address_from(&path->source.ip);
    info->family = (uint16_t)socket_family(path->destination.ip.family);
    if (path->udp_encapsulation) {
        xfrm_encap_put(request, path);
    }
    return request;
}

bool xfrm_state_copy_only_ports_differ(const struct xfrm_state_copy *copy,
                                       const struct xfrm_sa_path *path)
{
    const struct xfrm_usersa_info *info = told_info(copy);
    struct address source = xfrm_address_read(&info->saddr, info->family);
    struct address destination = xfrm_address_read(&info->id.daddr, info->family);
    return address_equal(&source, &path->source.ip) &&
           address_equal(&destination, &path->destination.ip) &&
           (told_encap(copy) != NULL) == path->udp_encapsulation;
}

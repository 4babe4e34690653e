/* Asked of the kernel each time: it alone knows. Who asks often keeps the answer
 * (host/own_addresses.h). */
#include "host/local_address.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "host/netlink.h"
#include "host/socket_address.h"

#define LINKS_MAX 256

struct listing {
    unsigned up[LINKS_MAX]; /* indexes of interfaces that are up and no loopback */
    size_t up_count;
    unsigned except;
    struct address_list *out; /* NULL: looking for one within */
    const struct selector_list *selectors;
    uint8_t family;
    struct address *within;
    bool found;
};

static int link_collect(const struct nlmsghdr *message, void *context)
{
    struct listing *listing = context;
    const struct ifinfomsg *header = mnl_nlmsg_get_payload(message);
    unsigned wanted = IFF_UP | IFF_RUNNING;
    if ((header->ifi_flags & wanted) == wanted && (header->ifi_flags & IFF_LOOPBACK) == 0 &&
        (unsigned)header->ifi_index != listing->except && listing->up_count < LINKS_MAX) {
        listing->up[listing->up_count++] = (unsigned)header->ifi_index;
    }
    return MNL_CB_OK;
}

static bool link_is_up(const struct listing *listing, unsigned index)
{
    for (size_t i = 0; i < listing->up_count; i++) {
        if (listing->up[i] == index) {
            return true;
        }
    }
    return false;
}

/* IFA_LOCAL is ours on a point-to-point link, where IFA_ADDRESS is the other end. */
static bool address_read(const struct nlmsghdr *message, struct address *out, uint32_t *flags)
{
    const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
    bool have_local = false;
    *out = (struct address){0};
    *flags = header->ifa_flags;
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, message, sizeof(*header))
    {
        uint16_t type = mnl_attr_get_type(attribute);
        size_t length = mnl_attr_get_payload_len(attribute);
        if (type == IFA_FLAGS) {
            *flags = mnl_attr_get_u32(attribute);
        } else if ((type == IFA_LOCAL || (type == IFA_ADDRESS && !have_local)) &&
                   (length == 4 || length == 16)) {
            *out = address_from(bytes_of(mnl_attr_get_payload(attribute), length));
            have_local |= type == IFA_LOCAL;
        }
    }
    return out->family != ADDRESS_NONE;
}

static int address_collect(const struct nlmsghdr *message, void *context)
{
    struct listing *listing = context;
    const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
    struct address address;
    uint32_t flags;
    if (!address_read(message, &address, &flags) ||
        (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED | IFA_F_DEPRECATED)) != 0) {
        return MNL_CB_OK;
    }
    if (listing->out == NULL) {
        if (!listing->found && address.family == listing->family &&
            selector_list_matches(listing->selectors, &address, 0, false, 0)) {
            *listing->within = address;
            listing->found = true;
        }
    } else if (header->ifa_scope == RT_SCOPE_UNIVERSE && link_is_up(listing, header->ifa_index) &&
               listing->out->count < ADDRESSES_MAX) {
        listing->out->items[listing->out->count++] = address;
    }
    return MNL_CB_OK;
}

bool local_addresses_list(unsigned except, struct address_list *out)
{
    struct listing listing = {.except = except, .out = out};
    memset(out, 0, sizeof(*out));
    return netlink_dump(RTM_GETLINK, AF_UNSPEC, link_collect, &listing) == 0 &&
           netlink_dump(RTM_GETADDR, AF_UNSPEC, address_collect, &listing) == 0;
}

bool local_address_within(const struct selector_list *selectors, uint8_t family,
                          struct address *out)
{
    /* Only the addresses count here: a route cannot look at ports. */
    struct selector_list plain = *selectors;
    for (size_t i = 0; i < plain.count; i++) {
        plain.items[i].protocol = 0;
        plain.items[i].port_start = 0;
        plain.items[i].port_end = UINT16_MAX;
    }
    struct listing listing = {.selectors = &plain, .family = family, .within = out};
    netlink_dump(RTM_GETADDR, (uint8_t)socket_family(family), address_collect, &listing);
    return listing.found;
}

struct interface_search {
    struct address wanted;
    unsigned index;
};

static int interface_match(const struct nlmsghdr *message, void *context)
{
    struct interface_search *search = context;
    const struct ifaddrmsg *header = mnl_nlmsg_get_payload(message);
    struct address address;
    uint32_t flags;
    if (address_read(message, &address, &flags) && address_equal(&address, &search->wanted)) {
        search->index = header->ifa_index;
    }
    return MNL_CB_OK;
}

unsigned local_address_interface(const struct address *address)
{
    struct interface_search search = {.wanted = *address};
    netlink_dump(RTM_GETADDR, (uint8_t)socket_family(address->family), interface_match, &search);
    return search.index;
}

struct address local_address_towards(const struct address *remote, uint32_t mark)
{
    struct address none = {0};
    struct transport_address local = {0}, to = {.ip = *remote, .port = 9};
    int fd = socket(socket_family(remote->family), SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return none;
    }
    int value = (int)mark;
    struct sockaddr_storage name;
    socklen_t length = socket_address_build(&to, &name);
    bool found = setsockopt(fd, SOL_SOCKET, SO_MARK, &value, sizeof(value)) == 0 &&
                 connect(fd, (struct sockaddr *)&name, length) == 0;
    length = sizeof(name);
    found = found && getsockname(fd, (struct sockaddr *)&name, &length) == 0 &&
            socket_address_parse(&name, &local);
    close(fd);
    return found ? local.ip : none;
}

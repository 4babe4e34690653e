/* rtnetlink messages for routes and rules. */
#include "host/route.h"

#include <errno.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <string.h>

#include "host/netlink.h"
#include "host/socket_address.h"

static struct nlmsghdr *route_message(char *buffer, uint16_t type, uint32_t table,
                                      const struct route *route)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = type;
    struct rtmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->rtm_family = (uint8_t)socket_family(route->to.address.family);
    header->rtm_dst_len = route->to.length;
    header->rtm_table = RT_TABLE_UNSPEC;
    header->rtm_protocol = RTPROT_STATIC;
    header->rtm_scope = route->interface == 0 ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
    header->rtm_type = route->interface == 0 ? RTN_UNREACHABLE : RTN_UNICAST;
    mnl_attr_put_u32(message, RTA_TABLE, table);
    mnl_attr_put(message, RTA_DST, address_length(&route->to.address), route->to.address.octets);
    mnl_attr_put_u32(message, RTA_PRIORITY, route->metric);
    if (route->interface != 0) {
        mnl_attr_put_u32(message, RTA_OIF, route->interface);
    }
    if (route->source.family == route->to.address.family) {
        mnl_attr_put(message, RTA_PREFSRC, address_length(&route->source), route->source.octets);
    }
    if (route->mtu != 0) {
        struct nlattr *metrics = mnl_attr_nest_start(message, RTA_METRICS);
        mnl_attr_put_u32(message, RTAX_MTU, route->mtu);
        mnl_attr_nest_end(message, metrics);
    }
    return message;
}

int route_put(uint32_t table, const struct route *route)
{
    char buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = route_message(buffer, RTM_NEWROUTE, table, route);
    message->nlmsg_flags = NLM_F_CREATE | NLM_F_REPLACE;
    return netlink_request(message);
}

int route_remove(uint32_t table, const struct route *route)
{
    char buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = route_message(buffer, RTM_DELROUTE, table, route);
    struct rtmsg *header = mnl_nlmsg_get_payload(message);
    header->rtm_scope = RT_SCOPE_NOWHERE; /* any */
    return netlink_request(message);
}

static struct nlmsghdr *rule_message(char *buffer, uint16_t type, uint8_t family, uint32_t table,
                                     uint32_t priority)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(buffer);
    message->nlmsg_type = type;
    struct fib_rule_hdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->family = (uint8_t)socket_family(family);
    header->action = FR_ACT_TO_TBL;
    mnl_attr_put_u32(message, FRA_TABLE, table);
    mnl_attr_put_u32(message, FRA_PRIORITY, priority);
    return message;
}

int route_rule_add(uint8_t family, uint32_t table, uint32_t mark)
{
    char buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message =
        rule_message(buffer, RTM_NEWRULE, family, table, ROUTE_RULE_PRIORITY);
    message->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
    struct fib_rule_hdr *header = mnl_nlmsg_get_payload(message);
    header->flags = FIB_RULE_INVERT;
    mnl_attr_put_u32(message, FRA_FWMARK, mark);
    mnl_attr_put_u32(message, FRA_FWMASK, UINT32_MAX);
    int error = netlink_request(message);
    return error == EEXIST ? 0 : error;
}

int route_rule_add_last(uint8_t family, uint32_t table)
{
    char buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message =
        rule_message(buffer, RTM_NEWRULE, family, table, ROUTE_RULE_PRIORITY_LAST);
    message->nlmsg_flags = NLM_F_CREATE | NLM_F_EXCL;
    int error = netlink_request(message);
    return error == EEXIST ? 0 : error;
}

/* ---- clearing: collect first, then delete, for a dump does not like changes under way ---- */

#define CLEAR_BATCH 128

#define NO_METRIC UINT32_MAX /* of no route of ours */

/* Which routes are meant: those of the metric, or all others. */
struct which {
    uint32_t metric;
    bool others;
};

struct clearing {
    uint32_t table;
    struct which which;
    size_t count;
    struct route routes[CLEAR_BATCH];
};

static int route_collect(const struct nlmsghdr *message, void *context)
{
    struct clearing *clearing = context;
    const struct rtmsg *header = mnl_nlmsg_get_payload(message);
    struct route route = {.to.length = header->rtm_dst_len};
    route.to.address.family = header->rtm_family == AF_INET ? ADDRESS_V4 : ADDRESS_V6;
    uint32_t table = header->rtm_table;
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, message, sizeof(*header))
    {
        switch (mnl_attr_get_type(attribute)) {
        case RTA_TABLE:
            table = mnl_attr_get_u32(attribute);
            break;
        case RTA_DST:
            if (mnl_attr_get_payload_len(attribute) == address_length(&route.to.address)) {
                route.to.address = address_from(
                    bytes_of(mnl_attr_get_payload(attribute), mnl_attr_get_payload_len(attribute)));
            }
            break;
        case RTA_PRIORITY:
            route.metric = mnl_attr_get_u32(attribute);
            break;
        case RTA_OIF:
            route.interface = mnl_attr_get_u32(attribute);
            break;
        default:
            break;
        }
    }
    if (header->rtm_type == RTN_UNREACHABLE) {
        route.interface = 0; /* IPv6 names the loopback interface here */
    }
    bool wanted = (route.metric == clearing->which.metric) != clearing->which.others;
    if (table == clearing->table && wanted && clearing->count < CLEAR_BATCH) {
        clearing->routes[clearing->count++] = route;
    }
    return MNL_CB_OK;
}

#define RULES_MAX 16

struct rules {
    uint32_t table;
    size_t count;
    uint32_t marks[RULES_MAX], priorities[RULES_MAX];
};

static int rule_collect(const struct nlmsghdr *message, void *context)
{
    struct rules *rules = context;
    uint32_t table = 0, priority = 0, mark = 0;
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, message, sizeof(struct fib_rule_hdr))
    {
        if (mnl_attr_get_type(attribute) == FRA_TABLE) {
            table = mnl_attr_get_u32(attribute);
        } else if (mnl_attr_get_type(attribute) == FRA_PRIORITY) {
            priority = mnl_attr_get_u32(attribute);
        } else if (mnl_attr_get_type(attribute) == FRA_FWMARK) {
            mark = mnl_attr_get_u32(attribute);
        }
    }
    bool ours = priority == ROUTE_RULE_PRIORITY || priority == ROUTE_RULE_PRIORITY_LAST;
    if (table == rules->table && ours && rules->count < RULES_MAX) {
        rules->priorities[rules->count] = priority;
        rules->marks[rules->count++] = mark;
    }
    return MNL_CB_OK;
}

static bool rule_remove(uint8_t family, uint32_t table, uint32_t priority, uint32_t mark)
{
    char buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *message = rule_message(buffer, RTM_DELRULE, family, table, priority);
    if (mark != 0) {
        mnl_attr_put_u32(message, FRA_FWMARK, mark);
    }
    return netlink_request(message) == 0;
}

static size_t rules_clear(uint8_t family, uint32_t table, bool keeps, uint32_t keep)
{
    struct rules rules = {.table = table};
    size_t cleared = 0;
    netlink_dump(RTM_GETRULE, (uint8_t)socket_family(family), rule_collect, &rules);
    for (size_t i = 0; i < rules.count; i++) {
        if (!keeps || rules.marks[i] != keep) {
            cleared += rule_remove(family, table, rules.priorities[i], rules.marks[i]);
        }
    }
    return cleared;
}

bool route_table_alive(uint8_t family, uint32_t table)
{
    struct clearing clearing = {.table = table, .which = {NO_METRIC, .others = true}};
    netlink_dump(RTM_GETROUTE, (uint8_t)socket_family(family), route_collect, &clearing);
    for (size_t i = 0; i < clearing.count; i++) {
        if (clearing.routes[i].interface != 0) {
            return true;
        }
    }
    return false;
}

static size_t routes_clear(uint8_t family, uint32_t table, struct which which)
{
    struct clearing clearing;
    size_t cleared = 0;
    size_t removed;
    do {
        clearing = (struct clearing){.table = table, .which = which};
        removed = 0;
        netlink_dump(RTM_GETROUTE, (uint8_t)socket_family(family), route_collect, &clearing);
        for (size_t i = 0; i < clearing.count; i++) {
            removed += route_remove(table, &clearing.routes[i]) == 0;
        }
        cleared += removed;
    } while (removed > 0 && clearing.count == CLEAR_BATCH);
    return cleared;
}

size_t route_clear(uint8_t family, uint32_t table)
{
    return rules_clear(family, table, false, 0) +
           routes_clear(family, table, (struct which){NO_METRIC, .others = true});
}

size_t route_clear_others(uint8_t family, uint32_t table, uint32_t keep, uint32_t mark)
{
    return rules_clear(family, table, true, mark) +
           routes_clear(family, table, (struct which){.metric = keep, .others = true});
}

void route_clear_metric(uint8_t family, uint32_t table, uint32_t metric)
{
    routes_clear(family, table, (struct which){.metric = metric});
}

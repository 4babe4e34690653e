/* A change of nftables is a transaction: a message that begins it, the change, one that ends it. */
#include "host/nf_table.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "host/netlink.h"

struct transaction {
    char octets[3 * NETLINK_REQUEST_MAX] __attribute__((aligned(8)));
    size_t length;
};

static struct nlmsghdr *message_begin(struct transaction *transaction, uint16_t type,
                                      uint16_t flags, uint8_t family, uint16_t resource)
{
    struct nlmsghdr *message = mnl_nlmsg_put_header(transaction->octets + transaction->length);
    message->nlmsg_type = type;
    message->nlmsg_flags = NLM_F_REQUEST | flags;
    message->nlmsg_seq = NETLINK_SEQUENCE;
    struct nfgenmsg *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
    header->nfgen_family = family;
    header->version = NFNETLINK_V0;
    header->res_id = htons(resource);
    return message;
}

static void message_end(struct transaction *transaction, const struct nlmsghdr *message)
{
    transaction->length += message->nlmsg_len;
}

/* The change itself; it alone is acknowledged. */
static struct nlmsghdr *change_begin(struct transaction *transaction, uint8_t type, uint16_t flags)
{
    *transaction = (struct transaction){0};
    message_end(transaction, message_begin(transaction, NFNL_MSG_BATCH_BEGIN, 0, AF_UNSPEC,
                                           NFNL_SUBSYS_NFTABLES));
    return message_begin(transaction, NFNL_SUBSYS_NFTABLES << 8 | type, NLM_F_ACK | flags,
                         NFPROTO_INET, 0);
}

static int change_end(struct transaction *transaction, const struct nlmsghdr *message)
{
    message_end(transaction, message);
    message_end(transaction,
                message_begin(transaction, NFNL_MSG_BATCH_END, 0, AF_UNSPEC, NFNL_SUBSYS_NFTABLES));
    return netlink_transact(NETLINK_NETFILTER, transaction->octets, transaction->length);
}

int nf_table_remove(const char *table)
{
    struct transaction transaction;
    struct nlmsghdr *message = change_begin(&transaction, NFT_MSG_DELTABLE, 0);
    mnl_attr_put_strz(message, NFTA_TABLE_NAME, table);
    return change_end(&transaction, message);
}

int nf_table_set_add(const char *table, const char *set, struct bytes key)
{
    struct transaction transaction;
    struct nlmsghdr *message = change_begin(&transaction, NFT_MSG_NEWSETELEM, NLM_F_CREATE);
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, table);
    mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, set);
    struct nlattr *elements = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
    struct nlattr *element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
    struct nlattr *name = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);
    mnl_attr_put(message, NFTA_DATA_VALUE, key.length, key.data);
    mnl_attr_nest_end(message, name);
    mnl_attr_nest_end(message, element);
    mnl_attr_nest_end(message, elements);
    return change_end(&transaction, message);
}

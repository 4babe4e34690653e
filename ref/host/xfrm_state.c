/* NEWSA, UPDSA, DELSA, GETSA of linux/xfrm.h. Requests hold keys, so their buffers are wiped. */
#include "host/xfrm_state.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <linux/netlink.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "host/netlink.h"
#include "host/socket_address.h"
#include "host/xfrm_address.h"
#include "host/xfrm_algorithm.h"
#include "host/xfrm_encap.h"
#include "host/xfrm_state_copy.h"

#define BITS_PER_WORD 32
#define KERNEL_NAME_MAX 64 /* of an algorithm: CRYPTO_MAX_ALG_NAME in linux/xfrm.h's structures */

/* With ESN the window also tells which high half a number belongs to (RFC 4303 A2), so the kernel
 * wants one: where none is asked for, the widest refuses least. */
#define ESN_WINDOW_FOR_NONE 4096

#define SPI_MIN 0x100 /* those below are reserved, RFC 4303 2.1 */

/* ---- attributes ---- */

struct algorithm_head { /* of xfrm_algo, xfrm_algo_auth and xfrm_algo_aead alike, then the key */
    char name[KERNEL_NAME_MAX];
    uint32_t key_bits;
};

static void algorithm_put(struct nlmsghdr *request, uint16_t type, const char *name,
                          uint32_t icv_bits, const struct secret *key)
{
    uint8_t value[sizeof(struct algorithm_head) + sizeof(icv_bits) + SECRET_MAX];
    struct algorithm_head head = {.key_bits = (uint32_t)key->length * 8};
    size_t length = sizeof(head);
    assert(strlen(name) < sizeof(head.name));
    memcpy(head.name, name, strlen(name));
    memcpy(value, &head, sizeof(head));
    if (icv_bits != 0) {
        memcpy(value + length, &icv_bits, sizeof(icv_bits));
        length += sizeof(icv_bits);
    }
    memcpy(value + length, key->data, key->length);
    mnl_attr_put(request, type, length + key->length, value);
    octets_wipe(value, sizeof(value));
}

static void algorithms_put(struct nlmsghdr *request, const struct xfrm_sa *sa)
{
    const struct protection *p = sa->protection;
    uint32_t icv_bits = (uint32_t)protection_icv_length(p) * 8;
    const char *cipher = xfrm_cipher_name(p->cipher);
    if (p->cipher->aead) {
        algorithm_put(request, XFRMA_ALG_AEAD, cipher, icv_bits, sa->encryption);
        return;
    }
    algorithm_put(request, XFRMA_ALG_AUTH_TRUNC, xfrm_integrity_name(p->integrity), icv_bits,
                  sa->integrity);
    algorithm_put(request, XFRMA_ALG_CRYPT, cipher, 0, sa->encryption);
}

static void replay_put(struct nlmsghdr *request, const struct xfrm_sa *sa)
{
    uint32_t window = sa->replay_window;
    if (sa->esn && window == 0) {
        window = ESN_WINDOW_FOR_NONE;
    }
    struct xfrm_replay_state_esn state = {
        .bmp_len = (window + BITS_PER_WORD - 1) / BITS_PER_WORD,
        .replay_window = window,
    };
    assert(window <= XFRMA_REPLAY_ESN_MAX);
    if (window != 0) {
        mnl_attr_put(request, XFRMA_REPLAY_ESN_VAL, sizeof(state), &state); /* an empty bitmap */
    }
}

/* ---- the SA itself ---- */

static uint64_t limit(uint64_t value)
{
    return value != 0 ? value : XFRM_INF;
}

static struct xfrm_lifetime_cfg lifetime_from(const struct esp_lifetime *lifetime)
{
    return (struct xfrm_lifetime_cfg){
        .soft_byte_limit = limit(lifetime->soft_octets),
        .hard_byte_limit = limit(lifetime->hard_octets),
        .soft_packet_limit = limit(lifetime->soft_packets),
        .hard_packet_limit = limit(lifetime->hard_packets),
    };
}

struct nlmsghdr *xfrm_state_build(uint8_t *buffer, uint16_t type, const struct xfrm_sa *sa)
{
    memset(buffer, 0, XFRM_REQUEST_MAX);
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = type;
    struct xfrm_usersa_info *info = mnl_nlmsg_put_extra_header(request, sizeof(*info));
    *info = (struct xfrm_usersa_info){
        .sel = sa->selector,
        .id = {.daddr = xfrm_address_from(&sa->path.destination.ip),
               .spi = htonl(sa->spi),
               .proto = IPPROTO_ESP},
        .saddr = xfrm_address_from(&sa->path.source.ip),
        .lft = lifetime_from(&sa->lifetime),
        .reqid = sa->reqid,
        .family = (uint16_t)socket_family(sa->path.destination.ip.family),
        .mode = sa->transport_mode ? XFRM_MODE_TRANSPORT : XFRM_MODE_TUNNEL,
        .flags = (uint8_t)(XFRM_STATE_ICMP | (sa->esn ? XFRM_STATE_ESN : 0) |
                           (sa->ecn ? 0 : XFRM_STATE_NOECN) |
                           (sa->clear_df ? XFRM_STATE_NOPMTUDISC : 0)),
    };
    if (sa->tell_first_packet) {
        info->lft.soft_packet_limit = 0;
    }
    if (sa->selector.family == 0 && !sa->transport_mode) {
        info->flags |= XFRM_STATE_AF_UNSPEC; /* else only the outer family goes through it */
    }
    algorithms_put(request, sa);
    replay_put(request, sa);
    if (sa->path.udp_encapsulation) {
        xfrm_encap_put(request, &sa->path);
    }
    if (!sa->copy_dscp) {
        mnl_attr_put_u32(request, XFRMA_SA_EXTRA_FLAGS, XFRM_SA_XFLAG_DONT_ENCAP_DSCP);
    }
    return request;
}

int xfrm_state_add(const struct xfrm_sa *sa)
{
    uint8_t buffer[XFRM_REQUEST_MAX] __attribute__((aligned(8)));
    int error =
        netlink_exchange(NETLINK_XFRM, xfrm_state_build(buffer, XFRM_MSG_NEWSA, sa), NULL, NULL);
    octets_wipe(buffer, sizeof(buffer));
    return error;
}

static struct nlmsghdr *id_build(uint8_t *buffer, uint16_t type, const struct xfrm_sa_id *id)
{
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = type;
    struct xfrm_usersa_id *out = mnl_nlmsg_put_extra_header(request, sizeof(*out));
    out->daddr = xfrm_address_from(&id->destination);
    out->spi = htonl(id->spi);
    out->family = (uint16_t)socket_family(id->destination.family);
    out->proto = IPPROTO_ESP;
    return request;
}

int xfrm_state_remove(const struct xfrm_sa_id *id)
{
    uint8_t buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    return netlink_exchange(NETLINK_XFRM, id_build(buffer, XFRM_MSG_DELSA, id), NULL, NULL);
}

static int state_get(const struct xfrm_sa_id *id, mnl_cb_t each, void *context)
{
    uint8_t buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    return netlink_exchange(NETLINK_XFRM, id_build(buffer, XFRM_MSG_GETSA, id), each, context);
}

/* ---- usage ---- */

static int usage_read(const struct nlmsghdr *message, void *context)
{
    struct xfrm_sa_usage *out = context;
    const struct xfrm_usersa_info *info = mnl_nlmsg_get_payload(message);
    *out = (struct xfrm_sa_usage){
        .packets = info->curlft.packets,
        .octets = info->curlft.bytes,
        .replayed = (uint64_t)info->stats.replay_window + info->stats.replay,
        .not_authentic = info->stats.integrity_failed,
    };
    const struct nlattr *attribute;
    mnl_attr_for_each(attribute, message, sizeof(*info))
    {
        if (mnl_attr_get_type(attribute) == XFRMA_REPLAY_ESN_VAL) {
            const struct xfrm_replay_state_esn *esn = mnl_attr_get_payload(attribute);
            out->sequence_out = (uint64_t)esn->oseq_hi << 32 | esn->oseq;
            out->sequence_in = (uint64_t)esn->seq_hi << 32 | esn->seq;
        } else if (mnl_attr_get_type(attribute) == XFRMA_REPLAY_VAL) {
            const struct xfrm_replay_state *plain = mnl_attr_get_payload(attribute);
            out->sequence_out = plain->oseq;
            out->sequence_in = plain->seq;
        } else if (mnl_attr_get_type(attribute) == XFRMA_LASTUSED) {
            out->last_used_s = mnl_attr_get_u64(attribute);
        }
    }
    return MNL_CB_OK;
}

int xfrm_state_usage(const struct xfrm_sa_id *id, struct xfrm_sa_usage *out)
{
    *out = (struct xfrm_sa_usage){0};
    return state_get(id, usage_read, out);
}

/* ---- changes ---- */

int xfrm_state_set_lifetime(const struct xfrm_sa_id *id, const struct esp_lifetime *lifetime)
{
    struct xfrm_state_copy copy;
    int error = state_get(id, xfrm_state_copy_take, &copy);
    if (error == 0) {
        struct nlmsghdr *request = xfrm_state_copy_request(&copy, XFRM_MSG_UPDSA);
        xfrm_state_copy_info(request)->lft = lifetime_from(lifetime);
        error = netlink_exchange(NETLINK_XFRM, request, NULL, NULL);
    }
    octets_wipe(&copy, sizeof(copy));
    return error;
}

/* A packet that came while there was no SA has left a state without keys in its place, which only
 * UPDSA puts this one for. */
static int state_put(struct xfrm_state_copy *copy, const struct xfrm_sa_path *path, uint32_t skip)
{
    int error = netlink_exchange(
        NETLINK_XFRM, xfrm_state_copy_moved(copy, XFRM_MSG_NEWSA, path, skip), NULL, NULL);
    if (error == EEXIST) {
        error = netlink_exchange(
            NETLINK_XFRM, xfrm_state_copy_moved(copy, XFRM_MSG_UPDSA, path, skip), NULL, NULL);
    }
    return error;
}

int xfrm_state_move(const struct xfrm_sa_id *id, const struct xfrm_sa_path *path, uint32_t skip)
{
    struct xfrm_state_copy copy;
    int error = state_get(id, xfrm_state_copy_take, &copy);
    if (error == 0 && xfrm_state_copy_only_ports_differ(&copy, path)) {
        error = netlink_exchange(NETLINK_XFRM,
                                 xfrm_state_copy_moved(&copy, XFRM_MSG_UPDSA, path, 0), NULL, NULL);
    } else if (error == 0 && (error = xfrm_state_remove(id)) == 0) {
        error = state_put(&copy, path, skip);
    }
    octets_wipe(&copy, sizeof(copy));
    return error;
}

static int spi_read(const struct nlmsghdr *message, void *context)
{
    const struct xfrm_usersa_info *info = mnl_nlmsg_get_payload(message);
    *(uint32_t *)context = ntohl(info->id.spi);
    return MNL_CB_OK;
}

/* The kernel keeps a state without keys or SPI for what it has asked for. There is no request to
 * drop one of these, but one to give it an SPI, by which it is then removed like any other. */
int xfrm_state_forget_acquire(const struct xfrm_acquiring *acquiring)
{
    uint8_t buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = XFRM_MSG_ALLOCSPI;
    struct xfrm_userspi_info *out = mnl_nlmsg_put_extra_header(request, sizeof(*out));
    out->info.id.daddr = xfrm_address_from(&acquiring->destination);
    out->info.id.proto = IPPROTO_ESP;
    out->info.saddr = xfrm_address_from(&acquiring->source);
    out->info.family = (uint16_t)socket_family(acquiring->destination.family);
    out->info.mode = acquiring->transport_mode ? XFRM_MODE_TRANSPORT : XFRM_MODE_TUNNEL;
    out->info.reqid = acquiring->reqid;
    out->info.seq = acquiring->sequence;
    out->min = SPI_MIN;
    out->max = UINT32_MAX;
    struct xfrm_sa_id id = {.destination = acquiring->destination};
    int error = netlink_exchange(NETLINK_XFRM, request, spi_read, &id.spi);
    return error == 0 ? xfrm_state_remove(&id) : error;
}

/* ---- those of an earlier instance ---- */

struct state_listing {
    uint32_t first, last; /* reqids */
    struct xfrm_sa_id *ids;
    size_t count, capacity;
};

static int id_collect(const struct nlmsghdr *message, void *context)
{
    struct state_listing *listing = context;
    struct xfrm_usersa_info info; /* a copy: netlink aligns messages to 4 octets, not to 8 */
    memcpy(&info, mnl_nlmsg_get_payload(message), sizeof(info));
    if (info.reqid < listing->first || info.reqid > listing->last || info.id.proto != IPPROTO_ESP ||
        info.id.spi == 0) {
        return MNL_CB_OK;
    }
    if (listing->count == listing->capacity) {
        size_t capacity = listing->capacity == 0 ? 16 : listing->capacity * 2;
        struct xfrm_sa_id *ids = realloc(listing->ids, capacity * sizeof(*ids));
        if (ids == NULL) {
            return MNL_CB_OK; /* what is not removed expires with its peer's interest */
        }
        listing->ids = ids;
        listing->capacity = capacity;
    }
    listing->ids[listing->count++] = (struct xfrm_sa_id){
        .spi = ntohl(info.id.spi), .destination = xfrm_address_read(&info.id.daddr, info.family)};
    return MNL_CB_OK;
}

size_t xfrm_state_clear(uint32_t reqid_first, uint32_t reqid_last)
{
    uint8_t buffer[NETLINK_REQUEST_MAX] __attribute__((aligned(8))) = {0};
    struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);
    request->nlmsg_type = XFRM_MSG_GETSA;
    request->nlmsg_flags = NLM_F_DUMP;
    mnl_nlmsg_put_extra_header(request, sizeof(struct xfrm_usersa_id));
    struct state_listing listing = {.first = reqid_first, .last = reqid_last};
    netlink_exchange(NETLINK_XFRM, request, id_collect, &listing);
    size_t removed = 0;
    for (size_t i = 0; i < listing.count; i++) {
        removed += xfrm_state_remove(&listing.ids[i]) == 0;
    }
    free(listing.ids);
    return removed;
}

/* One table, one chain, made by one `nft -f -`, which reads rules better than we would write
 * messages; later changes are small and go by netlink. Packets from the TUN and the loopback pass;
 * so do ESP, IKE and what IP itself lives by (ICMP errors, neighbour discovery); the rest is
 * compared with the selectors. */
#include "host/firewall.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/log.h"
#include "host/nf_table.h"

#define NFT_PATH "/usr/sbin/nft"

#define TABLE_PREFIX "ikeref_"
#define TABLE_NAME_MAX (sizeof(TABLE_PREFIX) + IFNAMSIZ)

static const char *table_name(const char *interface, char out[TABLE_NAME_MAX])
{
    snprintf(out, TABLE_NAME_MAX, TABLE_PREFIX "%s", interface);
    for (char *c = out; *c != '\0'; c++) {
        *c = *c == '-' || *c == '.' ? '_' : *c;
    }
    return out;
}

static const char *family_word(uint8_t family)
{
    return family == ADDRESS_V4 ? "ip" : "ip6";
}

static void range_write(FILE *out, const char *field, const struct traffic_selector *s)
{
    char start[ADDRESS_TEXT_MAX], end[ADDRESS_TEXT_MAX];
    address_format(&s->start, start);
    address_format(&s->end, end);
    if (address_equal(&s->start, &s->end)) {
        fprintf(out, " %s %s %s", family_word(s->start.family), field, start);
    } else {
        fprintf(out, " %s %s %s-%s", family_word(s->start.family), field, start, end);
    }
}

/* Ports, where the selector has them; ICMP types are left to the data plane. */
static void ports_write(FILE *out, const char *field, const struct traffic_selector *s)
{
    bool has_ports = s->protocol == IP_PROTOCOL_TCP || s->protocol == IP_PROTOCOL_UDP;
    if (has_ports && s->port_start <= s->port_end &&
        !(s->port_start == 0 && s->port_end == UINT16_MAX)) {
        fprintf(out, " th %s %u-%u", field, s->port_start, s->port_end);
    }
}

/* Inbound, the remote selector is the source and the local one the destination. A NULL local is
 * this host. */
static void selectors_write(FILE *out, const struct traffic_selector *remote,
                            const struct traffic_selector *local)
{
    uint8_t protocol = remote->protocol != 0 ? remote->protocol
                       : local != NULL       ? local->protocol
                                             : 0;
    fputs("    ", out);
    if (protocol != 0) {
        fprintf(out, " meta l4proto %u", protocol);
    }
    range_write(out, "saddr", remote);
    ports_write(out, "sport", remote);
    if (local == NULL) {
        fputs(" fib daddr type local", out);
    } else {
        range_write(out, "daddr", local);
        ports_write(out, "dport", local);
    }
    fputs(" counter drop\n", out);
}

static void child_write(FILE *out, const struct peer_config *peer, const struct child_config *child)
{
    struct selector_list remotes = child->remote;
    for (size_t i = 0; remotes.count == 0 && i < peer->remote_addresses.count; i++) {
        remotes.items[i] = selector_host(&peer->remote_addresses.items[i]);
    }
    remotes.count = remotes.count != 0 ? remotes.count : peer->remote_addresses.count;
    for (size_t i = 0; i < remotes.count; i++) {
        if (child->local.count == 0) {
            selectors_write(out, &remotes.items[i], NULL);
        }
        for (size_t j = 0; j < child->local.count; j++) {
            if (child->local.items[j].start.family == remotes.items[i].start.family) {
                selectors_write(out, &remotes.items[i], &child->local.items[j]);
            }
        }
    }
}

void firewall_write(FILE *out, const struct host_config *config, bool mark_inbound)
{
    unsigned ike = config->endpoint.ike_port, natt = config->endpoint.natt_port;
    char table[TABLE_NAME_MAX];
    table_name(config->interface, table);
    /* One transaction: what an earlier instance left is replaced without a gap. */
    fprintf(out, "table inet %s\ndelete table inet %s\ntable inet %s", table, table, table);
    fputs(" {\n"
          "  set peers4 { type ipv4_addr . ipv4_addr; }\n"
          "  set peers6 { type ipv6_addr . ipv6_addr; }\n"
          "  chain inbound {\n"
          "    type filter hook prerouting priority -250; policy accept;\n",
          out);
    fprintf(out, "     iifname { \"%s\", \"lo\" } accept\n", config->interface);
    if (mark_inbound) {
        /* Else strict reverse path filtering looks for the peer behind the TUN. */
        fprintf(out, "     udp dport { %u, %u } meta mark set %#x accept\n", ike, natt,
                config->mark);
        fprintf(out, "     meta l4proto esp meta mark set %#x accept\n", config->mark);
    }
    fprintf(out, "     udp dport { %u, %u } accept\n", ike, natt);
    fputs("     meta l4proto esp accept\n"
          "     icmp type { destination-unreachable, time-exceeded, parameter-problem } accept\n"
          "     icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, "
          "parameter-problem, nd-router-solicit, nd-router-advert, nd-neighbor-solicit, "
          "nd-neighbor-advert, nd-redirect, mld-listener-query, mld-listener-report, "
          "mld-listener-done } accept\n"
          "     ip saddr . ip daddr @peers4 counter drop\n"
          "     ip6 saddr . ip6 daddr @peers6 counter drop\n",
          out);
    for (size_t i = 0; i < config->endpoint.peer_count; i++) {
        const struct peer_config *peer = &config->endpoint.peers[i];
        for (size_t j = 0; j < peer->child_count; j++) {
            child_write(out, peer, &peer->children[j]);
        }
    }
    fputs("  }\n}\n", out);
}

/* nft with our text on its standard input; its complaints go to our log. */
static FILE *nft_open(void)
{
    if (access(NFT_PATH, X_OK) != 0) {
        errno = ENOENT;
        return NULL;
    }
    return popen(NFT_PATH " -f -", "we");
}

static bool nft_close(FILE *nft)
{
    int status = pclose(nft);
    return status != -1 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool first_character_is(const char *path, char wanted)
{
    FILE *file = fopen(path, "re");
    if (file == NULL) {
        return false;
    }
    int c = fgetc(file);
    fclose(file);
    return c == wanted;
}

/* rp_filter 1 is strict; the larger of "all" and the interface's own counts. */
static bool reverse_path_is_strict(void)
{
    return first_character_is("/proc/sys/net/ipv4/conf/all/rp_filter", '1') ||
           first_character_is("/proc/sys/net/ipv4/conf/default/rp_filter", '1');
}

static bool source_mark_allow(void)
{
    FILE *file = fopen("/proc/sys/net/ipv4/conf/all/src_valid_mark", "we");
    return file != NULL && fputs("1\n", file) >= 0 && fclose(file) == 0;
}

bool firewall_install(const struct host_config *config)
{
    bool strict = reverse_path_is_strict();
    if (strict && !source_mark_allow()) {
        log_warning("reverse path filtering is strict and cannot be told about our mark; set "
                    "net.ipv4.conf.all.rp_filter=2 when packets of the peer do not arrive");
    }
    FILE *nft = nft_open();
    if (nft == NULL) {
        log_warning("INBOUND CHECK IS OFF: " NFT_PATH
                    " is missing, so protected packets that arrive in the "
                    "clear are accepted; install nftables");
        return false;
    }
    firewall_write(nft, config, strict);
    if (!nft_close(nft)) {
        log_warning(
            "INBOUND CHECK IS OFF: nft refused our rules (this kernel may lack nf_tables), so "
            "protected packets that arrive in the clear are accepted");
        return false;
    }
    return true;
}

bool firewall_remove(const char *interface)
{
    char table[TABLE_NAME_MAX];
    return nf_table_remove(table_name(interface, table)) == 0;
}

void firewall_peer_add(const char *interface, const struct address *local,
                       const struct address *remote)
{
    char table[TABLE_NAME_MAX], text[ADDRESS_TEXT_MAX];
    uint8_t pair[2 * sizeof(local->octets)];
    size_t length = address_length(remote);
    if (local->family != remote->family) {
        return;
    }
    memcpy(pair, remote->octets, length);
    memcpy(pair + length, local->octets, length);
    int error = nf_table_set_add(table_name(interface, table),
                                 remote->family == ADDRESS_V4 ? "peers4" : "peers6",
                                 bytes_of(pair, 2 * length));
    if (error != 0 && error != ENOENT) { /* no table: that was said at the start */
        log_warning("no rule against clear packets from %s (%s); they are accepted",
                    address_format(remote, text), strerror(error));
    }
}

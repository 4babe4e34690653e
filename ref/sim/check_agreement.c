/* After quiet both sides of every pair hold the same: IKE SAs by their SPIs; Child SAs with
 * mirrored SPIs, keys and selectors; and each sends to where the other is. */

#include "endpoint/endpoint_store.h"
#include "sim/check.h"
#include "sim/network.h"

static bool ike_mirrors(const struct known_ike_sa *x, const struct known_ike_sa *y)
{
    return x->spi_i == y->spi_i && x->spi_r == y->spi_r && x->initiator != y->initiator;
}

static bool child_mirrors(const struct known_child_sa *x, const struct known_child_sa *y)
{
    return x->spi_in == y->spi_out && x->spi_out == y->spi_in && x->keys_in == y->keys_out &&
           x->keys_out == y->keys_in && x->esn == y->esn &&
           x->udp_encapsulation == y->udp_encapsulation;
}

/* A host that was called and went behind a NAT is no longer reachable at will: RFC 4555 lets only
 * the one who called say how it is to be reached. */
static bool can_be_reached(const struct sim *sim, const struct host *client)
{
    return sim_setting(sim, SET_CALLABLE) == 0 || client->addresses.items[0].octets[0] != 10;
}

static const char *ike_sas_differ(struct sim *sim, const struct host *client, uint16_t servers_peer)
{
    const struct host *server = &sim->hosts[1];
    size_t matched = 0, others = 0;
    for (size_t i = 0; i < client->ike_count; i++) {
        for (size_t k = 0; k < server->ike_count; k++) {
            if (ike_mirrors(&client->ike[i], &server->ike[k])) {
                matched++;
                if (can_be_reached(sim, client) &&
                    !network_paths_meet(sim, &client->ike[i].path, &server->ike[k].path)) {
                    return "the two sides of an IKE SA do not send to each other";
                }
            }
        }
    }
    for (size_t k = 0; k < server->ike_count; k++) {
        others += server->ike[k].peer_index == servers_peer;
    }
    return matched == client->ike_count && matched == others ? NULL
                                                             : "an IKE SA is at one side only";
}

static const char *child_sas_differ(struct sim *sim, const struct host *client,
                                    uint16_t servers_peer)
{
    const struct host *server = &sim->hosts[1];
    size_t matched = 0, others = 0;
    for (size_t i = 0; i < client->child_count; i++) {
        const struct known_child_sa *x = &client->child[i];
        for (size_t k = 0; k < server->child_count; k++) {
            const struct known_child_sa *y = &server->child[k];
            if (!child_mirrors(x, y)) {
                continue;
            }
            matched++;
            if (x->selectors_ours != y->selectors_theirs ||
                x->selectors_theirs != y->selectors_ours) {
                return "the selectors of a Child SA differ";
            }
            if (can_be_reached(sim, client) && !network_paths_meet(sim, &x->path, &y->path)) {
                return "the two sides of a Child SA do not send to each other";
            }
        }
    }
    for (size_t k = 0; k < server->child_count; k++) {
        others += server->child[k].peer_index == servers_peer;
    }
    return matched == client->child_count && matched == others
               ? NULL
               : "a Child SA is at one side only, or with other keys";
}

const char *check_agreement(struct sim *sim)
{
    const char *what = NULL;
    for (unsigned i = 0; i < sim->host_count && what == NULL; i++) {
        struct host *host = &sim->hosts[i];
        if (!host->on) {
            return "a host is off";
        }
        if (sa_store_half_open_count(endpoint_store(host->endpoint)) > 0) {
            return "a half-open IKE SA is left";
        }
        if (i != 1) {
            what = ike_sas_differ(sim, host, i == 0 ? 0 : 1);
            what = what != NULL ? what : child_sas_differ(sim, host, i == 0 ? 0 : 1);
        }
    }
    return what;
}

/* No SA without an owner: what the core has, the host knows; what the host knows, the data plane
 * has; every Child SA belongs to an IKE SA that is there. RFC 7296 1.4.1. */

#include "sim/check.h"
#include "sim/mirror.h"

static void check_ike_sas(struct sim *sim, struct host *host)
{
    struct ike_sa_status status;
    size_t known = 0;
    for (uint32_t id = 0; endpoint_ike_sa_after(host->endpoint, id, &status); id = status.id) {
        bool told = mirror_ike_sa(host, status.id) != NULL;
        known += told;
        if (!told && status.established_ns != 0) { /* else it is being set up */
            sim_violation(sim, host, "the core has IKE SA %u, of which the host was not told",
                          status.id);
        }
    }
    if (known != host->ike_count) {
        sim_violation(sim, host, "the host knows an IKE SA that the core does not have");
    }
}

static void check_child_sas(struct sim *sim, struct host *host)
{
    struct child_sa_status status;
    struct esp_usage usage;
    size_t count = 0;
    for (uint32_t id = 0; endpoint_child_sa_after(host->endpoint, id, &status); id = status.id) {
        count++;
        const struct known_child_sa *known = mirror_child_sa(host, status.id);
        if (known == NULL || known->ike_sa != status.ike_sa) {
            sim_violation(sim, host, "Child SA %u is not known, or as another IKE SA's", status.id);
        } else if (sim->settled &&
                   sim_setting(sim, SET_CALLABLE) ==
                       0 && /* else, Child SAs may be elsewhere: RFC 4555 3.7, 3.8 */
                   (!path_equal(&known->path, &status.info.path) ||
                    known->udp_encapsulation != status.info.udp_encapsulation)) {
            sim_violation(sim, host, "the host was not told where Child SA %u moved", status.id);
        } else if (!esp_plane_pair_usage(host->plane, known->spi_in, &usage)) {
            sim_violation(sim, host, "Child SA %u is not in the data plane", status.id);
        }
    }
    if (count != host->child_count) {
        sim_violation(sim, host, "the host knows a Child SA that the core does not have");
    }
}

void check_owners(struct sim *sim, struct host *host)
{
    check_ike_sas(sim, host);
    check_child_sas(sim, host);
    for (size_t i = 0; i < host->child_count; i++) {
        if (mirror_ike_sa(host, host->child[i].ike_sa) == NULL) {
            sim_violation(sim, host, "Child SA %u has no IKE SA", host->child[i].id);
        }
    }
}

/* From what IKE negotiated to what the user-space data plane installs. */

#include <string.h>

#include "endpoint/endpoint.h"

void child_sa_to_esp_pair(const struct event *event, const struct child_config *config,
                          uint32_t policy, struct esp_pair_config *out)
{
    const struct child_sa_info *child = &event->child;
    memset(out, 0, sizeof *out);
    out->spi_in = child->spi_in;
    out->spi_out = child->spi_out;
    out->policy = policy;
    out->protection = child->protection;
    out->encryption_in = child->encryption_in;
    out->encryption_out = child->encryption_out;
    out->integrity_in = child->integrity_in;
    out->integrity_out = child->integrity_out;
    out->esn = child->esn;
    out->transport_mode = child->transport_mode;
    out->replay_window = config->replay_window;
    out->path = child->path;
    out->udp_encapsulation = child->udp_encapsulation;
    out->local = child->local;
    out->remote = child->remote;
    out->lifetime = (struct esp_lifetime){
        .soft_octets = config->lifetime.soft_octets,
        .hard_octets = config->lifetime.hard_octets,
        .soft_packets = config->lifetime.soft_packets,
        .hard_packets = config->lifetime.hard_packets,
    };
    out->outbound_standby = child->outbound_standby;
    out->copy_dscp = config->copy_dscp;
    out->ecn = config->ecn;
    out->df = config->df;
    out->user = event->child_sa;
}

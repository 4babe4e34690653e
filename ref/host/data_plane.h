/* What carries protected packets: one interface, so that the core's host need not know whether user
 * space (`tun`) or the kernel (`xfrm`) does it. Events of the core go in; packets go through;
 * events come out. */
#ifndef IKEREF_HOST_DATA_PLANE_H
#define IKEREF_HOST_DATA_PLANE_H

#include "endpoint/endpoint.h"
#include "esp/esp_plane.h"
#include "host/ike_sockets.h"

struct data_plane; /* a backend's own state, policies installed; made by <backend>_create */

struct data_plane_event {
    enum esp_event_type type;
    uint16_t peer_index, child_index; /* ACQUIRE */
    uint32_t spi_in;                  /* the others */
    struct packet_key key;            /* ACQUIRE */
    struct path path;                 /* PEER_MOVED */
};

struct data_plane_operations {
    const char *name;
    /* Removes everything it made; a packet of a policy passes in the clear only after this. What
     * keeps such packets from leaving stays when the plane is broken, and when the start failed
     * (started is false) where a killed daemon had left it: only an orderly end opens the way. */
    void (*destroy)(struct data_plane *plane, bool started);

    /* The sockets of IKE are open, and nothing was read from them yet. False with a problem. */
    bool (*sockets_opened)(struct data_plane *plane, struct ike_sockets *sockets,
                           struct problem *problem);

    /* EVENT_CHILD_SA_UP, _MOVED, _DOWN of the core. */
    enum status (*child_event)(struct data_plane *plane, const struct event *event,
                               uint64_t now_ns);
    /* Sends what was held for want of an SA: call when the core's datagrams are out. */
    void (*release)(struct data_plane *plane, uint64_t now_ns);
    void (*acquire_failed)(struct data_plane *plane, uint16_t peer_index, uint16_t child_index);

    /* A burst from the NAT traversal port: ESP, where the plane has not kept it from coming here
     * at all, and IKE. Verdicts are set; those with PACKET_IKE are the core's. */
    void (*receive)(struct data_plane *plane, struct packet *packets, size_t count,
                    uint64_t now_ns);

    /* IKE messages have come and are about to be handled: ESP that came before them, on another
     * socket, goes through now, for one of them may end its SA (RFC 7296 1.4.1). */
    void (*catch_up)(struct data_plane *plane);

    bool (*next_event)(struct data_plane *plane, struct data_plane_event *out);
    uint64_t (*deadline)(const struct data_plane *plane); /* UINT64_MAX: none */
    void (*expire)(struct data_plane *plane, uint64_t now_ns);

    /* COMMAND_TRAFFIC for a pair that was used since it was last told; false: no more. */
    bool (*next_traffic)(struct data_plane *plane, struct command *traffic);
    bool (*usage)(const struct data_plane *plane, uint32_t spi_in, struct esp_usage *out);
    void (*counters)(const struct data_plane *plane, struct esp_counters *out);

    /* It will never carry a packet again; the daemon has to end. */
    bool (*broken)(const struct data_plane *plane);

    /* This host's addresses have changed: routes may need another source. */
    void (*addresses_changed)(struct data_plane *plane);
    /* The interface whose addresses are no paths to a peer; 0: none. */
    unsigned (*interface)(const struct data_plane *plane);
};

#endif

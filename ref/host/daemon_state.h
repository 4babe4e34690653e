/* What the parts of the daemon (daemon.c and daemon_*.c) share. */
#ifndef IKEREF_HOST_DAEMON_STATE_H
#define IKEREF_HOST_DAEMON_STATE_H

#include "host/acquire_list.h"
#include "host/address_monitor.h"
#include "host/burst.h"
#include "host/data_plane.h"
#include "host/ike_sockets.h"
#include "host/key_log.h"
#include "host/own_addresses.h"
#include "host/path_mtu_probe.h"
#include "host/pending_requests.h"
#include "host/roam_watch.h"
#include "host/start_queue.h"
#include "host/workers.h"

/* A command's id says who asked. */
#define COMMAND_BY_CLIENT (1ULL << 56)  /* + number in pending_requests */
#define COMMAND_BY_START (2ULL << 56)   /* + peer << 16 + child */
#define COMMAND_BY_ACQUIRE (3ULL << 56) /* the same */
#define COMMAND_BY_MASK (0xffULL << 56)

struct daemon {
    const struct host_config *config;
    struct endpoint *endpoint;
    const struct data_plane_operations *operations;
    struct data_plane *plane;
    struct event_loop loop;
    struct ike_sockets sockets;
    struct event_source sources[IKE_SOCKETS], signals, work;
    struct workers *workers; /* NULL: the event loop does their work */
    struct burst burst;      /* what goes out */
    struct burst received;   /* what came in */
    struct address_monitor monitor;
    struct own_addresses own_addresses;
    struct path_mtu_probe path_mtus;
    struct control_socket *control;
    struct pending_requests pending;
    struct key_log key_log;
    struct start_queue starts;
    struct acquire_list acquires;
    struct roam_watch roams;
    uint64_t settled_ns; /* when this host's addresses will have been quiet long enough; UINT64_MAX:
                            are */
    bool stopping;
    uint64_t stop_by_ns; /* when stopping: no longer than this */
    bool stop_asked;     /* by a client, who is to be answered */
    struct control_client_ref stop_client;
    char stop_id[CONTROL_ID_MAX];
};

/* ---- daemon_events.c ---- */

/* After every call of the core: install and tell first, then send, then release what was held. */
void daemon_drain(struct daemon *daemon, uint64_t now_ns);

/* A command for the core, and what comes of it. */
enum status daemon_command(struct daemon *daemon, const struct command *command, uint64_t now_ns);

/* What the data plane has seen becomes commands. */
void daemon_plane_events(struct daemon *daemon, uint64_t now_ns);

unsigned daemon_tun(const struct daemon *daemon);

/* ---- daemon_work.c ---- */

/* When the daemon has given up what it does not need, and so have the threads that it starts. None
 * where nobody has anything to do with signatures. */
bool daemon_workers_open(struct daemon *daemon, struct problem *problem);

/* What the core has for them. */
void daemon_jobs_give(struct daemon *daemon);

/* ---- daemon_control.c ---- */

/* control_line_handler */
void daemon_control_line(void *context, struct control_client_ref client, const char *line,
                         size_t length);

/* A client's command has ended; `refusal` as in struct event. */
void daemon_control_done(struct daemon *daemon, uint64_t command, enum status status,
                         enum refusal refusal);

/* ---- daemon.c ---- */

/* Tell the peers, then end. */
void daemon_stop(struct daemon *daemon, uint64_t now_ns);

#endif

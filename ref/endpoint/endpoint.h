/* The door of the core: datagrams and time in; datagrams and events out. No I/O, no clock, no
 * thread, no callback. After every call, drain next_datagram and next_event; install what
 * EVENT_CHILD_SA_UP brings before sending the datagrams. */
#ifndef IKEREF_ENDPOINT_ENDPOINT_H
#define IKEREF_ENDPOINT_ENDPOINT_H

#include "esp/esp_sa.h"
#include "sa/command.h"
#include "sa/event.h"
#include "sa/job.h"

struct endpoint;

struct datagram {
    struct path path;
    bool encapsulated;   /* travels on the NAT traversal port: the edge adds or has removed the
                            Non-ESP   marker (RFC 3948 2.2); octets never hold it */
    bool keepalive;      /* a NAT keepalive: one octet 0xff, and no marker (RFC 3948 2.3) */
    bool dont_fragment;  /* out: rather lost than cut by IP, for it can be cut smaller; the host
                            tells by COMMAND_PATH_MTU that it was too large (RFC 7383 2.5.2) */
    struct bytes octets; /* out: valid until the next call of any endpoint function */
};

/* `config` and `random` outlive the endpoint. NULL: no memory. */
struct endpoint *endpoint_create(const struct endpoint_config *config,
                                 const struct random_source *random, uint64_t now_ns);
void endpoint_destroy(
    struct endpoint *endpoint); /* wipes keys, says nothing to peers; NULL is fine */

/* At `now_ns` it was `utc_ns` nanoseconds since 1970: what the validity of certificates is judged
 * by. Without it it is 1970, and no certificate is valid yet. */
void endpoint_set_utc(struct endpoint *endpoint, uint64_t utc_ns, uint64_t now_ns);

/* One IKE datagram. The status tells what became of it (for counters and tests); whatever is to be
 * said to the peer is already in the queue. */
enum status endpoint_receive(struct endpoint *endpoint, const struct datagram *datagram,
                             uint64_t now_ns);

bool endpoint_next_datagram(struct endpoint *endpoint, struct datagram *out);

/* Events carry keys: wipe *out with event_wipe when done. */
bool endpoint_next_event(struct endpoint *endpoint, struct event *out);
void event_wipe(struct event *event);

/* ---- public-key work, done elsewhere ----
 *
 * Once a host has asked for it, signatures are not made and verified in the calls above, but handed
 * out as jobs: to be done by job_do() (sa/job.h), by any thread, in any order, and brought back.
 * The IKE SA that one is for waits meanwhile, and takes no message; all others go on. Its deadlines
 * count, and when it has gone the job comes back for nothing. */

/* From now on, and at most `jobs_max` at a time of those that other hosts cause: what would need
 * one more is as if it had been lost, and so are IKE_SA_INIT requests. 0, as it is at first: all is
 * done at once. */
void endpoint_set_jobs(struct endpoint *endpoint, size_t jobs_max);

/* NULL: none waits. After every call, like datagrams and events. The caller has it until it brings
 * it back, or has destroyed the endpoint: then job_destroy. */
struct job *endpoint_next_job(struct endpoint *endpoint);
void endpoint_job_done(struct endpoint *endpoint, struct job *job, uint64_t now_ns);

uint64_t endpoint_deadline(struct endpoint *endpoint); /* UINT64_MAX: none */
void endpoint_expire(struct endpoint *endpoint, uint64_t now_ns);

/* STATUS_OK: taken (its end comes as EVENT_COMMAND_DONE when an id was given). STATUS_DROP: there
 * is nothing it applies to. STATUS_INTERNAL: a limit, or an index out of range. */
MUST_USE enum status endpoint_command(struct endpoint *endpoint, const struct command *command,
                                      uint64_t now_ns);

/* ---- looking at it, for status and tests ---- */

struct ike_sa_status {
    uint32_t id;
    uint16_t peer_index;
    const char *state; /* "connecting", "established", "rekeying", "deleting" */
    struct ike_sa_info info;
    uint64_t established_ns; /* 0: not yet */
    uint64_t rekey_at_ns;    /* UINT64_MAX: never */
    uint32_t message_id_next_request, message_id_expected;
    uint32_t outstanding;               /* requests we wait to be answered */
    uint64_t retransmitted, duplicates; /* ours sent again; peer's requests answered again */
    struct address_list peer_addresses; /* MOBIKE: all that the peer has told, RFC 4555 3.4 */
};

struct child_sa_status {
    uint32_t id, ike_sa;
    uint16_t peer_index, child_index;
    const char *state;         /* "installed", "rekeying", "deleting" */
    struct child_sa_info info; /* key material is zero here */
    uint64_t installed_ns, rekey_at_ns;
};

struct endpoint_counters {
    uint64_t datagrams_in, datagrams_out, dropped, invalid, cookies_sent, puzzles_sent,
        puzzles_solved, requests_refused, half_open, ike_sas, child_sas, retransmissions,
        fragments_in, fragments_out;
};

/* The one of the least id above `id`, which is 0 for the first of all; false: there is none. To see
 * all of them costs a step each. Half-open ones are among them only while there are few, and none
 * of them when there are more: counters.half_open is their number. */
#define HALF_OPEN_SHOWN_MAX 64
bool endpoint_ike_sa_after(const struct endpoint *endpoint, uint32_t id, struct ike_sa_status *out);
bool endpoint_child_sa_after(const struct endpoint *endpoint, uint32_t id,
                             struct child_sa_status *out);
void endpoint_counters(const struct endpoint *endpoint, struct endpoint_counters *out);

/* From a CHILD_SA_UP event to what the user-space data plane installs; keys are copied: wipe it. */
void child_sa_to_esp_pair(const struct event *event, const struct child_config *config,
                          uint32_t policy, struct esp_pair_config *out);

#endif

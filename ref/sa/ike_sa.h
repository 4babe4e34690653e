/* An IKE SA: keys, path, windows, what is being asked and what waits. RFC 7296 1.2, 2.1 to 2.4. */
#ifndef IKEREF_SA_IKE_SA_H
#define IKEREF_SA_IKE_SA_H

#include "protect/reassembly.h"
#include "sa/allowance.h"
#include "sa/child_sa.h"
#include "sa/event.h"
#include "sa/job.h"
#include "sa/keymat.h"
#include "sa/puzzle.h"
#include "sa/stored_message.h"
#include "sa/task.h"

#define GONE_MAX 8
#define COOKIE2_LENGTH 16 /* RFC 4555 4.2.5: 8 to 64 */

enum ike_sa_state {
    IKE_SA_INIT_SENT, /* initiator: IKE_SA_INIT is out */
    IKE_SA_HALF_OPEN, /* responder: IKE_SA_INIT is answered, IKE_AUTH has not come */
    IKE_SA_AUTH_SENT, /* initiator: IKE_AUTH is out */
    IKE_SA_ESTABLISHED,
    IKE_SA_REKEYED,  /* replaced by a successor; all that is left is its Delete */
    IKE_SA_DELETING, /* our Delete is queued or out */
    IKE_SA_CLOSED,   /* gone; what is needed to repeat the last response stays (sa/closed_sa.h) */
    IKE_SA_STATES,
};

/* What only the first two exchanges need; freed when the IKE SA is established. */
struct ike_init {
    struct key_exchange *key_exchange;
    uint16_t group;
    size_t ni_length, nr_length, cookie_length;
    uint8_t ni[NONCE_MAX];
    uint8_t nr[NONCE_MAX];
    uint8_t cookie[COOKIE_MAX];
    struct stored_message request, response; /* what AUTH is computed over (2.15) */
    bool digital_signature; /* both have sent SIGNATURE_HASH_ALGORITHMS (RFC 7427 3) */
    uint16_t peer_hashes;   /* set of those the peer can verify with (HASH_BIT) */
    bool searching;         /* initiator: for the solution of a puzzle (RFC 8019) */
    uint64_t search_ns;     /* when the search goes on */
    struct puzzle_search search;
    size_t solution_length; /* what was found for the exchange to come; 0: nothing demanded */
    uint8_t solution[PUZZLE_KEYS * PUZZLE_KEY_LENGTH];
    bool deferred;               /* responder: no keys before IKE_AUTH has come (RFC 8019 3) */
    struct puzzle_notify puzzle; /* responder: to be solved before; difficulty 0: none */
    uint8_t restarts;            /* COOKIE and INVALID_KE_PAYLOAD answers followed */
};

/* The other side's request for the same SA crossed ours (2.8.1, 2.8.2): what its exchange made. */
struct rekey_collision {
    bool active;
    uint32_t child_sa; /* the Child SA, or */
    uint32_t ike_sa;   /* the IKE SA that was created by the peer */
    size_t nonce_length;
    uint8_t nonce[NONCE_MAX]; /* the lower of the two nonces of the peer's exchange */
};

/* What we have offered for a Child SA, beside the proposals. */
struct child_offer {
    bool transport_mode;
    struct selector_list local, remote;
};

/* Our one outstanding request. */
struct request {
    bool active;
    struct task task;
    uint8_t exchange_type;
    uint32_t message_id;
    struct stored_message message;
    struct reassembly *partial_response; /* its fragments so far; NULL: none */
    uint64_t next_ns, timeout_ns;
    uint32_t sent;         /* copies */
    uint32_t path_changes; /* of the IKE SA when it was first sent */
    bool probed;           /* copies have gone along other paths too */
    uint8_t nonce[NONCE_OURS];
    struct key_exchange *key_exchange;
    uint32_t spi_in; /* the Child SA being created */
    size_t gone_count;
    uint32_t
        gone[GONE_MAX]; /* unknown Child SAs that the peer has deleted meanwhile: ours may be one */
    uint64_t ike_spi;   /* the IKE SA being created */
    struct child_offer *offer; /* owned; NULL: no Child SA is being created */
    uint8_t cookie2[COOKIE2_LENGTH];
    struct rekey_collision collision;
    enum status
        error; /* an unprotected error that may be forged (2.21.1): believed at give_up_ns */
    uint64_t give_up_ns;
};

/* It was made to replace another one with the same peer (2.8.3); sa_store_set_reauthentication. */
struct reauthentication {
    uint32_t ike_sa;  /* that one; 0: it was not */
    uint64_t command; /* answered when that one is gone */
};

struct ike_sa {
    struct ike_sa *next, *previous;
    struct hash_link by_spi;      /* in sa/spi_index.h */
    struct hash_link by_request;  /* in sa/request_index.h */
    struct hash_link by_number;   /* in the store's index by `id` */
    struct hash_link by_identity; /* in sa/identity_index.h, if */
    bool known;                   /* it is in */
    struct hash_link by_older; /* and in the store by `reauthentication.ike_sa`, unless that is 0 */
    size_t due_place;          /* in sa/due_heap.h */
    struct ike_sa *next_due;   /* while all that is due is done */
    struct ike_sa *next_ended; /* until what is left of it is put away */
    struct ike_sa *next_half_open; /* in its bucket of sa/half_open.h */
    uint64_t request_hash; /* keyed hash of the IKE_SA_INIT request that made it; 0: none did */
    uint32_t id;
    uint16_t peer_index;
    const struct peer_config *peer;
    enum ike_sa_state state;
    bool initiator;        /* of this IKE SA: sends with flag I and SK_ei */
    bool mobike_initiator; /* of the first IKE SA of the line (RFC 4555 1.3) */
    uint64_t spi_i, spi_r;
    bool silent; /* made by a rekey that may lose its collision: the host has not heard of it */
    uint32_t successor; /* REKEYED: the IKE SA that inherited the Child SAs */
    struct reauthentication reauthentication;

    const struct prf_algorithm *prf;
    const struct key_exchange_algorithm *key_exchange;
    struct protection protection;
    struct secret sk_d, sk_pi, sk_pr;
    struct protector *seal, *open;
    struct ike_init *init;
    struct job *job; /* that it waits for, or, in the handler it was for, what came of it; not
                        owned: it is in the store's queue, or with who does it */

    struct path path;
    bool encapsulated; /* IKE runs on the NAT traversal port */
    bool nat_supported, nat_local, nat_remote, udp_encapsulation;
    bool mobike;
    bool fragmentation;     /* both have said that they can (RFC 7383 2.3) */
    size_t fragment_size;   /* of IP packets, found on this path; 0: not looked for yet */
    uint32_t fragment_path; /* path_changes when it was found */
    uint32_t path_changes;
    bool route_awaited;   /* the path was taken before the host had a route for it */
    bool children_follow; /* RR pending: Child SAs still use the old path (RFC 4555 3.7) */
    bool children_apart;  /* Child SAs alone have followed ESP to where it came from (3.8) */
    struct address_list peer_addresses; /* RFC 4555 3.4 */
    struct address_list announced;      /* ours, as the peer was last told (3.6) */
    uint8_t nat_hash[20]; /* how the peer last saw us: its NAT_DETECTION_DESTINATION_IP */
    bool has_nat_hash;
    uint64_t nat_checked_ns; /* when the peer last said how it sees us */

    struct identity local_id, remote_id;
    const char *local_auth, *remote_auth; /* how each proved itself: "psk", "rsapss-sha256", ... */
    char remote_subject[DISTINGUISHED_NAME_TEXT_MAX]; /* of the peer's certificate; empty: none */
    enum refusal refusal;                             /* why the peer's proof was refused */

    uint32_t next_request;     /* Message ID of our next request */
    uint32_t expected_request; /* and of the peer's */
    struct request request;
    struct task_queue tasks;
    struct reassembly *partial_request; /* fragments of request expected_request; NULL: none */
    struct stored_message response;     /* to request expected_request - 1 */

    struct child_sa *children;

    uint64_t created_ns; /* its first message was sent or received */
    uint64_t established_ns, soft_ns, hard_ns, close_ns; /* UINT64_MAX: never */
    uint64_t last_in_ns, last_out_ns;
    bool unproven;                           /* a stranger's so far: counted in sa/half_open.h, */
    struct transport_address requested_from; /* under this address */
    uint32_t failures;           /* IKE_AUTH requests that could not be opened or proved nothing */
    uint64_t failed_ns;          /* the last of them */
    struct allowance exchanges;  /* CREATE_CHILD_SA requests the peer may still make */
    uint64_t temporary_since_ns; /* of the first TEMPORARY_FAILURE in a row; 0: none */
    enum down_reason reason;     /* why it is being deleted */
    uint64_t retransmitted, duplicates;
};

/* "connecting", "established", ...: static storage. */
const char *ike_sa_state_name(enum ike_sa_state state);

uint64_t ike_sa_local_spi(const struct ike_sa *sa);

/* It waits for a job. */
bool ike_sa_is_busy(const struct ike_sa *sa);

/* It has been authenticated and not yet closed. */
bool ike_sa_is_up(const struct ike_sa *sa);

struct child_sa *ike_sa_child_by_id(struct ike_sa *sa, uint32_t id);
struct child_sa *ike_sa_child_by_spi_out(struct ike_sa *sa, uint32_t spi_out);
struct child_sa *ike_sa_child_by_spi_in(struct ike_sa *sa, uint32_t spi_in);

/* Child SAs made for `old`, which has been replaced, belong to its heir (RFC 7296 2.8). */
void ike_sa_inherit_children(struct ike_sa *heir, struct ike_sa *old);

/* What events and status tell of one; no keys. */
struct ike_sa_info ike_sa_describe(const struct ike_sa *sa);
struct child_sa_info child_sa_describe(const struct ike_sa *sa, const struct child_sa *child);

/* Keys to where they are used: SK_ei/ai seal for the initiator, SK_er/ar for the responder. */
MUST_USE enum status ike_sa_set_keys(struct ike_sa *sa, const struct ike_keys *keys);

/* Contexts are there, for one direction or both; and they go, until they are needed again. */
bool ike_sa_is_ready(const struct ike_sa *sa);
void ike_sa_rest(struct ike_sa *sa);

/* The rest of the life: free what only the set-up needed. */
void ike_sa_free_init(struct ike_sa *sa);

#endif

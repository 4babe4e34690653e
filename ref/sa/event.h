/* What the core tells its host: pulled with endpoint_next_event, in the order it happened. */
#ifndef IKEREF_SA_EVENT_H
#define IKEREF_SA_EVENT_H

#include "base/selector.h"
#include "crypto/protection.h"
#include "sa/config.h"

enum event_type {
    EVENT_IKE_SA_UP,       /* .ike: established; comes after its keys */
    EVENT_IKE_SA_KEYS,     /* .ike_keys: for a key log; sent as soon as SK_* exist */
    EVENT_IKE_SA_REKEYED,  /* .ike is the new one, .replaces the old id; Child SAs moved over */
    EVENT_IKE_SA_DOWN,     /* .ike, .reason, .status */
    EVENT_IKE_SA_MOVED,    /* .ike.path is new: MOBIKE or NAT rebinding */
    EVENT_CHILD_SA_UP,     /* .child with keys: install it now, before anything else is sent */
    EVENT_CHILD_SA_MOVED,  /* .child.path and udp_encapsulation are new */
    EVENT_CHILD_SA_DOWN,   /* .child.spi_in, .reason: remove it, keep opening for .linger_ns */
    EVENT_CHILD_SA_FAILED, /* peer_index, child_index, .status: an initiation or acquire came to
                              nothing */
    EVENT_COMMAND_DONE,    /* .command, .status: what COMMAND_* asked for has ended */
    EVENT_ROAM_DONE, /* .ike.path, .status: the peer has confirmed our new address (RFC 4555 3.5) */
    EVENT_LIVENESS,  /* .ike, .status OK: the peer answered a liveness check */
    EVENT_NOTIFIED,  /* .ike, .status: an error notification arrived that ended nothing */
};

enum down_reason {
    DOWN_DELETED_BY_US,
    DOWN_DELETED_BY_PEER,
    DOWN_REPLACED,        /* rekeyed or reauthenticated, or the loser of a rekey collision */
    DOWN_EXPIRED,         /* hard lifetime */
    DOWN_UNREACHABLE,     /* retransmissions used up, RFC 7296 2.4 */
    DOWN_REFUSED,         /* the peer sent an error; .status has it */
    DOWN_FAILED,          /* we refused the peer; .status has what we sent */
    DOWN_INITIAL_CONTACT, /* the peer said it had none before, RFC 7296 2.4 */
    DOWN_SHUTDOWN,
};

/* "deleted-by-us", "unreachable", ...; static storage. */
const char *down_reason_name(enum down_reason reason);

struct ike_sa_info {
    uint64_t spi_i, spi_r;
    bool initiator; /* we are the original initiator of this IKE SA */
    struct path path;
    bool nat_local, nat_remote; /* a NAT in front of us, of the peer (RFC 7296 2.23) */
    bool udp_encapsulation, mobike, fragmentation;
    struct identity local_id, remote_id;
    const char *local_auth, *remote_auth; /* "psk", "ecdsa-sha256", ...; NULL: not proved yet */
    char remote_subject[DISTINGUISHED_NAME_TEXT_MAX]; /* of the peer's certificate; empty: none */
    struct protection protection;
    const struct prf_algorithm *prf;
    const struct key_exchange_algorithm *key_exchange;
};

struct ike_keys_info {
    uint64_t spi_i, spi_r;
    struct protection protection;
    struct secret sk_ei, sk_er, sk_ai, sk_ar;
};

struct child_sa_info {
    uint32_t spi_in, spi_out;
    uint32_t replaces_spi_in; /* 0: it replaces none of ours, by rekey or reauthentication */
    bool transport_mode, esn;
    bool outbound_standby; /* see esp_pair_config */
    struct protection protection;
    const struct key_exchange_algorithm *key_exchange; /* NULL: keys from SK_d alone */
    struct secret encryption_in, encryption_out, integrity_in, integrity_out;
    struct selector_list local, remote;
    struct path path;
    bool udp_encapsulation;
};

struct event {
    enum event_type type;
    uint64_t time_ns;
    uint32_t ike_sa;   /* the core's number for the IKE SA, never reused; 0: none */
    uint32_t replaces; /* IKE_SA_REKEYED: the old number */
    uint32_t child_sa; /* the core's number for the Child SA, never reused; kept when the IKE SA is
                          rekeyed */
    uint16_t peer_index, child_index; /* into the configuration; UINT16_MAX: none */
    enum down_reason reason;
    enum status status;
    enum refusal refusal; /* what it was about the peer's proof when status says
                             AUTHENTICATION_FAILED; REFUSAL_NONE: something else */
    uint64_t command;     /* COMMAND_DONE: the id that was given */
    uint64_t linger_ns;
    struct ike_sa_info ike;
    struct ike_keys_info ike_keys;
    struct child_sa_info child;
};

#endif

/* What a person decides before any message: who the peers are and how to prove it (the Peer
 * Authorization Database of RFC 4301 4.4.3) and what is to be protected (its SPD). Plain data,
 * filled by the host, read by the core, constant while an endpoint lives. */
#ifndef IKEREF_SA_CONFIG_H
#define IKEREF_SA_CONFIG_H

#include "base/dont_fragment.h"
#include "base/selector.h"
#include "crypto/certificate.h"
#include "wire/payloads.h"

#define PROPOSAL_LIST_MAX 8

struct proposal_list {
    size_t count;
    struct proposal items[PROPOSAL_LIST_MAX]; /* numbers and SPIs are filled in when sent */
};

struct identity {
    uint8_t type; /* enum id_type; 0: any identity will do */
    size_t length;
    uint8_t data[IDENTITY_MAX];
};

struct address_list {
    size_t count;
    struct address items[ADDRESSES_MAX];
};

struct retransmission_config { /* RFC 7296 2.1, 2.4: timeout_ns * (backoff_percent / 100) ^ n */
    uint64_t timeout_ns;
    uint64_t timeout_max_ns;
    uint32_t backoff_percent; /* 100: constant */
    uint32_t tries;           /* copies sent in all before the peer is taken for dead */
};

enum start_action {
    START_NEVER,      /* only by command, or by the peer; packets are dropped meanwhile */
    START_ON_TRAFFIC, /* the first packet triggers the SA */
    START_AT_ONCE,    /* when the daemon starts; and on traffic when it has gone */
};

struct lifetime_config { /* 0: no limit. Soft: rekey; hard: delete */
    uint64_t soft_ns, hard_ns;
    uint64_t soft_octets, hard_octets;
    uint64_t soft_packets, hard_packets;
    uint64_t jitter_ns; /* up to this much earlier than soft_ns, at random (RFC 7296 2.8) */
};

struct child_config {
    char name[NAME_MAX_LENGTH + 1];
    bool transport_mode;
    bool transport_required;        /* else falls back to tunnel mode when the peer declines */
    struct selector_list local;     /* empty in transport mode: our address */
    struct selector_list remote;    /* empty in transport mode: the peer's address */
    struct proposal_list proposals; /* ESP; a KE transform in them makes rekeys use PFS */
    struct lifetime_config lifetime;
    enum start_action start;
    uint32_t replay_window;
    bool copy_dscp, ecn;
    enum dont_fragment df;
};

/* How one side proves who it is; the two sides need not do it the same way (RFC 7296 2.15). */
enum authentication {
    AUTHENTICATION_PSK,
    AUTHENTICATION_SIGNATURE, /* with a certificate */
};

struct peer_config {
    char name[NAME_MAX_LENGTH + 1];
    struct identity local_id;
    struct identity remote_id;
    uint8_t psk[PSK_MAX];
    size_t psk_length;
    enum authentication local_authentication, remote_authentication;
    struct credential *credential;   /* our certificate and key; NULL: none. Owned by the host */
    struct authorities *authorities; /* who may issue the peer's; NULL: nobody. Owned by the host */
    uint16_t signature_hashes; /* what we announce to verify with (RFC 7427 4), a set of HASH_BIT;
                                  0: nothing, so that the older methods are all there is */
    bool rsa_pkcs1;            /* sign with PKCS#1 v1.5 instead of PSS; either is accepted */
    bool rsa_sha1;             /* RSA with SHA-1 (method 1) with a peer that has no RFC 7427 */
    struct address_list local_addresses;    /* empty: any of this host's */
    struct address_list remote_addresses;   /* empty: any (responder only) */
    uint16_t remote_port, remote_natt_port; /* 500 and 4500 */
    struct proposal_list proposals;         /* IKE */
    struct lifetime_config lifetime;        /* of the IKE SA; times only */
    uint64_t liveness_ns;  /* silence after which we ask (RFC 7296 2.4); 0: never */
    uint64_t keepalive_ns; /* RFC 3948 4; 0: never */
    struct retransmission_config retransmission;
    bool mobike;
    bool fragmentation;     /* RFC 7383 */
    uint32_t fragment_size; /* octets of the largest IP packet to fill with a fragment; 0: by
                               ourselves */
    bool nat_traversal;     /* RFC 7296 2.23; without it MOBIKE forbids NATs (RFC 4555 3.9) */
    bool force_udp_encapsulation;
    bool initial_contact;  /* send INITIAL_CONTACT on the first SA with this peer */
    bool replace_existing; /* a new IKE SA of the same identities makes older ones go even without
                              INITIAL_CONTACT */
    size_t child_count;
    struct child_config children[CHILDREN_MAX];
};

struct endpoint_config {
    uint16_t ike_port, natt_port; /* ours: 500 and 4500 */
    uint32_t cookie_threshold;    /* half-open SAs from which on COOKIE is asked for; 0: always */
    uint32_t half_open_max;       /* beyond it requests are dropped */
    uint64_t half_open_timeout_ns;
    uint64_t half_open_timeout_attacked_ns; /* the same under attack, RFC 8019 4.1 */
    /* of one IPv4 address or IPv6 /64 (RFC 8019 4.2); 0: no limit */
    uint32_t prefix_half_open;      /* half-open SAs from which on it has to solve puzzles */
    uint32_t prefix_half_open_max;  /* and from which on nothing else helps */
    uint32_t prefix_failures;       /* failed IKE_AUTH within a minute: the same as the first */
    bool puzzles;                   /* RFC 8019 7; else cookies and limits only */
    uint32_t puzzle_threshold;      /* half-open SAs from which on all have to solve puzzles */
    uint32_t puzzle_difficulty;     /* zero bits demanded; 0: the initiator's choice */
    uint32_t puzzle_difficulty_max; /* we solve as initiator; 0: none at all */
    uint32_t create_child_sa_rate;  /* a second from one peer, ten times that at once; 0: any */
    uint64_t delete_linger_ns; /* inbound Child SAs stay open this long after they are replaced */
    bool accept_unknown_addresses; /* respond to peers configured with any address */
    size_t peer_count;
    struct peer_config *peers; /* owned by the host; outlives the endpoint */
};

/* When to rekey: soft_ns from now, less a random part of jitter_ns (at most half); UINT64_MAX:
 * never. */
uint64_t lifetime_soft_at(const struct lifetime_config *lifetime,
                          const struct random_source *random, uint64_t now_ns);

/* The peer may call from this address: one of its own, or any when it has none configured. */
bool peer_config_allows_address(const struct endpoint_config *config,
                                const struct peer_config *peer, const struct address *ip);

/* Defaults for everything a person did not say. */
void endpoint_config_defaults(struct endpoint_config *config);
void peer_config_defaults(struct peer_config *peer);
void child_config_defaults(struct child_config *child);

/* "gw.example.org" and "@gw" (FQDN), "alice@example.org", "192.0.2.1", "2001:db8::1", "key:office"
 * (KEY_ID), "dn:C=AT, CN=gw" (the parts in the order of the certificate), "any". False when it is
 * none or too long. */
MUST_USE bool identity_parse(const char *text, struct identity *out);
#define IDENTITY_TEXT_MAX 320
char *identity_format(const struct identity *id, char out[IDENTITY_TEXT_MAX]);
/* The same identity: octet for octet, but names as distinguished_name_equal has it. */
bool identity_equal(const struct identity *a, const struct identity *b);

/* "aes256gcm16-prfsha256-x25519" (IKE), "aes128-sha256-ecp256-esn" (ESP). Words of one kind add up
 * to alternatives, each said once. ESP without "esn" or "noesn" means noesn; "esn-noesn" offers
 * both. On failure *error is a static sentence saying what was expected. Words: null (ESP), aes128
 * aes192 aes256 (CBC), aes128gcm16 aes192gcm16 aes256gcm16, chacha20poly1305, sha1 sha256 sha384
 * sha512, prfsha1 prfsha256 prfsha384 prfsha512 (for CBC the PRF follows the hash when none is
 * given), x25519 x448 ecp256 ecp384 ecp521 modp2048 modp3072 modp4096, esn noesn. */
MUST_USE bool proposal_parse_text(const char *text, uint8_t protocol, struct proposal *out,
                                  const char **error);
#define PROPOSAL_TEXT_MAX 256
char *proposal_format_text(const struct proposal *p, char out[PROPOSAL_TEXT_MAX]);

#endif

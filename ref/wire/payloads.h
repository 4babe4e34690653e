/* The payloads we read and write, RFC 7296 3.3 to 3.13, RFC 7383, RFC 8019; bodies only, no generic
 * headers. Every parsed payload is a view into the datagram. One .c file per payload, parse and
 * build together. */
#ifndef IKEREF_WIRE_PAYLOADS_H
#define IKEREF_WIRE_PAYLOADS_H

#include "base/limits.h"
#include "base/selector.h"
#include "base/writer.h"

/* ---- sa_payload.c: Security Association, 3.3 ---- */

struct transform {
    uint8_t type; /* enum transform_type, or unknown */
    uint16_t id;
    uint16_t key_bits;      /* 0: no Key Length attribute */
    bool unknown_attribute; /* carries an attribute we do not know: not to be chosen (3.3.6) */
};

struct proposal {
    uint8_t number;
    uint8_t protocol; /* enum protocol_id */
    struct bytes spi;
    size_t count;
    struct transform transforms[TRANSFORMS_MAX]; /* in the order of the wire */
    bool unusable;                               /* more transforms than we look at */
};

struct sa_payload {
    size_t count;
    struct proposal proposals[PROPOSALS_MAX]; /* those beyond the limit are checked and skipped */
};

MUST_USE enum status sa_payload_parse(struct bytes body, struct sa_payload *out);
void sa_payload_build(struct writer *w, const struct sa_payload *sa);

/* ---- ke_payload.c: Key Exchange, 3.4 ---- */

struct ke_payload {
    uint16_t group;
    struct bytes data;
};

MUST_USE enum status ke_payload_parse(struct bytes body, struct ke_payload *out);
void ke_payload_build(struct writer *w, uint16_t group, struct bytes data);

/* ---- id_payload.c: Identification, 3.5 ---- */

struct id_payload {
    uint8_t type; /* enum id_type */
    struct bytes
        data; /* 1 to IDENTITY_MAX octets, else INVALID_SYNTAX; address types have 4 or 16 */
    struct bytes
        body; /* the whole body with its RESERVED octets: what AUTH is computed over (2.15) */
};

MUST_USE enum status id_payload_parse(struct bytes body, struct id_payload *out);
void id_payload_build(struct writer *w, uint8_t type, struct bytes data);

/* ---- cert_payload.c: Certificate, 3.6 ---- */

struct cert_payload {
    uint8_t encoding;  /* enum cert_encoding, or unknown */
    struct bytes data; /* whatever its encoding says; may be empty */
};

MUST_USE enum status cert_payload_parse(struct bytes body, struct cert_payload *out);
void cert_payload_build(struct writer *w, uint8_t encoding, struct bytes data);

/* ---- certreq_payload.c: Certificate Request, 3.7 ---- */

#define CERTREQ_HASH_LENGTH 20 /* SHA-1 of an authority's SubjectPublicKeyInfo */

struct certreq_payload {
    uint8_t encoding;         /* enum cert_encoding, or unknown */
    struct bytes authorities; /* for X.509 encodings hashes side by side; may be empty: any */
};

MUST_USE enum status certreq_payload_parse(struct bytes body, struct certreq_payload *out);
void certreq_payload_build(struct writer *w, uint8_t encoding, struct bytes authorities);

/* It asks for an X.509 certificate of the authority with this hash. False too when its hashes are
 * not whole: it is a suggestion, and no reason to end anything (RFC 4945 3.2.8.2). */
bool certreq_payload_names(const struct certreq_payload *certreq, struct bytes hash);

/* ---- auth_payload.c: Authentication, 3.8 ---- */

struct auth_payload {
    uint8_t method;
    struct bytes data;
};

MUST_USE enum status auth_payload_parse(struct bytes body, struct auth_payload *out);
void auth_payload_build(struct writer *w, uint8_t method, struct bytes data);

/* ---- nonce_payload.c: Nonce, 3.9 ---- */

struct nonce_payload {
    struct bytes nonce; /* NONCE_MIN to NONCE_MAX octets */
};

MUST_USE enum status nonce_payload_parse(struct bytes body, struct nonce_payload *out);
void nonce_payload_build(struct writer *w, struct bytes nonce);

/* ---- notify_payload.c: Notify, 3.10 ---- */

struct notify_payload {
    uint8_t protocol;
    uint16_t type;
    struct bytes spi;
    struct bytes data;
};

MUST_USE enum status notify_payload_parse(struct bytes body, struct notify_payload *out);
void notify_payload_build(struct writer *w, uint8_t protocol, struct bytes spi, uint16_t type,
                          struct bytes data);

/* ---- delete_payload.c: Delete, 3.11 ---- */

struct delete_payload {
    uint8_t protocol;
    uint8_t spi_size;
    uint16_t count;
    struct bytes spis; /* spi_size * count octets, checked */
};

MUST_USE enum status delete_payload_parse(struct bytes body, struct delete_payload *out);
void delete_payload_build(struct writer *w, uint8_t protocol, uint8_t spi_size, struct bytes spis);

/* ---- skf_payload.c: Encrypted Fragment, RFC 7383 2.5 ---- */

#define SKF_NUMBERS_LENGTH 4 /* Fragment Number and Total Fragments */

struct skf_payload {
    uint16_t number;     /* from 1 to total */
    uint16_t total;      /* not 0 */
    struct bytes sealed; /* IV, ciphertext, ICV: what SK has as its body */
};

/* Numbers that make no sense, or too few octets for them: STATUS_DROP, for nothing here is
 * authentic yet (RFC 7383 2.6). */
MUST_USE enum status skf_payload_parse(struct bytes body, struct skf_payload *out);
/* The numbers only; IV, ciphertext and ICV are protect/skf_message.c's to write behind them. */
void skf_payload_build(struct writer *w, uint16_t number, uint16_t total);

/* ---- ps_payload.c: Puzzle Solution, RFC 8019 8.2; puzzle_notify.c: data of PUZZLE, 8.1 ---- */

#define PUZZLE_KEYS 4 /* a solution is that many different keys, RFC 8019 7.1.3 */

struct ps_payload {
    struct bytes keys; /* PUZZLE_KEYS of one size, not empty */
};

MUST_USE enum status ps_payload_parse(struct bytes body, struct ps_payload *out);
void ps_payload_build(struct writer *w, struct bytes keys);

struct puzzle_notify {
    uint16_t prf;       /* enum prf_id, or unknown */
    uint8_t difficulty; /* trailing zero bits of each result; 0: the initiator's choice */
};

#define PUZZLE_NOTIFY_LENGTH 3

MUST_USE enum status puzzle_notify_parse(struct bytes data, struct puzzle_notify *out);
void puzzle_notify_build(struct writer *w, const struct puzzle_notify *puzzle);

/* ---- ts_payload.c: Traffic Selector, 3.13 ---- */

/* Selectors of an unknown TS type are skipped; a count of zero, ranges that run backwards (OPAQUE
 * ports excepted) or lengths that do not fit are INVALID_SYNTAX; those beyond SELECTORS_MAX are
 * checked and skipped. */
MUST_USE enum status ts_payload_parse(struct bytes body, struct selector_list *out);
void ts_payload_build(struct writer *w, const struct selector_list *list);

#endif

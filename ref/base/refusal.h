/* Why the peer's proof of who it is was refused. The peer itself hears AUTHENTICATION_FAILED and no
 * more (RFC 7296 2.21.2); the reason is for the person at this end. */
#ifndef IKEREF_BASE_REFUSAL_H
#define IKEREF_BASE_REFUSAL_H

enum refusal {
    REFUSAL_NONE,
    REFUSAL_IDENTITY_UNKNOWN,    /* no peer of ours has these identities */
    REFUSAL_IDENTITY_UNEXPECTED, /* the responder is somebody else than we called */
    REFUSAL_NO_PROOF,            /* no AUTH: the initiator wants EAP (RFC 7296 2.16) */
    REFUSAL_METHOD,              /* proved itself in another way than agreed */
    REFUSAL_SHARED_KEY,
    REFUSAL_CERTIFICATE_MISSING,
    REFUSAL_CERTIFICATE_BY_URL, /* RFC 7296 3.6: we fetch nothing */
    REFUSAL_CERTIFICATES_TOO_MANY,
    REFUSAL_CERTIFICATE_MALFORMED,
    REFUSAL_CERTIFICATE_EXPIRED,
    REFUSAL_CERTIFICATE_NOT_YET_VALID,
    REFUSAL_CERTIFICATE_UNTRUSTED,
    REFUSAL_CERTIFICATE_CHAIN_TOO_LONG,
    REFUSAL_CERTIFICATE_WEAK,
    REFUSAL_CERTIFICATE_KEY,   /* of a kind or size we do not use */
    REFUSAL_CERTIFICATE_USAGE, /* RFC 4945 5.1.3.2, 5.1.3.9, 5.1.3.12 */
    REFUSAL_CERTIFICATE_NAME,  /* RFC 4945 3.1 */
    REFUSAL_CERTIFICATE_INVALID,
    REFUSAL_SIGNATURE_ALGORITHM, /* unknown, a hash we did not offer, or not for this key */
    REFUSAL_SIGNATURE,
    REFUSAL_NO_COMMON_SIGNATURE, /* the peer cannot verify what our key could sign */
    REFUSALS,
};

/* "certificate-expired", ...; one sentence that says what is wrong and what to do. Static storage;
 * NULL for REFUSAL_NONE. */
const char *refusal_name(enum refusal refusal);
const char *refusal_sentence(enum refusal refusal);

#endif

/* Every fixed limit of the core in one place. What is beyond one is refused, or, where the peer
 * offers a choice (proposals, selectors), not looked at; octets are never cut short. */
#ifndef IKEREF_BASE_LIMITS_H
#define IKEREF_BASE_LIMITS_H

/* octets of one IKE message, header included: a chain of four certificates with RSA keys of 4096
 * bits, and what else IKE_AUTH carries */
#define IKE_MESSAGE_MAX 16384
#define PAYLOADS_MAX 48       /* payloads in one chain */
#define PROPOSALS_MAX 16      /* proposals looked at in one SA payload */
#define TRANSFORMS_MAX 96     /* transforms in one proposal; defaults of peers have over 48 */
#define SELECTORS_MAX 16      /* traffic selectors in one TS payload */
#define NOTIFIES_MAX 32       /* notifications kept of one message */
#define DELETES_MAX 8         /* Delete payloads kept of one message */
#define FRAGMENTS_MAX 192     /* fragments of one message, RFC 7383 5 */
#define FRAGMENT_SIZE_MIN 256 /* octets of the smallest IP packet a fragment is made for */
#define CERTS_MAX 8           /* CERT payloads of one message; four at least, RFC 7296 3.6 */
#define CERTREQS_MAX 4        /* CERTREQ payloads kept of one message */
#define NONCE_MIN 16          /* RFC 7296 3.9 */
#define NONCE_MAX 256         /* RFC 7296 3.9 */
#define NONCE_OURS 32         /* at least half the key size of the PRF, RFC 7296 2.10 */
#define IDENTITY_MAX 256      /* octets of one ID's data that we keep */
#define COOKIE_MAX 64         /* RFC 7296 2.6 */
#define KEY_EXCHANGE_MAX 512  /* octets of the largest public value: MODP 4096 */
#define PSK_MAX 256           /* octets of a shared key */
#define CERTIFICATE_MAX 8192  /* octets of one certificate */
#define INTERMEDIATES_MAX 4   /* certificates between a peer's and one of our authorities' */
#define AUTHORITIES_MAX 32    /* authorities trusted for one peer */
#define RSA_BITS_MIN 2048     /* RFC 8247 3.1.1 */
#define RSA_BITS_MAX 8192     /* larger ones cost more than they are worth */
#define SIGNATURE_MAX 1024    /* octets of the largest signature: RSA of RSA_BITS_MAX */
#define ADDRESSES_MAX 8       /* addresses of one side, RFC 4555 */
#define NAME_MAX_LENGTH 63    /* a peer's or child's name in the configuration */
#define PEERS_MAX 64          /* peers in one configuration */
#define CHILDREN_MAX 16       /* children of one peer in one configuration */
#define CHILD_SAS_MAX 64      /* Child SAs of one IKE SA, those being replaced included */
#define IP_PACKET_MAX 65535

#endif

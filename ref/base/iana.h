/* The numbers of the IKEv2 registries, RFC 7296 3.x and the RFCs named, under the RFCs' names. */
#ifndef IKEREF_BASE_IANA_H
#define IKEREF_BASE_IANA_H

enum exchange_type {
    IKE_SA_INIT = 34,
    IKE_AUTH = 35,
    CREATE_CHILD_SA = 36,
    INFORMATIONAL = 37,
};

enum payload_type {
    PAYLOAD_NONE = 0,
    PAYLOAD_SA = 33,
    PAYLOAD_KE = 34,
    PAYLOAD_IDI = 35,
    PAYLOAD_IDR = 36,
    PAYLOAD_CERT = 37,
    PAYLOAD_CERTREQ = 38,
    PAYLOAD_AUTH = 39,
    PAYLOAD_NONCE = 40,
    PAYLOAD_NOTIFY = 41,
    PAYLOAD_DELETE = 42,
    PAYLOAD_VENDOR_ID = 43,
    PAYLOAD_TSI = 44,
    PAYLOAD_TSR = 45,
    PAYLOAD_SK = 46,
    PAYLOAD_CP = 47,
    PAYLOAD_EAP = 48,
    PAYLOAD_SKF = 53, /* RFC 7383 */
    PAYLOAD_PS = 54,  /* Puzzle Solution, RFC 8019 */
};

enum protocol_id { PROTOCOL_NONE = 0, PROTOCOL_IKE = 1, PROTOCOL_AH = 2, PROTOCOL_ESP = 3 };

enum transform_type {
    TRANSFORM_ENCR = 1,
    TRANSFORM_PRF = 2,
    TRANSFORM_INTEG = 3,
    TRANSFORM_KE = 4,
    TRANSFORM_ESN = 5,
};

enum encr_id {
    ENCR_NULL = 11, /* RFC 2410: ESP alone */
    ENCR_AES_CBC = 12,
    ENCR_AES_GCM_16 = 20,
    ENCR_CHACHA20_POLY1305 = 28, /* RFC 7634 */
};

enum prf_id {
    PRF_HMAC_SHA1 = 2,
    PRF_HMAC_SHA2_256 = 5,
    PRF_HMAC_SHA2_384 = 6,
    PRF_HMAC_SHA2_512 = 7
};

enum integ_id {
    AUTH_NONE = 0,
    AUTH_HMAC_SHA1_96 = 2,
    AUTH_HMAC_SHA2_256_128 = 12,
    AUTH_HMAC_SHA2_384_192 = 13,
    AUTH_HMAC_SHA2_512_256 = 14,
};

enum key_exchange_id {
    KE_NONE = 0,
    KE_MODP_2048 = 14,
    KE_MODP_3072 = 15,
    KE_MODP_4096 = 16,
    KE_ECP_256 = 19,
    KE_ECP_384 = 20,
    KE_ECP_521 = 21,
    KE_CURVE25519 = 31, /* RFC 8031 */
    KE_CURVE448 = 32,
};

enum esn_id { ESN_NO = 0, ESN_YES = 1 };

enum transform_attribute { ATTRIBUTE_KEY_LENGTH = 14 };

enum id_type {
    ID_IPV4_ADDR = 1,
    ID_FQDN = 2,
    ID_RFC822_ADDR = 3,
    ID_IPV6_ADDR = 5,
    ID_DER_ASN1_DN = 9,
    ID_DER_ASN1_GN = 10,
    ID_KEY_ID = 11,
};

enum auth_method {
    AUTH_METHOD_RSA = 1, /* with SHA-1, RFC 7296 3.8 */
    AUTH_METHOD_SHARED_KEY = 2,
    AUTH_METHOD_ECDSA_256 = 9, /* RFC 4754 */
    AUTH_METHOD_ECDSA_384 = 10,
    AUTH_METHOD_ECDSA_521 = 11,
    AUTH_METHOD_DIGITAL_SIGNATURE = 14, /* RFC 7427 */
};

enum hash_algorithm { /* RFC 7427 7 */
                      HASH_SHA1 = 1,
                      HASH_SHA2_256 = 2,
                      HASH_SHA2_384 = 3,
                      HASH_SHA2_512 = 4,
                      HASH_IDENTITY = 5, /* RFC 8420: the message is signed as it is */
};

enum cert_encoding { /* RFC 7296 3.6 */
                     CERT_X509_SIGNATURE = 4,
                     CERT_HASH_AND_URL = 12,
                     CERT_HASH_AND_URL_BUNDLE = 13,
};

enum ts_type { TS_IPV4_ADDR_RANGE = 7, TS_IPV6_ADDR_RANGE = 8 };

enum notify_type {
    /* errors, RFC 7296 3.10.1 */
    UNSUPPORTED_CRITICAL_PAYLOAD = 1,
    INVALID_IKE_SPI = 4,
    INVALID_MAJOR_VERSION = 5,
    INVALID_SYNTAX = 7,
    INVALID_MESSAGE_ID = 9,
    INVALID_SPI = 11,
    NO_PROPOSAL_CHOSEN = 14,
    INVALID_KE_PAYLOAD = 17,
    AUTHENTICATION_FAILED = 24,
    SINGLE_PAIR_REQUIRED = 34,
    NO_ADDITIONAL_SAS = 35,
    INTERNAL_ADDRESS_FAILURE = 36,
    FAILED_CP_REQUIRED = 37,
    TS_UNACCEPTABLE = 38,
    INVALID_SELECTORS = 39,
    UNACCEPTABLE_ADDRESSES = 40,  /* RFC 4555 */
    UNEXPECTED_NAT_DETECTED = 41, /* RFC 4555 */
    TEMPORARY_FAILURE = 43,
    CHILD_SA_NOT_FOUND = 44,
    /* status */
    INITIAL_CONTACT = 16384,
    SET_WINDOW_SIZE = 16385,
    ADDITIONAL_TS_POSSIBLE = 16386,
    NAT_DETECTION_SOURCE_IP = 16388,
    NAT_DETECTION_DESTINATION_IP = 16389,
    COOKIE = 16390,
    USE_TRANSPORT_MODE = 16391,
    HTTP_CERT_LOOKUP_SUPPORTED = 16392,
    REKEY_SA = 16393,
    ESP_TFC_PADDING_NOT_SUPPORTED = 16394,
    NON_FIRST_FRAGMENTS_ALSO = 16395,
    MOBIKE_SUPPORTED = 16396,              /* RFC 4555 4.2 */
    ADDITIONAL_IP4_ADDRESS = 16397,        /* RFC 4555 */
    ADDITIONAL_IP6_ADDRESS = 16398,        /* RFC 4555 */
    NO_ADDITIONAL_ADDRESSES = 16399,       /* RFC 4555 */
    UPDATE_SA_ADDRESSES = 16400,           /* RFC 4555 */
    COOKIE2 = 16401,                       /* RFC 4555 */
    NO_NATS_ALLOWED = 16402,               /* RFC 4555 */
    IKEV2_FRAGMENTATION_SUPPORTED = 16430, /* RFC 7383 */
    SIGNATURE_HASH_ALGORITHMS = 16431,     /* RFC 7427 */
    PUZZLE = 16434,                        /* RFC 8019 */
};

#define NOTIFY_ERROR_MAX 16383 /* types up to here report an error, RFC 7296 3.10.1 */

#define IP_PROTOCOL_ICMP 1
#define IP_PROTOCOL_IPV4 4
#define IP_PROTOCOL_TCP 6
#define IP_PROTOCOL_UDP 17
#define IP_PROTOCOL_IPV6 41
#define IP_PROTOCOL_ESP 50
#define IP_PROTOCOL_ICMPV6 58
#define IP_PROTOCOL_NO_NEXT_HEADER 59 /* a dummy packet inside ESP, RFC 4303 2.6 */

#define IKE_PORT 500
#define IKE_NATT_PORT 4500 /* RFC 7296 2.23, RFC 3948 */

#endif

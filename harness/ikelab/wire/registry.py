"""Names and numbers of the IANA registry "Internet Key Exchange Version 2 (IKEv2) Parameters"."""

from __future__ import annotations

from enum import IntEnum


class Exchange(IntEnum):
    IKE_SA_INIT = 34
    IKE_AUTH = 35
    CREATE_CHILD_SA = 36
    INFORMATIONAL = 37
    IKE_SESSION_RESUME = 38
    IKE_INTERMEDIATE = 43
    IKE_FOLLOWUP_KE = 44


class Protocol(IntEnum):
    NONE = 0
    IKE = 1
    AH = 2
    ESP = 3


class PayloadType(IntEnum):
    NONE = 0
    SA = 33
    KE = 34
    IDi = 35
    IDr = 36
    CERT = 37
    CERTREQ = 38
    AUTH = 39
    NONCE = 40
    N = 41
    D = 42
    V = 43
    TSi = 44
    TSr = 45
    SK = 46
    CP = 47
    EAP = 48
    SKF = 53
    PS = 54


class TransformType(IntEnum):
    ENCR = 1
    PRF = 2
    INTEG = 3
    KE = 4
    ESN = 5


NOTIFY = {
    1: "UNSUPPORTED_CRITICAL_PAYLOAD", 4: "INVALID_IKE_SPI", 5: "INVALID_MAJOR_VERSION",
    7: "INVALID_SYNTAX", 9: "INVALID_MESSAGE_ID", 11: "INVALID_SPI", 14: "NO_PROPOSAL_CHOSEN",
    17: "INVALID_KE_PAYLOAD", 24: "AUTHENTICATION_FAILED", 34: "SINGLE_PAIR_REQUIRED",
    35: "NO_ADDITIONAL_SAS", 36: "INTERNAL_ADDRESS_FAILURE", 37: "FAILED_CP_REQUIRED",
    38: "TS_UNACCEPTABLE", 39: "INVALID_SELECTORS", 40: "UNACCEPTABLE_ADDRESSES",
    41: "UNEXPECTED_NAT_DETECTED", 43: "TEMPORARY_FAILURE", 44: "CHILD_SA_NOT_FOUND",
    16384: "INITIAL_CONTACT", 16385: "SET_WINDOW_SIZE", 16386: "ADDITIONAL_TS_POSSIBLE",
    16387: "IPCOMP_SUPPORTED", 16388: "NAT_DETECTION_SOURCE_IP",
    16389: "NAT_DETECTION_DESTINATION_IP", 16390: "COOKIE", 16391: "USE_TRANSPORT_MODE",
    16392: "HTTP_CERT_LOOKUP_SUPPORTED", 16393: "REKEY_SA", 16394: "ESP_TFC_PADDING_NOT_SUPPORTED",
    16395: "NON_FIRST_FRAGMENTS_ALSO", 16396: "MOBIKE_SUPPORTED", 16397: "ADDITIONAL_IP4_ADDRESS",
    16398: "ADDITIONAL_IP6_ADDRESS", 16399: "NO_ADDITIONAL_ADDRESSES", 16400: "UPDATE_SA_ADDRESSES",
    16401: "COOKIE2", 16402: "NO_NATS_ALLOWED", 16403: "AUTH_LIFETIME",
    16404: "MULTIPLE_AUTH_SUPPORTED", 16405: "ANOTHER_AUTH_FOLLOWS", 16406: "REDIRECT_SUPPORTED",
    16407: "REDIRECT", 16408: "REDIRECTED_FROM", 16409: "TICKET_LT_OPAQUE", 16410: "TICKET_REQUEST",
    16411: "TICKET_ACK", 16412: "TICKET_NACK", 16413: "TICKET_OPAQUE", 16414: "LINK_ID",
    16415: "USE_WESP_MODE", 16416: "ROHC_SUPPORTED", 16417: "EAP_ONLY_AUTHENTICATION",
    16418: "CHILDLESS_IKEV2_SUPPORTED", 16419: "QUICK_CRASH_DETECTION",
    16420: "IKEV2_MESSAGE_ID_SYNC_SUPPORTED", 16430: "IKEV2_FRAGMENTATION_SUPPORTED",
    16431: "SIGNATURE_HASH_ALGORITHMS", 16434: "PUZZLE", 16435: "USE_PPK", 16436: "PPK_IDENTITY",
    16437: "NO_PPK_AUTH", 16438: "INTERMEDIATE_EXCHANGE_SUPPORTED", 16441: "ADDITIONAL_KEY_EXCHANGE",
}
NOTIFY_NUMBER = {name: number for number, name in NOTIFY.items()}
ERROR_NOTIFY_MAX = 16383

ENCR = {2: "DES", 3: "3DES", 11: "NULL", 12: "AES-CBC", 13: "AES-CTR", 14: "AES-CCM-8",
        15: "AES-CCM-12", 16: "AES-CCM-16", 18: "AES-GCM-8", 19: "AES-GCM-12", 20: "AES-GCM-16",
        23: "CAMELLIA-CBC", 28: "CHACHA20-POLY1305"}
PRF = {1: "PRF-HMAC-MD5", 2: "PRF-HMAC-SHA1", 4: "PRF-AES128-XCBC", 5: "PRF-HMAC-SHA2-256",
       6: "PRF-HMAC-SHA2-384", 7: "PRF-HMAC-SHA2-512", 8: "PRF-AES128-CMAC"}
INTEG = {0: "NONE", 1: "HMAC-MD5-96", 2: "HMAC-SHA1-96", 5: "AES-XCBC-96", 8: "AES-CMAC-96",
         12: "HMAC-SHA2-256-128", 13: "HMAC-SHA2-384-192", 14: "HMAC-SHA2-512-256"}
KE = {0: "NONE", 1: "MODP-768", 2: "MODP-1024", 5: "MODP-1536", 14: "MODP-2048", 15: "MODP-3072",
      16: "MODP-4096", 17: "MODP-6144", 18: "MODP-8192", 19: "ECP-256", 20: "ECP-384",
      21: "ECP-521", 31: "X25519", 32: "X448", 35: "ML-KEM-512", 36: "ML-KEM-768",
      37: "ML-KEM-1024"}
ESN = {0: "no ESN", 1: "ESN"}
TRANSFORMS = {1: ENCR, 2: PRF, 3: INTEG, 4: KE, 5: ESN}

ID_TYPES = {1: "IPv4", 2: "FQDN", 3: "RFC822", 5: "IPv6", 9: "DN", 10: "GN", 11: "KEY_ID"}
AUTH_METHODS = {1: "RSA signature", 2: "shared key", 3: "DSS signature", 9: "ECDSA-256",
                10: "ECDSA-384", 11: "ECDSA-521", 13: "NULL", 14: "digital signature"}
SIGNATURE_HASHES = {1: "SHA1", 2: "SHA2-256", 3: "SHA2-384", 4: "SHA2-512", 5: "Identity"}  # RFC 7427 7, RFC 8420 3
SHARED_KEY, DIGITAL_SIGNATURE = 2, 14
CERT_ENCODINGS = {4: "X.509", 7: "CRL", 12: "hash and URL", 13: "bundle", 14: "OCSP", 15: "raw key"}
EAP_CODES = {1: "Request", 2: "Response", 3: "Success", 4: "Failure"}
EAP_METHODS = {1: "Identity", 2: "Notification", 3: "Nak", 4: "MD5-Challenge", 6: "GTC", 13: "TLS", 21: "TTLS", 26: "MSCHAPv2"}
CONFIGURATION_TYPES = {1: "REQUEST", 2: "REPLY", 3: "SET", 4: "ACK"}
X509_SIGNATURE = 4
TS_IPV4_ADDR_RANGE, TS_IPV6_ADDR_RANGE = 7, 8


def notify_name(number: int) -> str:
    return NOTIFY.get(number, str(number))


def exchange_name(number: int) -> str:
    return Exchange(number).name if number in Exchange._value2member_map_ else f"exchange {number}"


def payload_name(number: int) -> str:
    if number == PayloadType.NONCE:
        return "Nonce"
    known = number in PayloadType._value2member_map_
    return PayloadType(number).name if known else f"payload {number}"

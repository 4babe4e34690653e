/* Why the peer's proof was refused, in words. */
#include "base/refusal.h"

#include <stddef.h>

static const struct {
    const char *name;
    const char *sentence;
} texts[REFUSALS] = {
    [REFUSAL_IDENTITY_UNKNOWN] = {"identity-unknown",
                                  "no peer of the configuration has the identities that the peer "
                                  "named; compare remote-id and local-id"},
    [REFUSAL_IDENTITY_UNEXPECTED] = {"identity-unexpected",
                                     "the peer is not who it should be; compare remote-id with the "
                                     "peer's own identity"},
    [REFUSAL_NO_PROOF] = {"no-proof", "the peer wants to authenticate by EAP, which is not "
                                      "supported; let it use a certificate or a shared key"},
    [REFUSAL_METHOD] = {"method",
                        "the peer authenticated in another way than configured; compare "
                        "remote-authentication, psk and authorities with the peer's settings"},
    [REFUSAL_SHARED_KEY] = {"shared-key", "the peer has another shared key; compare psk"},
    [REFUSAL_CERTIFICATE_MISSING] = {"certificate-missing",
                                     "the peer sent no certificate; let it send its own"},
    [REFUSAL_CERTIFICATE_BY_URL] = {"certificate-by-url",
                                    "the peer sent the address of its certificate, and nothing is "
                                    "fetched; let it send the certificate itself"},
    [REFUSAL_CERTIFICATES_TOO_MANY] = {"certificates-too-many",
                                       "the peer sent more than 8 certificates; let it send its "
                                       "own and those between it and the authority"},
    [REFUSAL_CERTIFICATE_MALFORMED] = {"certificate-malformed",
                                       "the peer's certificate cannot be read; have a new one "
                                       "issued"},
    [REFUSAL_CERTIFICATE_EXPIRED] = {"certificate-expired",
                                     "the peer's certificate, or one above it, has expired; have "
                                     "it renewed, and see that this machine's clock is right"},
    [REFUSAL_CERTIFICATE_NOT_YET_VALID] = {"certificate-not-yet-valid",
                                           "the peer's certificate, or one above it, is not valid "
                                           "yet; see that this machine's clock is right"},
    [REFUSAL_CERTIFICATE_UNTRUSTED] = {"certificate-untrusted",
                                       "the peer's certificate leads to none of our authorities; "
                                       "compare authorities, and let the peer send the "
                                       "certificates in between"},
    [REFUSAL_CERTIFICATE_CHAIN_TOO_LONG] = {"certificate-chain-too-long",
                                            "more than 4 certificates stand between the peer's "
                                            "and our authority; add one of them to authorities"},
    [REFUSAL_CERTIFICATE_WEAK] = {"certificate-weak",
                                  "the peer's certificate, or one above it, has a key below 2048 "
                                  "bits of RSA or is signed with SHA-1; have a new one issued"},
    [REFUSAL_CERTIFICATE_KEY] = {"certificate-key",
                                 "the key of the peer's certificate is of a kind or size that is "
                                 "not supported; use RSA up to 8192 bits, ECDSA on P-256, P-384 or "
                                 "P-521, Ed25519 or Ed448"},
    [REFUSAL_CERTIFICATE_USAGE] = {"certificate-usage",
                                   "the peer's certificate, or one above it, is not meant for "
                                   "this use; see its basic constraints, key usage "
                                   "(digitalSignature) and extended key usage (ipsecIKE, or none)"},
    [REFUSAL_CERTIFICATE_NAME] = {"certificate-name",
                                  "the peer's identity does not stand in its certificate; let its "
                                  "local-id be one of the subjectAltName, or the subject"},
    [REFUSAL_CERTIFICATE_INVALID] = {"certificate-invalid",
                                     "the peer's certificate, or one above it, is not valid: wrong "
                                     "signature, broken constraints or an unknown critical "
                                     "extension; have a new one issued"},
    [REFUSAL_SIGNATURE_ALGORITHM] = {"signature-algorithm",
                                     "the peer signed with an algorithm or a hash that was not "
                                     "offered to it, or that does not fit its key; let it use "
                                     "SHA2-256"},
    [REFUSAL_SIGNATURE] = {"signature", "the peer's signature is wrong; see that its private key "
                                        "belongs to its certificate"},
    [REFUSAL_NO_COMMON_SIGNATURE] = {"no-common-signature",
                                     "the peer cannot verify a signature of our key; give this "
                                     "side a certificate with another kind of key, or let the peer "
                                     "support RFC 7427"},
};

const char *refusal_name(enum refusal refusal)
{
    return texts[refusal].name;
}

const char *refusal_sentence(enum refusal refusal)
{
    return texts[refusal].sentence;
}

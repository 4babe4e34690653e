/* One certificate: read, and asked what it is for and whose it is. RFC 5280, RFC 4945. */

#include "crypto/x509.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

X509 *x509_read(struct bytes der)
{
    const uint8_t *end = der.data;
    if (der.length == 0 || der.length > CERTIFICATE_MAX) {
        return NULL;
    }
    X509 *certificate = d2i_X509(NULL, &end, (long)der.length);
    if (certificate != NULL && end != der.data + der.length) {
        X509_free(certificate);
        certificate = NULL;
    }
    ERR_clear_error();
    return certificate;
}

/* Octets of a certificate's DER are within what a peer of ours would take. */
static bool size_fits(X509 *certificate)
{
    return i2d_X509(certificate, NULL) <= CERTIFICATE_MAX;
}

int x509_read_pem(struct bytes pem, bool (*take)(void *context, X509 *certificate), void *context)
{
    BIO *bio = pem.length <= INT32_MAX ? BIO_new_mem_buf(pem.data, (int)pem.length) : NULL;
    X509 *certificate;
    int count = bio != NULL ? 0 : -1;
    ERR_clear_error();
    while (count >= 0 && (certificate = PEM_read_bio_X509(bio, NULL, NULL, NULL)) != NULL) {
        if (!size_fits(certificate)) {
            X509_free(certificate);
            count = -1;
        } else if (take(context, certificate)) {
            count++;
        } else {
            break;
        }
        ERR_clear_error(); /* only reading is to be judged below */
    }
    /* The end is where no further BEGIN line is found; any other error is a broken certificate. */
    unsigned long error = ERR_peek_last_error();
    if (error != 0 &&
        !(ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE)) {
        count = -1;
    }
    ERR_clear_error();
    BIO_free(bio);
    return count;
}

/* ---- usage ---- */

/* RFC 4945 5.1.3.12: without the extension, with ipsecIKE, or with any. */
static bool extended_usage_fits(X509 *certificate)
{
    int critical;
    EXTENDED_KEY_USAGE *usages = X509_get_ext_d2i(certificate, NID_ext_key_usage, &critical, NULL);
    if (usages == NULL) {
        return critical == -1; /* -1: not there; else unreadable, or there twice */
    }
    bool fits = false;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usages); i++) {
        int nid = OBJ_obj2nid(sk_ASN1_OBJECT_value(usages, i));
        fits |= nid == NID_ipsec_IKE || nid == NID_anyExtendedKeyUsage;
    }
    EXTENDED_KEY_USAGE_free(usages);
    return fits;
}

bool x509_serves_ike(X509 *certificate)
{
    /* All bits are set when there is no such extension: any use is allowed. */
    uint32_t usage = X509_get_key_usage(certificate);
    return (usage & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0 &&
           extended_usage_fits(certificate);
}

/* ---- identity ---- */

struct bytes x509_subject(X509 *certificate)
{
    const unsigned char *der = NULL;
    size_t length = 0;
    if (X509_NAME_get0_der(X509_get_subject_name(certificate), &der, &length) != 1) {
        length = 0;
    }
    return bytes_of(der, length);
}

/* An empty subject says nothing (RFC 4945 3.1.5). */
static bool subject_is(X509 *certificate, struct bytes id)
{
    return X509_NAME_entry_count(X509_get_subject_name(certificate)) > 0 &&
           distinguished_name_equal(x509_subject(certificate), id);
}

static bool key_identifier_is(X509 *certificate, struct bytes id)
{
    const ASN1_OCTET_STRING *own = X509_get0_subject_key_id(certificate);
    return own != NULL &&
           bytes_equal(bytes_of(ASN1_STRING_get0_data(own), (size_t)ASN1_STRING_length(own)), id);
}

/* The library takes a zero at the end, and a dot in front as "any name below"; an ID means itself.
 */
static bool is_plain(struct bytes id)
{
    return id.length > 0 && memchr(id.data, 0, id.length) == NULL && id.data[0] != '.';
}

bool x509_has_identity(X509 *certificate, uint8_t id_type, struct bytes id)
{
    /* No wildcards (RFC 4945 3.1.2), and what looks like a name in the subject is none (3.1.9). */
    const unsigned flags = X509_CHECK_FLAG_NO_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
    const char *text = (const char *)id.data;
    bool has = false;
    switch (id_type) {
    case ID_FQDN:
        has = is_plain(id) && X509_check_host(certificate, text, id.length, flags, NULL) == 1;
        break;
    case ID_RFC822_ADDR:
        has = is_plain(id) && X509_check_email(certificate, text, id.length, flags) == 1;
        break;
    case ID_IPV4_ADDR:
    case ID_IPV6_ADDR: /* need not be where the packets come from: RFC 7296 3.5 */
        has = X509_check_ip(certificate, id.data, id.length, flags) == 1;
        break;
    case ID_DER_ASN1_DN:
        has = subject_is(certificate, id);
        break;
    case ID_KEY_ID: /* RFC 7296 4 wants it with certificates, and this is what names a key there */
        has = key_identifier_is(certificate, id);
        break;
    default: /* no place in a certificate: RFC 4945 3.1.6 */
        break;
    }
    ERR_clear_error();
    return has;
}

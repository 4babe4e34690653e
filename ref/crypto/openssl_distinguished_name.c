/* Names: text to DER and back, and comparison. */

#include "crypto/distinguished_name.h"

#include <string.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#define PART_MAX 256

/* ---- text ---- */

static int hex_value(char c)
{
    const char digits[] = "0123456789abcdef";
    const char *found = c != '\0' ? strchr(digits, c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c) : NULL;
    return found != NULL ? (int)(found - digits) : -1;
}

/* Up to `end` or the text's end, without escapes and outer spaces; *text is left behind it. False
 * when it is too long or breaks off. */
static bool part_take(const char **text, char end, char out[PART_MAX + 1])
{
    size_t length = 0, kept = 0; /* kept: what trailing spaces do not reach into */
    const char *c = *text + strspn(*text, " ");
    for (; *c != '\0' && *c != end; c++) {
        char octet = *c;
        bool escaped = octet == '\\';
        if (escaped) {
            octet = *++c;
            if (octet == '\0') {
                return false;
            }
            if (hex_value(c[0]) >= 0 && hex_value(c[1]) >= 0) {
                octet = (char)(hex_value(c[0]) << 4 | hex_value(c[1]));
                c++;
            }
        }
        if (length == PART_MAX || octet == '\0') {
            return false;
        }
        out[length++] = octet;
        kept = escaped || octet != ' ' ? length : kept;
    }
    out[kept] = '\0';
    *text = c;
    return true;
}

/* "CN=gw" and what separates it from the next. */
static bool attribute_take(const char **text, X509_NAME *name)
{
    char type[PART_MAX + 1], value[PART_MAX + 1];
    if (!part_take(text, '=', type) || **text != '=') {
        return false;
    }
    (*text)++;
    if (!part_take(text, ',', value) || value[0] == '\0') {
        return false;
    }
    if (**text == ',' && *++*text == '\0') {
        return false;
    }
    return X509_NAME_add_entry_by_txt(name, type, MBSTRING_UTF8, (const unsigned char *)value, -1,
                                      -1, 0) == 1;
}

bool distinguished_name_parse(const char *text, struct writer *w)
{
    X509_NAME *name = X509_NAME_new();
    uint8_t *der = NULL;
    int length = -1;
    bool good = name != NULL && *text != '\0';
    while (good && *text != '\0') {
        good = attribute_take(&text, name);
    }
    if (good) {
        length = i2d_X509_NAME(name, &der);
    }
    if (length > 0) {
        writer_put(w, bytes_of(der, (size_t)length));
    }
    OPENSSL_free(der);
    X509_NAME_free(name);
    ERR_clear_error();
    return length > 0;
}

/* ---- DER ---- */

static X509_NAME *name_of(struct bytes der)
{
    const uint8_t *end = der.data;
    X509_NAME *name = d2i_X509_NAME(NULL, &end, (long)der.length);
    if (name != NULL && end != der.data + der.length) {
        X509_NAME_free(name);
        name = NULL;
    }
    ERR_clear_error();
    return name;
}

char *distinguished_name_format(struct bytes der, char out[DISTINGUISHED_NAME_TEXT_MAX])
{
    const unsigned long flags = ASN1_STRFLGS_RFC2253 | XN_FLAG_SEP_CPLUS_SPC | XN_FLAG_FN_SN;
    X509_NAME *name = name_of(der);
    BIO *bio = BIO_new(BIO_s_mem());
    int length = -1;
    if (name != NULL && bio != NULL && X509_NAME_print_ex(bio, name, 0, flags) >= 0) {
        length = BIO_read(bio, out, DISTINGUISHED_NAME_TEXT_MAX - 1);
    }
    if (length < 0) {
        out[0] = '?';
        length = 1;
    }
    out[length] = '\0';
    BIO_free(bio);
    X509_NAME_free(name);
    ERR_clear_error();
    return out;
}

bool distinguished_name_equal(struct bytes a, struct bytes b)
{
    X509_NAME *one = name_of(a);
    X509_NAME *other = name_of(b);
    bool equal = one != NULL && other != NULL && X509_NAME_cmp(one, other) == 0;
    X509_NAME_free(one);
    X509_NAME_free(other);
    return equal;
}

uint64_t distinguished_name_number(struct bytes der)
{
    X509_NAME *name = name_of(der);
    uint64_t number = name != NULL ? X509_NAME_hash(name) : 0; /* of its canonical form */
    X509_NAME_free(name);
    return number;
}

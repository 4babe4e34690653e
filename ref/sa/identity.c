/* Identities as a person writes them and as the ID payload carries them, RFC 7296 3.5. */

#include "sa/config.h"

#include <stdio.h>
#include <string.h>

static bool identity_set(struct identity *out, uint8_t type, const void *data, size_t length)
{
    if (length == 0 || length > IDENTITY_MAX) {
        return false;
    }
    memset(out, 0, sizeof *out);
    out->type = type;
    out->length = length;
    memcpy(out->data, data, length);
    return true;
}

bool identity_parse(const char *text, struct identity *out)
{
    struct address address;
    if (strcmp(text, "any") == 0 || strcmp(text, "%any") == 0) {
        memset(out, 0, sizeof *out);
        return true;
    }
    if (address_parse(text, &address)) {
        uint8_t type = address.family == ADDRESS_V4 ? ID_IPV4_ADDR : ID_IPV6_ADDR;
        return identity_set(out, type, address.octets, address_length(&address));
    }
    if (strncmp(text, "key:", 4) == 0) {
        return identity_set(out, ID_KEY_ID, text + 4, strlen(text + 4));
    }
    if (strncmp(text, "dn:", 3) == 0) {
        uint8_t der[IDENTITY_MAX];
        struct writer w = writer_over(der, sizeof der);
        return distinguished_name_parse(text + 3, &w) && !w.overflow &&
               identity_set(out, ID_DER_ASN1_DN, der, w.length);
    }
    if (text[0] == '@') {
        return identity_set(out, ID_FQDN, text + 1, strlen(text + 1));
    }
    uint8_t type = strchr(text, '@') != NULL ? ID_RFC822_ADDR : ID_FQDN;
    return identity_set(out, type, text, strlen(text));
}

static char *format_printable(const char *prefix, const struct identity *id,
                              char out[IDENTITY_TEXT_MAX])
{
    size_t at = (size_t)snprintf(out, IDENTITY_TEXT_MAX, "%s", prefix);
    for (size_t i = 0; i < id->length && at + 1 < IDENTITY_TEXT_MAX; i++) {
        uint8_t octet = id->data[i];
        /* the peer chose these octets: nothing that could forge a line of a log or of JSON */
        out[at++] =
            octet > 0x20 && octet < 0x7f && octet != '"' && octet != '\\' ? (char)octet : '?';
    }
    out[at] = '\0';
    return out;
}

static char *format_dn(const struct identity *id, char out[IDENTITY_TEXT_MAX])
{
    char name[DISTINGUISHED_NAME_TEXT_MAX];
    distinguished_name_format(bytes_of(id->data, id->length), name);
    snprintf(out, IDENTITY_TEXT_MAX, "dn:%s", name);
    return out;
}

char *identity_format(const struct identity *id, char out[IDENTITY_TEXT_MAX])
{
    struct address address;
    switch (id->type) {
    case 0:
        snprintf(out, IDENTITY_TEXT_MAX, "any");
        return out;
    case ID_IPV4_ADDR:
    case ID_IPV6_ADDR:
        address = address_from(bytes_of(id->data, id->length));
        return address_format(&address, out);
    case ID_KEY_ID:
        return format_printable("key:", id, out);
    case ID_FQDN:
    case ID_RFC822_ADDR:
        return format_printable("", id, out);
    case ID_DER_ASN1_DN:
        return format_dn(id, out);
    default:
        return format_printable("other:", id, out);
    }
}

bool identity_equal(const struct identity *a, const struct identity *b)
{
    struct bytes one = bytes_of(a->data, a->length);
    struct bytes other = bytes_of(b->data, b->length);
    if (a->type != b->type) {
        return false;
    }
    return bytes_equal(one, other) ||
           (a->type == ID_DER_ASN1_DN && distinguished_name_equal(one, other));
}

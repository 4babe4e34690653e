/* One place each, found by the last octets of the DER: they are the issuer's signature, so nobody
 * chooses them but an authority that we trust. */

#include "crypto/known_certificates.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

struct known_certificate {
    uint8_t *der; /* NULL: the place is free */
    size_t length;
    X509 *certificate;
};

struct known_certificates {
    struct known_certificate places[KNOWN_CERTIFICATES];
};

static size_t place_of(struct bytes der)
{
    size_t number = 0;
    for (size_t i = 0; i < 2 && i < der.length; i++) {
        number = number << 8 | der.data[der.length - 1 - i];
    }
    return number % KNOWN_CERTIFICATES;
}

static void place_clear(struct known_certificate *place)
{
    X509_free(place->certificate);
    free(place->der);
    *place = (struct known_certificate){0};
}

struct known_certificates *known_certificates_create(void)
{
    return calloc(1, sizeof(struct known_certificates));
}

void known_certificates_destroy(struct known_certificates *known)
{
    for (size_t i = 0; known != NULL && i < KNOWN_CERTIFICATES; i++) {
        place_clear(&known->places[i]);
    }
    free(known);
}

X509 *known_certificates_find(const struct known_certificates *known, struct bytes der)
{
    const struct known_certificate *place = &known->places[place_of(der)];
    if (place->der == NULL || !bytes_equal(der, bytes_of(place->der, place->length)) ||
        X509_up_ref(place->certificate) != 1) {
        return NULL;
    }
    return place->certificate;
}

void known_certificates_add(struct known_certificates *known, struct bytes der, X509 *certificate)
{
    struct known_certificate *place = &known->places[place_of(der)];
    if (place->der != NULL && bytes_equal(der, bytes_of(place->der, place->length))) {
        return;
    }
    place_clear(place);
    uint8_t *copy = malloc(der.length);
    if (copy != NULL && X509_up_ref(certificate) == 1) {
        memcpy(copy, der.data, der.length);
        *place = (struct known_certificate){
            .der = copy, .length = der.length, .certificate = certificate};
    } else {
        free(copy);
    }
}

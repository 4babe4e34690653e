/* Certificates, keys and authorities of a written exchange. The files hold DER and the reference
 * reads PEM, so it is wrapped here. The library alone would not notice every octet that is not as
 * it should be: a key of RSA holds more than signing needs, and nobody verifies an authority's
 * signature over itself. */

#include "test/vectors/play_credential.h"

#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "crypto/signature_key.h"
#include "crypto/x509.h"
#include "test/vectors/vector.h"

static struct bytes pem_of(const char *label, struct bytes der)
{
    char edge[64];
    uint8_t *text = octets_new(der.length * 2 + 64);
    int length = EVP_EncodeBlock(text, der.data, (int)der.length);
    struct bytes body = bytes_of(text, (size_t)length);
    snprintf(edge, sizeof edge, "-----BEGIN %s-----\n", label);
    struct bytes pem = octets_join(bytes_of(edge, strlen(edge)), bytes_of("", 0));
    for (size_t at = 0; at < body.length; at += 64) {
        size_t rest = body.length - at < 64 ? body.length - at : 64;
        pem = octets_join(pem, octets_join(bytes_of(text + at, rest), bytes_of("\n", 1)));
    }
    snprintf(edge, sizeof edge, "-----END %s-----\n", label);
    return octets_join(pem, bytes_of(edge, strlen(edge)));
}

static struct bytes pem_of_all(const json_t *list)
{
    struct bytes pem = bytes_of("", 0);
    size_t i;
    json_t *item;
    json_array_foreach(list, i, item)
    {
        json_t *holder = json_pack("{s:O}", "der", item);
        pem = octets_join(pem, pem_of("CERTIFICATE", octets_of(holder, "der")));
        json_decref(holder);
    }
    return pem;
}

/* All parts of the key fit together. Looking takes long, so what was good before is remembered. */
static bool key_consistent(const struct credential *credential, struct bytes der)
{
    static uint8_t good[2][4096];
    static size_t length[2], next;
    for (size_t i = 0; i < 2; i++) {
        if (length[i] != 0 && bytes_equal(bytes_of(good[i], length[i]), der)) {
            return true;
        }
    }
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new(credential_key(credential)->pkey, NULL);
    bool consistent = context != NULL && EVP_PKEY_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    if (consistent && der.length <= sizeof good[0]) {
        memcpy(good[next], der.data, der.length);
        length[next] = der.length;
        next = (next + 1) % 2;
    }
    return consistent;
}

static const char *own_set(struct peer_config *peer, const json_t *own)
{
    const char *reason = NULL;
    struct bytes key = octets_of(own, "privateKey");
    peer->credential = credential_create();
    if (peer->credential == NULL ||
        !credential_set_certificates(peer->credential,
                                     pem_of_all(json_object_get(own, "certificates")), &reason) ||
        !credential_set_key(peer->credential, pem_of("PRIVATE KEY", key), &reason)) {
        return reason != NULL ? reason : "out of memory";
    }
    reason = credential_complete(peer->credential);
    if (reason == NULL && !key_consistent(peer->credential, key)) {
        reason = "the parts of privateKey do not fit together";
    }
    return reason;
}

static bool signed_by_itself(struct bytes der)
{
    X509 *certificate = x509_read(der);
    bool good = certificate != NULL && X509_verify(certificate, X509_get0_pubkey(certificate)) == 1;
    X509_free(certificate);
    return good;
}

static const char *trusted_set(struct peer_config *peer, const json_t *setup)
{
    const char *reason = NULL;
    struct bytes der = octets_of(setup, "authority");
    peer->authorities = authorities_create();
    if (peer->authorities == NULL || !signed_by_itself(der) ||
        !authorities_add(peer->authorities, pem_of("CERTIFICATE", der), &reason)) {
        return reason != NULL ? reason : "authority is none";
    }
    return NULL;
}

const char *play_credential_set(struct peer_config *peer, const json_t *setup, const json_t *own,
                                const json_t *other)
{
    const char *reason = NULL;
    if (json_object_get(own, "certificates") != NULL) {
        peer->local_authentication = AUTHENTICATION_SIGNATURE;
        reason = own_set(peer, own);
    }
    if (reason == NULL && json_object_get(other, "certificates") != NULL) {
        peer->remote_authentication = AUTHENTICATION_SIGNATURE;
        reason = trusted_set(peer, setup);
    }
    return reason;
}

void play_credential_forget(struct peer_config *peer)
{
    credential_destroy(peer->credential);
    authorities_destroy(peer->authorities);
}

/* A peer's certificates, RFC 7296 3.6, RFC 4945: authorities as PEM and a chain of DER, each part
 * behind two octets of length. Whatever comes, a certificate that nobody trusted issued proves
 * nothing. */

#include <string.h>

#include "crypto/certificate.h"
#include "fuzz/input.h"

#define MOMENT 1767225600 /* 2026: the certificates of the corpus are valid then */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    struct authorities *authorities = authorities_create();
    struct bytes certificates[CERTS_MAX];
    struct peer_certificate peer = {0};
    const char *error = NULL;
    size_t count = 0;
    if (authorities == NULL) {
        finding("no memory");
    }
    uint8_t id_type = input_u8(&in);
    struct bytes id = input_take(&in, input_u8(&in));
    bool trusted = authorities_add(authorities, input_take(&in, input_u16(&in)), &error);
    if (!trusted && error == NULL) {
        finding("an authority is refused without a reason");
    }
    while (count < CERTS_MAX && in.left.length > 0) {
        certificates[count++] = input_take(&in, input_u16(&in));
    }
    enum refusal refusal =
        authorities_verify(authorities, certificates, count, id_type, id, MOMENT, &peer);
    if (refusal == REFUSAL_NONE && (authorities_count(authorities) == 0 || peer.key == NULL)) {
        finding("a certificate is believed that nobody vouches for");
    }
    if (refusal != REFUSAL_NONE && peer.key != NULL) {
        finding("a key that nobody vouches for is handed out");
    }
    if (memchr(peer.subject, '\0', sizeof peer.subject) == NULL) {
        finding("a subject without an end");
    }
    signature_key_destroy(peer.key);
    authorities_destroy(authorities);
    return 0;
}

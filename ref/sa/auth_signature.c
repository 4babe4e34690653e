/* The AUTH value of a signature: RFC 7427 3, RFC 7296 3.8, RFC 4754 7.
 *
 *    method 14:  | length | AlgorithmIdentifier ... | signature ...
 *    others:     | signature ...
 */

#include "sa/auth_signature.h"

#include <assert.h>

enum status auth_signature_build(const struct signature_key *key,
                                 const struct signature_algorithm *algorithm,
                                 struct bytes signed_octets, struct writer *w)
{
    assert(algorithm->identifier.length <= UINT8_MAX);
    if (algorithm->method == AUTH_METHOD_DIGITAL_SIGNATURE) {
        writer_u8(w, (uint8_t)algorithm->identifier.length);
        writer_put(w, algorithm->identifier);
    }
    return signature_sign(key, algorithm, signed_octets, w);
}

/* Takes what names the algorithm off the data. */
static const struct signature_algorithm *take_algorithm(const struct signature_key *key,
                                                        uint8_t method, struct bytes *data)
{
    uint8_t length;
    struct bytes identifier;
    if (method == AUTH_METHOD_DIGITAL_SIGNATURE) {
        return bytes_take_u8(data, &length) && bytes_take(data, length, &identifier)
                   ? signature_algorithm_of_identifier(identifier)
                   : NULL;
    }
    const struct signature_algorithm *older = signature_algorithm_older(signature_key_kind(key));
    return older != NULL && older->method == method ? older : NULL;
}

enum refusal auth_signature_verify(const struct signature_key *key, uint8_t method,
                                   struct bytes data, struct bytes signed_octets,
                                   const struct signature_algorithm **used)
{
    *used = take_algorithm(key, method, &data);
    if (*used == NULL || !signature_algorithm_fits(*used, signature_key_kind(key))) {
        return REFUSAL_SIGNATURE_ALGORITHM;
    }
    return signature_verify(key, *used, signed_octets, data) ? REFUSAL_NONE : REFUSAL_SIGNATURE;
}

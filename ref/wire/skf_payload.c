/* Encrypted Fragment payload, RFC 7383 2.5: SK with two numbers in front.
 *
 *    0               1               2               3
 *   +---------------+-+-------------+---------------+---------------+
 *   | next payload  |C|  reserved   |  length, these 4 included     |
 *   +---------------+-+-------------+---------------+---------------+
 *   | fragment number, from 1       | total fragments               |
 *   +-------------------------------+-------------------------------+
 *   | IV, ciphertext, ICV ...
 *
 * Next Payload is the first payload inside in fragment 1, and zero in all others.
 */
#include "wire/payloads.h"

enum status skf_payload_parse(struct bytes body, struct skf_payload *out)
{
    struct bytes in = body;
    struct skf_payload skf;
    if (!bytes_take_u16(&in, &skf.number) || !bytes_take_u16(&in, &skf.total)) {
        return STATUS_DROP;
    }
    if (skf.number == 0 || skf.number > skf.total) { /* so total is not 0 either */
        return STATUS_DROP;
    }
    skf.sealed = in;
    *out = skf;
    return STATUS_OK;
}

void skf_payload_build(struct writer *w, uint16_t number, uint16_t total)
{
    writer_u16(w, number);
    writer_u16(w, total);
}

/* Delete payload: the SAs that the sender has thrown away, RFC 7296 3.11.
 *
 *    0               1               2               3
 *   +---------------+---------------+---------------+---------------+
 *   |   protocol    |   SPI size    |        number of SPIs         |
 *   +---------------+---------------+---------------+---------------+
 *   | SPIs the sender receives on ...
 */
#include "wire/payloads.h"

#include <assert.h>

#define CHILD_SPI_SIZE 4

/* An IKE SA is named by the IKE header and by nothing else; a Child SA by four octets. */
static bool sizes_fit_protocol(const struct delete_payload *d)
{
    switch (d->protocol) {
    case PROTOCOL_IKE:
        return d->spi_size == 0 && d->count == 0;
    case PROTOCOL_AH:
    case PROTOCOL_ESP:
        return d->spi_size == CHILD_SPI_SIZE;
    default:
        return false;
    }
}

enum status delete_payload_parse(struct bytes body, struct delete_payload *out)
{
    if (!bytes_take_u8(&body, &out->protocol) || !bytes_take_u8(&body, &out->spi_size) ||
        !bytes_take_u16(&body, &out->count) || !sizes_fit_protocol(out) ||
        body.length != (size_t)out->spi_size * out->count) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    out->spis = body;
    return STATUS_OK;
}

void delete_payload_build(struct writer *w, uint8_t protocol, uint8_t spi_size, struct bytes spis)
{
    size_t count = spi_size == 0 ? 0 : spis.length / spi_size;
    assert(count * spi_size == spis.length && count <= UINT16_MAX);
    writer_u8(w, protocol);
    writer_u8(w, spi_size);
    writer_u16(w, (uint16_t)count);
    writer_put(w, spis);
}

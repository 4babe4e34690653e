/* Notify payload, RFC 7296 3.10: an error, or a status that changes what the message means.
 *
 *    0               1               2               3
 *   +---------------+---------------+---------------+---------------+
 *   |   protocol    |   SPI size    |          notify type          |
 *   +---------------+---------------+---------------+---------------+
 *   | SPI ... then notification data ...
 */
#include "wire/payloads.h"

#include <assert.h>

/* SPIs of odd sizes pass: which notification wants one, and of what size, its reader knows, and an
 * unknown status notification must be ignored whatever it holds (3.10.1). */
enum status notify_payload_parse(struct bytes body, struct notify_payload *out)
{
    uint8_t spi_size;
    if (!bytes_take_u8(&body, &out->protocol) || !bytes_take_u8(&body, &spi_size) ||
        !bytes_take_u16(&body, &out->type) || !bytes_take(&body, spi_size, &out->spi)) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    if (spi_size == 0) {
        out->protocol = PROTOCOL_NONE; /* means nothing without an SPI, 3.10 */
    }
    out->data = body;
    return STATUS_OK;
}

void notify_payload_build(struct writer *w, uint8_t protocol, struct bytes spi, uint16_t type,
                          struct bytes data)
{
    assert(spi.length <= UINT8_MAX);
    writer_u8(w, spi.length > 0 ? protocol : PROTOCOL_NONE);
    writer_u8(w, (uint8_t)spi.length);
    writer_u16(w, type);
    writer_put(w, spi);
    writer_put(w, data);
}

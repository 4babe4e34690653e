/* NAT detection by hashed addresses, RFC 7296 2.23. */
#ifndef IKEREF_SA_NAT_DETECTION_H
#define IKEREF_SA_NAT_DETECTION_H

#include "base/address.h"
#include "crypto/crypto.h"
#include "wire/message.h"

/* SHA-1(spi_i | spi_r | address | port) as both notifications carry it. */
MUST_USE enum status nat_detection_hash(uint64_t spi_i, uint64_t spi_r,
                                        const struct transport_address *address,
                                        uint8_t out[SHA1_LENGTH]);

struct nat_detection {
    bool supported;  /* both notifications were there */
    bool nat_local;  /* we are behind a NAT: our address is not the one the peer sent to */
    bool nat_remote; /* the peer is: no source hash fits where the message came from */
};

/* Compares the notifications of a message that travelled on `path` (seen from us). */
MUST_USE enum status nat_detection_evaluate(const struct message *message, uint64_t spi_i,
                                            uint64_t spi_r, const struct path *path,
                                            struct nat_detection *out);

/* Writes both notifications for a message sent on `path`. `hide_source`: a source hash that fits no
 * address, so that the peer turns on UDP encapsulation (forced by configuration). */
MUST_USE enum status nat_detection_build(struct chain_writer *chain, uint64_t spi_i, uint64_t spi_r,
                                         const struct path *path, bool hide_source);

#endif

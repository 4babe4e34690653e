/* What a function's failure means on the wire. A reader of any `return` knows what the peer will
 * see: nothing, a notification, or that the peer itself refused us. */
#ifndef IKEREF_BASE_STATUS_H
#define IKEREF_BASE_STATUS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/iana.h"

enum status {
    STATUS_OK = 0,
    STATUS_DROP = 1,        /* say nothing: not ours, not authentic, or a duplicate */
    STATUS_INTERNAL = 2,    /* our own failure: memory, library, limit; the peer sees nothing */
    STATUS_UNREACHABLE = 3, /* the peer no longer answers (RFC 7296 2.4): ends a command */
    STATUS_NOTIFY_BASE = 0x10000, /* + notify_type: answer with this error notification */
    STATUS_PEER_BASE = 0x20000,   /* + notify_type: the peer answered us with this error */
    STATUS_MAX = 0x2ffff,
};

#define STATUS_NOTIFY(type) ((enum status)(STATUS_NOTIFY_BASE + (type)))
#define STATUS_PEER(type) ((enum status)(STATUS_PEER_BASE + (type)))

/* Return early with whatever is not STATUS_OK. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        enum status try_ = (call);                                                                 \
        if (try_ != STATUS_OK) {                                                                   \
            return try_;                                                                           \
        }                                                                                          \
    } while (0)

#define MUST_USE __attribute__((warn_unused_result))

/* True when the peer is to be told; *type is then the notification to send. */
bool status_is_notify(enum status status, uint16_t *type);

/* True when the peer refused; *type is then the notification it sent. */
bool status_is_peer(enum status status, uint16_t *type);

/* The RFC's name of a notify type, or "UNKNOWN". Static storage. */
const char *notify_type_name(uint16_t type);

/* The RFC's name of an exchange type, or "UNKNOWN". Static storage. */
const char *exchange_type_name(uint8_t type);

#endif

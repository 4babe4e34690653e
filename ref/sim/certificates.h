/* Certificates for the hosts of a run: a fixed authority and one Ed25519 certificate each, whose
 * signatures are the same octets on every machine (RFC 8032), so that a seed stays one run. They
 * keep no secret whatever. */
#ifndef IKEREF_SIM_CERTIFICATES_H
#define IKEREF_SIM_CERTIFICATES_H

#include "crypto/certificate.h"

#define CERTIFICATES_UTC_NS                                                                        \
    1893456000000000000ULL /* 2030: a time at which all of them are valid                          \
                            */

/* Of the index-th host; kept by this process. */
struct credential *certificates_credential(unsigned index);
/* Who issued all of them. */
struct authorities *certificates_authorities(void);

#endif

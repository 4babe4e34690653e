/* What becomes of an inner IPv4 packet's DF bit in the outer header, RFC 4301 8.1. */
#ifndef IKEREF_BASE_DONT_FRAGMENT_H
#define IKEREF_BASE_DONT_FRAGMENT_H

enum dont_fragment { DF_COPY, DF_CLEAR, DF_SET };

#endif

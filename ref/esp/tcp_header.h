/* Where what stands in the headers of TCP (RFC 9293 3.1) and UDP (RFC 768): offsets in octets. */
#ifndef IKEREF_ESP_TCP_HEADER_H
#define IKEREF_ESP_TCP_HEADER_H

#include <stddef.h>
#include <stdint.h>

#define TCP_HEADER_LENGTH 20
#define TCP_SEQUENCE 4
#define TCP_ACKNOWLEDGMENT 8
#define TCP_DATA_OFFSET 12 /* the upper four bits; in the others nothing, or new flags */
#define TCP_FLAGS 13
#define TCP_CHECKSUM 16
#define TCP_OPTIONS 20

#define UDP_HEADER_LENGTH 8
#define UDP_LENGTH 4
#define UDP_CHECKSUM 6

enum tcp_flag {
    TCP_FIN = 0x01,
    TCP_SYN = 0x02,
    TCP_RST = 0x04,
    TCP_PSH = 0x08,
    TCP_ACK = 0x10,
    TCP_URG = 0x20,
    TCP_ECE = 0x40, /* RFC 3168 6.1 */
    TCP_CWR = 0x80,
};

/* With its options, as the header of at least TCP_HEADER_LENGTH octets says. */
static inline size_t tcp_header_length(const uint8_t *tcp)
{
    return (size_t)(tcp[TCP_DATA_OFFSET] >> 4) * 4;
}

#endif

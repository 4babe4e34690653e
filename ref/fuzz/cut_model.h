/* What a long packet of TCP's or UDP's is cut into, said a second time: octet by octet, without a
 * line of esp/, as the receiver of the segments would have them. For the fuzzers of
 * esp/segmentation and esp/coalescing, which must not agree with themselves alone. */
#ifndef IKEREF_FUZZ_CUT_MODEL_H
#define IKEREF_FUZZ_CUT_MODEL_H

#include "esp/ip_packet.h"

struct cut_model {
    const uint8_t *octets; /* the long packet, the caller's */
    bool v6, tcp;
    size_t upper, header_length; /* where TCP or UDP begins, and where the payload does */
    size_t payload, segment;     /* octets in all, and in each but the last */
};

/* `ip` is what the packet was read as. False: nobody can cut it so. */
bool cut_model_begin(struct cut_model *model, const uint8_t *octets, const struct ip_packet *ip,
                     size_t segment);

size_t cut_model_count(const struct cut_model *model);

/* Writes the segment with this number, of which there are cut_model_count; returns its length.
 * `out` has room for header_length + segment. */
size_t cut_model_segment(const struct cut_model *model, size_t number, uint8_t *out);

/* Puts in what is right there: IPv4's checksum and that of TCP or UDP, whatever stood there. */
void cut_model_checksums(const struct cut_model *model, uint8_t *octets, size_t length);

/* The one's complement sum of these octets, 0xffff where a checksum among them is right; `sum` is
 * of what stands before them, 0 at the beginning. */
uint16_t cut_model_sum(uint32_t sum, const uint8_t *octets, size_t length);

/* The same of a packet from TCP or UDP on, with its pseudo-header. */
uint16_t cut_model_upper_sum(const struct cut_model *model, const uint8_t *octets, size_t length);

#endif

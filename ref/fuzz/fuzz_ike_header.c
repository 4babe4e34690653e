/* The IKE header of any datagram: what is read can be written again, octet for octet. */

#include <string.h>

#include "fuzz/input.h"
#include "wire/ike_header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ike_header header;
    uint8_t octets[IKE_HEADER_LENGTH];
    struct writer w = writer_over(octets, sizeof octets);
    if (ike_header_parse(bytes_of(data, size), &header) != STATUS_OK) {
        return 0;
    }
    if (size < IKE_HEADER_LENGTH || header.length != size) {
        finding("a header is read that is not there, or of another length");
    }
    ike_header_build(&w, &header);
    memcpy(octets + 17, data + 17, 1); /* a minor version is not ours to repeat */
    octets[19] = data[19];             /* nor flags without a meaning */
    if (w.overflow || memcmp(octets, data, sizeof octets) != 0) {
        finding("a header reads otherwise than it is written");
    }
    return 0;
}

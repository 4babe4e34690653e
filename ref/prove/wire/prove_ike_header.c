/* wire/ike_header.c */
#include "prove/prove.h"

#include "wire/ike_header.h"

void prove_ike_header_parse(void)
{
    uint8_t octets[SIZE];
    struct bytes datagram = any_octets(octets);
    struct ike_header untouched = {.length = any_u32()};
    struct ike_header header = untouched;
    enum status status = ike_header_parse(datagram, &header);
    if (status == STATUS_DROP) {
        assert(header.length == untouched.length);
        return;
    }
    assert(datagram.length >= IKE_HEADER_LENGTH && header.length == datagram.length);
    assert(status == (header.major_version == IKE_VERSION_MAJOR
                          ? STATUS_OK
                          : STATUS_NOTIFY(INVALID_MAJOR_VERSION)));
    assert(header.major_version >= IKE_VERSION_MAJOR && header.major_version <= 15);
}

/* What was read is written again, octet for octet, but for what is ignored on receipt. */
void prove_ike_header_round_trip(void)
{
    uint8_t octets[IKE_HEADER_LENGTH];
    uint8_t again[IKE_HEADER_LENGTH];
    struct ike_header header;
    struct writer w = writer_over(again, sizeof again);
    if (ike_header_parse(bytes_of(octets, sizeof octets), &header) != STATUS_OK) {
        return;
    }
    ike_header_build(&w, &header);
    ike_header_patch_length(&w);
    assert(!w.overflow && w.length == IKE_HEADER_LENGTH);
    octets[17] &= 0xf0; /* minor version */
    octets[19] &= IKE_FLAG_INITIATOR | IKE_FLAG_RESPONSE;
    assert(same_octets(octets, again, sizeof octets));
}

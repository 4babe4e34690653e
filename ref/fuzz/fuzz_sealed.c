/* SK and SKF, RFC 7296 3.14 and RFC 7383 2.5. The first octet says which suite and what is done: a
 * body without the key, which must be refused, or a text sealed with it as it is, its padding the
 * input's choice. */

#include <string.h>

#include "fuzz/input.h"
#include "protect/sealed_body.h"
#include "protect/sk_message.h"
#include "protect/skf_message.h"
#include "test/protect/seal_lab.h"

static struct seal_lab suites[SEAL_LAB_SUITES];
static uint8_t octets[IKE_MESSAGE_MAX], plain[IKE_MESSAGE_MAX];

/* An IKE header and the generic header of SK or SKF; lengths that fit are the caller's. */
static void begin(struct writer *w, bool fragment)
{
    struct ike_header header = {.spi_i = 1,
                                .spi_r = 2,
                                .exchange_type = INFORMATIONAL,
                                .next_payload = fragment ? PAYLOAD_SKF : PAYLOAD_SK};
    ike_header_build(w, &header);
    writer_u8(w, PAYLOAD_NOTIFY);
    writer_u8(w, 0);
    writer_u16(w, 0);
    if (fragment) {
        skf_payload_build(w, 1, 2);
    }
}

static enum status open(struct seal_lab *lab, struct bytes datagram, bool fragment,
                        struct bytes *inner)
{
    struct payload_chain chain;
    struct skf_payload skf;
    uint8_t first;
    TRY(payload_chain_parse(
        datagram.data[16],
        bytes_of(datagram.data + IKE_HEADER_LENGTH, datagram.length - IKE_HEADER_LENGTH), &chain));
    if (!fragment) {
        return sk_message_open(&lab->protection, lab->open, datagram, &chain.items[0], plain, inner,
                               &first);
    }
    TRY(skf_payload_parse(chain.items[0].body, &skf));
    return skf_message_open(&lab->protection, lab->open, datagram, &skf, plain, inner);
}

/* The text as it is, the octet that counts the padding too. */
static bool seal_text(struct seal_lab *lab, struct writer *w, struct bytes text)
{
    const struct protection *p = &lab->protection;
    size_t block = protection_block_length(p);
    size_t aad = w->length;
    uint8_t *iv = writer_reserve(w, protection_iv_length(p));
    uint8_t *at = w->data + w->length;
    size_t length = text.length / block * block;
    writer_put(w, bytes_of(text.data, length));
    uint8_t *icv = writer_reserve(w, protection_icv_length(p));
    if (w->overflow || length == 0) {
        return false;
    }
    ike_header_patch_length(w);
    writer_patch_u16(w, IKE_HEADER_LENGTH + 2, (uint16_t)(w->length - IKE_HEADER_LENGTH));
    return protector_next_iv(lab->seal, &seal_lab_random, iv) == STATUS_OK &&
           protector_seal(lab->seal, bytes_of(w->data, aad), iv, at, length, bytes_of(NULL, 0),
                          icv) == STATUS_OK;
}

/* Expects of the text's own length and padding what the RFC says. */
static void check_own(struct seal_lab *lab, struct writer *w, bool fragment, struct bytes text)
{
    struct bytes inner;
    writer_patch_u16(w, 24, 0);
    enum status status = open(lab, writer_bytes(w), fragment, &inner);
    size_t length = text.length / protection_block_length(&lab->protection) *
                    protection_block_length(&lab->protection);
    size_t padding = text.data[length - 1];
    if ((status == STATUS_OK) != (padding + 1 <= length)) {
        finding("padding that fits is refused, or such that does not is taken");
    }
    if (status == STATUS_OK && (inner.length != length - 1 - padding ||
                                memcmp(inner.data, text.data, inner.length) != 0)) {
        finding("what was sealed is not what was opened");
    }
    if (status != STATUS_OK && status != STATUS_NOTIFY(INVALID_SYNTAX)) {
        finding("an authentic message is dropped without a word");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    uint8_t how = input_u8(&in);
    bool fragment = (how & 8) != 0;
    struct seal_lab *lab = &suites[how % SEAL_LAB_SUITES];
    struct writer w = writer_over(octets, sizeof octets);
    struct bytes inner;
    if (lab->seal == NULL) {
        seal_lab_begin(lab, seal_lab_suites[how % SEAL_LAB_SUITES]);
    }
    begin(&w, fragment);
    if ((how & 4) != 0) {
        if (seal_text(lab, &w, in.left)) {
            check_own(lab, &w, fragment, in.left);
        }
        return 0;
    }
    writer_put(&w, in.left);
    if (!w.overflow) {
        ike_header_patch_length(&w);
        writer_patch_u16(&w, IKE_HEADER_LENGTH + 2, (uint16_t)(w.length - IKE_HEADER_LENGTH));
        if (open(lab, writer_bytes(&w), fragment, &inner) == STATUS_OK) {
            finding("octets of a stranger are authentic");
        }
    }
    return 0;
}

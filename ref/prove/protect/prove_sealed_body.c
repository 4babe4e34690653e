/* protect/sealed_body.c with any cipher of its sizes: SK and SKF. */
#include "prove/prove.h"

#include "protect/sealed_body.h"
#include "wire/ike_header.h"

#define TEXT_MAX 18

static struct protection chosen; /* what the protectors below are for */

/* Whether it opens, nobody knows; what it may read and write is asserted. */
enum status protector_open(struct protector *protector, struct bytes aad, const uint8_t *iv,
                           uint8_t *text, size_t length, struct bytes aad_tail, const uint8_t *icv)
{
    (void)protector;
    assert(__CPROVER_r_ok(aad.data, aad.length) && __CPROVER_r_ok(iv, 8) && aad_tail.length == 0);
    assert(__CPROVER_r_ok(icv, protection_icv_length(&chosen)) && length > 0 &&
           __CPROVER_w_ok(text, length));
    text[length - 1] = any_u8();
    return any_status();
}

enum status protector_next_iv(struct protector *protector, const struct random_source *random,
                              uint8_t *iv)
{
    (void)protector;
    (void)random;
    assert(__CPROVER_w_ok(iv, 8));
    return any_status();
}

static size_t sealed_length;

enum status protector_seal(struct protector *protector, struct bytes aad, const uint8_t *iv,
                           uint8_t *text, size_t length, struct bytes aad_tail, uint8_t *icv)
{
    (void)protector;
    assert(__CPROVER_r_ok(aad.data, aad.length) && __CPROVER_r_ok(iv, 8) && aad_tail.length == 0);
    assert(__CPROVER_w_ok(text, length) && icv == text + length);
    assert(__CPROVER_w_ok(icv, protection_icv_length(&chosen)));
    sealed_length = length;
    return any_status();
}

/* Every cipher that IKE may have, with every integrity algorithm that goes with it; ENCR_NULL,
 * whose key has no bits, is none (RFC 8247 2.1). */
static struct protection any_protection(void)
{
    struct protection p = {.cipher = cipher_algorithm_find(any_u16()),
                           .key_bits = 256,
                           .integrity = integrity_algorithm_find(any_u16())};
    __CPROVER_assume(protection_valid(&p));
    chosen = p;
    return p;
}

void prove_sealed_body_open(void)
{
    uint8_t memory[SIZE];
    uint8_t plain[SIZE];
    struct protection p = any_protection();
    struct bytes datagram = any_octets(memory);
    size_t before = any_up_to(SIZE);
    __CPROVER_assume(before <= datagram.length);
    struct bytes body = bytes_of(datagram.data + before, datagram.length - before);
    struct bytes text;
    enum status status = sealed_body_open(&p, NULL, datagram, body, plain, &text);
    if (status == STATUS_OK) {
        size_t around = protection_iv_length(&p) + protection_icv_length(&p);
        assert(text.data == plain && around < body.length);
        assert(text.length < body.length - around);
    }
}

void prove_sealed_body_seal(void)
{
    uint8_t memory[SIZE];
    uint8_t source[TEXT_MAX];
    struct protection p = any_protection();
    struct bytes text = bytes_of(source, any_up_to(TEXT_MAX));
    struct writer w = writer_over(memory, any_up_to(SIZE));
    __CPROVER_assume(w.capacity >= IKE_HEADER_LENGTH);
    w.length = IKE_HEADER_LENGTH; /* stands in front */
    size_t before = w.length;
    size_t needed = sealed_body_length(&p, text.length);
    enum status status = sealed_body_seal(&p, NULL, NULL, text, &w);
    if (needed > w.capacity - before) {
        assert(status == STATUS_INTERNAL);
    }
    if (status == STATUS_OK) {
        assert(w.length == before + needed);
        assert(sealed_length % protection_block_length(&p) == 0);
        assert(sealed_length - memory[before + protection_iv_length(&p) + sealed_length - 1] - 1 ==
               text.length);
    }
}

/* The longest text that fits: it fits, and one octet more does not. */
void prove_sealed_body_room(void)
{
    struct protection p = any_protection();
    size_t room = any_up_to(UINT16_MAX);
    size_t text;
    if (sealed_body_room(&p, room, &text)) {
        assert(sealed_body_length(&p, text) <= room && sealed_body_length(&p, text + 1) > room);
    } else {
        assert(sealed_body_length(&p, 0) > room);
    }
}

/* What is on its way is changed: inside, with the keys of both sides, or outside. */

#include <string.h>

#include "fuzz/chain_edit.h"
#include "fuzz/play.h"
#include "protect/sealed_body.h"
#include "protect/sk_message.h"
#include "protect/skf_message.h"

static struct chain_octets chain;

/* A message opened between its sender and its receiver. */
struct tapped {
    struct ike_header header;
    struct ike_sa *sender; /* NULL: in the open */
    struct skf_payload skf;
    bool fragment;
};

static struct ike_sa *by_spis(struct play *play, unsigned side, const struct ike_header *header)
{
    struct ike_sa *sa = world_core_ike_sa_by_spis(&play->world, side, header->spi_i, header->spi_r);
    return sa != NULL && sa->seal != NULL && sa->open != NULL ? sa : NULL;
}

/* Its payloads are in `chain` afterwards. */
static bool tap(struct play *play, const struct play_arrival *arrival, struct tapped *tapped)
{
    static uint8_t plain[sizeof arrival->octets];
    struct payload_chain outer;
    struct bytes inner;
    uint8_t first;
    struct bytes datagram = bytes_of(arrival->octets, arrival->length);
    *tapped = (struct tapped){0};
    if (datagram.length > IKE_MESSAGE_MAX ||
        ike_header_parse(datagram, &tapped->header) != STATUS_OK) {
        return false;
    }
    struct bytes rest =
        bytes_of(datagram.data + IKE_HEADER_LENGTH, datagram.length - IKE_HEADER_LENGTH);
    if (payload_chain_parse(tapped->header.next_payload, rest, &outer) != STATUS_OK) {
        return false;
    }
    const struct payload *last = outer.count > 0 ? &outer.items[outer.count - 1] : NULL;
    chain.first = tapped->header.next_payload;
    chain.length = rest.length < sizeof chain.octets ? rest.length : sizeof chain.octets;
    memcpy(chain.octets, rest.data, chain.length);
    if (last == NULL || (last->type != PAYLOAD_SK && last->type != PAYLOAD_SKF)) {
        return chain.length == rest.length;
    }
    struct ike_sa *receiver = by_spis(play, arrival->to, &tapped->header);
    tapped->sender = by_spis(play, 1 - arrival->to, &tapped->header);
    tapped->fragment = last->type == PAYLOAD_SKF;
    first = last->next_payload;
    if (receiver == NULL || tapped->sender == NULL) {
        return false;
    }
    enum status status = !tapped->fragment ? sk_message_open(&receiver->protection, receiver->open,
                                                             datagram, last, plain, &inner, &first)
                                           : skf_payload_parse(last->body, &tapped->skf);
    if (tapped->fragment && status == STATUS_OK) {
        status = skf_message_open(&receiver->protection, receiver->open, datagram, &tapped->skf,
                                  plain, &inner);
    }
    if (status != STATUS_OK || inner.length > sizeof chain.octets) {
        return false;
    }
    chain.first = first;
    chain.length = inner.length;
    memcpy(chain.octets, inner.data, inner.length);
    return true;
}

/* A piece of a message has no payloads of its own: octets of it, and its numbers. */
static void change_piece(struct tapped *tapped, struct input *in)
{
    uint8_t what = input_u8(in);
    size_t at = input_u16(in);
    if ((what & 1) != 0) {
        tapped->skf.number = (uint16_t)(tapped->skf.number + (int8_t)input_u8(in));
    }
    if ((what & 2) != 0) {
        tapped->skf.total = (uint16_t)(tapped->skf.total + (int8_t)input_u8(in));
    }
    if ((what & 4) != 0 && chain.length > 0) {
        chain.octets[at % chain.length] ^= input_u8(in) | 1;
    }
    if ((what & 8) != 0) {
        chain.length = input_below(in, chain.length + 1);
    }
    if ((what & 16) != 0) {
        chain.first = input_u8(in);
    }
}

/* The header's fields that AUTH or the ICV vouch for, one at a time. */
static void change_header(struct ike_header *header, struct input *in)
{
    switch (input_u8(in) % 16) {
    case 1:
        header->message_id += (uint32_t)(int8_t)input_u8(in);
        break;
    case 2:
        header->exchange_type = (uint8_t)(IKE_SA_INIT + input_below(in, 6));
        break;
    case 3:
        header->flags ^= (uint8_t)(1U << input_below(in, 8));
        break;
    case 4:
        header->minor_version = input_u8(in);
        break;
    default:
        break;
    }
}

static bool seal_again(struct play *play, const struct tapped *tapped, struct play_arrival *arrival)
{
    static uint8_t octets[sizeof arrival->octets];
    struct writer w = writer_over(octets, sizeof octets);
    struct bytes inner = bytes_of(chain.octets, chain.length);
    struct ike_sa *sender = tapped->sender;
    enum status status = STATUS_OK;
    if (sender == NULL) {
        struct ike_header header = tapped->header;
        header.next_payload = chain.first;
        ike_header_build(&w, &header);
        writer_put(&w, inner);
        ike_header_patch_length(&w);
    } else {
        const struct random_source *random = &play->world.sides[1 - arrival->to].random;
        status =
            !tapped->fragment
                ? sk_message_seal(&sender->protection, sender->seal, random, &tapped->header,
                                  chain.first, inner, &w)
                : skf_message_seal(&sender->protection, sender->seal, random, &tapped->header,
                                   chain.first, tapped->skf.number, tapped->skf.total, inner, &w);
    }
    if (status != STATUS_OK || w.overflow) {
        return false;
    }
    arrival->length = w.length;
    memcpy(arrival->octets, octets, w.length);
    play->spoken_for = true;
    return true;
}

bool play_tamper(struct play *play, struct play_arrival *arrival, struct input *in)
{
    struct tapped tapped;
    if (!tap(play, arrival, &tapped)) {
        return false;
    }
    change_header(&tapped.header, in);
    if (tapped.fragment) {
        change_piece(&tapped, in);
    } else {
        chain_edit(&chain, in);
    }
    return seal_again(play, &tapped, arrival);
}

void play_fragment(struct play *play, const struct play_arrival *arrival, struct input *in)
{
    static struct play_arrival piece;
    static uint8_t whole[CHAIN_EDIT_MAX];
    struct tapped tapped;
    if (!tap(play, arrival, &tapped) || tapped.sender == NULL || tapped.fragment) {
        return;
    }
    size_t length = chain.length;
    size_t size = 1 + input_u8(in);
    uint8_t order = input_u8(in);
    size_t total = (length + size - 1) / size;
    total = total > 0 && total <= 64 ? total : 1;
    size = total == 1 ? length : size;
    memcpy(whole, chain.octets, length);
    tapped.fragment = true;
    tapped.skf.total = (uint16_t)total;
    for (size_t i = 0; i < total; i++) {
        size_t at = (order & 1) != 0 ? total - 1 - i : i; /* backwards, too */
        chain.length = length - at * size < size ? length - at * size : size;
        memcpy(chain.octets, whole + at * size, chain.length);
        tapped.skf.number = (uint16_t)(at + 1);
        piece = *arrival;
        if ((order & 2) == 0 || i + 1 < total) { /* perhaps the last never comes */
            if (seal_again(play, &tapped, &piece)) {
                play_deliver(play, &piece);
            }
        }
    }
}

void play_spoil(struct play_arrival *arrival, struct input *in)
{
    for (size_t changes = 1 + input_below(in, 4); changes > 0 && arrival->length > 0; changes--) {
        size_t at = input_u16(in) % arrival->length;
        uint8_t what = input_u8(in);
        if (what < 16) {
            arrival->length = at;
        } else if (what < 32 && arrival->length + what < sizeof arrival->octets) {
            memset(arrival->octets + arrival->length, input_u8(in), what);
            arrival->length += what;
        } else {
            arrival->octets[at] ^= what;
        }
    }
    if (arrival->length >= IKE_HEADER_LENGTH && (input_u8(in) & 3) != 0) {
        struct writer w = writer_over(arrival->octets, sizeof arrival->octets);
        w.length = arrival->length;
        ike_header_patch_length(&w);
    }
}

/* Messages neither side ever wanted to send, sealed with the keys of one: its payloads come from
 * the input, some of them with what would fit (SPIs that exist, selectors that are configured). */

#include <string.h>

#include "fuzz/play.h"
#include "protect/sk_message.h"

static const uint8_t exchanges[] = {IKE_SA_INIT, IKE_AUTH, CREATE_CHILD_SA, INFORMATIONAL,
                                    43,          0,        CREATE_CHILD_SA, INFORMATIONAL};

static const uint16_t notifies[] = {UNSUPPORTED_CRITICAL_PAYLOAD,
                                    INVALID_IKE_SPI,
                                    INVALID_SYNTAX,
                                    INVALID_MESSAGE_ID,
                                    INVALID_SPI,
                                    NO_PROPOSAL_CHOSEN,
                                    INVALID_KE_PAYLOAD,
                                    AUTHENTICATION_FAILED,
                                    SINGLE_PAIR_REQUIRED,
                                    NO_ADDITIONAL_SAS,
                                    TS_UNACCEPTABLE,
                                    INVALID_SELECTORS,
                                    UNACCEPTABLE_ADDRESSES,
                                    UNEXPECTED_NAT_DETECTED,
                                    TEMPORARY_FAILURE,
                                    CHILD_SA_NOT_FOUND,
                                    INITIAL_CONTACT,
                                    SET_WINDOW_SIZE,
                                    ADDITIONAL_TS_POSSIBLE,
                                    NAT_DETECTION_SOURCE_IP,
                                    NAT_DETECTION_DESTINATION_IP,
                                    COOKIE,
                                    USE_TRANSPORT_MODE,
                                    REKEY_SA,
                                    ESP_TFC_PADDING_NOT_SUPPORTED,
                                    NON_FIRST_FRAGMENTS_ALSO,
                                    MOBIKE_SUPPORTED,
                                    ADDITIONAL_IP4_ADDRESS,
                                    ADDITIONAL_IP6_ADDRESS,
                                    NO_ADDITIONAL_ADDRESSES,
                                    UPDATE_SA_ADDRESSES,
                                    COOKIE2,
                                    NO_NATS_ALLOWED,
                                    IKEV2_FRAGMENTATION_SUPPORTED,
                                    SIGNATURE_HASH_ALGORITHMS,
                                    65535,
                                    PUZZLE};

struct forger {
    const struct peer_config *peer; /* of the side that is spoken for */
    const struct ike_sa *sa;
    struct writer *w;
};

/* The SPI of a Child SA, as the side that is spoken for would name it; 0: it has none. */
static uint32_t spi_of(const struct forger *forger, size_t k, bool inbound)
{
    for (const struct child_sa *child = forger->sa->children; child != NULL; child = child->next) {
        if (k-- == 0) {
            return inbound ? child->spi_in : child->spi_out;
        }
    }
    return 0;
}

static void put_u32(uint8_t out[4], uint32_t value)
{
    struct writer w = writer_over(out, 4);
    writer_u32(&w, value);
}

static void put_sa(const struct forger *forger, struct input *in, bool ike)
{
    static struct sa_payload sa;
    uint8_t spi[8] = {1, 2, 3, 4, 5, 6, 7, 8};
    spi[3] = input_u8(in);
    const struct proposal_list *ours =
        ike ? &forger->peer->proposals : &forger->peer->children[0].proposals;
    sa.count = 1;
    sa.proposals[0] = ours->items[0];
    sa.proposals[0].number = 1;
    sa.proposals[0].protocol = ike ? PROTOCOL_IKE : PROTOCOL_ESP;
    sa.proposals[0].spi = bytes_of(spi, ike ? 8 : 4);
    uint8_t without = input_u8(in); /* a transform fewer, perhaps */
    if (without < sa.proposals[0].count) {
        sa.proposals[0].transforms[without] = sa.proposals[0].transforms[--sa.proposals[0].count];
    }
    sa_payload_build(forger->w, &sa);
}

static void put_notify(const struct forger *forger, struct input *in)
{
    uint8_t spi[4];
    uint16_t type = notifies[input_below(in, sizeof notifies / sizeof notifies[0])];
    uint8_t how = input_u8(in);
    put_u32(spi, spi_of(forger, how >> 4, (how & 1) == 0));
    bool with_spi = type == REKEY_SA || type == CHILD_SA_NOT_FOUND || (how & 2) != 0;
    notify_payload_build(forger->w, with_spi ? PROTOCOL_ESP : PROTOCOL_NONE,
                         bytes_of(spi, with_spi ? 4 : 0), type, input_take(in, input_u8(in)));
}

static void put_delete(const struct forger *forger, struct input *in)
{
    uint8_t spis[4 * 16];
    size_t count = input_below(in, 16);
    if (count == 0) {
        delete_payload_build(forger->w, PROTOCOL_IKE, 0, bytes_of(NULL, 0));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        put_u32(spis + 4 * i, spi_of(forger, i, (input_u8(in) & 1) == 0));
    }
    delete_payload_build(forger->w, PROTOCOL_ESP, 4, bytes_of(spis, 4 * count));
}

static void put_selectors(const struct forger *forger, struct input *in, bool ours)
{
    struct selector_list list =
        ours ? forger->peer->children[0].local : forger->peer->children[0].remote;
    if ((input_u8(in) & 1) != 0 && list.count > 0) { /* other ends, perhaps back to front */
        list.items[0].start.octets[3] = input_u8(in);
        list.items[0].end.octets[3] = input_u8(in);
    }
    ts_payload_build(forger->w, &list);
}

static void put_payload(const struct forger *forger, uint8_t type, struct input *in)
{
    switch (type) {
    case PAYLOAD_SA:
        put_sa(forger, in, (input_u8(in) & 1) != 0);
        break;
    case PAYLOAD_KE:
        ke_payload_build(forger->w, (uint16_t)(WORLD_KE_A + input_below(in, 3)),
                         bytes_of("\1\2\3\4\5\6\7\11", 8));
        break;
    case PAYLOAD_NONCE:
        writer_zero(forger->w, (input_u8(in) + 32U) % 300); /* too short and too long as well */
        break;
    case PAYLOAD_NOTIFY:
        put_notify(forger, in);
        break;
    case PAYLOAD_DELETE:
        put_delete(forger, in);
        break;
    case PAYLOAD_TSI:
    case PAYLOAD_TSR:
        put_selectors(forger, in, (type == PAYLOAD_TSI) == ((input_u8(in) & 1) == 0));
        break;
    default: /* whatever the input says */
        writer_put(forger->w, input_take(in, input_u8(in)));
        break;
    }
}

static uint8_t put_payloads(const struct forger *forger, struct input *in)
{
    static const uint8_t usual[] = {PAYLOAD_SA,  PAYLOAD_NONCE,  PAYLOAD_KE,        PAYLOAD_TSI,
                                    PAYLOAD_TSR, PAYLOAD_NOTIFY, PAYLOAD_DELETE,    PAYLOAD_NOTIFY,
                                    PAYLOAD_IDI, PAYLOAD_IDR,    PAYLOAD_AUTH,      PAYLOAD_CERT,
                                    PAYLOAD_CP,  PAYLOAD_EAP,    PAYLOAD_VENDOR_ID, PAYLOAD_PS};
    struct chain_writer chain = chain_writer_over(forger->w);
    while (in->left.length > 0 && forger->w->length < 8000) {
        uint8_t type = input_u8(in);
        type = type < 128 ? usual[type % sizeof usual] : type;
        payload_begin(&chain, type);
        put_payload(forger, type, in);
        payload_end(&chain);
    }
    return chain.first;
}

/* Mostly the Message ID that is waited for: anything else is not even opened. */
static uint32_t message_id(const struct ike_sa *receiver, bool response, struct input *in)
{
    uint8_t how = input_u8(in);
    uint32_t due = response ? receiver->request.message_id : receiver->expected_request;
    return how < 192 ? due : due + (uint32_t)(int8_t)(how << 2);
}

void play_forge(struct play *play, struct input *in)
{
    static uint8_t inner[16000];
    static struct play_arrival arrival;
    uint8_t how = input_u8(in);
    unsigned from = how & 1;
    bool response = (how & 2) != 0;
    struct ike_sa *sa = play_ike_sa(play, from, how >> 6);
    struct ike_sa *receiver =
        sa == NULL ? NULL : world_core_ike_sa_by_spis(&play->world, 1 - from, sa->spi_i, sa->spi_r);
    if (sa == NULL || receiver == NULL) {
        return;
    }
    struct ike_header header = {
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .exchange_type = response && (how & 4) == 0 ? receiver->request.exchange_type
                                                    : exchanges[input_below(in, sizeof exchanges)],
        .flags = (uint8_t)((sa->initiator != ((how & 8) != 0) ? IKE_FLAG_INITIATOR : 0) |
                           (response ? IKE_FLAG_RESPONSE : 0)),
        .message_id = message_id(receiver, response, in)};
    struct writer payloads = writer_over(inner, sizeof inner);
    struct forger forger = {&play->world.sides[from].peers[0], sa, &payloads};
    uint8_t first = put_payloads(&forger, in);
    struct writer w = writer_over(arrival.octets, sizeof arrival.octets);
    if (payloads.overflow ||
        sk_message_seal(&sa->protection, sa->seal, &play->world.sides[from].random, &header, first,
                        writer_bytes(&payloads), &w) != STATUS_OK) {
        return;
    }
    arrival.to = 1 - from;
    arrival.path = receiver->path;
    arrival.encapsulated = receiver->encapsulated;
    arrival.length = w.length;
    play->spoken_for = true;
    play_deliver(play, &arrival);
}

/* ESP between two data planes, the keys in the fuzzer's hand: inner packets of any octets, sealed
 * and changed, sealed with trailers of the input's choice, repeated, from elsewhere. The first
 * octet says how the planes are set up. */

#include "base/writer.h"
#include "esp/esp_header.h"
#include "esp/ip_packet.h"
#include "fuzz/input.h"
#include "test/esp/esp_lab.h"

#define KEPT 16

static struct lab lab;
static struct lab_packet kept[KEPT]; /* sealed by A, for B */
static size_t kept_count;
static uint64_t now_ns;

static void check(const struct packet *packet)
{
    if (packet->offset > packet->capacity || packet->length > packet->capacity - packet->offset) {
        finding("a packet leaves its buffer");
    }
}

/* B opens it; only what its selectors name comes out. */
static void open(struct lab_packet *p)
{
    esp_plane_open(lab.b, &p->packet, 1, now_ns);
    check(&p->packet);
    struct ip_packet ip;
    if (p->packet.verdict == PACKET_FORWARD) {
        if (ip_packet_parse(packet_bytes(&p->packet), &ip) != STATUS_OK) {
            finding("what is no IP packet is forwarded");
        }
        struct esp_pair_config config = lab_config(&lab, false, 1);
        if (!selector_list_matches(&config.local, &ip.key.destination, ip.key.protocol,
                                   ip.key.has_ports, ip.key.destination_port)) {
            finding("a packet outside the selectors is forwarded");
        }
    }
}

/* ---- operations ---- */

static void seal(struct input *in)
{
    struct lab_packet *p = &kept[kept_count++ % KEPT];
    lab_packet_set(p, in->left.length > 0 ? (const void *)in->left.data : "", in->left.length);
    esp_plane_seal(lab.a, &p->packet, 1, now_ns);
    check(&p->packet);
    if (p->packet.verdict != PACKET_FORWARD) {
        p->packet.length = 0;
    }
}

/* A good packet, a few octets of it changed before it is sealed. */
static void seal_flow(struct input *in)
{
    uint8_t inner[600];
    size_t length = lab_ip_build(inner, &lab.there, input_u8(in));
    for (size_t changes = input_below(in, 5); changes > 0; changes--) {
        inner[input_u8(in) % length] = input_u8(in);
    }
    length -= input_below(in, 8);
    struct input rest = input_of(inner, length);
    seal(&rest);
}

static void arrive(struct input *in)
{
    static struct lab_packet p;
    if (kept_count == 0) {
        return;
    }
    p = kept[input_below(in, kept_count < KEPT ? kept_count : KEPT)];
    p.packet.buffer = p.octets;
    lab_packet_cross(&p);
    uint8_t how = input_u8(in);
    if ((how & 1) != 0 && p.packet.length > 0) {
        p.octets[input_u8(in) % p.packet.length] ^= input_u8(in);
    }
    if ((how & 2) != 0) {
        p.packet.path.remote.port = input_u16(in);
    }
    if ((how & 4) != 0) {
        p.packet.length = input_below(in, p.packet.length + 1);
    }
    p.packet.tos = (how & 8) != 0 ? input_u8(in) : p.packet.tos;
    open(&p);
}

/* Text of any octets with the right key: padding, next header and what is in it are the input's. */
static void forge(struct input *in)
{
    static struct lab_packet p;
    struct esp_pair_config config = lab_config(&lab, true, 1);
    struct protector *protector = protector_create(
        &config.protection, bytes_of(config.encryption_out.data, config.encryption_out.length),
        bytes_of(config.integrity_out.data, config.integrity_out.length), PROTECTOR_SEAL);
    const struct protection *protection = &config.protection;
    struct esp_header header = {config.spi_out, input_u16(in)};
    struct esp_aad aad;
    struct writer w = writer_over(p.octets, sizeof p.octets);
    uint8_t *head = writer_reserve(&w, ESP_HEADER_LENGTH);
    esp_header_build(head, &header);
    uint8_t *iv = writer_reserve(&w, protection_iv_length(protection));
    size_t alignment = esp_alignment(protection);
    size_t length = in->left.length / alignment * alignment;
    uint8_t *text = w.data + w.length;
    writer_put(&w, bytes_of(in->left.data, length));
    uint8_t *icv = writer_reserve(&w, protection_icv_length(protection));
    esp_aad_build(&aad, header.spi, header.sequence, config.esn, protection->cipher->aead);
    if (protector_next_iv(protector, &lab_random, iv) == STATUS_OK &&
        protector_seal(protector, aad.aad, iv, text, length, aad.tail, icv) == STATUS_OK) {
        p.packet = (struct packet){.buffer = p.octets,
                                   .capacity = sizeof p.octets,
                                   .length = w.length,
                                   .path = {config.path.remote, config.path.local},
                                   .udp_encapsulation = config.udp_encapsulation};
        open(&p);
    }
    protector_destroy(protector);
}

static void noise(struct input *in)
{
    static struct lab_packet p;
    lab_packet_set(&p, in->left.length > 0 ? (const void *)in->left.data : "", in->left.length);
    p.packet.udp_encapsulation = lab.options.udp_encapsulation;
    open(&p);
}

static void time_passes(struct input *in)
{
    now_ns += input_u16(in) * (LAB_SECOND / 100);
    esp_plane_expire(lab.a, now_ns);
    esp_plane_expire(lab.b, now_ns);
}

static void remove_or_install(struct input *in)
{
    uint8_t how = input_u8(in);
    struct esp_pair_config config = lab_config(&lab, false, 1 + (how & 1));
    if ((how & 2) != 0) {
        esp_plane_pair_remove(lab.b, config.spi_in, now_ns, (how & 4) != 0 ? LAB_SECOND : 0);
    } else {
        (void)!esp_plane_pair_install(lab.b, &config, now_ns);
    }
}

static void path_mtu(struct input *in)
{
    (void)esp_plane_pair_set_path_mtu(lab.a, LAB_SPI_A(1), input_u16(in));
}

static void drain(struct esp_plane *plane)
{
    struct esp_event event;
    while (esp_plane_next_event(plane, &event)) {
    }
}

typedef void operation(struct input *in);
static operation *const operations[] = {seal_flow,         arrive,  forge, seal, noise, time_passes,
                                        remove_or_install, path_mtu};

#define OPERATIONS (sizeof operations / sizeof operations[0])

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    uint8_t how = input_u8(&in);
    struct lab_options options = {.algorithm = (how & 7) % LAB_ALGORITHMS,
                                  .transport_mode = (how & 8) != 0,
                                  .v6_inside = (how & 16) != 0,
                                  .v6_outside = (how & 32) != 0,
                                  .esn = (how & 64) != 0,
                                  .udp_encapsulation = (how & 128) != 0,
                                  .lifetime = {.hard_packets = 40, .soft_packets = 20}};
    uint8_t number;
    struct input arguments;
    kept_count = 0;
    now_ns = LAB_SECOND;
    lab_create(&lab, &options);
    lab_install(&lab, 1);
    for (unsigned i = 0; i < 100 && input_record(&in, &number, &arguments); i++) {
        operations[number % OPERATIONS](&arguments);
        drain(lab.a);
        drain(lab.b);
    }
    lab_destroy(&lab);
    return 0;
}

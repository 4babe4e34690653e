/* What the tests of the esp room share. */
#include "esp_lab.h"

#include <stdlib.h>

const struct lab_algorithm lab_algorithms[LAB_ALGORITHMS] = {
    {"gcm128", ENCR_AES_GCM_16, 128, AUTH_NONE},
    {"gcm192", ENCR_AES_GCM_16, 192, AUTH_NONE},
    {"gcm256", ENCR_AES_GCM_16, 256, AUTH_NONE},
    {"chacha", ENCR_CHACHA20_POLY1305, 256, AUTH_NONE},
    {"cbc128_sha256", ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128},
    {"cbc192_sha384", ENCR_AES_CBC, 192, AUTH_HMAC_SHA2_384_192},
    {"cbc256_sha512", ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256},
    {"null_sha256", ENCR_NULL, 0, AUTH_HMAC_SHA2_256_128},
};

static bool fill_a5(void *context, uint8_t *out, size_t length)
{
    (void)context;
    memset(out, 0xa5, length);
    return true;
}

const struct random_source lab_random = {.fill = fill_a5};

uint64_t lab_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

size_t lab_hex(const char *hex, uint8_t *out, size_t capacity)
{
    size_t length = strlen(hex) / 2;
    assert_true(length <= capacity);
    for (size_t i = 0; i < length; i++) {
        char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};
        out[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    return length;
}

struct address lab_address(const char *text)
{
    struct address out;
    assert_true(address_parse(text, &out));
    return out;
}

/* ---- packets ---- */

void lab_packet_set(struct lab_packet *p, const void *octets, size_t length)
{
    memset(&p->packet, 0, sizeof(p->packet));
    p->packet.buffer = p->octets;
    p->packet.capacity = sizeof(p->octets);
    p->packet.offset = ESP_HEADROOM;
    p->packet.length = length;
    assert_true(ESP_HEADROOM + length <= sizeof(p->octets));
    memcpy(p->octets + ESP_HEADROOM, octets, length);
}

void lab_packet_cross(struct lab_packet *p)
{
    struct transport_address local = p->packet.path.local;
    memmove(p->octets, p->octets + p->packet.offset, p->packet.length);
    p->packet.offset = 0;
    p->packet.path.local = p->packet.path.remote;
    p->packet.path.remote = local;
}

uint16_t lab_sum(const uint8_t *octets, size_t length, uint32_t start)
{
    uint32_t sum = start;
    for (size_t i = 0; i < length; i++) {
        sum += i % 2 == 0 ? (uint32_t)octets[i] * 256 : octets[i];
        sum = sum % 65536 + sum / 65536;
    }
    return (uint16_t)sum;
}

static void put_u16(uint8_t *at, size_t value)
{
    at[0] = (uint8_t)(value / 256);
    at[1] = (uint8_t)value;
}

static size_t upper_length(uint8_t protocol)
{
    return protocol == IP_PROTOCOL_TCP ? 20 : 8;
}

static size_t upper_checksum_offset(uint8_t protocol)
{
    return protocol == IP_PROTOCOL_TCP ? 16 : protocol == IP_PROTOCOL_UDP ? 6 : 2;
}

/* The sum of the pseudo-header: addresses, protocol, length. */
static uint32_t pseudo_sum(const uint8_t *ip, size_t upper)
{
    bool v4 = ip[0] >> 4 == 4;
    uint8_t protocol = v4 ? ip[9] : ip[6];
    if (protocol == IP_PROTOCOL_ICMP) {
        return 0;
    }
    uint16_t addresses = v4 ? lab_sum(ip + 12, 8, 0) : lab_sum(ip + 8, 32, 0);
    return (uint32_t)addresses + protocol + (uint32_t)upper;
}

static void upper_build(uint8_t *ip, uint8_t *at, const struct lab_flow *flow, size_t length)
{
    if (flow->protocol == IP_PROTOCOL_ICMP || flow->protocol == IP_PROTOCOL_ICMPV6) {
        put_u16(at, flow->source_port);
    } else {
        put_u16(at, flow->source_port);
        put_u16(at + 2, flow->destination_port);
    }
    if (flow->protocol == IP_PROTOCOL_UDP) {
        put_u16(at + 4, length);
    } else if (flow->protocol == IP_PROTOCOL_TCP) {
        at[12] = 0x50;
    }
    uint8_t *checksum = at + upper_checksum_offset(flow->protocol);
    uint16_t value = (uint16_t)~lab_sum(at, length, pseudo_sum(ip, length));
    put_u16(checksum, value == 0 && flow->protocol == IP_PROTOCOL_UDP ? 0xffff : value);
}

size_t lab_ip_build(uint8_t *out, const struct lab_flow *flow, size_t payload)
{
    struct address source = lab_address(flow->source);
    struct address destination = lab_address(flow->destination);
    size_t upper = upper_length(flow->protocol) + payload;
    size_t header = source.family == ADDRESS_V4 ? 20 : 40;
    memset(out, 0, header + upper);
    for (size_t i = 0; i < payload; i++) {
        out[header + upper - payload + i] = (uint8_t)(i * 7 + 1);
    }
    if (source.family == ADDRESS_V4) {
        out[0] = 0x45;
        out[1] = flow->tos;
        put_u16(out + 2, header + upper);
        put_u16(out + 6, (flow->dont_fragment ? 0x4000u : 0u) | flow->fragment_offset);
        out[8] = 64;
        out[9] = flow->protocol;
        memcpy(out + 12, source.octets, 4);
        memcpy(out + 16, destination.octets, 4);
        put_u16(out + 10, (uint16_t)~lab_sum(out, 20, 0));
    } else {
        put_u16(out, 0x6000u | (unsigned)flow->tos << 4);
        put_u16(out + 4, upper);
        out[6] = flow->protocol;
        out[7] = 64;
        memcpy(out + 8, source.octets, 16);
        memcpy(out + 24, destination.octets, 16);
    }
    upper_build(out, out + header, flow, upper);
    return header + upper;
}

void lab_assert_checksums(const uint8_t *octets, size_t length)
{
    size_t header = 40;
    if (octets[0] >> 4 == 4) {
        header = 20;
        assert_int_equal(lab_sum(octets, header, 0), 0xffff);
    }
    size_t upper = length - header;
    assert_int_equal(lab_sum(octets + header, upper, pseudo_sum(octets, upper)), 0xffff);
}

/* ---- two planes ---- */

static struct selector_list lab_selectors_of(const struct lab *lab, bool of_a)
{
    struct selector_list list = {.count = 1};
    const char *text = lab->options.v6_inside ? (of_a ? "2001:db8:a::/48" : "2001:db8:b::/48")
                                              : (of_a ? "10.1.0.0/16" : "10.2.0.0/16");
    if (lab->options.transport_mode) {
        text = lab->options.v6_inside ? (of_a ? "2001:db8::1" : "2001:db8::2")
                                      : (of_a ? "192.0.2.1" : "192.0.2.2");
    }
    assert_true(selector_parse(text, &list.items[0]));
    return list;
}

static uint32_t policy_add(const struct lab *lab, struct esp_plane *plane, bool at_a)
{
    struct esp_policy policy = {
        .action = POLICY_PROTECT,
        .transport_mode = lab->options.transport_mode,
        .local = lab_selectors_of(lab, at_a),
        .remote = lab_selectors_of(lab, !at_a),
        .user = at_a ? 0xa : 0xb,
        .held_max = lab->options.held_max,
    };
    uint32_t id = 0;
    assert_int_equal(esp_plane_policy_add(plane, &policy, &id), STATUS_OK);
    assert_int_not_equal(id, 0);
    return id;
}

void lab_create(struct lab *lab, const struct lab_options *options)
{
    memset(lab, 0, sizeof(*lab));
    lab->options = *options;
    lab->a = esp_plane_create(&lab_random);
    lab->b = esp_plane_create(&lab_random);
    assert_non_null(lab->a);
    assert_non_null(lab->b);
    lab->policy_a = policy_add(lab, lab->a, true);
    lab->policy_b = policy_add(lab, lab->b, false);
    const char *a = options->v6_inside ? "2001:db8:a::1" : "10.1.0.1";
    const char *b = options->v6_inside ? "2001:db8:b::1" : "10.2.0.1";
    if (options->transport_mode) {
        a = options->v6_inside ? "2001:db8::1" : "192.0.2.1";
        b = options->v6_inside ? "2001:db8::2" : "192.0.2.2";
    }
    lab->there = (struct lab_flow){.source = a,
                                   .destination = b,
                                   .protocol = IP_PROTOCOL_UDP,
                                   .source_port = 1000,
                                   .destination_port = 2000};
    lab->back = (struct lab_flow){.source = b,
                                  .destination = a,
                                  .protocol = IP_PROTOCOL_UDP,
                                  .source_port = 2000,
                                  .destination_port = 1000};
}

void lab_destroy(struct lab *lab)
{
    esp_plane_destroy(lab->a);
    esp_plane_destroy(lab->b);
}

static struct secret key_of(size_t length, uint8_t first)
{
    struct secret secret = {.length = length};
    for (size_t i = 0; i < length; i++) {
        secret.data[i] = (uint8_t)(first + i);
    }
    return secret;
}

struct esp_pair_config lab_config(const struct lab *lab, bool at_a, uint32_t number)
{
    const struct lab_algorithm *algorithm = &lab_algorithms[lab->options.algorithm];
    uint32_t window = lab->options.replay_window;
    bool v6 = lab->options.transport_mode ? lab->options.v6_inside : lab->options.v6_outside;
    struct transport_address a = {lab_address(v6 ? "2001:db8::1" : "192.0.2.1"), 4500};
    struct transport_address b = {lab_address(v6 ? "2001:db8::2" : "192.0.2.2"), 4500};
    struct esp_pair_config config = {
        .spi_in = at_a ? LAB_SPI_A(number) : LAB_SPI_B(number),
        .spi_out = at_a ? LAB_SPI_B(number) : LAB_SPI_A(number),
        .policy = at_a ? lab->policy_a : lab->policy_b,
        .protection = {cipher_algorithm_find(algorithm->encr), algorithm->key_bits,
                       integrity_algorithm_find(algorithm->integ)},
        .esn = lab->options.esn,
        .transport_mode = lab->options.transport_mode,
        .replay_window = window == LAB_NO_WINDOW ? 0
                         : window == 0           ? 64
                                                 : window,
        .path = {at_a ? a : b, at_a ? b : a},
        .udp_encapsulation = lab->options.udp_encapsulation,
        .local = lab_selectors_of(lab, at_a),
        .remote = lab_selectors_of(lab, !at_a),
        .lifetime = lab->options.lifetime,
        .copy_dscp = true,
        .ecn = true,
        .user = at_a ? LAB_SPI_A(number) : LAB_SPI_B(number),
    };
    size_t encryption = protection_encryption_key_length(&config.protection);
    size_t integrity = protection_integrity_key_length(&config.protection);
    uint8_t to_b = (uint8_t)(number * 2);
    uint8_t to_a = (uint8_t)(number * 2 + 1);
    config.encryption_out = key_of(encryption, at_a ? to_b : to_a);
    config.encryption_in = key_of(encryption, at_a ? to_a : to_b);
    config.integrity_out = key_of(integrity, (uint8_t)(0x80 + (at_a ? to_b : to_a)));
    config.integrity_in = key_of(integrity, (uint8_t)(0x80 + (at_a ? to_a : to_b)));
    return config;
}

void lab_install(struct lab *lab, uint32_t number)
{
    struct esp_pair_config a = lab_config(lab, true, number);
    struct esp_pair_config b = lab_config(lab, false, number);
    assert_int_equal(esp_plane_pair_install(lab->a, &a, 0), STATUS_OK);
    assert_int_equal(esp_plane_pair_install(lab->b, &b, 0), STATUS_OK);
}

enum packet_verdict lab_seal(struct esp_plane *plane, struct lab_packet *p)
{
    esp_plane_seal(plane, &p->packet, 1, LAB_SECOND);
    return p->packet.verdict;
}

enum packet_verdict lab_open(struct esp_plane *plane, struct lab_packet *p)
{
    esp_plane_open(plane, &p->packet, 1, LAB_SECOND);
    return p->packet.verdict;
}

enum packet_verdict lab_seal_there(struct lab *lab, struct lab_packet *p, size_t payload)
{
    uint8_t inner[2000];
    lab_packet_set(p, inner, lab_ip_build(inner, &lab->there, payload));
    return lab_seal(lab->a, p);
}

enum packet_verdict lab_seal_numbered(struct lab *lab, struct lab_packet *p, uint16_t number)
{
    uint8_t inner[256];
    struct lab_flow flow = lab->there;
    flow.source_port = number;
    lab_packet_set(p, inner, lab_ip_build(inner, &flow, 10));
    return lab_seal(lab->a, p);
}

void lab_assert_arrives(struct lab *lab, bool from_a)
{
    uint8_t inner[256];
    size_t length = lab_ip_build(inner, from_a ? &lab->there : &lab->back, 50);
    struct lab_packet p;
    lab_packet_set(&p, inner, length);
    assert_int_equal(lab_seal(from_a ? lab->a : lab->b, &p), PACKET_FORWARD);
    lab_packet_cross(&p);
    assert_int_equal(lab_open(from_a ? lab->b : lab->a, &p), PACKET_FORWARD);
    assert_int_equal(p.packet.length, length);
    assert_memory_equal(packet_bytes(&p.packet).data + 20, inner + 20, length - 20);
}

struct esp_event lab_expect_event(struct esp_plane *plane, enum esp_event_type type)
{
    struct esp_event event;
    assert_true(esp_plane_next_event(plane, &event));
    assert_int_equal(event.type, type);
    return event;
}

void lab_expect_no_event(struct esp_plane *plane)
{
    struct esp_event event;
    assert_false(esp_plane_next_event(plane, &event));
}

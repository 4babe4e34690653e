/* A burst of inner packets through the data plane, sealed at one end and opened at the other, by
 * algorithm and length. What has to be: no allocation for any of them. */

#include "bench/cases.h"

#include <string.h>

#include "esp/checksum.h"
#include "esp/esp_plane.h"
#include "esp/ip_packet.h"

#define BURST 16
#define BUFFER_LENGTH (ESP_HEADROOM + 1500 + ESP_TAILROOM)
#define SPI_A 0x1a2b3c4d
#define SPI_B 0x5e6f7a8b

static const struct {
    const char *name;
    uint16_t encr, key_bits, integ;
} algorithms[] = {
    {"aes128gcm16", ENCR_AES_GCM_16, 128, AUTH_NONE},
    {"chacha20poly1305", ENCR_CHACHA20_POLY1305, 256, AUTH_NONE},
    {"aes128-sha256", ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128},
};
static const size_t lengths[] = {64, 512, 1420}; /* of the inner packet, with its IP header */

struct way {
    struct esp_plane *a, *b;
    bool count_sealing; /* else opening */
    size_t length;
    uint8_t inner[1500];
    uint8_t buffers[BURST][BUFFER_LENGTH];
    struct packet packets[BURST];
};

/* ---- the two planes ---- */

static struct transport_address end_of(const struct bench *bench, const char *text)
{
    struct transport_address end = {.port = IKE_NATT_PORT};
    bench_insist(bench, address_parse(text, &end.ip), "an address is none");
    return end;
}

static struct selector_list net(const struct bench *bench, const char *text)
{
    struct selector_list list = {.count = 1};
    bench_insist(bench, selector_parse(text, &list.items[0]), "a net is none");
    return list;
}

static struct secret key_of(size_t length, uint8_t octet)
{
    struct secret key = {.length = length};
    memset(key.data, octet, length);
    return key;
}

static struct esp_plane *plane_create(struct bench *bench, size_t algorithm, bool at_a)
{
    struct esp_plane *plane = esp_plane_create(&bench->random);
    struct transport_address a = end_of(bench, "192.0.2.1");
    struct transport_address b = end_of(bench, "192.0.2.2");
    struct esp_policy policy = {.action = POLICY_PROTECT,
                                .local = net(bench, at_a ? "10.1.0.0/16" : "10.2.0.0/16"),
                                .remote = net(bench, at_a ? "10.2.0.0/16" : "10.1.0.0/16")};
    struct esp_pair_config config = {
        .spi_in = at_a ? SPI_A : SPI_B,
        .spi_out = at_a ? SPI_B : SPI_A,
        .protection = {cipher_algorithm_find(algorithms[algorithm].encr),
                       algorithms[algorithm].key_bits,
                       integrity_algorithm_find(algorithms[algorithm].integ)},
        .esn = true,
        .replay_window = 256,
        .path = {at_a ? a : b, at_a ? b : a},
        .local = policy.local,
        .remote = policy.remote,
        .copy_dscp = true,
        .ecn = true,
    };
    size_t encryption = protection_encryption_key_length(&config.protection);
    size_t integrity = protection_integrity_key_length(&config.protection);
    config.encryption_in = key_of(encryption, at_a ? 0xaa : 0xbb);
    config.encryption_out = key_of(encryption, at_a ? 0xbb : 0xaa);
    config.integrity_in = key_of(integrity, at_a ? 0x1a : 0x1b);
    config.integrity_out = key_of(integrity, at_a ? 0x1b : 0x1a);
    bench_insist(bench,
                 plane != NULL &&
                     esp_plane_policy_add(plane, &policy, &config.policy) == STATUS_OK &&
                     esp_plane_pair_install(plane, &config, 1) == STATUS_OK,
                 "a data plane cannot be set up");
    return plane;
}

/* ---- packets ---- */

/* UDP from 10.1.0.1 to 10.2.0.1; nobody looks at its checksum, which is none (RFC 768). */
static void inner_build(struct bench *bench, struct way *way)
{
    static const uint8_t addresses[8] = {10, 1, 0, 1, 10, 2, 0, 1};
    uint8_t *ip = way->inner;
    bench_insist(bench, random_fill(&bench->random, ip, way->length) == STATUS_OK,
                 "randomness has gone");
    memset(ip, 0, IPV4_HEADER_LENGTH + 8);
    ip[0] = 0x45;
    octets_put_u16(ip + 2, (uint16_t)way->length);
    ip[8] = 64;
    ip[9] = IP_PROTOCOL_UDP;
    memcpy(ip + 12, addresses, sizeof addresses);
    octets_put_u16(ip + 10, checksum_finish(checksum_add(0, ip, IPV4_HEADER_LENGTH)));
    octets_put_u16(ip + IPV4_HEADER_LENGTH, 1000);
    octets_put_u16(ip + IPV4_HEADER_LENGTH + 2, 2000);
    octets_put_u16(ip + IPV4_HEADER_LENGTH + 4, (uint16_t)(way->length - IPV4_HEADER_LENGTH));
}

static void burst_set(struct way *way)
{
    memset(way->packets, 0, sizeof way->packets);
    for (size_t i = 0; i < BURST; i++) {
        way->packets[i] = (struct packet){.buffer = way->buffers[i],
                                          .capacity = BUFFER_LENGTH,
                                          .offset = ESP_HEADROOM,
                                          .length = way->length};
        memcpy(way->buffers[i] + ESP_HEADROOM, way->inner, way->length);
    }
}

/* As the socket at the other end would have it. */
static void burst_cross(struct way *way)
{
    for (size_t i = 0; i < BURST; i++) {
        struct packet *packet = &way->packets[i];
        struct transport_address local = packet->path.local;
        packet->path.local = packet->path.remote;
        packet->path.remote = local;
        packet->user = 0;
    }
}

static bool burst_went(const struct way *way)
{
    bool went = true;
    for (size_t i = 0; i < BURST; i++) {
        went = went && way->packets[i].verdict == PACKET_FORWARD;
    }
    return went;
}

static void play_burst(struct bench *bench, void *context)
{
    struct way *way = context;
    burst_set(way);
    if (way->count_sealing) {
        bench_on(bench);
    }
    esp_plane_seal(way->a, way->packets, BURST, 2);
    if (way->count_sealing) {
        bench_off(bench);
    }
    bench_insist(bench, burst_went(way), "a packet was not sealed");
    burst_cross(way);
    if (!way->count_sealing) {
        bench_on(bench);
    }
    esp_plane_open(way->b, way->packets, BURST, 3);
    if (!way->count_sealing) {
        bench_off(bench);
    }
    const struct packet *last = &way->packets[BURST - 1];
    bench_insist(bench,
                 burst_went(way) && bytes_equal(bytes_of(last->buffer + last->offset, last->length),
                                                bytes_of(way->inner, way->length)),
                 "a packet did not come through");
}

void esp_cases(struct bench *bench)
{
    static struct way way;
    static const char *const verbs[2] = {"open", "seal"};
    for (unsigned sealing = 0; sealing < 2; sealing++) {
        for (size_t a = 0; a < sizeof algorithms / sizeof algorithms[0]; a++) {
            for (size_t l = 0; l < sizeof lengths / sizeof lengths[0]; l++) {
                if (!bench_begin(bench, "esp.%s.%s.%zu", verbs[sealing], algorithms[a].name,
                                 lengths[l])) {
                    continue;
                }
                way.count_sealing = sealing != 0;
                way.length = lengths[l];
                way.a = plane_create(bench, a, true);
                way.b = plane_create(bench, a, false);
                inner_build(bench, &way);
                bench_play(bench, BURST, play_burst, &way);
                esp_plane_destroy(way.a);
                esp_plane_destroy(way.b);
            }
        }
    }
}

/* What the tests of the esp room share: two data planes joined by mirrored pairs, packets to send
 * between them, and checksums computed another way than ref/esp does. */
#ifndef IKEREF_TEST_ESP_LAB_H
#define IKEREF_TEST_ESP_LAB_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "esp/esp_plane_state.h"
#include "esp/packet.h"

#define LAB_CAPACITY 4096
#define LAB_SECOND UINT64_C(1000000000)

struct lab_algorithm {
    const char *name;
    uint16_t encr, key_bits, integ;
};

#define LAB_ALGORITHMS 8
extern const struct lab_algorithm lab_algorithms[LAB_ALGORITHMS];

/* Randomness for CBC's IVs: every octet 0xa5. */
extern const struct random_source lab_random;

/* A small deterministic generator; start with any seed but 0. */
uint64_t lab_next(uint64_t *seed);

/* Octets of hex text into `out`; their number. */
size_t lab_hex(const char *hex, uint8_t *out, size_t capacity);

/* ---- packets ---- */

struct lab_packet {
    struct packet packet;
    uint8_t octets[LAB_CAPACITY];
};

/* The octets as an inner packet with the room a good owner leaves. */
void lab_packet_set(struct lab_packet *p, const void *octets, size_t length);

/* The same octets as they would come from a socket: at the front of a buffer, path seen from the
 * other end. */
void lab_packet_cross(struct lab_packet *p);

struct lab_flow {
    const char *source, *destination; /* addresses as text */
    uint8_t protocol;
    uint16_t source_port, destination_port; /* ICMP: type and code in the first */
    uint8_t tos;
    bool dont_fragment;
    uint16_t fragment_offset; /* in units of 8 octets */
};

/* A whole IPv4 or IPv6 packet with right checksums, `payload` octets behind the upper header (8
 * octets for UDP and ICMP, 20 for TCP). Its length. */
size_t lab_ip_build(uint8_t *out, const struct lab_flow *flow, size_t payload);

/* The plain one's complement sum of 16-bit words of everything: 0xffff when a checksum is right. */
uint16_t lab_sum(const uint8_t *octets, size_t length, uint32_t start);

/* Fails the test unless header and upper-layer checksums of this IP packet are right. */
void lab_assert_checksums(const uint8_t *octets, size_t length);

/* ---- two planes ---- */

struct lab_options {
    size_t algorithm;
    bool transport_mode, v6_inside, v6_outside, esn, udp_encapsulation;
    uint32_t replay_window; /* 0: 64; LAB_NO_WINDOW: none */
    struct esp_lifetime lifetime;
    uint32_t held_max;
};

#define LAB_NO_WINDOW UINT32_MAX

struct lab {
    struct lab_options options;
    struct esp_plane *a, *b;
    uint32_t policy_a, policy_b;
    struct lab_flow there, back; /* a flow that fits, as seen from A and from B */
};

/* Planes with a policy each, no pairs. */
void lab_create(struct lab *lab, const struct lab_options *options);
void lab_destroy(struct lab *lab);

/* Config of A's or B's side of the pair number `number` (from 1): SPIs are 0x1000 + number at A,
 * 0x2000 + number at B; user is the SPI. */
struct esp_pair_config lab_config(const struct lab *lab, bool at_a, uint32_t number);
void lab_install(struct lab *lab, uint32_t number); /* at both ends */

#define LAB_SPI_A(number) (0x1000u + (number))
#define LAB_SPI_B(number) (0x2000u + (number))

enum packet_verdict lab_seal(struct esp_plane *plane, struct lab_packet *p);
enum packet_verdict lab_open(struct esp_plane *plane, struct lab_packet *p);

/* A packet of the flow from A, sealed. */
enum packet_verdict lab_seal_there(struct lab *lab, struct lab_packet *p, size_t payload);
/* The same with a source port of its own, so that packets can be told apart. */
enum packet_verdict lab_seal_numbered(struct lab *lab, struct lab_packet *p, uint16_t number);

/* A packet of the flow goes from A to B (or back); the test fails unless it arrives unchanged. */
void lab_assert_arrives(struct lab *lab, bool from_a);

/* The next event is of this type; fails otherwise. */
struct esp_event lab_expect_event(struct esp_plane *plane, enum esp_event_type type);
void lab_expect_no_event(struct esp_plane *plane);

struct address lab_address(const char *text);

#endif

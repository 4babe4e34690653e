/* Sealing and opening one packet: against packets other implementations made, and against itself
 * for every algorithm, mode, family and size. */
#include "esp_lab.h"

#include <stdlib.h>

#include "esp/esp_packet.h"

/* The golden packets below were made offline by scapy 2.5 (scapy.layers.ipsec) so:
 *
 *   sa = SecurityAssociation(ESP, spi=0x1000abcd, crypt_algo=..., crypt_key=octets 00 01 02...,
 *                            auth_algo=..., auth_key=octets 80 81 82...,
 *                            tunnel_header=IP(src="192.0.2.1", dst="192.0.2.2"))  # tunnel mode
 *   sa.encrypt(inner, seq_num=1, iv=octets 00...01 for an AEAD, a5 sixteen times for CBC,
 *              esn_en=True, esn=0)                                                # the ESN ones
 *   INNER_V4 = IP(src="10.1.0.1", dst="10.2.0.1", id=1) / UDP(sport=1000, dport=2000)
 *              / Raw(b"ikelab golden packet")
 *   INNER_V6 = IPv6(src="2001:db8::1", dst="2001:db8::2") / UDP(sport=1000, dport=2000)
 *              / Raw(b"ikelab")                                                    # transport mode
 *
 * scapy has no ESN with a separate integrity algorithm: those were encrypted with auth_algo="NULL"
 * and Python's hmac over the packet and the high half put behind. */
#define INNER_V4                                                                                   \
    "4500003000010000401166b80a0100010a02000103e807d0001c1425696b656c616220676f6c6465"             \
    "6e207061636b6574"
#define INNER_V6                                                                                   \
    "60000000000e114020010db800000000000000000000000120010db8000000000000000000000002"             \
    "03e807d0000e686b696b656c6162"
#define GOLDEN_SPI 0x1000abcd

struct golden {
    const char *name;
    uint16_t encr, key_bits, integ;
    bool transport_mode, esn;
    const char *inner, *esp;
};

static const struct golden golden_packets[] = {
    {"gcm128 tunnel", ENCR_AES_GCM_16, 128, AUTH_NONE, false, false, INNER_V4,
     "1000abcd0000000100000000000000011b46faa1bb152e167f96cbf51085f2e7db92537c180e613d"
     "9b50311c2b93dc3796081fa739e81bb1caaad135b99b10a4cbeb8e2b8a3d2895fea1a06496bfe168"
     "6b8131f8"},
    {"gcm128 tunnel esn", ENCR_AES_GCM_16, 128, AUTH_NONE, false, true, INNER_V4,
     "1000abcd0000000100000000000000011b46faa1bb152e167f96cbf51085f2e7db92537c180e613d"
     "9b50311c2b93dc3796081fa739e81bb1caaad135b99b10a4cbeb8e2bec13fb15d8b33dad740004ad"
     "54770004"},
    {"gcm128 transport", ENCR_AES_GCM_16, 128, AUTH_NONE, true, false, INNER_V6,
     "1000abcd0000000100000000000000015daefd41bb1a467d56ecc8217be6f2f77b0f2954ebc1bdec"
     "b1864f7abf451136"},
    {"gcm128 transport esn", ENCR_AES_GCM_16, 128, AUTH_NONE, true, true, INNER_V6,
     "1000abcd0000000100000000000000015daefd41bb1a467d56ecc8217be6f2f798a0714c0f8dd853"
     "f227ae41f0cc2198"},
    {"gcm192 tunnel", ENCR_AES_GCM_16, 192, AUTH_NONE, false, false, INNER_V4,
     "1000abcd0000000100000000000000013a0acb7542999f491aadc4e54e3b2432e76ca323b1c4e7c2"
     "008c12da404d99459b71a1748b7f939f577aebb428f27c2db17a4b29e54758ead9c38b83071791a8"
     "c8df9983"},
    {"gcm192 tunnel esn", ENCR_AES_GCM_16, 192, AUTH_NONE, false, true, INNER_V4,
     "1000abcd0000000100000000000000013a0acb7542999f491aadc4e54e3b2432e76ca323b1c4e7c2"
     "008c12da404d99459b71a1748b7f939f577aebb428f27c2db17a4b2951ee81fd55d709ae1e46d85d"
     "f20fa822"},
    {"gcm192 transport", ENCR_AES_GCM_16, 192, AUTH_NONE, true, false, INNER_V6,
     "1000abcd0000000100000000000000017ce2cc954296f72233d7c73125582422e8b0d18db6924489"
     "f49e18b65db985ca"},
    {"gcm192 transport esn", ENCR_AES_GCM_16, 192, AUTH_NONE, true, true, INNER_V6,
     "1000abcd0000000100000000000000017ce2cc954296f72233d7c73125582422a27d1365cc5185ba"
     "3e263b40e710185e"},
    {"gcm256 tunnel", ENCR_AES_GCM_16, 256, AUTH_NONE, false, false, INNER_V4,
     "1000abcd0000000100000000000000012c8f3b86566005da46dadde25b3d755f547c57d2c7946f8a"
     "563b5415224a28119157026e29df90243e7aac4db4f6468a2459a761e965644c4211aee17b39658d"
     "8d4758c7"},
    {"gcm256 tunnel esn", ENCR_AES_GCM_16, 256, AUTH_NONE, false, true, INNER_V4,
     "1000abcd0000000100000000000000012c8f3b86566005da46dadde25b3d755f547c57d2c7946f8a"
     "563b5415224a28119157026e29df90243e7aac4db4f6468a2459a761bf6349fbbc4911fef6b68c23"
     "70e5359d"},
    {"gcm256 transport", ENCR_AES_GCM_16, 256, AUTH_NONE, true, false, INNER_V6,
     "1000abcd0000000100000000000000016a673c66566f6db16fa0de36305e754feebf734f0a2000fe"
     "de1d77bc32de9ee9"},
    {"gcm256 transport esn", ENCR_AES_GCM_16, 256, AUTH_NONE, true, true, INNER_V6,
     "1000abcd0000000100000000000000016a673c66566f6db16fa0de36305e754f5d9ad4ffbca3b348"
     "890ec1c8ef94f5ef"},
    {"chacha tunnel", ENCR_CHACHA20_POLY1305, 256, AUTH_NONE, false, false, INNER_V4,
     "1000abcd000000010000000000000001d5b14d6683edd20fef88688b75c61e0a5b487e79a0883c04"
     "957b672e47fad43a1019778a7093d222c78754db3bc2b639498adf4782139aa54e6693b7d09cb65b"
     "324ea842"},
    {"chacha tunnel esn", ENCR_CHACHA20_POLY1305, 256, AUTH_NONE, false, true, INNER_V4,
     "1000abcd000000010000000000000001d5b14d6683edd20fef88688b75c61e0a5b487e79a0883c04"
     "957b672e47fad43a1019778a7093d222c78754db3bc2b639498adf47e02f221dcd939b8166092d6c"
     "53fb0e4d"},
    {"chacha transport", ENCR_CHACHA20_POLY1305, 256, AUTH_NONE, true, false, INNER_V6,
     "1000abcd00000001000000000000000193594a8683e2ba64c6f26b5f1ea51e1a9de9b619ead0fc4b"
     "12fa3145cc9edc6e"},
    {"chacha transport esn", ENCR_CHACHA20_POLY1305, 256, AUTH_NONE, true, true, INNER_V6,
     "1000abcd00000001000000000000000193594a8683e2ba64c6f26b5f1ea51e1a4a082f9f30b346b1"
     "ee52c0c5c25d10a3"},
    {"cbc128_sha256 tunnel", ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128, false, false, INNER_V4,
     "1000abcd00000001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a552cc701887e4c89e31db9c1b12665813"
     "387147bac147c83586439d5e14a5bee63c22113a68d408259e66396d2f2b8acb8735398aef3ce31f"
     "71e2e64abd94d615dac44a7c51fc78493d2106b10f9a3eba"},
    {"cbc128_sha256 tunnel esn", ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128, false, true, INNER_V4,
     "1000abcd00000001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a552cc701887e4c89e31db9c1b12665813"
     "387147bac147c83586439d5e14a5bee63c22113a68d408259e66396d2f2b8acb8735398aef3ce31f"
     "71e2e64abd94d6153347a862efc11094af0a0124a43dfb69"},
    {"cbc128_sha256 transport", ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128, true, false, INNER_V6,
     "1000abcd00000001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5f16b4d49848444ef19b3fc8501ba6586"
     "290099fe5b5abd69daca1440bc741e19"},
    {"cbc128_sha256 transport esn", ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128, true, true, INNER_V6,
     "1000abcd00000001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5f16b4d49848444ef19b3fc8501ba6586"
     "5709abf727f6397117a98493bfaa1195"},
    {"cbc192_sha384 tunnel", ENCR_AES_CBC, 192, AUTH_HMAC_SHA2_384_192, false, false, INNER_V4,
     "1000abcd00000001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5b3ea32424473cc006b1bfe478797daa3"
     "b724e4bb938275fa7e89ad9962d1a745aebb44087ac4b6f17819305f9205bd5415af37833d10815a"
     "b45bef51dbfc74b7701391163a9c2df751639fe27402898bc07ff42bceaad14a"},
    {"cbc192_sha384 tunnel esn", ENCR_AES_CBC, 192, AUTH_HMAC_SHA2_384_192, false, true, INNER_V4,
     "1000abcd00000001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5b3ea32424473cc006b1bfe478797daa3"
     "b724e4bb938275fa7e89ad9962d1a745aebb44087ac4b6f17819305f9205bd5415af37833d10815a"
     "b45bef51dbfc74b71b379a5235632204bf38eaa4d335d193927daad814cce9ab"},
    {"cbc192_sha384 transport", ENCR_AES_CBC, 192, AUTH_HMAC_SHA2_384_192, true, false, INNER_V6,
     "1000abcd00000001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a59fbe019a02e903302ae20ad014caa45d"
     "3f597088a45b10f0f7c20ee87befb6ec0b1b50856c2a52da"},
    {"cbc192_sha384 transport esn", ENCR_AES_CBC, 192, AUTH_HMAC_SHA2_384_192, true, true, INNER_V6,
     "1000abcd00000001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a59fbe019a02e903302ae20ad014caa45d"
     "f429af90449645be13b0e4f37753835fb3d2facdd54fb123"},
    {"cbc256_sha512 tunnel", ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256, false, false, INNER_V4,
     "1000abcd00000001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5d6536dee6845fafb4bb1630065035d06"
     "bfb39b910622f90a897261693a091187f728d5122ca2d2a82c01805a7584f2c9c24da476526845ee"
     "681bfb5974c943289d94de1aefff823b9d69b1dba452b4ec3cb15bdd5fa79429c77e6428ec776565"},
    {"cbc256_sha512 tunnel esn", ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256, false, true, INNER_V4,
     "1000abcd00000001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5d6536dee6845fafb4bb1630065035d06"
     "bfb39b910622f90a897261693a091187f728d5122ca2d2a82c01805a7584f2c9c24da476526845ee"
     "681bfb5974c94328b61af541cf7d5139fe7f14221f0da88e39cc18133e1dc3043630e5b80351f349"},
    {"cbc256_sha512 transport", ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256, true, false, INNER_V6,
     "1000abcd00000001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a59a3a5fa3b612a95b61fc49682e0c0f33"
     "a4de47ad67b6582283f74d87ef6b0a35538b7d572335c06d93879771c0898f1a"},
    {"cbc256_sha512 transport esn", ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256, true, true, INNER_V6,
     "1000abcd00000001a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a59a3a5fa3b612a95b61fc49682e0c0f33"
     "4882b301616f84b9cebff435a7b31843e29c8fe3cb405cc916ee4ee1db036666"},
};

static struct secret counting(size_t length, uint8_t first)
{
    struct secret secret = {.length = length};
    for (size_t i = 0; i < length; i++) {
        secret.data[i] = (uint8_t)(first + i);
    }
    return secret;
}

static struct selector_list everything(void)
{
    return (struct selector_list){.count = 2,
                                  .items = {selector_any(ADDRESS_V4), selector_any(ADDRESS_V6)}};
}

/* Both directions with the same keys and SPI: what a plane seals it could open itself. */
static struct esp_plane *golden_plane(uint16_t encr, uint16_t key_bits, uint16_t integ,
                                      bool transport_mode, bool esn)
{
    struct esp_plane *plane = esp_plane_create(&lab_random);
    struct esp_policy policy = {
        .action = POLICY_PROTECT, .local = everything(), .remote = everything()};
    struct esp_pair_config config = {
        .spi_in = GOLDEN_SPI,
        .spi_out = GOLDEN_SPI,
        .protection = {cipher_algorithm_find(encr), key_bits, integrity_algorithm_find(integ)},
        .esn = esn,
        .transport_mode = transport_mode,
        .replay_window = 64,
        .path = {{lab_address("2001:db8::1"), 0}, {lab_address("2001:db8::2"), 0}},
        .local = everything(),
        .remote = everything(),
    };
    assert_non_null(plane);
    config.encryption_in = config.encryption_out =
        counting(protection_encryption_key_length(&config.protection), 0);
    config.integrity_in = config.integrity_out =
        counting(protection_integrity_key_length(&config.protection), 0x80);
    assert_int_equal(esp_plane_policy_add(plane, &policy, &config.policy), STATUS_OK);
    assert_int_equal(esp_plane_pair_install(plane, &config, 0), STATUS_OK);
    return plane;
}

static void assert_packet_is(const struct lab_packet *p, const uint8_t *octets, size_t length,
                             const char *name)
{
    if (p->packet.length != length || memcmp(packet_octets(&p->packet), octets, length) != 0) {
        fail_msg("%s: other octets than expected", name);
    }
}

static void test_golden_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(golden_packets) / sizeof(golden_packets[0]); i++) {
        const struct golden *g = &golden_packets[i];
        struct esp_plane *plane =
            golden_plane(g->encr, g->key_bits, g->integ, g->transport_mode, g->esn);
        uint8_t inner[256], esp[256];
        size_t inner_length = lab_hex(g->inner, inner, sizeof(inner));
        size_t esp_length = lab_hex(g->esp, esp, sizeof(esp));
        struct lab_packet p;

        lab_packet_set(&p, inner, inner_length);
        assert_int_equal(lab_seal(plane, &p), PACKET_FORWARD);
        assert_packet_is(&p, esp, esp_length, g->name);

        lab_packet_set(&p, esp, esp_length);
        p.packet.path.remote.ip = lab_address("2001:db8::1");
        p.packet.path.local.ip = lab_address("2001:db8::2");
        assert_int_equal(lab_open(plane, &p), PACKET_FORWARD);
        assert_packet_is(&p, inner, inner_length, g->name);
        esp_plane_destroy(plane);
    }
}

/* Sequence number 2^32 + 5: the high half is not in the packet. Made as above with seq_num=5,
 * esn=1. */
static const struct {
    const char *name;
    uint16_t encr, key_bits, integ;
    const char *esp;
} golden_high[] = {
    {"gcm256", ENCR_AES_GCM_16, 256, AUTH_NONE,
     "1000abcd0000000500000000000000012c8f3b86566005da46dadde25b3d755f547c57d2c7946f8a"
     "563b5415224a28119157026e29df90243e7aac4db4f6468a2459a7614fdbfffac7c40c12155be667"
     "5af2d638"},
    {"chacha", ENCR_CHACHA20_POLY1305, 256, AUTH_NONE,
     "1000abcd000000050000000000000001d5b14d6683edd20fef88688b75c61e0a5b487e79a0883c04"
     "957b672e47fad43a1019778a7093d222c78754db3bc2b639498adf47876c7b6d4f7b734119cd0b2f"
     "1e971824"},
    {"cbc128_sha256", ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128,
     "1000abcd00000005a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a552cc701887e4c89e31db9c1b12665813"
     "387147bac147c83586439d5e14a5bee63c22113a68d408259e66396d2f2b8acb8735398aef3ce31f"
     "71e2e64abd94d615d12a14dd7f6353fe3726b7dac8c0841a"},
};

static void test_golden_high_half(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(golden_high) / sizeof(golden_high[0]); i++) {
        struct esp_plane *plane = golden_plane(golden_high[i].encr, golden_high[i].key_bits,
                                               golden_high[i].integ, false, true);
        struct esp_pair *pair = sad_find(&plane->sad, GOLDEN_SPI);
        uint8_t inner[256], esp[256];
        size_t inner_length = lab_hex(INNER_V4, inner, sizeof(inner));
        size_t esp_length = lab_hex(golden_high[i].esp, esp, sizeof(esp));
        struct lab_packet p;

        pair->sequence_out = UINT64_C(0x100000004);
        lab_packet_set(&p, inner, inner_length);
        assert_int_equal(lab_seal(plane, &p), PACKET_FORWARD);
        assert_packet_is(&p, esp, esp_length, golden_high[i].name);

        (void)replay_window_update(&pair->window, UINT64_C(0xfffffff0));
        lab_packet_set(&p, esp, esp_length);
        assert_int_equal(lab_open(plane, &p), PACKET_FORWARD);
        assert_packet_is(&p, inner, inner_length, golden_high[i].name);
        assert_true(pair->window.highest == UINT64_C(0x100000005));
        esp_plane_destroy(plane);
    }
}

/* RFC 7634 appendix A; opened only, as its IV is not one our counter ever makes first. */
static void test_rfc7634_appendix_a(void **state)
{
    (void)state;
    static const char inner_hex[] =
        "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec10"
        "0007362708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20212223"
        "2425262728292a2b2c2d2e2f3031323334353637";
    static const char esp_hex[] = "0102030400000005101112131415161724039428b97f417e3c13753a4f05087b"
                                  "67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c02f7"
                                  "2aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da"
                                  "9165b82829f641e076aaa8266b7fb0f7b11b369907e1ad43";
    struct esp_plane *plane = esp_plane_create(&lab_random);
    struct esp_policy policy = {
        .action = POLICY_PROTECT, .local = everything(), .remote = everything()};
    struct esp_pair_config config = {
        .spi_in = 0x01020304,
        .spi_out = 0x01020304,
        .protection = {cipher_algorithm_find(ENCR_CHACHA20_POLY1305), 256, NULL},
        .encryption_in = counting(36, 0x80),
        .encryption_out = counting(36, 0x80),
        .replay_window = 64,
        .path = {{lab_address("203.0.113.153"), 0}, {lab_address("203.0.113.5"), 0}},
        .local = everything(),
        .remote = everything(),
    };
    assert_int_equal(esp_plane_policy_add(plane, &policy, &config.policy), STATUS_OK);
    assert_int_equal(esp_plane_pair_install(plane, &config, 0), STATUS_OK);
    uint8_t inner[256], esp[256];
    size_t inner_length = lab_hex(inner_hex, inner, sizeof(inner));
    struct lab_packet p;
    lab_packet_set(&p, esp, lab_hex(esp_hex, esp, sizeof(esp)));
    assert_int_equal(lab_open(plane, &p), PACKET_FORWARD);
    assert_packet_is(&p, inner, inner_length, "RFC 7634 A");
    esp_plane_destroy(plane);
}

/* ---- round trips ---- */

static void round_trip(struct lab *lab, size_t payload)
{
    static struct lab_packet p;
    uint8_t inner[1700];
    struct lab_flow flow = lab->there;
    flow.dont_fragment = lab->options.transport_mode; /* as transport_restore writes it */
    size_t length = lab_ip_build(inner, &flow, payload);
    lab_packet_set(&p, inner, length);
    assert_int_equal(lab_seal(lab->a, &p), PACKET_FORWARD);
    assert_int_equal(p.packet.udp_encapsulation, lab->options.udp_encapsulation);
    assert_int_equal(p.packet.length % 4, 0);
    lab_packet_cross(&p);
    assert_int_equal(lab_open(lab->b, &p), PACKET_FORWARD);
    assert_packet_is(&p, inner, length, lab_algorithms[lab->options.algorithm].name);
}

static void test_round_trips(void **state)
{
    (void)state;
    for (size_t algorithm = 0; algorithm < LAB_ALGORITHMS; algorithm++) {
        for (unsigned bits = 0; bits < 32; bits++) {
            struct lab_options options = {
                .algorithm = algorithm,
                .transport_mode = bits & 1,
                .v6_inside = bits & 2,
                .v6_outside = bits & 4,
                .esn = bits & 8,
                .udp_encapsulation = bits & 16,
            };
            struct lab lab;
            lab_create(&lab, &options);
            lab_install(&lab, 1);
            struct esp_pair *pair = sad_find(&lab.a->sad, LAB_SPI_A(1));
            esp_pair_set_path_mtu(pair, 9000);
            /* every size for one combination of each algorithm, all combinations for some */
            for (size_t payload = 0; payload <= 1500; payload += bits == 0 || bits == 11 ? 1 : 83) {
                round_trip(&lab, payload);
            }
            lab_destroy(&lab);
        }
    }
}

/* The least an owner may leave: exact room in front and behind, or all the room on the wrong side.
 */
static void test_room_is_made_by_moving(void **state)
{
    (void)state;
    for (size_t algorithm = 0; algorithm < LAB_ALGORITHMS; algorithm++) {
        struct lab lab;
        lab_create(&lab, &(struct lab_options){.algorithm = algorithm});
        lab_install(&lab, 1);
        uint8_t inner[256];
        size_t length = lab_ip_build(inner, &lab.there, 33);
        for (size_t offset = 0; offset <= 128; offset += 64) {
            struct lab_packet p;
            lab_packet_set(&p, inner, length);
            p.packet.capacity = length + 128;
            p.packet.offset = offset;
            memcpy(p.octets + offset, inner, length);
            assert_int_equal(lab_seal(lab.a, &p), PACKET_FORWARD);
            lab_packet_cross(&p);
            assert_int_equal(lab_open(lab.b, &p), PACKET_FORWARD);
            assert_packet_is(&p, inner, length, "moved");
        }
        struct lab_packet p;
        lab_packet_set(&p, inner, length);
        p.packet.capacity = ESP_HEADROOM + length; /* none at all behind, too little in front */
        p.packet.capacity -= 40;
        p.packet.offset -= 40;
        memcpy(p.octets + p.packet.offset, inner, length);
        assert_int_equal(lab_seal(lab.a, &p), PACKET_DROP_INTERNAL);
        lab_assert_arrives(&lab, true); /* with the next sequence number */
        struct esp_usage usage;
        assert_true(esp_plane_pair_usage(lab.a, LAB_SPI_A(1), &usage));
        assert_int_equal(usage.sequence_out, 5);
        lab_destroy(&lab);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden_both_ways),       cmocka_unit_test(test_golden_high_half),
        cmocka_unit_test(test_rfc7634_appendix_a),     cmocka_unit_test(test_round_trips),
        cmocka_unit_test(test_room_is_made_by_moving),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

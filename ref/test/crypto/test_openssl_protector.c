/* Sealing and opening: the published vectors, every flipped bit, every refused length, the IVs. */

#include "crypto_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "crypto/protection.h"

struct vector {
    const char *source;
    uint16_t encr, key_bits, integ;
    const char *encryption_key, *integrity_key, *aad, *iv, *text, *tail, *sealed, *icv;
};

#define GCM_TEXT                                                                                   \
    "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6" \
    "b525b16aedf5aa0de657ba637b39"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define COUNTING_48                                                                                \
    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d" \
    "2e2f"
#define KEY_32 "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
#define KEY_48 KEY_32 "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf"
#define KEY_64 KEY_48 "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
#define CBC_IV "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"

static const struct vector vectors[] = {
    {"McGrew and Viega, test case 1", ENCR_AES_GCM_16, 128, AUTH_NONE,
     "00000000000000000000000000000000 00000000", "", "", "0000000000000000", "", "", "",
     "58e2fccefa7e3061367f1d57a4e7455a"},
    {"McGrew and Viega, test case 4", ENCR_AES_GCM_16, 128, AUTH_NONE,
     "feffe9928665731c6d6a8f9467308308 cafebabe", "", GCM_AAD, "facedbaddecaf888", GCM_TEXT, "",
     "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e21d514b25466931c7d8f6a5aac84"
     "aa051ba30b396a0aac973d58e091",
     "5bc94fbc3221a5db94fae95ae7121a47"},
    {"McGrew and Viega, test case 10", ENCR_AES_GCM_16, 192, AUTH_NONE,
     "feffe9928665731c6d6a8f9467308308feffe9928665731c cafebabe", "", GCM_AAD, "facedbaddecaf888",
     GCM_TEXT, "",
     "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c7d773d00c144c525ac619d18c84a"
     "3f4718e2448b2fe324d9ccda2710",
     "2519498e80f1478f37ba55bd6d27618c"},
    {"McGrew and Viega, test case 16", ENCR_AES_GCM_16, 256, AUTH_NONE,
     "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308 cafebabe", "", GCM_AAD,
     "facedbaddecaf888", GCM_TEXT, "",
     "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b105682"
     "8838c5f61e6393ba7a0abcc9f662",
     "76fc6ece0f4e1768cddf8853bb2d551b"},
    {"RFC 7634 A, ESP", ENCR_CHACHA20_POLY1305, 256, AUTH_NONE, KEY_32 "a0a1a2a3", "",
     "0102030400000005", "1011121314151617",
     "45000054a6f200004001e778c6336405c000020508005b7a3a080000553bec100007362708090a0b0c0d0e0f1011"
     "12131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f303132333435363701020204",
     "",
     "24039428b97f417e3c13753a4f05087b67c352e6a7fab1b982d466ef407ae5c614ee8099d52844eb61aa95dfab4c"
     "02f72aa71e7c4c4f64c9befe2facc638e8f3cbec163fac469b502773f6fb94e664da9165b82829f641e0",
     "76aaa8266b7fb0f7b11b369907e1ad43"},
    {"RFC 7634 B, IKE", ENCR_CHACHA20_POLY1305, 256, AUTH_NONE, KEY_32 "a0a1a2a3", "",
     "c0c1c2c3c4c5c6c7d0d1d2d3d4d5d6d72e202500000000090000004529000029", "1011121314151617",
     "0000000c000040010000000a00", "", "610394701f8d017f7c12924889",
     "6b71bfe25236efd7cdc67066906315b2"},
    {"computed with python cryptography, with a tail", ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128,
     "101112131415161718191a1b1c1d1e1f", KEY_32, "0102030400000005", CBC_IV, COUNTING_48,
     "00000007",
     "324fe7294054beca20f91307639cb094afeb9f0df293e29b6269a6d906c4e7325d2b0ff06998c6d6df0a5568db2d"
     "8df9",
     "f205cb991475b69dd8c7dcde94c94051"},
    {"computed with python cryptography, without a tail", ENCR_AES_CBC, 128, AUTH_HMAC_SHA2_256_128,
     "101112131415161718191a1b1c1d1e1f", KEY_32, "0102030400000005", CBC_IV, COUNTING_48, "",
     "324fe7294054beca20f91307639cb094afeb9f0df293e29b6269a6d906c4e7325d2b0ff06998c6d6df0a5568db2d"
     "8df9",
     "347727e75fa6d788b7582c886e68e368"},
    {"computed with python cryptography, with a tail", ENCR_AES_CBC, 192, AUTH_HMAC_SHA2_384_192,
     "101112131415161718191a1b1c1d1e1f2021222324252627", KEY_48, "0102030400000005", CBC_IV,
     COUNTING_48, "00000007",
     "d1a915f1d1c5b7fc53847c01ee947b5961c29973fd5f604b12a7b8835e399843c71cbfe9cc94fc4abde0bef3454a"
     "833b",
     "3f6e346621fb76dfa0bc9bfee6a3382cbe0ba55cee177df1"},
    {"computed with python cryptography, with a tail", ENCR_AES_CBC, 256, AUTH_HMAC_SHA2_512_256,
     "101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f", KEY_64, "0102030400000005",
     CBC_IV, COUNTING_48, "00000007",
     "5c2f52ed346388911fd64c35ba878aea513c7c7c5801da1cc93fa05eff0ea7a170d845f40bab0c733137dd51bf11"
     "278b",
     "c1e2425d29d6780bf1109010bf89d471aa7d8fa19d1f08d278e4d282b93aa6cd"},
    {"computed with python's hmac: what is sealed is the text itself", ENCR_NULL, 0,
     AUTH_HMAC_SHA2_256_128, "", KEY_32, "0102030400000005", "", COUNTING_48, "00000007",
     COUNTING_48, "bb9aed8cfdfea247edb65b98e8fc9f2a"},
};

#define VECTOR_COUNT (sizeof(vectors) / sizeof(vectors[0]))

/* The cipher alone, there is no ICV to these: RFC 3602 4, cases 1 to 8; NIST SP 800-38A F.2.3 and
 * F.2.5 (first block) for the longer keys. */
static const struct {
    const char *key, *iv, *text, *sealed;
} cbc_vectors[] = {
    {"06a9214036b8a15b512e03d534120006", "3dafba429d9eb430b422da802c9fac41",
     "53696e676c6520626c6f636b206d7367", "e353779c1079aeb82708942dbe77181a"},
    {"c286696d887c9aa0611bbb3e2025a45a", "562e17996d093d28ddb3ba695a2e6f58",
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f",
     "d296cd94c2cccf8a3a863028b5e1dc0a7586602d253cfff91b8266bea6d61ab1"},
    {"6c3ea0477630ce21a2ce334aa746c2cd", "c782dc4c098c66cbd9cd27d825682c81",
     "5468697320697320612034382d62797465206d657373616765202865786163746c79203320414553"
     "20626c6f636b7329",
     "d0a02b3836451753d493665d33f0e8862dea54cdb293abc7506939276772f8d5021c19216bad525c"
     "8579695d83ba2684"},
    {"56e47a38c5598974bc46903dba290349", "8ce82eefbea0da3c44699ed7db51b7d9",
     "a0a1a2a3a4a5a6a7a8a9aaabacadaeafb0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7"
     "c8c9cacbcccdcecfd0d1d2d3d4d5d6d7d8d9dadbdcdddedf",
     "c30e32ffedc0774e6aff6af0869f71aa0f3af07a9a31a9c684db207eb0ef8e4e35907aa632c3ffdf"
     "868bb7b29d3d46ad83ce9f9a102ee99d49a53e87f4c3da55"},
    {"90d382b410eeba7ad938c46cec1a82bf", "e96e8c08ab465763fd098d45dd3ff893",
     "08000ebda70a00008e9c083db95b070008090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
     "202122232425262728292a2b2c2d2e2f30313233343536370102030405060708090a0b0c0d0e0e01",
     "f663c25d325c18c6a9453e194e120849a4870b66cc6b9965330013b4898dc856a4699e523a55db08"
     "0b59ec3a8e4b7e52775b07d1db34ed9c538ab50c551b874aa269add047ad2d5913ac19b7cfbad4a6"},
    {"90d382b410eeba7ad938c46cec1a82bf", "69d08df7d203329db093fc4924e5bd80",
     "0800b5e8a80a0500a69c083d0b660e0077777777777777777777777701020201",
     "f51995881ec4e0c4488987ce742e8109689bb379d2d750c0d915dca346a89f75"},
    {"0123456789abcdef0123456789abcdef", "f4e765244f6407adf13dc1380f673f37",
     "45000054090400004001f988c0a87b03c0a87bc808009f76a90a0100b49c083d02a2040008090a0b"
     "0c0d0e0f101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f30313233"
     "343536370102030405060708090a0a04",
     "773b5241a4c449225e4f3ce5ed611b0c237ca96cf74a93013c1b0ea1a0cf70f8e4ecaec78ac53aad"
     "7a0f022b859243c647752e94a859352b8a4d4d2decd136e5c177f132ad3fbfb2201ac9904c74ee0a"
     "109e0ca1e4dfe9d5a100b842f1c22f0d"},
    {"0123456789abcdef0123456789abcdef", "85d47224b5f3dd5d2101d4ea8dffab22",
     "45000044090c00004001f990c0a87b03c0a87bc80800d63caa0a0200c69c083da3de0300ffffffff"
     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffff0102030405060708090a0a04",
     "15b92683819596a8047232cc00f7048fe45318e11f8a0f62ede3c3fc61203bb50f980a08c9843fd3"
     "a1b06d5c07ff9639b7eb7dfb3512e5de435e7207ed971ef3d2726d9b5ef6affc6d17a0decbb13892"},
    {"8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b", "000102030405060708090a0b0c0d0e0f",
     "6bc1bee22e409f96e93d7e117393172a", "4f021db243bc633d7178183a9fa071e8"},
    {"603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4",
     "000102030405060708090a0b0c0d0e0f", "6bc1bee22e409f96e93d7e117393172a",
     "f58c4c04d6e5f1ba779eabfb5f7bfbd6"},
};

/* A packet under test: both directions of one SA and all that goes over the wire. */
struct packet {
    struct protection protection;
    struct protector *seal;
    struct protector *open;
    struct test_octets aad, iv, text, tail, icv;
};

static struct protector *create(const struct protection *p, const char *encryption_key,
                                const char *integrity_key, enum protector_direction direction)
{
    struct test_octets encryption = test_octets_from_hex(encryption_key);
    struct test_octets integrity = test_octets_from_hex(integrity_key);
    struct protector *protector = protector_create(p, test_octets_bytes(&encryption),
                                                   test_octets_bytes(&integrity), direction);
    assert_non_null(protector);
    return protector;
}

static struct packet *packet_create(const struct vector *v)
{
    struct packet *packet = calloc(1, sizeof(*packet));
    assert_non_null(packet);
    packet->protection = (struct protection){cipher_algorithm_find(v->encr), v->key_bits,
                                             integrity_algorithm_find(v->integ)};
    packet->seal = create(&packet->protection, v->encryption_key, v->integrity_key, PROTECTOR_SEAL);
    packet->open = create(&packet->protection, v->encryption_key, v->integrity_key, PROTECTOR_OPEN);
    packet->aad = test_octets_from_hex(v->aad);
    packet->iv = test_octets_from_hex(v->iv);
    packet->text = test_octets_from_hex(v->text);
    packet->tail = test_octets_from_hex(v->tail);
    packet->icv.length = protection_icv_length(&packet->protection);
    return packet;
}

static void packet_destroy(struct packet *packet)
{
    protector_destroy(packet->seal);
    protector_destroy(packet->open);
    free(packet);
}

static enum status packet_seal(struct packet *p)
{
    return protector_seal(p->seal, test_octets_bytes(&p->aad), p->iv.data, p->text.data,
                          p->text.length, test_octets_bytes(&p->tail), p->icv.data);
}

static enum status packet_open(struct packet *p)
{
    return protector_open(p->open, test_octets_bytes(&p->aad), p->iv.data, p->text.data,
                          p->text.length, test_octets_bytes(&p->tail), p->icv.data);
}

/* Twice over, because the contexts are kept: the second packet must not feel the first. */
static void test_vectors_seal_and_open(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct packet *packet = packet_create(&vectors[i]);
        for (int round = 0; round < 2; round++) {
            assert_int_equal(packet_seal(packet), STATUS_OK);
            assert_octets_equal_hex(packet->text.data, packet->text.length, vectors[i].sealed);
            assert_octets_equal_hex(packet->icv.data, packet->icv.length, vectors[i].icv);
            assert_int_equal(packet_open(packet), STATUS_OK);
            assert_octets_equal_hex(packet->text.data, packet->text.length, vectors[i].text);
        }
        packet_destroy(packet);
    }
}

static void test_cbc_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof(cbc_vectors) / sizeof(cbc_vectors[0]); i++) {
        struct vector vector = {.encr = ENCR_AES_CBC, .integ = AUTH_HMAC_SHA2_256_128};
        vector.key_bits = (uint16_t)(4 * strlen(cbc_vectors[i].key)); /* 4 bits a hex digit */
        vector.encryption_key = cbc_vectors[i].key;
        vector.integrity_key = KEY_32;
        vector.aad = "aabb";
        vector.iv = cbc_vectors[i].iv;
        vector.text = cbc_vectors[i].text;
        vector.tail = "";
        struct packet *packet = packet_create(&vector);
        assert_int_equal(packet_seal(packet), STATUS_OK);
        assert_octets_equal_hex(packet->text.data, packet->text.length, cbc_vectors[i].sealed);
        assert_int_equal(packet_open(packet), STATUS_OK);
        assert_octets_equal_hex(packet->text.data, packet->text.length, cbc_vectors[i].text);
        packet_destroy(packet);
    }
}

/* Flip each bit of `part` in turn; the packet itself is put right again after each. */
static void assert_flips_drop(struct packet *packet, struct test_octets *part)
{
    struct packet *whole = malloc(sizeof(*whole));
    assert_non_null(whole);
    memcpy(whole, packet, sizeof(*whole));
    for (size_t bit = 0; bit < 8 * part->length; bit++) {
        part->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        assert_int_equal(packet_open(packet), STATUS_DROP);
        memcpy(packet, whole, sizeof(*whole));
    }
    free(whole);
}

static void test_every_flipped_bit_is_dropped(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct packet *packet = packet_create(&vectors[i]);
        assert_int_equal(packet_seal(packet), STATUS_OK);
        assert_flips_drop(packet, &packet->aad);
        assert_flips_drop(packet, &packet->iv);
        assert_flips_drop(packet, &packet->text);
        assert_flips_drop(packet, &packet->tail);
        assert_flips_drop(packet, &packet->icv);
        assert_int_equal(packet_open(packet), STATUS_OK);
        assert_octets_equal_hex(packet->text.data, packet->text.length, vectors[i].text);
        packet_destroy(packet);
    }
}

/* Octets moved from one authenticated part into the next leave HMAC's input as it was, so only
 * lengths that the SA fixes may keep them apart; an AEAD counts its parts' lengths. */
static void test_an_aead_knows_where_its_aad_ends(void **state)
{
    (void)state;
    struct packet *packet = packet_create(&vectors[1]);
    assert_int_equal(packet_seal(packet), STATUS_OK);
    packet->aad.length--;
    assert_int_equal(packet_open(packet), STATUS_DROP);
    packet_destroy(packet);
}

static void test_a_failed_open_of_cbc_leaves_the_text(void **state)
{
    (void)state;
    struct packet *packet = packet_create(&vectors[6]);
    assert_int_equal(packet_seal(packet), STATUS_OK);
    packet->icv.data[0] ^= 1;
    assert_int_equal(packet_open(packet), STATUS_DROP);
    assert_octets_equal_hex(packet->text.data, packet->text.length, vectors[6].sealed);
    packet_destroy(packet);
}

static void test_part_blocks_are_refused(void **state)
{
    (void)state;
    struct packet *packet = packet_create(&vectors[6]);
    for (size_t length = 1; length < 48; length++) {
        if (length % 16 != 0) {
            packet->text.length = length;
            assert_int_equal(packet_seal(packet), STATUS_INTERNAL);
            assert_int_equal(packet_open(packet), STATUS_DROP);
        }
    }
    packet_destroy(packet);
}

static void test_an_aead_refuses_a_tail(void **state)
{
    (void)state;
    for (size_t i = 1; i < 6; i++) {
        struct packet *packet = packet_create(&vectors[i]);
        packet->tail = test_octets_from_hex("00000001");
        assert_int_equal(packet_seal(packet), STATUS_INTERNAL);
        assert_int_equal(packet_open(packet), STATUS_INTERNAL);
        packet_destroy(packet);
    }
}

/* Every length of text there can be in a small packet goes there and back. */
static void test_all_small_lengths_round_trip(void **state)
{
    (void)state;
    for (size_t i = 1; i < VECTOR_COUNT; i++) {
        struct packet *packet = packet_create(&vectors[i]);
        size_t step = protection_block_length(&packet->protection);
        for (size_t length = 0; length <= 160; length += step) {
            uint8_t before[160];
            memset(before, (int)length, sizeof(before));
            memcpy(packet->text.data, before, length);
            packet->text.data[length] = 0x5a; /* must stay */
            packet->text.length = length;
            assert_int_equal(packet_seal(packet), STATUS_OK);
            bool same = memcmp(packet->text.data, before, length) == 0;
            assert_true(length < 16 || same == (vectors[i].encr == ENCR_NULL));
            assert_int_equal(packet_open(packet), STATUS_OK);
            assert_memory_equal(packet->text.data, before, length);
            assert_int_equal(packet->text.data[length], 0x5a);
        }
        packet_destroy(packet);
    }
}

static void test_keys_of_a_wrong_length_make_no_protector(void **state)
{
    (void)state;
    static const uint8_t octets[128];
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        const struct protection p = {cipher_algorithm_find(vectors[i].encr), vectors[i].key_bits,
                                     integrity_algorithm_find(vectors[i].integ)};
        size_t encryption = protection_encryption_key_length(&p);
        size_t integrity = protection_integrity_key_length(&p);
        for (size_t length = 0; length < sizeof(octets); length++) {
            struct bytes key = bytes_of(octets, length);
            struct protector *protector =
                protector_create(&p, key, bytes_of(octets, integrity), PROTECTOR_SEAL);
            assert_int_equal(protector != NULL, length == encryption);
            protector_destroy(protector);
            protector = protector_create(&p, bytes_of(octets, encryption), key, PROTECTOR_OPEN);
            assert_int_equal(protector != NULL, length == integrity);
            protector_destroy(protector);
        }
    }
}

static void test_an_invalid_protection_makes_no_protector(void **state)
{
    (void)state;
    static const uint8_t octets[64];
    const struct protection bare_cbc = {cipher_algorithm_find(ENCR_AES_CBC), 128, NULL};
    assert_null(
        protector_create(&bare_cbc, bytes_of(octets, 16), bytes_of(octets, 0), PROTECTOR_SEAL));
    protector_destroy(NULL);
}

static void test_aead_ivs_count_from_one(void **state)
{
    (void)state;
    for (size_t i = 1; i < 6; i++) {
        struct packet *packet = packet_create(&vectors[i]);
        uint8_t iv[PROTECTION_IV_MAX];
        uint64_t last = 0;
        for (int n = 0; n < 1000; n++) {
            assert_int_equal(protector_next_iv(packet->seal, &random_system, iv), STATUS_OK);
            struct bytes view = bytes_of(iv, protection_iv_length(&packet->protection));
            uint64_t counter;
            assert_true(bytes_take_u64(&view, &counter));
            assert_int_equal(view.length, 0);
            assert_true(counter == last + 1);
            last = counter;
        }
        packet_destroy(packet);
    }
}

static void test_cbc_ivs_are_drawn(void **state)
{
    (void)state;
    struct packet *packet = packet_create(&vectors[6]);
    struct random_script script = random_script_from_hex(CBC_IV "000102030405060708090a0b0c0d0e0f");
    struct random_source source = random_script_source(&script);
    uint8_t iv[PROTECTION_IV_MAX];
    assert_int_equal(protector_next_iv(packet->seal, &source, iv), STATUS_OK);
    assert_octets_equal_hex(iv, sizeof(iv), CBC_IV);
    assert_int_equal(protector_next_iv(packet->seal, &source, iv), STATUS_OK);
    assert_octets_equal_hex(iv, sizeof(iv), "000102030405060708090a0b0c0d0e0f");
    assert_int_equal(protector_next_iv(packet->seal, &source, iv), STATUS_INTERNAL);
    packet_destroy(packet);
}

/* ---- the promise to allocate nothing: the library's own allocations are counted ---- */

static size_t allocations, frees;

static void *counting_malloc(size_t length, const char *file, int line)
{
    (void)file;
    (void)line;
    allocations++;
    return malloc(length);
}

static void *counting_realloc(void *old, size_t length, const char *file, int line)
{
    (void)file;
    (void)line;
    allocations++;
    frees += old != NULL;
    return realloc(old, length);
}

static void counting_free(void *old, const char *file, int line)
{
    (void)file;
    (void)line;
    frees += old != NULL;
    free(old);
}

static void test_packets_allocate_nothing(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct packet *packet = packet_create(&vectors[i]);
        assert_int_equal(packet_seal(packet), STATUS_OK); /* the contexts are made now */
        assert_int_equal(packet_open(packet), STATUS_OK);
        assert_true(allocations > 0 || vectors[i].encr == ENCR_NULL); /* or nothing is counted */
        allocations = 0;
        for (int n = 0; n < 10; n++) {
            assert_int_equal(packet_seal(packet), STATUS_OK);
            packet->icv.data[0] ^= 1;
            struct test_octets sealed = packet->text;
            assert_int_equal(packet_open(packet), STATUS_DROP);
            packet->text = sealed;
            packet->icv.data[0] ^= 1;
            assert_int_equal(packet_open(packet), STATUS_OK);
        }
        assert_int_equal(allocations, 0);
        packet_destroy(packet);
    }
}

/* What is made again after a rest is what there was, and a rest gives everything back. */
static void test_rest(void **state)
{
    (void)state;
    for (size_t i = 0; i < VECTOR_COUNT; i++) {
        struct packet *packet = packet_create(&vectors[i]);
        size_t held = allocations - frees;
        for (int n = 0; n < 3; n++) {
            assert_false(protector_is_ready(packet->seal));
            assert_int_equal(packet_seal(packet), STATUS_OK);
            assert_true(protector_is_ready(packet->seal));
            assert_int_equal(packet_open(packet), STATUS_OK);
            protector_rest(packet->seal);
            protector_rest(packet->open);
            assert_int_equal(allocations - frees, held);
        }
        protector_rest(packet->seal); /* no matter */
        packet_destroy(packet);
    }
}

int main(void)
{
    if (CRYPTO_set_mem_functions(counting_malloc, counting_realloc, counting_free) != 1) {
        fprintf(stderr, "the library has allocated before main(): nothing can be counted\n");
        return 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors_seal_and_open),
        cmocka_unit_test(test_cbc_alone),
        cmocka_unit_test(test_every_flipped_bit_is_dropped),
        cmocka_unit_test(test_an_aead_knows_where_its_aad_ends),
        cmocka_unit_test(test_a_failed_open_of_cbc_leaves_the_text),
        cmocka_unit_test(test_part_blocks_are_refused),
        cmocka_unit_test(test_an_aead_refuses_a_tail),
        cmocka_unit_test(test_all_small_lengths_round_trip),
        cmocka_unit_test(test_keys_of_a_wrong_length_make_no_protector),
        cmocka_unit_test(test_an_invalid_protection_makes_no_protector),
        cmocka_unit_test(test_aead_ivs_count_from_one),
        cmocka_unit_test(test_cbc_ivs_are_drawn),
        cmocka_unit_test(test_packets_allocate_nothing),
        cmocka_unit_test(test_rest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

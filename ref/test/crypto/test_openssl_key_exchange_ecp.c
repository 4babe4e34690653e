/* The ECP groups against RFC 5903 8, and the tests of RFC 6989 2.3. */

#include "crypto_support.h"

#include <string.h>

struct pair {
    uint16_t id;
    const char *private_i, *public_i, *private_r, *public_r, *shared;
};

/* RFC 5903 8.1 to 8.3 */
static const struct pair pairs[] = {
    {KE_ECP_256, "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433",
     "dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c37725811805271a0461cdb8252"
     "d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3",
     "c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53",
     "d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf6356fbf3ca366cc23e"
     "8157854c13c58d6aac23f046ada30f8353e74f33039872ab",
     "d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"},
    {KE_ECP_384,
     "099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655e35b538041e649ee"
     "3faef896783ab194",
     "667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6de3ac808acb4bdb4"
     "c88732aee95f41aa9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38e"
     "eb9fcff3c2c947dae69b4c634573a81c",
     "41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942e0308312916b8ed2"
     "960e4bd55a7448fc",
     "e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d0d1ac43a0336def9"
     "6fda41d0774a3571dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1ff"
     "f83fa40142209dff5eaad96db9e6386c",
     "11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4d603135569b9e9d0"
     "9cf5d4a270f59746"},
    {KE_ECP_521,
     "0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a095aa85a30fe1c295"
     "2c6771d937ba9777f5957b2639bab072462f68c27a57382d4a52",
     "0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbee1e3bf42e00b8e38"
     "0aeae57c2d107564941885942af5a7f4601723c4195d176ced3e017cae20b6641d2eeb695786d8c9"
     "46146239d099e18e1d5a514c739d7cb4a10ad8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f15"
     "07438bf01beb6ca3926f9582",
     "0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e9c677d600b343757"
     "a3bdbf2a3163e4c2f869cca7458aa4a4effc311f5cb151685eb9",
     "00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a219b97c356436adc6e"
     "95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9460f015c68226383956e3bd066e797b6"
     "23c27ce0eac2f551a10c2c724d9852077b87220b6536c5c408a1d2aebb8e86d678ae49cb57091f47"
     "32296579ab44fcd17f0fc56a",
     "01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04d1427e73ca4baa24"
     "0a34786859810c06b3c715a3a8cc3151f2bee417996d19f3ddea"},
};

#define PAIR_COUNT (sizeof(pairs) / sizeof(pairs[0]))

static void assert_derives(struct key_exchange *key, const char *peer_hex, const char *shared_hex)
{
    struct test_octets peer = test_octets_from_hex(peer_hex);
    struct shared_secret secret;
    assert_int_equal(key_exchange_derive(key, test_octets_bytes(&peer), &secret), STATUS_OK);
    assert_octets_equal_hex(secret.data, secret.length, shared_hex);
}

static void assert_refuses(struct key_exchange *key, struct bytes peer)
{
    struct shared_secret secret;
    assert_int_equal(key_exchange_derive(key, peer, &secret), STATUS_NOTIFY(INVALID_SYNTAX));
    assert_int_equal(secret.length, 0);
}

static void test_rfc_5903(void **state)
{
    (void)state;
    for (size_t n = 0; n < PAIR_COUNT; n++) {
        struct key_exchange *i = test_key_from_hex(pairs[n].id, pairs[n].private_i);
        struct key_exchange *r = test_key_from_hex(pairs[n].id, pairs[n].private_r);
        struct bytes public_i = key_exchange_public(i);
        struct bytes public_r = key_exchange_public(r);
        assert_octets_equal_hex(public_i.data, public_i.length, pairs[n].public_i);
        assert_octets_equal_hex(public_r.data, public_r.length, pairs[n].public_r);
        assert_derives(i, pairs[n].public_r, pairs[n].shared);
        assert_derives(r, pairs[n].public_i, pairs[n].shared);
        key_exchange_destroy(i);
        key_exchange_destroy(r);
    }
}

/* The generator times a scalar whose x begins with zeros: they stay (RFC 5903 7 and 9). */
static void test_leading_zeros_stay(void **state)
{
    (void)state;
    static const struct {
        uint16_t id;
        const char *scalar, *generator, *x, *y;
    } rows[] = {
        {KE_ECP_256, "000000000000000000000000000000000000000000000000000000000000017b",
         "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c2964fe342e2fe1a7f9b"
         "8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5",
         "005543894af3d00ed7d740abdbd75c96b06877b787db5f70eea78b90a8d7c00a",
         "bb4c85a3d8ea29efaafa24406912dd84d5b14dc32bf656ef6c6bd58a5d943f92"},
        {KE_ECP_384,
         "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "00000000000000c5",
         "aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c"
         "3a545e3872760ab73617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c0"
         "0a60b1ce1d7e819d7a431d7c90ea0e5f",
         "004d104b26ee5671f72c10c986841d3e65d285e2516161b7baa341b12631b9e32b6f0d5896d8431c"
         "51d5d93a37cbc90e",
         "f11a1e3f8b7b90538ee42cc00ee934a6e2ee25541607d8fb65c7a8b11e2f886853886eef3865ec93"
         "3200b9f25599f29f"},
        {KE_ECP_521,
         "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
         "0000000000000000000000000000000000000000000000000111",
         "00c6858e06b70404e9cd9e3ecb662395b4429c648139053fb521f828af606b4d3dbaa14b5e77efe7"
         "5928fe1dc127a2ffa8de3348b3c1856a429bf97e7e31c2e5bd66011839296a789a3bc0045c8a5fb4"
         "2c7d1bd998f54449579b446817afbd17273e662c97ee72995ef42640c550b9013fad0761353c7086"
         "a272c24088be94769fd16650",
         "000060a88d8596a2c6597b2dc4e465dfd7e74a0bcb7b863f56f21c1414a5958b62a495996fd86b8e"
         "9e78a6712c7887e75dfce972a04e12cb9cf9e032ff2ac1afff19",
         "0133d1fc0aadba080613578d2980c77fe63cb7cd0a60d1adf2b2e508d9ac9e2a8b1d0c5388d1cbb0"
         "5f0e2c58d01cbcc059459293d49828b61f47c1f2edeb8914528a"},
    };
    for (size_t n = 0; n < sizeof(rows) / sizeof(rows[0]); n++) {
        struct key_exchange *key = test_key_from_hex(rows[n].id, rows[n].scalar);
        struct bytes value = key_exchange_public(key);
        assert_octets_equal_hex(value.data, value.length / 2, rows[n].x);
        assert_octets_equal_hex(value.data + value.length / 2, value.length / 2, rows[n].y);
        assert_derives(key, rows[n].generator, rows[n].x);
        key_exchange_destroy(key);
    }
}

static void test_every_flipped_bit_leaves_the_curve(void **state)
{
    (void)state;
    for (size_t n = 0; n < PAIR_COUNT; n++) {
        struct key_exchange *key = test_key_from_hex(pairs[n].id, pairs[n].private_i);
        struct test_octets peer = test_octets_from_hex(pairs[n].public_r);
        /* y only: another x may well belong to a point, though hardly with this y */
        for (size_t bit = peer.length * 4; bit < peer.length * 8; bit++) {
            peer.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
            assert_refuses(key, test_octets_bytes(&peer));
            peer.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        peer.data[peer.length / 4] ^= 0x10;
        assert_refuses(key, test_octets_bytes(&peer));
        key_exchange_destroy(key);
    }
}

static void test_zeros_ones_and_a_prefix_are_no_points(void **state)
{
    (void)state;
    for (size_t n = 0; n < PAIR_COUNT; n++) {
        struct key_exchange *key = test_key_from_hex(pairs[n].id, pairs[n].private_i);
        struct test_octets peer = test_octets_from_hex(pairs[n].public_r);
        uint8_t other[1 + 132];
        memset(other, 0, sizeof(other));
        assert_refuses(key, bytes_of(other, peer.length));
        memset(other, 0xff, sizeof(other));
        assert_refuses(key, bytes_of(other, peer.length));

        other[0] = 0x04; /* the octet other protocols put in front */
        memcpy(other + 1, peer.data, peer.length);
        assert_refuses(key, bytes_of(other, 1 + peer.length));
        key_exchange_destroy(key);
    }
}

/* x + p is the same point to a careless reader; RFC 6989 2.3 wants coordinates of the field. */
static void test_a_coordinate_above_p_is_refused(void **state)
{
    (void)state;
    /* (5, y) is on P-256; 5 + p still fits into 32 octets */
    struct key_exchange *key = test_key_from_hex(KE_ECP_256, pairs[0].private_i);
    struct test_octets in_field =
        test_octets_from_hex("0000000000000000000000000000000000000000000000000000000000000005"
                             "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
    struct test_octets above =
        test_octets_from_hex("ffffffff00000001000000000000000000000001000000000000000000000004"
                             "459243b9aa581806fe913bce99817ade11ca503c64d9a3c533415c083248fbcc");
    struct shared_secret secret;
    assert_int_equal(key_exchange_derive(key, test_octets_bytes(&in_field), &secret), STATUS_OK);
    assert_refuses(key, test_octets_bytes(&above));
    key_exchange_destroy(key);
}

/* Zero, the order and all ones are no scalars: each is drawn anew, the next good one is taken. */
static void test_scalars_out_of_range_are_drawn_anew(void **state)
{
    (void)state;
    struct key_exchange *key = test_key_from_hex(
        KE_ECP_256, "0000000000000000000000000000000000000000000000000000000000000000"
                    "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
                    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
                    "c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433");
    struct bytes value = key_exchange_public(key);
    assert_octets_equal_hex(value.data, value.length, pairs[0].public_i);
    key_exchange_destroy(key);
}

static void test_the_smallest_and_largest_scalar_are_taken(void **state)
{
    (void)state;
    /* 1 gives the generator, order - 1 its negative: the same x */
    struct key_exchange *one = test_key_from_hex(
        KE_ECP_256, "0000000000000000000000000000000000000000000000000000000000000001");
    struct key_exchange *last = test_key_from_hex(
        KE_ECP_256, "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550");
    assert_memory_equal(key_exchange_public(one).data, key_exchange_public(last).data, 32);
    assert_memory_not_equal(key_exchange_public(one).data + 32, key_exchange_public(last).data + 32,
                            32);
    key_exchange_destroy(one);
    key_exchange_destroy(last);
}

/* The 7 bits above the 521st are not part of a scalar, so they do not cost a draw. */
static void test_bits_above_521_are_masked(void **state)
{
    (void)state;
    struct test_octets octets = test_octets_from_hex(pairs[2].private_i);
    octets.data[0] |= 0xfe;
    struct random_script script = {.octets = octets};
    struct random_source source = random_script_source(&script);
    struct key_exchange *key =
        key_exchange_create(key_exchange_algorithm_find(KE_ECP_521), &source);
    assert_non_null(key);
    struct bytes value = key_exchange_public(key);
    assert_octets_equal_hex(value.data, value.length, pairs[2].public_i);
    key_exchange_destroy(key);
}

static bool fill_with_ones(void *context, uint8_t *out, size_t length)
{
    (void)context;
    memset(out, 0xff, length);
    return true;
}

static void test_a_stuck_source_gives_no_key(void **state)
{
    (void)state;
    const struct random_source stuck = {fill_with_ones, NULL};
    for (size_t n = 0; n < PAIR_COUNT; n++) {
        assert_null(key_exchange_create(key_exchange_algorithm_find(pairs[n].id), &stuck));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_5903),
        cmocka_unit_test(test_leading_zeros_stay),
        cmocka_unit_test(test_every_flipped_bit_leaves_the_curve),
        cmocka_unit_test(test_zeros_ones_and_a_prefix_are_no_points),
        cmocka_unit_test(test_a_coordinate_above_p_is_refused),
        cmocka_unit_test(test_scalars_out_of_range_are_drawn_anew),
        cmocka_unit_test(test_the_smallest_and_largest_scalar_are_taken),
        cmocka_unit_test(test_bits_above_521_are_masked),
        cmocka_unit_test(test_a_stuck_source_gives_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

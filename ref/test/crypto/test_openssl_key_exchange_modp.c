/* The MODP groups against python's integers, and the tests of RFC 6989 2.1. */

#include "crypto_support.h"

#include <string.h>

struct group {
    uint16_t id;
    const char *prime;     /* RFC 3526 3 to 5 */
    const char *private_a; /* exponents of our choice, as long as we draw them */
    const char *private_b; /* chosen so that its public value begins with a zero octet */
    const char *private_c; /* chosen so that the secret with a begins with a zero octet */
    const char *public_a, *public_b, *public_c, *shared_ab, *shared_ac; /* SHA-1 of each */
};

static const struct group groups[] = {
    {KE_MODP_2048,
     "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22"
     "514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6"
     "f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3d"
     "c2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb"
     "9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e8603"
     "9b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510"
     "15728e5a8aacaa68ffffffffffffffff",
     "030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dce3eaf1f8ff060d14",
     "05101b26313c47525d68737e89949faab5c0cbd6e1ecf7020d18232e39444f5a65707b86000002d4",
     "05101b26313c47525d68737e89949faab5c0cbd6e1ecf7020d18232e39444f5a65707b860000012c",
     "405796231dcaba40a7e917db5e55589914854304", "d6ea781016524e35ba2146db78142e3fbea56433",
     "3ebe2c2625470371ed713d71ac2e9183ee730f68", "5da8db66c46fbbfc28ca2cff14a0d62fc4f5c9cb",
     "b277ec0149e962b8edc69d05d91322723e64ece6"},
    {KE_MODP_3072,
     "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22"
     "514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6"
     "f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3d"
     "c2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb"
     "9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e8603"
     "9b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510"
     "15728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7d"
     "b3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864"
     "d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e208e24fa074e5ab31"
     "43db5bfce0fd108e4b82d120a93ad2caffffffffffffffff",
     "030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dce3eaf1f8ff060d14"
     "1b222930373e454c535a61686f767d84",
     "05101b26313c47525d68737e89949faab5c0cbd6e1ecf7020d18232e39444f5a65707b86919ca7b2"
     "bdc8d3dee9f4ff0a15202b36000001e8",
     "05101b26313c47525d68737e89949faab5c0cbd6e1ecf7020d18232e39444f5a65707b86919ca7b2"
     "bdc8d3dee9f4ff0a15202b3600000136",
     "e99c530e105be32db354d94a9b52cf6dbe3b72d6", "5f127fa784f65dbf8640e1aa2f54491026d74869",
     "06760acc2a74fbe7367d22f6f99e50f26ab61bc5", "40cd4c508e0ddc0428c409404a89991aa74f4ee6",
     "fb976f6ea3bf813b0211b7a77175ae983a1dfd20"},
    {KE_MODP_4096,
     "ffffffffffffffffc90fdaa22168c234c4c6628b80dc1cd129024e088a67cc74020bbea63b139b22"
     "514a08798e3404ddef9519b3cd3a431b302b0a6df25f14374fe1356d6d51c245e485b576625e7ec6"
     "f44c42e9a637ed6b0bff5cb6f406b7edee386bfb5a899fa5ae9f24117c4b1fe649286651ece45b3d"
     "c2007cb8a163bf0598da48361c55d39a69163fa8fd24cf5f83655d23dca3ad961c62f356208552bb"
     "9ed529077096966d670c354e4abc9804f1746c08ca18217c32905e462e36ce3be39e772c180e8603"
     "9b2783a2ec07a28fb5c55df06f4c52c9de2bcbf6955817183995497cea956ae515d2261898fa0510"
     "15728e5a8aaac42dad33170d04507a33a85521abdf1cba64ecfb850458dbef0a8aea71575d060c7d"
     "b3970f85a6e1e4c7abf5ae8cdb0933d71e8c94e04a25619dcee3d2261ad2ee6bf12ffa06d98a0864"
     "d87602733ec86a64521f2b18177b200cbbe117577a615d6c770988c0bad946e208e24fa074e5ab31"
     "43db5bfce0fd108e4b82d120a92108011a723c12a787e6d788719a10bdba5b2699c327186af4e23c"
     "1a946834b6150bda2583e9ca2ad44ce8dbbbc2db04de8ef92e8efc141fbecaa6287c59474e6bc05d"
     "99b2964fa090c3a2233ba186515be7ed1f612970cee2d7afb81bdd762170481cd0069127d5b05aa9"
     "93b4ea988d8fddc186ffb7dc90a6c08f4df435c934063199ffffffffffffffff",
     "030a11181f262d343b424950575e656c737a81888f969da4abb2b9c0c7ced5dce3eaf1f8ff060d14"
     "1b222930373e454c535a61686f767d848b9299a0a7aeb5bc",
     "05101b26313c47525d68737e89949faab5c0cbd6e1ecf7020d18232e39444f5a65707b86919ca7b2"
     "bdc8d3dee9f4ff0a15202b36414c57626d78838e0000006a",
     "05101b26313c47525d68737e89949faab5c0cbd6e1ecf7020d18232e39444f5a65707b86919ca7b2"
     "bdc8d3dee9f4ff0a15202b36414c57626d78838e00000002",
     "9fff8c0adf23a2ff9e14f837bcc7ee6e55371f8c", "155de011fc80dd94acf8f6d8e2c7391535e73870",
     "41625e91d1884b1ab3be48368b2e32312d9fb244", "4cc259c0f52b1c4901dcbbb5fdde8ad83774b2c1",
     "085ea1c730185fcf81e7fe5ed844c9411b4ffd75"},
};

#define GROUP_COUNT (sizeof(groups) / sizeof(groups[0]))

static void assert_shared(struct key_exchange *ours, struct key_exchange *theirs,
                          const char *sha1_hex, bool zero_in_front)
{
    struct shared_secret secret;
    assert_int_equal(key_exchange_derive(ours, key_exchange_public(theirs), &secret), STATUS_OK);
    assert_int_equal(secret.length, key_exchange_algorithm_of(ours)->shared_length);
    assert_octets_hash_to(bytes_of(secret.data, secret.length), sha1_hex);
    assert_int_equal(secret.data[0] == 0, zero_in_front);
}

static void test_known_answers_both_ways(void **state)
{
    (void)state;
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        const struct group *group = &groups[i];
        struct key_exchange *a = test_key_from_hex(group->id, group->private_a);
        struct key_exchange *b = test_key_from_hex(group->id, group->private_b);
        struct key_exchange *c = test_key_from_hex(group->id, group->private_c);
        assert_octets_hash_to(key_exchange_public(a), group->public_a);
        assert_octets_hash_to(key_exchange_public(b), group->public_b);
        assert_octets_hash_to(key_exchange_public(c), group->public_c);
        assert_int_equal(key_exchange_public(b).data[0], 0);
        assert_shared(a, b, group->shared_ab, false);
        assert_shared(b, a, group->shared_ab, false);
        assert_shared(a, c, group->shared_ac, true);
        assert_shared(c, a, group->shared_ac, true);
        key_exchange_destroy(a);
        key_exchange_destroy(b);
        key_exchange_destroy(c);
    }
}

/* The prime ends in ff, so that adding up to 255 less to its last octet never borrows. */
static struct test_octets prime_less(const struct group *group, uint8_t less)
{
    struct test_octets value = test_octets_from_hex(group->prime);
    value.data[value.length - 1] = (uint8_t)(value.data[value.length - 1] - less);
    return value;
}

static struct test_octets small_value(const struct group *group, uint8_t number)
{
    struct test_octets value = {.length = test_octets_from_hex(group->prime).length};
    value.data[value.length - 1] = number;
    return value;
}

static enum status derive(struct key_exchange *key, struct test_octets peer)
{
    struct shared_secret secret;
    return key_exchange_derive(key, test_octets_bytes(&peer), &secret);
}

static void test_values_outside_2_to_p_less_2_are_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        struct key_exchange *key = test_key_from_hex(groups[i].id, groups[i].private_a);
        assert_int_equal(derive(key, small_value(&groups[i], 0)), STATUS_NOTIFY(INVALID_SYNTAX));
        assert_int_equal(derive(key, small_value(&groups[i], 1)), STATUS_NOTIFY(INVALID_SYNTAX));
        assert_int_equal(derive(key, small_value(&groups[i], 2)), STATUS_OK);
        assert_int_equal(derive(key, prime_less(&groups[i], 2)), STATUS_OK);
        assert_int_equal(derive(key, prime_less(&groups[i], 1)), STATUS_NOTIFY(INVALID_SYNTAX));
        assert_int_equal(derive(key, prime_less(&groups[i], 0)), STATUS_NOTIFY(INVALID_SYNTAX));

        struct test_octets largest = small_value(&groups[i], 0);
        memset(largest.data, 0xff, largest.length);
        assert_int_equal(derive(key, largest), STATUS_NOTIFY(INVALID_SYNTAX));
        key_exchange_destroy(key);
    }
}

/* A peer's value of 2 gives back our own public value. */
static void test_two_is_the_generator(void **state)
{
    (void)state;
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        struct key_exchange *key = test_key_from_hex(groups[i].id, groups[i].private_b);
        struct test_octets two = small_value(&groups[i], 2);
        struct shared_secret secret;
        assert_int_equal(key_exchange_derive(key, test_octets_bytes(&two), &secret), STATUS_OK);
        assert_true(bytes_equal(key_exchange_public(key), bytes_of(secret.data, secret.length)));
        key_exchange_destroy(key);
    }
}

/* Exponents 0 and 1 are drawn anew. */
static void test_trivial_exponents_are_drawn_anew(void **state)
{
    (void)state;
    struct test_octets good = test_octets_from_hex(groups[0].private_a);
    struct random_script script = {.octets = {.length = 3 * good.length}};
    script.octets.data[2 * good.length - 1] = 1;
    memcpy(script.octets.data + 2 * good.length, good.data, good.length);
    struct random_source source = random_script_source(&script);
    struct key_exchange *key =
        key_exchange_create(key_exchange_algorithm_find(KE_MODP_2048), &source);
    assert_non_null(key);
    assert_octets_hash_to(key_exchange_public(key), groups[0].public_a);
    key_exchange_destroy(key);
}

static bool fill_with_zeros(void *context, uint8_t *out, size_t length)
{
    (void)context;
    memset(out, 0, length);
    return true;
}

static void test_a_stuck_source_gives_no_key(void **state)
{
    (void)state;
    const struct random_source stuck = {fill_with_zeros, NULL};
    for (size_t i = 0; i < GROUP_COUNT; i++) {
        assert_null(key_exchange_create(key_exchange_algorithm_find(groups[i].id), &stuck));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_known_answers_both_ways),
        cmocka_unit_test(test_values_outside_2_to_p_less_2_are_refused),
        cmocka_unit_test(test_two_is_the_generator),
        cmocka_unit_test(test_trivial_exponents_are_drawn_anew),
        cmocka_unit_test(test_a_stuck_source_gives_no_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

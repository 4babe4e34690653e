/* Small questions about one IKE SA, and whose keys seal what. */
#include "store_lab.h"

#include <stdlib.h>
#include <string.h>

static void test_states(void **state)
{
    (void)state;
    static const struct {
        enum ike_sa_state state;
        const char *name;
        bool up;
    } rows[] = {
        {IKE_SA_INIT_SENT, "connecting", false}, {IKE_SA_HALF_OPEN, "half-open", false},
        {IKE_SA_AUTH_SENT, "connecting", false}, {IKE_SA_ESTABLISHED, "established", true},
        {IKE_SA_REKEYED, "rekeyed", true},       {IKE_SA_DELETING, "deleting", true},
        {IKE_SA_CLOSED, "closed", false},
    };
    assert_int_equal(sizeof rows / sizeof rows[0], IKE_SA_STATES);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct ike_sa sa = {.state = rows[i].state};
        assert_string_equal(ike_sa_state_name(rows[i].state), rows[i].name);
        assert_int_equal(ike_sa_is_up(&sa), rows[i].up);
    }
    assert_string_equal(child_sa_state_name(CHILD_SA_INSTALLED), "installed");
    assert_string_equal(child_sa_state_name(CHILD_SA_REKEYING), "rekeying");
    assert_string_equal(child_sa_state_name(CHILD_SA_DELETING), "deleting");
}

static void test_children_and_spis(void **state)
{
    (void)state;
    struct store_lab lab;
    store_lab_create(&lab);
    struct ike_sa *sa = sa_store_add(&lab.store, 0, true, IKE_SA_ESTABLISHED);
    struct ike_sa loose = {.initiator = true, .spi_i = 1, .spi_r = 2};
    assert_true(ike_sa_local_spi(&loose) == 1);
    loose.initiator = false;
    assert_true(ike_sa_local_spi(&loose) == 2);
    assert_null(ike_sa_child_by_id(sa, 1));
    /* the numbers of one are the SPIs of the other: each is found by what it was asked for */
    struct child_sa *first = store_lab_child(&lab, sa, 1, 0x102, 0x103);
    struct child_sa *second = store_lab_child(&lab, sa, 0x102, 0x103, 0x102);
    assert_ptr_equal(ike_sa_child_by_id(sa, 1), first);
    assert_ptr_equal(ike_sa_child_by_id(sa, 0x102), second);
    assert_ptr_equal(ike_sa_child_by_spi_in(sa, 0x102), first);
    assert_ptr_equal(ike_sa_child_by_spi_in(sa, 0x103), second);
    assert_ptr_equal(ike_sa_child_by_spi_out(sa, 0x103), first);
    assert_ptr_equal(ike_sa_child_by_spi_out(sa, 0x102), second);
    assert_null(ike_sa_child_by_spi_in(sa, 0x104));
    store_lab_destroy(&lab);
}

static void key_set(struct secret *key, size_t length, int octet)
{
    key->length = length;
    memset(key->data, octet, length);
}

static struct ike_keys keys_for(const struct protection *p)
{
    struct ike_keys keys = {0};
    size_t encryption = protection_encryption_key_length(p);
    size_t integrity = protection_integrity_key_length(p);
    key_set(&keys.sk_ei, encryption, 1);
    key_set(&keys.sk_er, encryption, 2);
    key_set(&keys.sk_ai, integrity, 3);
    key_set(&keys.sk_ar, integrity, 4);
    key_set(&keys.sk_d, 32, 5);
    key_set(&keys.sk_pi, 32, 6);
    key_set(&keys.sk_pr, 32, 7);
    return keys;
}

/* One text from `from` to `to`, which may be the same: opened or not. */
static bool reaches(struct ike_sa *from, struct ike_sa *to)
{
    uint8_t iv[PROTECTION_IV_MAX];
    uint8_t icv[PROTECTION_ICV_MAX];
    uint8_t text[16] = "sixteen octets.";
    const struct bytes aad = bytes_of("head", 4);
    const struct bytes none = {0};
    assert_int_equal(protector_next_iv(from->seal, &random_system, iv), STATUS_OK);
    assert_int_equal(protector_seal(from->seal, aad, iv, text, 16, none, icv), STATUS_OK);
    return protector_open(to->open, aad, iv, text, 16, none, icv) == STATUS_OK &&
           memcmp(text, "sixteen octets.", 16) == 0;
}

/* RFC 7296 2.14: SK_ei and SK_ai for what the original initiator sends, the others back. */
static void test_whose_keys(void **state)
{
    (void)state;
    const struct protection protections[] = {
        {cipher_algorithm_find(ENCR_AES_GCM_16), 128, NULL},
        {cipher_algorithm_find(ENCR_AES_CBC), 256,
         integrity_algorithm_find(AUTH_HMAC_SHA2_256_128)},
    };
    for (size_t i = 0; i < 2; i++) {
        struct ike_keys keys = keys_for(&protections[i]);
        struct ike_sa a = {.initiator = true, .protection = protections[i]};
        struct ike_sa b = {.initiator = false, .protection = protections[i]};
        assert_int_equal(ike_sa_set_keys(&a, &keys), STATUS_OK);
        assert_int_equal(ike_sa_set_keys(&b, &keys), STATUS_OK);
        assert_true(reaches(&a, &b));
        assert_true(reaches(&b, &a));
        assert_false(reaches(&a, &a)); /* not to be reflected */
        assert_memory_equal(b.sk_d.data, keys.sk_d.data, 32);
        assert_memory_equal(b.sk_pi.data, keys.sk_pi.data, 32);
        assert_memory_equal(b.sk_pr.data, keys.sk_pr.data, 32);
        struct ike_sa *const both[] = {&a, &b};
        for (size_t k = 0; k < 2; k++) {
            protector_destroy(both[k]->seal);
            protector_destroy(both[k]->open);
        }
    }
}

static void test_set_up_is_freed(void **state)
{
    (void)state;
    struct ike_sa sa = {0};
    ike_sa_free_init(&sa); /* there is none: no matter */
    sa.init = calloc(1, sizeof *sa.init);
    assert_non_null(sa.init);
    assert_int_equal(stored_message_set(&sa.init->request, bytes_of("request", 7)), STATUS_OK);
    assert_int_equal(stored_message_set(&sa.init->response, bytes_of("response", 8)), STATUS_OK);
    ike_sa_free_init(&sa); /* the sanitizer tells what is left over */
    assert_null(sa.init);
}

static void test_descriptions(void **state)
{
    (void)state;
    struct ike_sa sa = {.spi_i = 1,
                        .spi_r = 2,
                        .initiator = true,
                        .nat_remote = true,
                        .udp_encapsulation = true,
                        .path = {.local = {.port = 4500}, .remote = {.port = 61000}}};
    struct traffic_selector any[2] = {selector_any(ADDRESS_V4), selector_any(ADDRESS_V6)};
    const struct child_sa child = {
        .spi_in = 0x101, .spi_out = 0x201, .esn = true, .local = {1, &any[1]}, .remote = {2, any}};
    struct ike_sa_info ike = ike_sa_describe(&sa);
    assert_true(ike.spi_i == 1 && ike.spi_r == 2 && ike.initiator);
    assert_true(ike.nat_remote && !ike.nat_local && ike.udp_encapsulation && !ike.mobike);
    assert_true(path_equal(&ike.path, &sa.path));
    struct child_sa_info info = child_sa_describe(&sa, &child);
    assert_true(info.spi_in == 0x101 && info.spi_out == 0x201 && info.esn);
    assert_int_equal(info.local.count, 1);
    assert_int_equal(info.remote.count, 2);
    assert_true(selector_equal(&info.local.items[0], &any[1]));
    assert_true(selector_equal(&info.remote.items[1], &any[1]));
    assert_true(info.udp_encapsulation && path_equal(&info.path, &sa.path)); /* its IKE SA's */
    assert_int_equal(info.encryption_in.length, 0);                          /* no keys */
    assert_int_equal(info.replaces_spi_in, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states),       cmocka_unit_test(test_children_and_spis),
        cmocka_unit_test(test_whose_keys),   cmocka_unit_test(test_set_up_is_freed),
        cmocka_unit_test(test_descriptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* IKE SAs by whom they are with. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "sa/identity_index.h"

static struct identity_index known;
static struct ike_sa *sas;

#define SOME 6

static int set_up(void **state)
{
    static const uint8_t key[SIPHASH_KEY_LENGTH] = {1};
    (void)state;
    sas = calloc(SOME, sizeof *sas);
    return sas != NULL && identity_index_init(&known, key) == STATUS_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    identity_index_free(&known);
    free(sas);
    return 0;
}

static void add(size_t i, uint16_t peer_index, const char *identity)
{
    sas[i].peer_index = peer_index;
    assert_true(identity_parse(identity, &sas[i].remote_id));
    identity_index_add(&known, &sas[i]);
}

static void test_same_peer_and_same_identity(void **state)
{
    (void)state;
    add(0, 3, "a.example");
    add(1, 3, "b.example");
    add(2, 4, "a.example");
    add(3, 3, "a@example");
    assert_null(identity_index_other(&known, &sas[0], NULL));
    add(4, 3, "a.example");
    add(5, 3, "a.example");
    assert_ptr_equal(identity_index_other(&known, &sas[0], NULL), &sas[5]);
    assert_ptr_equal(identity_index_other(&known, &sas[0], &sas[5]), &sas[4]);
    assert_null(identity_index_other(&known, &sas[0], &sas[4]));
    assert_ptr_equal(identity_index_other(&known, &sas[5], NULL), &sas[4]);
    struct ike_sa stranger = sas[1]; /* who asks need not be in */
    assert_ptr_equal(identity_index_other(&known, &stranger, NULL), &sas[1]);
    identity_index_remove(&known, &sas[5]);
    identity_index_remove(&known, &sas[5]);
    assert_ptr_equal(identity_index_other(&known, &sas[0], NULL), &sas[4]);
}

/* Two spellings of one name (RFC 5280 7.1). */
static void test_names(void **state)
{
    (void)state;
    add(0, 0, "dn:C=AT, O=ikelab, CN=client");
    add(1, 0, "dn:C=AT, O=ikelab, CN=other");
    add(2, 0, "dn:C=AT, O=IKElab, CN=Client");
    assert_true(identity_equal(&sas[0].remote_id, &sas[2].remote_id));
    assert_ptr_equal(identity_index_other(&known, &sas[0], NULL), &sas[2]);
    assert_null(identity_index_other(&known, &sas[0], &sas[2]));
    assert_null(identity_index_other(&known, &sas[1], NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_same_peer_and_same_identity, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_names, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* A store of two peers without a network. */
#include "store_lab.h"

#include <stdlib.h>
#include <string.h>

static bool fill(void *context, uint8_t *out, size_t length)
{
    struct store_lab *lab = context;
    if (lab->dry) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        size_t shift = 8 * (length - 1 - i);
        out[i] = shift < 64 ? (uint8_t)(lab->next >> shift) : 0;
    }
    lab->next++;
    return true;
}

void store_lab_create(struct store_lab *lab)
{
    memset(lab, 0, sizeof *lab);
    endpoint_config_defaults(&lab->config);
    lab->config.peers = lab->peers;
    lab->config.peer_count = 2;
    for (size_t i = 0; i < 2; i++) {
        peer_config_defaults(&lab->peers[i]);
        assert_true(identity_parse(i == 0 ? "@first" : "@second", &lab->peers[i].local_id));
    }
    lab->random = (struct random_source){.fill = fill, .context = lab};
    assert_int_equal(sa_store_init(&lab->store, &lab->config, &lab->random, STORE_LAB_NOW),
                     STATUS_OK);
    lab->next = 1000;
}

void store_lab_destroy(struct store_lab *lab)
{
    sa_store_wipe(&lab->store);
}

struct child_sa *store_lab_child(struct store_lab *lab, struct ike_sa *sa, uint32_t id,
                                 uint32_t spi_in, uint32_t spi_out)
{
    struct child_sa *child = calloc(1, sizeof *child);
    assert_non_null(child);
    child->id = id;
    child->spi_in = spi_in;
    child->spi_out = spi_out;
    assert_int_equal(sa_store_add_child(&lab->store, sa, child), STATUS_OK);
    return child;
}

struct event store_lab_expect(struct store_lab *lab, enum event_type type)
{
    struct event event;
    assert_true(sa_store_next_event(&lab->store, &event));
    assert_int_equal(event.type, type);
    return event;
}

void store_lab_expect_none(struct store_lab *lab)
{
    struct event event;
    assert_false(sa_store_next_event(&lab->store, &event));
}

/* x and y are exchanged, x*y modulo 2^64 is shared. */

#include "sim/stand_in.h"

#include <stdlib.h>

#include "base/writer.h"
#include "crypto/key_exchange.h"

#define LENGTH 8

struct stand_in {
    struct key_exchange head;
    uint64_t value;
    uint8_t octets[LENGTH];
};

static void put(uint8_t octets[LENGTH], uint64_t value)
{
    struct writer w = writer_over(octets, LENGTH);
    writer_u64(&w, value);
}

static struct key_exchange *create(const struct key_exchange_algorithm *algorithm,
                                   const struct random_source *random)
{
    (void)algorithm;
    struct stand_in *key = calloc(1, sizeof *key);
    if (key == NULL || random_fill(random, key->octets, LENGTH) != STATUS_OK) {
        free(key);
        return NULL;
    }
    key->octets[LENGTH - 1] |= 1; /* odd: no product is ever zero */
    struct bytes octets = bytes_of(key->octets, LENGTH);
    (void)!bytes_take_u64(&octets, &key->value);
    return &key->head;
}

static struct bytes public_value(const struct key_exchange *key)
{
    return bytes_of(((const struct stand_in *)key)->octets, LENGTH);
}

static enum status derive(struct key_exchange *key, struct bytes peer, struct shared_secret *out)
{
    uint64_t theirs;
    if (!bytes_take_u64(&peer, &theirs) || theirs == 0) {
        return STATUS_NOTIFY(INVALID_SYNTAX);
    }
    out->length = LENGTH;
    put(out->data, theirs * ((struct stand_in *)key)->value);
    return STATUS_OK;
}

static void destroy(struct key_exchange *key)
{
    free(key);
}

static const struct key_exchange_algorithm stand_ins[] = {
    {STAND_IN_A, "stand-in-a", LENGTH, LENGTH, create, public_value, derive, destroy},
    {STAND_IN_B, "stand-in-b", LENGTH, LENGTH, create, public_value, derive, destroy},
};

void stand_in_register(void)
{
    key_exchange_algorithm_register(NULL);
    key_exchange_algorithm_register(&stand_ins[0]);
    key_exchange_algorithm_register(&stand_ins[1]);
}

/* The Security Association Database: pairs by the SPI of packets we receive. For unicast the SPI
 * alone decides, whatever the addresses or encapsulation (RFC 4301 4.1, RFC 7296 2.23). */
#ifndef IKEREF_ESP_SAD_H
#define IKEREF_ESP_SAD_H

#include "esp/esp_pair.h"

struct sad {
    struct esp_pair **buckets;
    size_t bucket_count; /* a power of two */
    size_t count;
};

MUST_USE bool sad_init(struct sad *sad);

/* Destroys every pair. */
void sad_free(struct sad *sad);

/* NULL when there is none. */
struct esp_pair *sad_find(const struct sad *sad, uint32_t spi_in);

/* Takes ownership; asserts that the SPI is new. */
void sad_insert(struct sad *sad, struct esp_pair *pair);

/* Gives ownership back. */
void sad_remove(struct sad *sad, struct esp_pair *pair);

/* The pair after `pair` in no particular order, the first one after NULL; NULL at the end. */
struct esp_pair *sad_next(const struct sad *sad, const struct esp_pair *pair);

#endif

/* The Security Association Database: a hash table with chains that doubles when full. */
#include "esp/sad.h"

#include <assert.h>
#include <stdlib.h>

#define BUCKETS_FIRST 64

bool sad_init(struct sad *sad)
{
    sad->buckets = calloc(BUCKETS_FIRST, sizeof(*sad->buckets));
    sad->bucket_count = BUCKETS_FIRST;
    sad->count = 0;
    return sad->buckets != NULL;
}

void sad_free(struct sad *sad)
{
    for (struct esp_pair *pair = sad_next(sad, NULL); pair != NULL; pair = sad_next(sad, NULL)) {
        sad_remove(sad, pair);
        esp_pair_destroy(pair);
    }
    free(sad->buckets);
    sad->buckets = NULL;
}

/* SPIs are drawn at random by us, so their low bits spread well enough. */
static struct esp_pair **bucket_of(const struct sad *sad, uint32_t spi_in)
{
    return &sad->buckets[spi_in & (sad->bucket_count - 1)];
}

struct esp_pair *sad_find(const struct sad *sad, uint32_t spi_in)
{
    struct esp_pair *pair = *bucket_of(sad, spi_in);
    while (pair != NULL && pair->spi_in != spi_in) {
        pair = pair->sad_next;
    }
    return pair;
}

static void link_pair(struct sad *sad, struct esp_pair *pair)
{
    struct esp_pair **bucket = bucket_of(sad, pair->spi_in);
    pair->sad_next = *bucket;
    *bucket = pair;
}

/* Short of memory the table stays as it is: slower, not wrong. */
static void sad_grow(struct sad *sad)
{
    struct sad larger = {.bucket_count = sad->bucket_count * 2};
    larger.buckets = calloc(larger.bucket_count, sizeof(*larger.buckets));
    if (larger.buckets == NULL) {
        return;
    }
    for (size_t i = 0; i < sad->bucket_count; i++) {
        while (sad->buckets[i] != NULL) {
            struct esp_pair *pair = sad->buckets[i];
            sad->buckets[i] = pair->sad_next;
            link_pair(&larger, pair);
        }
    }
    free(sad->buckets);
    sad->buckets = larger.buckets;
    sad->bucket_count = larger.bucket_count;
}

void sad_insert(struct sad *sad, struct esp_pair *pair)
{
    assert(sad_find(sad, pair->spi_in) == NULL);
    if (sad->count == sad->bucket_count) {
        sad_grow(sad);
    }
    link_pair(sad, pair);
    sad->count++;
}

void sad_remove(struct sad *sad, struct esp_pair *pair)
{
    struct esp_pair **link = bucket_of(sad, pair->spi_in);
    while (*link != pair) {
        assert(*link != NULL);
        link = &(*link)->sad_next;
    }
    *link = pair->sad_next;
    sad->count--;
}

struct esp_pair *sad_next(const struct sad *sad, const struct esp_pair *pair)
{
    size_t i = 0;
    if (pair != NULL) {
        if (pair->sad_next != NULL) {
            return pair->sad_next;
        }
        i = (pair->spi_in & (sad->bucket_count - 1)) + 1;
    }
    while (i < sad->bucket_count && sad->buckets[i] == NULL) {
        i++;
    }
    return i < sad->bucket_count ? sad->buckets[i] : NULL;
}

/* Client puzzles: searching for a solution, and looking at one. RFC 8019 7.1. */

#include "sa/puzzle.h"

#include <string.h>

enum status puzzle_search_begin(struct puzzle_search *search, uint16_t prf, uint8_t difficulty,
                                struct bytes s1, struct bytes s2)
{
    struct writer w = writer_over(search->string, sizeof search->string);
    writer_put(&w, s1);
    writer_put(&w, s2);
    search->prf = prf_algorithm_find(prf);
    search->difficulty = difficulty;
    search->length = w.length;
    search->next = 0;
    search->exhausted = false;
    search->found = 0;
    return search->prf != NULL && !w.overflow ? STATUS_OK : STATUS_DROP;
}

static unsigned trailing_zeros(const uint8_t *octets, size_t length)
{
    unsigned bits = 0;
    while (length > 0 && octets[length - 1] == 0) {
        bits += 8;
        length--;
    }
    for (unsigned bit = 0; length > 0 && (octets[length - 1] >> bit & 1) == 0; bit++) {
        bits++;
    }
    return bits;
}

/* Of prf(key, s1 | s2); 0 when it cannot be computed. */
static unsigned zeros_of(const struct prf_algorithm *prf, struct bytes key, struct bytes s1,
                         struct bytes s2)
{
    uint8_t out[PRF_OUTPUT_MAX];
    struct bytes parts[] = {s1, s2};
    return prf_compute(prf, key, parts, 2, out) == STATUS_OK
               ? trailing_zeros(out, prf->output_length)
               : 0;
}

bool puzzle_search_go_on(struct puzzle_search *search, uint32_t tries)
{
    struct bytes s = bytes_of(search->string, search->length);
    while (search->found < PUZZLE_KEYS && tries-- > 0 && !search->exhausted) {
        uint8_t *key = search->keys + search->found * PUZZLE_KEY_LENGTH;
        struct writer w = writer_over(key, PUZZLE_KEY_LENGTH);
        writer_u32(&w, search->next++);
        search->exhausted = search->next == 0;
        if (zeros_of(search->prf, writer_bytes(&w), s, bytes_of(NULL, 0)) >= search->difficulty) {
            search->found++;
        }
    }
    return search->found == PUZZLE_KEYS;
}

struct bytes puzzle_search_keys(const struct puzzle_search *search)
{
    return bytes_of(search->keys, sizeof search->keys);
}

/* Each of the size, between one octet and what the PRF prefers (8.2), and none twice. */
static bool keys_fit(const struct prf_algorithm *prf, struct bytes keys)
{
    size_t size = keys.length / PUZZLE_KEYS;
    if (size == 0 || size > prf->key_length || keys.length % PUZZLE_KEYS != 0) {
        return false;
    }
    for (size_t i = 0; i < PUZZLE_KEYS; i++) {
        for (size_t j = 0; j < i; j++) {
            if (memcmp(keys.data + i * size, keys.data + j * size, size) == 0) {
                return false;
            }
        }
    }
    return true;
}

unsigned puzzle_solved(uint16_t prf_id, struct bytes s1, struct bytes s2, struct bytes keys,
                       unsigned wanted)
{
    const struct prf_algorithm *prf = prf_algorithm_find(prf_id);
    unsigned least = UINT8_MAX;
    if (prf == NULL || !keys_fit(prf, keys)) {
        return 0;
    }
    size_t size = keys.length / PUZZLE_KEYS;
    for (size_t i = 0; i < PUZZLE_KEYS; i++) {
        unsigned zeros = zeros_of(prf, bytes_of(keys.data + i * size, size), s1, s2);
        least = zeros < least ? zeros : least;
        if (least < wanted) {
            break;
        }
    }
    return least;
}

uint16_t puzzle_prf_choose(const struct sa_payload *offer)
{
    for (size_t i = 0; i < offer->count; i++) {
        const struct proposal *p = &offer->proposals[i];
        for (size_t j = 0; j < p->count && !p->unusable; j++) {
            if (p->transforms[j].type == TRANSFORM_PRF &&
                prf_algorithm_find(p->transforms[j].id) != NULL) {
                return p->transforms[j].id;
            }
        }
    }
    return 0;
}

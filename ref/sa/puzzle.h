/* Client puzzles, RFC 8019 4.4, 7.1.3, 7.2.3: four different keys K such that each prf(K, S) ends
 * in many zero bits. S is the cookie in IKE_SA_INIT, and Nr | SPIr in IKE_AUTH. */
#ifndef IKEREF_SA_PUZZLE_H
#define IKEREF_SA_PUZZLE_H

#include "crypto/crypto.h"
#include "wire/payloads.h"

#define PUZZLE_STRING_MAX (NONCE_MAX + 8)
#define PUZZLE_KEY_LENGTH 4     /* of the keys we find */
#define PUZZLE_DIFFICULTY_MIN 9 /* what may be demanded: fewer bits are no work, RFC 8019 4.4 */

/* How far a search has come; whoever owns it decides how long each piece of it takes. */
struct puzzle_search {
    const struct prf_algorithm *prf;
    uint8_t difficulty;
    size_t length;
    uint8_t string[PUZZLE_STRING_MAX]; /* S */
    uint32_t next;                     /* key to be tried */
    bool exhausted;                    /* there are no more keys of this length */
    size_t found;
    uint8_t keys[PUZZLE_KEYS * PUZZLE_KEY_LENGTH];
};

/* Begins a search; STATUS_DROP when we do not have the PRF. S is the two parts side by side. */
MUST_USE enum status puzzle_search_begin(struct puzzle_search *search, uint16_t prf,
                                         uint8_t difficulty, struct bytes s1, struct bytes s2);

/* Tries `tries` more keys at most; true when the four have been found. */
bool puzzle_search_go_on(struct puzzle_search *search, uint32_t tries);

/* The body of the PS payload; valid as long as the search. */
struct bytes puzzle_search_keys(const struct puzzle_search *search);

/* The fewest trailing zero bits among the results of the four keys: what was solved for (7.1.4). 0
 * too when they are no solution at all: of a size the PRF does not take, two alike, or a PRF that
 * we do not have. Stops early at less than `wanted`. */
unsigned puzzle_solved(uint16_t prf, struct bytes s1, struct bytes s2, struct bytes keys,
                       unsigned wanted);

/* The best PRF for a puzzle among those of an offer that we have (7.1.1.2); 0: none. */
uint16_t puzzle_prf_choose(const struct sa_payload *offer);

#endif

/* The anti-replay window, RFC 4303 3.4.3 and A2: a ring of 64-bit words, so that moving it costs
 * the same whatever its size (RFC 6479). */
#ifndef IKEREF_ESP_REPLAY_WINDOW_H
#define IKEREF_ESP_REPLAY_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPLAY_WINDOW_MAX 4096
#define REPLAY_WORDS                                                                               \
    128 /* a power of two above REPLAY_WINDOW_MAX / 64: one word is being filled                   \
         */

struct replay_window {
    uint32_t size;                /* packets; 0: no check */
    uint32_t mask;                /* words in use, a power of two, less one */
    uint64_t highest;             /* authenticated so far; 0: none yet */
    uint64_t words[REPLAY_WORDS]; /* no other than those in use is ever touched */
};

/* Octets that a window of this size needs of the struct: who allocates one may leave out the rest.
 */
size_t replay_window_length(uint32_t size);

/* Asserts size <= REPLAY_WINDOW_MAX. */
void replay_window_init(struct replay_window *window, uint32_t size);

/* The whole sequence number of a packet that carries `low`: with ESN the high half is deduced
 * (RFC 4303 A2.2); with the check off, it is the number nearest to the highest. */
uint64_t replay_window_sequence(const struct replay_window *window, uint32_t low, bool esn);

/* Whether a packet of this number is new. Changes nothing: call before opening. */
bool replay_window_check(const struct replay_window *window, uint64_t sequence);

/* Takes note of an authentic packet that passed the check; true when it is the highest so far. */
bool replay_window_update(struct replay_window *window, uint64_t sequence);

#endif

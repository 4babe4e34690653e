/* Two endpoints of the reference in one process, that play a written exchange. */
#ifndef IKEREF_TEST_VECTORS_EXCHANGE_PLAY_H
#define IKEREF_TEST_VECTORS_EXCHANGE_PLAY_H

#include "endpoint/endpoint.h"
#include "test/vectors/scripted_random.h"
#include "test/vectors/vector.h"

enum side { INITIATOR, RESPONDER, SIDES };

#define PLAY_QUEUE_MAX 32
#define PLAY_EVENTS_MAX 64

struct player {
    struct endpoint *endpoint;
    struct endpoint_config config;
    struct peer_config peer;
    struct scripted_random random;
    size_t queue_count;
    struct datagram queue[PLAY_QUEUE_MAX]; /* octets are copies */
};

struct play {
    const json_t *test;
    struct player players[SIDES];
    struct bytes joined; /* what the fragments of a message have held so far */
    size_t event_count;
    struct event events[PLAY_EVENTS_MAX]; /* those that bring keys */
};

/* Sets up both sides from the test's "setup"; randomness from "random", or from "stream" when
 * `record`. NULL, or what is wrong; play_end() is due either way. */
const char *play_begin(struct play *play, const json_t *test, bool record);
void play_end(struct play *play);

/* One step that is a command. */
const char *play_command(struct play *play, const json_t *step);

/* The first datagram `from` has queued goes to the other side; *sent lives until octets_forget().
 * False: there is none. */
bool play_deliver(struct play *play, enum side from, struct datagram *sent);

enum side play_side(const char *name);
const char *play_side_name(enum side side);

/* NULL, or which value of one side's "auth" is not what the reference comes to. */
const char *play_auth_differs(const struct play *play, const json_t *auth);

/* NULL, or which of the keys, KEYMATs and AUTHs is not what follows from g^ir and nonces. */
const char *play_check_derivation(const struct play *play);

/* NULL, or which value of a message that the keys written protect is another. Of fragments, in
 * their order, what they make together is looked at, too. */
const char *play_encrypted_differs(struct play *play, const json_t *step);

/* NULL, or which of the values written in between is not what the reference comes to. */
const char *play_check_values(const struct play *play);

#endif

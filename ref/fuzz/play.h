/* Two endpoints of the core whose network, clock, hosts and keys are the fuzzer's: it decides when
 * each datagram arrives, how often and as what, and may speak for either side with its keys. */
#ifndef IKEREF_FUZZ_PLAY_H
#define IKEREF_FUZZ_PLAY_H

#include "fuzz/input.h"
#include "test/endpoint/world.h"

#define PLAY_IN_FLIGHT 64
#define PLAY_HISTORY 32

struct play_arrival { /* a datagram as it reaches a side */
    unsigned to;
    struct path path; /* as the receiver sees it */
    bool encapsulated;
    size_t length;
    uint8_t octets[IKE_MESSAGE_MAX + 64];
};

struct play {
    struct world world;
    bool wrong_key;   /* the sides do not share their key: no IKE SA may ever be established */
    bool spoken_for;  /* a message was forged with a side's keys: the sides need not agree */
    size_t in_flight; /* what was sent and has not arrived, in the order of sending */
    struct world_packet *packets[PLAY_IN_FLIGHT];
    size_t said; /* of these the last PLAY_HISTORY are kept */
    struct play_arrival history[PLAY_HISTORY];
};

/* The world that the octet `setting` says, before any message. */
void play_begin(struct play *play, uint8_t setting);
/* Silence until every timer has had its say; then everything asked must have been answered. */
void play_end(struct play *play);

/* The k-th datagram in flight as it would arrive; NULL packet when there is none. */
bool play_peek(struct play *play, size_t k, struct play_arrival *out);
void play_drop(struct play *play, size_t k);
/* It arrives; what follows from it is in flight afterwards. */
void play_deliver(struct play *play, const struct play_arrival *arrival);
/* Everything in flight arrives, in order, and what it causes too, until it is quiet. */
void play_settle(struct play *play);

void play_command(struct play *play, unsigned side, struct command command);
void play_pass(struct play *play, uint64_t span_ns); /* time; timers run, nothing arrives */
void play_restart(struct play *play, unsigned side);

/* The side's IKE SA number `k` that has keys, or NULL. */
struct ike_sa *play_ike_sa(struct play *play, unsigned side, size_t k);

/* ---- play_tamper.c ---- */

/* Opens what arrives with the receiver's keys, changes its payloads, and seals it again with the
 * sender's; what is in the open is changed as it is. False: not possible, nothing has changed. */
bool play_tamper(struct play *play, struct play_arrival *arrival, struct input *in);
/* Cuts what arrives into fragments (RFC 7383) of the input's choosing, and delivers them. */
void play_fragment(struct play *play, const struct play_arrival *arrival, struct input *in);
/* Octets anywhere, the header too; nothing is sealed again. */
void play_spoil(struct play_arrival *arrival, struct input *in);

/* ---- play_forge.c ---- */

/* A message that neither side ever wanted to send, with the right keys. */
void play_forge(struct play *play, struct input *in);

/* ---- play_rules.c ---- */

void play_rules_reset(void);
/* Who holds which keys now; to be called before events are looked at. */
void play_rules_note(struct play *play);
void play_rules_event(const struct play *play, unsigned side, const struct event *event);
/* What a side may hold, whatever is sent to it. */
void play_rules_bounds(struct play *play, unsigned side);

/* Answers to a stranger: one datagram for one, and not larger. */
struct play_answer {
    bool stranger; /* the datagram belongs to no IKE SA that is there */
    size_t ike_sas;
    size_t datagrams, octets;
};
struct play_answer play_rules_before(struct play *play, const struct play_arrival *arrival);
void play_rules_after(struct play *play, const struct play_arrival *arrival,
                      const struct play_answer *answer);

#endif

/* A script: all that happens to a run from outside, as text that a person can read, cut and keep.
 *
 *     seed 42
 *     set mobike 1
 *     1500 a rekey-child 0
 *     1800 net loss 20
 *
 * Settings hold for the whole run; each line after them says when (ms), who, what, and how much. */
#ifndef IKEREF_SIM_SCRIPT_H
#define IKEREF_SIM_SCRIPT_H

#include <stdio.h>

#include "base/bytes.h"

#define ACTS_MAX 400

enum setting {
    SET_PLAN,          /* enum plan: what may be expected of the run */
    SET_HOSTS,         /* 2: a and b; 3: c too, whose only peer is b */
    SET_CHILDREN,      /* of a and b */
    SET_SUITE,         /* row of the table in config.c */
    SET_REAL_KE,       /* 1: real key exchanges, else stand-ins */
    SET_PFS,           /* key exchange in Child SA rekeys */
    SET_WRONG_GUESS,   /* a offers first what b does not want: INVALID_KE_PAYLOAD */
    SET_ESN,           /* extended sequence numbers */
    SET_MOBIKE,        /* RFC 4555 */
    SET_PLACE,         /* where a starts: enum place */
    SET_CALLABLE,      /* b may connect to a (and to c), when no NAT is in the way */
    SET_PEER_NAT,      /* b is behind a NAT that forwards to it */
    SET_NAT_STRICT,    /* one mapping for each destination (RFC 4787 4.1) */
    SET_NAT_EXPIRY_MS, /* a mapping unused for so long is forgotten; 0: never */
    SET_COOKIES,       /* b always asks for a cookie */
    SET_IKE_SOFT_MS,   /* lifetimes; 0: none */
    SET_IKE_HARD_MS,
    SET_CHILD_SOFT_MS,
    SET_CHILD_HARD_MS,
    SET_CHILD_PACKETS, /* rekeyed after so many packets; 0: never */
    SET_JITTER_MS,     /* of soft lifetimes */
    SET_LIVENESS_MS,
    SET_KEEPALIVE_MS,
    SET_TIMEOUT_MS, /* first retransmission */
    SET_TRIES,
    SET_WINDOW,       /* replay window, packets */
    SET_TRAFFIC_MS,   /* between two packets of a flow */
    SET_DELAY_MS,     /* one way */
    SET_IPV6,         /* 1: IPv6 outside, but behind a NAT; b has both families */
    SET_CERTIFICATES, /* 1: hosts prove who they are with certificates, else with a shared key */
    SET_FRAGMENT, /* octets of the largest IP packet to fill with a fragment; 0: no fragmentation */
    SET_WORK_MS, /* public-key work is done by others, comes back in any order, after up to so long;
                    0: the core does it at once */
    SET_PUZZLES, /* zero bits of the puzzles that b gives to all (RFC 8019); 0: none */
    SET_END,     /* 0: both shut down; 1: a deletes first; 2: b does */
    SETTINGS,
};

enum plan { PLAN_STORM, PLAN_CALM, PLAN_LIFE, PLANS };
enum place { PLACE_HOME, PLACE_AWAY, PLACE_NAT, PLACE_DOUBLE_NAT, PLACES };
enum who { WHO_A, WHO_B, WHO_C, WHO_NET, WHOS };

enum verb {
    ACT_INITIATE,     /* child */
    ACT_REKEY_CHILD,  /* child; 99: all */
    ACT_REKEY_IKE,    /* */
    ACT_DELETE_CHILD, /* child; 99: all */
    ACT_DELETE_IKE,
    ACT_LIVENESS,
    ACT_ROAM,        /* a: place; b: 1 has a second address, 0 has not */
    ACT_UNPLUG,      /* a has no address for so many ms */
    ACT_RESTART,     /* all state is lost; back after so many ms */
    ACT_CLOCK_AHEAD, /* the host slept: its clock jumps so many ms */
    ACT_CLOCK_BACK,
    ACT_EXPIRE_SOFT, /* child: the data plane says so */
    ACT_EXPIRE_HARD,
    NET_LOSS,      /* percent, until said otherwise; so are the next four */
    NET_JITTER,    /* up to so many ms more */
    NET_REORDER,   /* percent are held for up to 300 ms */
    NET_DUPLICATE, /* percent */
    NET_CORRUPT,   /* percent: a few bits flip */
    NET_BURST,     /* the next so many datagrams are lost */
    NET_PARTITION, /* nothing passes for so many ms */
    NET_DEAF_A,    /* nothing reaches a for so many ms */
    NET_DEAF_B,
    NET_REBIND, /* NATs forget their mappings and use other ports */
    NET_MTU,    /* octets of the largest outer packet */
    VERBS,
};

struct act {
    uint32_t at_ms;
    uint8_t who, verb;
    uint32_t value;
};

struct script {
    uint64_t seed;
    uint32_t settings[SETTINGS];
    size_t count;
    struct act acts[ACTS_MAX]; /* by time */
};

/* Nothing happens, every setting has its default. */
void script_init(struct script *script, uint64_t seed);

/* Sorts it in by time, behind those of the same time; false when there is no room. */
bool script_add(struct script *script, uint32_t at_ms, enum who who, enum verb verb,
                uint32_t value);
void script_remove(struct script *script, size_t first, size_t count);

/* One line into the script; comments (#) and empty lines are fine. On failure *error says what was
 * expected (static storage). */
MUST_USE bool script_parse_line(struct script *script, const char *line, const char **error);

/* Settings that differ from their defaults, then the acts. */
void script_print(const struct script *script, FILE *out);

uint32_t setting_default(enum setting setting);
const char *setting_name(enum setting setting);
const char *who_name(enum who who);
const char *verb_name(enum verb verb);

#endif

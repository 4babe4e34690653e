/* Plans from dice. */

#include "sim/plan.h"

#include "sa/puzzle.h"
#include "sim/dice.h"

#define ALL_CHILDREN 99

/* ---- settings ---- */

static void choose_crypto(struct dice *d, struct script *s)
{
    s->settings[SET_REAL_KE] = dice_below(d, 20) == 0;
    s->settings[SET_SUITE] = dice_below(d, 3) == 0 ? dice_below(d, 4) : 0;
    s->settings[SET_PFS] = dice_below(d, 2);
    s->settings[SET_ESN] = dice_below(d, 3) == 0;
}

static void choose_circumstances(struct dice *d, struct script *s)
{
    static const uint32_t windows[] = {32, 64, 128, 1024};
    s->settings[SET_CHILDREN] = 1 + dice_below(d, 3);
    s->settings[SET_HOSTS] = dice_below(d, 6) == 0 ? 3 : 2;
    s->settings[SET_MOBIKE] = dice_below(d, 4) > 0;
    s->settings[SET_PLACE] = dice_below(d, 2) * dice_below(d, PLACES);
    /* without MOBIKE a host behind a NAT follows nobody (RFC 7296 2.23): two of them would part */
    s->settings[SET_PEER_NAT] = s->settings[SET_MOBIKE] && dice_below(d, 8) == 0;
    s->settings[SET_NAT_STRICT] = dice_below(d, 4) == 0;
    s->settings[SET_COOKIES] = dice_below(d, 4) == 0;
    s->settings[SET_WRONG_GUESS] = dice_below(d, 4) == 0;
    s->settings[SET_WINDOW] = windows[dice_below(d, 4)];
    s->settings[SET_TRAFFIC_MS] = 100 + dice_below(d, 900);
    s->settings[SET_DELAY_MS] = 1 + dice_below(d, 60);
    s->settings[SET_END] = dice_below(d, 3);
}

/* Both sides have the same lifetimes: without jitter they rekey at the same moment. */
static void choose_lifetimes(struct dice *d, struct script *s)
{
    if (dice_below(d, 3) == 0) {
        s->settings[SET_CHILD_SOFT_MS] = 2000 + dice_below(d, 6000);
        s->settings[SET_IKE_SOFT_MS] = dice_below(d, 2) * (3000 + dice_below(d, 9000));
        s->settings[SET_JITTER_MS] = dice_below(d, 2) * dice_below(d, 2000);
    }
    if (dice_below(d, 5) == 0) {
        s->settings[SET_CHILD_PACKETS] = 8 + dice_below(d, 40);
    }
}

/* ---- acts ---- */

static uint32_t some_child(struct dice *d, const struct script *s)
{
    return dice_below(d, 4) == 0 ? ALL_CHILDREN : dice_below(d, s->settings[SET_CHILDREN]);
}

static void ask(struct dice *d, struct script *s, uint32_t at_ms, enum who who)
{
    static const enum verb verbs[] = {ACT_INITIATE,    ACT_INITIATE,    ACT_REKEY_IKE,
                                      ACT_REKEY_IKE,   ACT_REKEY_IKE,   ACT_REKEY_CHILD,
                                      ACT_REKEY_CHILD, ACT_REKEY_CHILD, ACT_DELETE_CHILD,
                                      ACT_DELETE_IKE,  ACT_LIVENESS,    ACT_EXPIRE_SOFT};
    enum verb verb = verbs[dice_below(d, sizeof verbs / sizeof verbs[0])];
    uint32_t value = verb == ACT_INITIATE || verb == ACT_EXPIRE_SOFT
                         ? dice_below(d, s->settings[SET_CHILDREN])
                         : some_child(d, s);
    bool whole = verb == ACT_REKEY_IKE || verb == ACT_DELETE_IKE || verb == ACT_LIVENESS;
    (void)script_add(s, at_ms, who, verb, whole ? 0 : value);
}

static void roam(struct dice *d, struct script *s, uint32_t at_ms)
{
    if (dice_below(d, 3) > 0) {
        (void)script_add(s, at_ms, WHO_A, ACT_ROAM, dice_below(d, PLACES));
    } else {
        (void)script_add(s, at_ms, WHO_B, ACT_ROAM, dice_below(d, 2));
    }
}

/* The same thing, or two that hinder each other, at both sides within one way of the network. */
static void collide(struct dice *d, struct script *s, uint32_t at_ms)
{
    static const enum verb verbs[] = {ACT_REKEY_IKE,   ACT_REKEY_IKE,    ACT_REKEY_CHILD,
                                      ACT_REKEY_CHILD, ACT_DELETE_CHILD, ACT_DELETE_IKE};
    uint32_t apart = s->settings[SET_DELAY_MS] * 2;
    enum verb verb = verbs[dice_below(d, 4)];
    enum verb other = dice_below(d, 2) ? verb : verbs[dice_below(d, 6)];
    uint32_t child = dice_below(d, s->settings[SET_CHILDREN]);
    (void)script_add(s, at_ms, WHO_A, verb, verb == ACT_REKEY_IKE ? 0 : child);
    (void)script_add(s, at_ms + dice_below(d, apart), WHO_B, other,
                     other == ACT_REKEY_IKE || other == ACT_DELETE_IKE ? 0 : child);
}

static void fault(struct dice *d, struct script *s, uint32_t at_ms)
{
    switch (dice_below(d, 12)) {
    case 0:
        (void)script_add(s, at_ms, WHO_NET, NET_LOSS, dice_below(d, 40));
        break;
    case 1:
        (void)script_add(s, at_ms, WHO_NET, NET_JITTER, dice_below(d, 200));
        break;
    case 2:
        (void)script_add(s, at_ms, WHO_NET, NET_REORDER, dice_below(d, 40));
        break;
    case 3:
        (void)script_add(s, at_ms, WHO_NET, NET_DUPLICATE, dice_below(d, 60));
        break;
    case 4:
        (void)script_add(s, at_ms, WHO_NET, NET_CORRUPT, dice_below(d, 20));
        break;
    case 5:
        (void)script_add(s, at_ms, WHO_NET, NET_BURST, 1 + dice_below(d, 12));
        break;
    case 6:
        (void)script_add(s, at_ms, WHO_NET, NET_PARTITION, dice_below(d, 12000));
        break;
    case 7:
        (void)script_add(s, at_ms, WHO_NET, dice_below(d, 2) ? NET_DEAF_A : NET_DEAF_B,
                         dice_below(d, 10000));
        break;
    case 8:
        (void)script_add(s, at_ms, WHO_NET, NET_REBIND, 0);
        break;
    case 9:
        (void)script_add(s, at_ms, WHO_NET, NET_MTU, 576 + dice_below(d, 900));
        break;
    default: /* better for a while */
        (void)script_add(s, at_ms, WHO_NET, NET_LOSS, 0);
        (void)script_add(s, at_ms, WHO_NET, NET_CORRUPT, 0);
        break;
    }
}

static void upset(struct dice *d, struct script *s, uint32_t at_ms)
{
    enum who who = dice_below(d, 2) ? WHO_A : WHO_B;
    switch (dice_below(d, 6)) {
    case 0:
        (void)script_add(s, at_ms, who, ACT_RESTART, dice_below(d, 4000));
        break;
    case 1:
        (void)script_add(s, at_ms, who, ACT_CLOCK_AHEAD, dice_below(d, 20000));
        break;
    case 2:
        (void)script_add(s, at_ms, who, ACT_CLOCK_BACK, dice_below(d, 2000));
        break;
    case 3:
        (void)script_add(s, at_ms, who, ACT_EXPIRE_HARD, dice_below(d, 4));
        break;
    default:
        (void)script_add(s, at_ms, WHO_A, ACT_UNPLUG, dice_below(d, 8000));
        break;
    }
}

/* ---- plans ---- */

static void storm(struct dice *d, struct script *s)
{
    s->settings[SET_CALLABLE] = 1;
    choose_circumstances(d, s);
    choose_lifetimes(d, s);
    if (dice_below(d, 6) == 0) {
        s->settings[SET_CHILD_HARD_MS] = s->settings[SET_CHILD_SOFT_MS] + 4000;
    }
    if (dice_below(d, 8) == 0) {
        s->settings[SET_IKE_HARD_MS] = s->settings[SET_IKE_SOFT_MS] + 8000;
    }
    if (dice_below(d, 5) == 0) {
        s->settings[SET_NAT_EXPIRY_MS] = 25000 + dice_below(d, 20000);
    }
    (void)script_add(s, dice_below(d, 500), WHO_A, ACT_INITIATE, 0);
    uint32_t at_ms = 300, acts = 4 + dice_below(d, 40), upsets = dice_below(d, 3);
    for (uint32_t i = 0; i < acts; i++) {
        at_ms += dice_below(d, 3) == 0 ? dice_below(d, 3000) : dice_below(d, 150);
        uint32_t what = dice_below(d, 20);
        if (what < 8) {
            ask(d, s, at_ms, dice_below(d, 2) ? WHO_A : WHO_B);
        } else if (what < 11) {
            collide(d, s, at_ms);
        } else if (what < 13) {
            roam(d, s, at_ms);
        } else if (what < 19 || upsets == 0) {
            fault(d, s, at_ms);
        } else {
            upset(d, s, at_ms);
            upsets--;
        }
    }
}

/* Nothing is lost but what a rebinding NAT drops, and it rebinds only when all has been quiet. */
static void calm(struct dice *d, struct script *s)
{
    choose_circumstances(d, s);
    choose_lifetimes(d, s);
    /* a responder that roams, or whose NAT rebinds, is lost to its initiator at times: RFC 4555 has
     * no way for it to say so from an address that the initiator cannot reach */
    bool roams = dice_below(d, 3) > 0;
    s->settings[SET_CALLABLE] = !roams;
    s->settings[SET_PLACE] *= roams;
    s->settings[SET_TRIES] = 12;
    s->settings[SET_TRAFFIC_MS] = 100 + dice_below(d, 400);
    if (dice_below(d, 2)) {
        (void)script_add(s, 0, WHO_NET, NET_JITTER, dice_below(d, 150));
        (void)script_add(s, 0, WHO_NET, NET_REORDER, dice_below(d, 20));
        (void)script_add(s, 0, WHO_NET, NET_DUPLICATE, dice_below(d, 30));
    }
    (void)script_add(s, 100, WHO_A, ACT_INITIATE, 0);
    uint32_t at_ms = 2000, acts = 3 + dice_below(d, 15);
    for (uint32_t i = 0; i < acts; i++) {
        uint32_t what = dice_below(d, 12);
        at_ms += dice_below(d, 3) == 0 ? 1000 + dice_below(d, 3000) : dice_below(d, 150);
        if (what < 5) {
            ask(d, s, at_ms, dice_below(d, 2) ? WHO_A : WHO_B);
        } else if (what < 9) {
            collide(d, s, at_ms);
        } else if (what < 11) {
            if (s->settings[SET_MOBIKE] && roams) {
                at_ms += 15000;
                roam(d, s, at_ms);
                at_ms += 15000;
            }
        } else if (roams) {
            at_ms += 15000;
            (void)script_add(s, at_ms, WHO_NET, NET_REBIND, 0);
            at_ms += 25000;
        }
    }
}

static void life(struct dice *d, struct script *s)
{
    s->settings[SET_TRIES] = 14;
    s->settings[SET_TRAFFIC_MS] = 500;
    s->settings[SET_END] = dice_below(d, 3);
    s->settings[SET_DELAY_MS] = 1 + dice_below(d, 30);
    (void)script_add(s, 0, WHO_NET, NET_LOSS, 5);
    (void)script_add(s, 10, WHO_A, ACT_INITIATE, 0);
    uint32_t at_ms = 2000;
    for (uint32_t i = 0; i < 10; i++) {
        enum who who = dice_below(d, 2) ? WHO_A : WHO_B;
        (void)script_add(s, at_ms, who, i % 2 == 0 ? ACT_REKEY_CHILD : ACT_REKEY_IKE, 0);
        if (i == 3 || i == 7) {
            (void)script_add(s, at_ms + 500, WHO_A, ACT_ROAM, 1 + dice_below(d, PLACES - 1));
        }
        at_ms += 800 + dice_below(d, 600);
    }
}

static void (*const plans[PLANS])(struct dice *d, struct script *s) = {
    [PLAN_STORM] = storm, [PLAN_CALM] = calm, [PLAN_LIFE] = life};

/* What the world is made of, from dice of its own: a seed keeps its script. */
static void choose_world(struct dice *d, struct script *s)
{
    static const uint32_t fragments[] = {256, 320, 576, 1280};
    if (dice_below(d, 4) == 0 && !s->settings[SET_PEER_NAT]) {
        s->settings[SET_IPV6] = 1;
    }
    s->settings[SET_CERTIFICATES] = dice_below(d, 20) == 0;
    if (dice_below(d, 4) == 0 || s->settings[SET_CERTIFICATES]) {
        s->settings[SET_FRAGMENT] = fragments[dice_below(d, 4)];
    }
    if (dice_below(d, 16) == 0) {
        s->settings[SET_PUZZLES] = PUZZLE_DIFFICULTY_MIN + dice_below(d, 3);
    }
    if (s->settings[SET_CERTIFICATES] && dice_below(d, 4) > 0) {
        s->settings[SET_WORK_MS] = 1 + dice_below(d, 1500);
    }
}

void plan_script_of(uint64_t seed, enum plan plan, struct script *out)
{
    struct dice d = dice_of(seed, 0);
    struct dice world = dice_of(seed, 8);
    script_init(out, seed);
    out->settings[SET_PLAN] = plan;
    choose_crypto(&d, out);
    plans[plan](&d, out);
    choose_world(&world, out);
}

void plan_script(uint64_t seed, struct script *out)
{
    struct dice d = dice_of(seed, 9);
    uint32_t what = dice_below(&d, 10);
    plan_script_of(seed, what < 5 ? PLAN_STORM : what < 8 ? PLAN_CALM : PLAN_LIFE, out);
}

const char *plan_name(enum plan plan)
{
    static const char *const names[PLANS] = {"storm", "calm", "life"};
    return names[plan];
}

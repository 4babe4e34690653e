/*
 * relay: carries frames between two interfaces, a and b, and does to them what it was told to.
 *
 *     relay FD A B        FD: a connected SOCK_SEQPACKET socket; one message = one command
 *
 * Decisions depend on the seed and on the ordinal of the frame in its direction, never on time. ARP
 * and IPv6 neighbour discovery always pass: they are the link's own business, and to lose them
 * tests nothing but the kernel. Frames are told apart the way RFC 3948 2 and RFC 7296 2.23 do it.
 * Commands and answers are described at the functions that take them, and in relay.py.
 */
#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <net/if.h>
#include <netinet/in.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
    EXIT_USAGE = 2,
    EXIT_ENVIRONMENT = 3,
    FRAME_MAX = 65536,
    BURST = 64,
    RULES_MAX = 64,
    RECEIVE_BUFFER = 8 << 20,
    QUEUE_DEFAULT = 4096,
};

#define NEVER UINT64_MAX
#define REORDER_GIVE_UP_NS 50000000u

/* What a frame is. */
enum {
    CLASS_LINK = 1, /* ARP, neighbour discovery */
    CLASS_IKE = 2,
    CLASS_ESP = 4, /* protocol 50, or in UDP */
    CLASS_KEEPALIVE = 8,
    CLASS_OTHER = 16,
    CLASS_IP = CLASS_IKE | CLASS_ESP | CLASS_KEEPALIVE | CLASS_OTHER,
};

struct frame {
    struct frame *next; /* in a rule's list of held frames */
    uint64_t due_ns;
    uint64_t order; /* breaks ties, so that equal times keep their order */
    int direction;
    size_t length;
    uint8_t octets[];
};

struct view {
    int class;
    size_t udp;     /* offset of the UDP header, 0: none */
    size_t payload; /* offset of what follows UDP or IP, 0: unknown */
    int exchange;   /* IKE exchange type, -1: no IKE */
    bool response;  /* IKE R flag */
    bool fragment;  /* of an IP packet that was cut by IP itself */
    size_t packet;  /* octets of the IP packet */
};

enum action { ACTION_DROP, ACTION_HOLD, ACTION_DUPLICATE, ACTION_CORRUPT, ACTION_DELAY };
static const char *const action_names[] = {"drop", "hold", "duplicate", "corrupt", "delay"};

struct rule {
    bool used;
    int directions; /* bit 0: a to b, bit 1: b to a */
    int classes;
    int exchange;  /* -1: any */
    int response;  /* -1: any */
    int fragment;  /* -1: any */
    size_t larger; /* IP packets of more octets only */
    enum action action;
    uint64_t first, last; /* ordinals among what matches, from 1; last 0: for ever */
    uint64_t until;       /* hold: released behind the until-th match; 0: by command */
    uint64_t delay_ns;
    uint64_t matched, acted;
    struct frame *held, **held_end;
};

struct impairment {
    int classes;
    double loss, duplicate, corrupt, reorder; /* 0..1 */
    uint64_t delay_ns, jitter_ns, rate_bits, queue_max;
};

struct counters {
    uint64_t received, forwarded, lost, duplicated, corrupted, reordered, dropped, held, released;
    uint64_t overflowed, unsent, kernel_dropped, octets, ike, esp, keepalive, other;
};

struct direction {
    uint64_t random;
    uint64_t last_due_ns, wire_free_ns;
    size_t queued;
    struct impairment impairment;
    struct counters counters;
    struct frame *swapped; /* waits until the next frame has passed it */
};

static int sockets[2]; /* frames of direction d come from sockets[d] and leave by sockets[1 - d] */
static struct direction directions[2];
static struct rule rules[RULES_MAX];
static struct frame **heap;
static size_t heap_length, heap_size;
static uint64_t order;

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* splitmix64: small, and every draw is a function of the seed and the number of draws before. */
static uint64_t draw(struct direction *d)
{
    uint64_t z = d->random += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static double share(uint64_t drawn)
{
    return (double)(drawn >> 11) / (double)(1ull << 53);
}

static void seed(uint64_t value)
{
    for (int i = 0; i < 2; i++) {
        directions[i].random = value * 2 + (uint64_t)i;
        draw(&directions[i]);
    }
}

/* --- what a frame is ------------------------------------------------------------------------ */

static unsigned be16(const uint8_t *p)
{
    return (unsigned)p[0] << 8 | p[1];
}

static void see_ike(struct view *v, const uint8_t *p, size_t length, size_t at)
{
    v->class = CLASS_IKE;
    if (length >= at + 20) {
        v->exchange = p[at + 18];
        v->response = (p[at + 19] & 0x20) != 0;
    }
}

static void see_udp(struct view *v, const uint8_t *p, size_t length, size_t at)
{
    if (length < at + 8) {
        return;
    }
    unsigned from = be16(p + at), to = be16(p + at + 2), octets = be16(p + at + 4);
    v->udp = at;
    v->payload = at + 8;
    if (from == 500 || to == 500) {
        see_ike(v, p, length, at + 8);
    } else if (from == 4500 || to == 4500) {
        if (octets == 9) {
            v->class = CLASS_KEEPALIVE; /* RFC 3948 2.3 */
        } else if (length >= at + 12 && memcmp(p + at + 8, "\0\0\0\0", 4) == 0) {
            see_ike(v, p, length, at + 12); /* the non-ESP marker */
        } else {
            v->class = CLASS_ESP;
        }
    }
}

static struct view see(const uint8_t *p, size_t length)
{
    struct view v = {.class = CLASS_LINK, .exchange = -1};
    unsigned type = length >= 14 ? be16(p + 12) : 0;
    unsigned protocol;
    size_t at;
    if (type == ETH_P_IP && length >= 34) {
        at = 14 + (size_t)(p[14] & 15) * 4;
        protocol = p[23];
        v.packet = be16(p + 16);
        v.fragment = (be16(p + 20) & 0x3fff) != 0; /* an offset, or more to come */
        if ((be16(p + 20) & 0x1fff) != 0) {
            protocol = 256; /* a later fragment has no ports */
        }
    } else if (type == ETH_P_IPV6 && length >= 54) {
        at = 54;
        protocol = p[20];
        v.packet = 40u + be16(p + 18);
        v.fragment = protocol == IPPROTO_FRAGMENT;
        if (protocol == IPPROTO_ICMPV6 && length > 54 && p[54] >= 130 && p[54] <= 143) {
            return v; /* multicast listeners and neighbour discovery */
        }
        if (protocol == IPPROTO_HOPOPTS) {
            return v; /* nobody but MLD puts that in front here */
        }
    } else {
        return v;
    }
    v.class = CLASS_OTHER;
    v.payload = at;
    if (protocol == IPPROTO_ESP) {
        v.class = CLASS_ESP;
    } else if (protocol == IPPROTO_UDP) {
        see_udp(&v, p, length, at);
    }
    return v;
}

/* --- frames and the queue ------------------------------------------------------------------- */

static struct frame *frame_copy(const uint8_t *octets, size_t length, int direction)
{
    struct frame *f = malloc(sizeof *f + length);
    if (f == NULL) {
        fputs("relay: out of memory; give the machine more or the relay a smaller queue\n", stderr);
        exit(EXIT_ENVIRONMENT);
    }
    *f = (struct frame){.direction = direction, .length = length};
    memcpy(f->octets, octets, length);
    return f;
}

static bool earlier(const struct frame *x, const struct frame *y)
{
    return x->due_ns != y->due_ns ? x->due_ns < y->due_ns : x->order < y->order;
}

static void heap_push(struct frame *f)
{
    if (heap_length == heap_size) {
        heap_size = heap_size != 0 ? heap_size * 2 : 256;
        heap = realloc(heap, heap_size * sizeof *heap);
        if (heap == NULL) {
            abort();
        }
    }
    size_t i = heap_length++;
    for (; i > 0 && earlier(f, heap[(i - 1) / 2]); i = (i - 1) / 2) {
        heap[i] = heap[(i - 1) / 2];
    }
    heap[i] = f;
}

static struct frame *heap_pop(void)
{
    struct frame *top = heap[0], *last = heap[--heap_length];
    size_t i = 0;
    for (size_t child; (child = 2 * i + 1) < heap_length; i = child) {
        if (child + 1 < heap_length && earlier(heap[child + 1], heap[child])) {
            child++;
        }
        if (!earlier(heap[child], last)) {
            break;
        }
        heap[i] = heap[child];
    }
    heap[i] = last;
    return top;
}

static void frame_send(struct frame *f)
{
    struct counters *c = &directions[f->direction].counters;
    if (send(sockets[1 - f->direction], f->octets, f->length, 0) == (ssize_t)f->length) {
        c->forwarded++;
        c->octets += f->length;
    } else {
        c->unsent++; /* the far interface is down: as on a cut cable */
    }
    free(f);
}

static void send_due(void)
{
    while (heap_length > 0 && heap[0]->due_ns <= now_ns()) {
        struct frame *f = heap_pop();
        directions[f->direction].queued--;
        frame_send(f);
    }
}

/* Puts a frame in line: after its delay, behind its rate, and behind its predecessors. */
static void enqueue(struct frame *f, uint64_t now, uint64_t delay_ns, bool keeps_order)
{
    struct direction *d = &directions[f->direction];
    uint64_t due = now + delay_ns;
    if (d->queued >= d->impairment.queue_max) {
        d->counters.overflowed++;
        free(f);
        return;
    }
    if (d->impairment.rate_bits != 0) {
        uint64_t start = d->wire_free_ns > now ? d->wire_free_ns : now;
        d->wire_free_ns = start + (uint64_t)f->length * 8u * 1000000000u / d->impairment.rate_bits;
        due = d->wire_free_ns + delay_ns;
    }
    if (keeps_order) {
        due = due > d->last_due_ns ? due : d->last_due_ns;
        d->last_due_ns = due;
    }
    f->due_ns = due;
    f->order = order++;
    d->queued++;
    heap_push(f);
}

/* --- what happens to a frame ---------------------------------------------------------------- */

/* Flips one bit behind the headers and mends the UDP checksum: the damage that checksums miss, so
 * that the integrity check of IKE or ESP is what has to find it. */
static void corrupt(struct frame *f, const struct view *v, uint64_t random)
{
    size_t from = v->payload != 0 ? v->payload : 14;
    if (f->length <= from) {
        return;
    }
    size_t at = from + (size_t)(random % (f->length - from));
    size_t word = v->udp + ((at - v->udp) & ~(size_t)1);
    unsigned before = word + 1 < f->length ? be16(f->octets + word) : f->octets[at] * 256u;
    f->octets[at] ^= (uint8_t)(1u << (random >> 32) % 8);
    if (v->udp == 0 || be16(f->octets + v->udp + 6) == 0) {
        return;
    }
    unsigned after = word + 1 < f->length ? be16(f->octets + word) : f->octets[at] * 256u;
    uint32_t sum = (~be16(f->octets + v->udp + 6) & 0xffff) + (~before & 0xffff) + after;
    sum = (sum & 0xffff) + (sum >> 16);
    sum = ~((sum & 0xffff) + (sum >> 16)) & 0xffff;
    sum = sum == 0 ? 0xffff : sum;
    f->octets[v->udp + 6] = (uint8_t)(sum >> 8);
    f->octets[v->udp + 7] = (uint8_t)sum;
}

static void rule_release(struct rule *r, uint64_t now)
{
    struct frame *next;
    for (struct frame *f = r->held; f != NULL; f = next) {
        next = f->next;
        directions[f->direction].counters.released++;
        enqueue(f, now, 0, false);
    }
    r->held = NULL;
    r->held_end = &r->held;
}

static bool rule_matches(const struct rule *r, int direction, const struct view *v)
{
    return r->used && (r->directions >> direction & 1) != 0 && (r->classes & v->class) != 0 &&
           (r->exchange < 0 || r->exchange == v->exchange) &&
           (r->response < 0 || (v->exchange >= 0 && r->response == v->response)) &&
           (r->fragment < 0 || r->fragment == v->fragment) && v->packet > r->larger;
}

/* Applies one rule; false: the frame is gone (dropped or held). */
static bool rule_apply(struct rule *r, struct frame *f, const struct view *v, uint64_t *delay_ns)
{
    struct direction *d = &directions[f->direction];
    r->acted++;
    switch (r->action) {
    case ACTION_DROP:
        d->counters.dropped++;
        free(f);
        return false;
    case ACTION_HOLD:
        d->counters.held++;
        *r->held_end = f;
        r->held_end = &f->next;
        return false;
    case ACTION_DUPLICATE:
        d->counters.duplicated++;
        enqueue(frame_copy(f->octets, f->length, f->direction), now_ns(), *delay_ns, true);
        return true;
    case ACTION_CORRUPT:
        d->counters.corrupted++;
        corrupt(f, v, draw(d));
        return true;
    case ACTION_DELAY:
        *delay_ns += r->delay_ns;
        return true;
    }
    return true;
}

/* All rules count every frame that matches them, also one that an earlier rule has taken: the
 * ordinal of a frame is then the same whatever other rules there are. */
static bool apply_rules(struct frame *f, const struct view *v, uint64_t *delay_ns, bool *release)
{
    bool here = true;
    int direction = f->direction;
    for (size_t i = 0; i < RULES_MAX; i++) {
        struct rule *r = &rules[i];
        if (!rule_matches(r, direction, v)) {
            continue;
        }
        r->matched++;
        if (here && r->matched >= r->first && (r->last == 0 || r->matched <= r->last)) {
            here = rule_apply(r, f, v, delay_ns);
        }
        *release = *release || (r->until != 0 && r->matched >= r->until && r->held != NULL);
    }
    return here;
}

static void release_waiting(uint64_t now)
{
    for (size_t i = 0; i < RULES_MAX; i++) {
        struct rule *r = &rules[i];
        if (r->used && r->until != 0 && r->matched >= r->until && r->held != NULL) {
            rule_release(r, now);
        }
    }
}

static void swap_back(struct direction *d, uint64_t now)
{
    if (d->swapped != NULL) {
        struct frame *f = d->swapped;
        d->swapped = NULL;
        enqueue(f, now, d->impairment.delay_ns, true);
    }
}

/* Chance, always five draws a frame, so that the n-th frame's fate hangs on seed and n alone. */
static void impair_and_enqueue(struct frame *f, const struct view *v, uint64_t now,
                               uint64_t delay_ns)
{
    struct direction *d = &directions[f->direction];
    const struct impairment *chance = &d->impairment;
    double loss = share(draw(d)), duplicate = share(draw(d)), damage = share(draw(d));
    double reorder = share(draw(d)), jitter = share(draw(d));
    if (loss < chance->loss) {
        d->counters.lost++;
        free(f);
        return;
    }
    if (damage < chance->corrupt) {
        d->counters.corrupted++;
        corrupt(f, v, draw(&(struct direction){.random = d->random}));
    }
    uint64_t behind = delay_ns + chance->delay_ns + (uint64_t)(jitter * (double)chance->jitter_ns);
    if (duplicate < chance->duplicate) {
        d->counters.duplicated++;
        enqueue(frame_copy(f->octets, f->length, f->direction), now, behind, true);
    }
    if (reorder < chance->reorder && d->swapped == NULL) {
        d->counters.reordered++;
        f->due_ns = now + REORDER_GIVE_UP_NS;
        d->swapped = f;
        return;
    }
    /* A frame that a rule delays is overtaken; that is what it was delayed for. */
    enqueue(f, now, behind, delay_ns == 0);
    swap_back(d, now);
}

static void frame_arrived(int direction, const uint8_t *octets, size_t length)
{
    struct direction *d = &directions[direction];
    struct view v = see(octets, length);
    struct frame *f = frame_copy(octets, length, direction);
    uint64_t now = now_ns(), delay_ns = 0;
    bool release = false;
    if (v.class == CLASS_LINK) {
        frame_send(f);
        return;
    }
    d->counters.received++;
    d->counters.ike += v.class == CLASS_IKE;
    d->counters.esp += v.class == CLASS_ESP;
    d->counters.keepalive += v.class == CLASS_KEEPALIVE;
    d->counters.other += v.class == CLASS_OTHER;
    if (apply_rules(f, &v, &delay_ns, &release)) {
        if ((d->impairment.classes & v.class) != 0) {
            impair_and_enqueue(f, &v, now, delay_ns);
        } else {
            enqueue(f, now, delay_ns, delay_ns == 0);
        }
    }
    if (release) {
        release_waiting(now);
    }
}

static void receive(int direction)
{
    static uint8_t octets[FRAME_MAX];
    for (int i = 0; i < BURST; i++) {
        ssize_t got = recv(sockets[direction], octets, sizeof octets, MSG_DONTWAIT);
        if (got < 0) {
            return; /* empty, or the interface went down; it may come back */
        }
        frame_arrived(direction, octets, (size_t)got);
    }
}

/* --- commands ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    int classes;
} class_names[] = {{"ip", CLASS_IP},
                   {"ike", CLASS_IKE},
                   {"esp", CLASS_ESP},
                   {"keepalive", CLASS_KEEPALIVE},
                   {"other", CLASS_OTHER}};

static int parse_class(const char *word)
{
    for (size_t i = 0; word != NULL && i < sizeof class_names / sizeof *class_names; i++) {
        if (strcmp(word, class_names[i].name) == 0) {
            return class_names[i].classes;
        }
    }
    return 0;
}

static int parse_directions(const char *word)
{
    return word == NULL                ? 0
           : strcmp(word, "ab") == 0   ? 1
           : strcmp(word, "ba") == 0   ? 2
           : strcmp(word, "both") == 0 ? 3
                                       : 0;
}

/* A number from `key=number`, if the word has that key. */
static bool keyed(const char *word, const char *key, double *out)
{
    size_t length = strlen(key);
    char *end;
    if (strncmp(word, key, length) != 0 || word[length] != '=') {
        return false;
    }
    double value = strtod(word + length + 1, &end);
    if (*end != '\0' || end == word + length + 1 || !(value >= 0)) {
        return false;
    }
    *out = value;
    return true;
}

/* impair ab|ba|both CLASS [loss=P] [duplicate=P] [corrupt=P] [reorder=P] [delay_us=N] [jitter_us=N]
 * [rate_kbit=N] [queue=N]; P in 0..1. Replaces what was set for the direction. */
static const char *command_impair(char **save)
{
    int where = parse_directions(strtok_r(NULL, " ", save));
    struct impairment new = {.classes = parse_class(strtok_r(NULL, " ", save)),
                             .queue_max = QUEUE_DEFAULT};
    if (where == 0 || new.classes == 0) {
        return "error impair needs a direction and a class";
    }
    for (char *word; (word = strtok_r(NULL, " ", save)) != NULL;) {
        double n = 0;
        if (keyed(word, "delay_us", &n)) {
            new.delay_ns = (uint64_t)(n * 1e3);
        } else if (keyed(word, "jitter_us", &n)) {
            new.jitter_ns = (uint64_t)(n * 1e3);
        } else if (keyed(word, "rate_kbit", &n)) {
            new.rate_bits = (uint64_t)(n * 1e3);
        } else if (keyed(word, "queue", &n)) {
            new.queue_max = (uint64_t)n;
        } else if (!keyed(word, "loss", &new.loss) && !keyed(word, "duplicate", &new.duplicate) &&
                   !keyed(word, "corrupt", &new.corrupt) && !keyed(word, "reorder", &new.reorder)) {
            return "error impair knows no such setting";
        }
    }
    for (int i = 0; i < 2; i++) {
        if ((where >> i & 1) != 0) {
            directions[i].impairment = new;
            directions[i].last_due_ns = directions[i].wire_free_ns = 0;
        }
    }
    return "ok";
}

/* rule ab|ba|both CLASS ACTION FIRST LAST [exchange=N] [response=0|1] [fragment=0|1] [larger=N]
 * [until=N] [us=N]; the answer is the rule's number. */
static const char *command_rule(char **save)
{
    static char answer[32];
    struct rule new = {.used = true, .exchange = -1, .response = -1, .fragment = -1};
    new.directions = parse_directions(strtok_r(NULL, " ", save));
    new.classes = parse_class(strtok_r(NULL, " ", save));
    char *action = strtok_r(NULL, " ", save), *first = strtok_r(NULL, " ", save),
         *last = strtok_r(NULL, " ", save);
    if (new.directions == 0 || new.classes == 0 || last == NULL) {
        return "error rule needs direction, class, action, first and last";
    }
    size_t a = 0;
    while (a < sizeof action_names / sizeof *action_names && strcmp(action, action_names[a]) != 0) {
        a++;
    }
    if (a == sizeof action_names / sizeof *action_names) {
        return "error rule knows no such action";
    }
    new.action = (enum action)a;
    new.first = strtoull(first, NULL, 10);
    new.last = strtoull(last, NULL, 10);
    for (char *word; (word = strtok_r(NULL, " ", save)) != NULL;) {
        double n = 0;
        if (keyed(word, "exchange", &n)) {
            new.exchange = (int)n;
        } else if (keyed(word, "response", &n)) {
            new.response = n != 0;
        } else if (keyed(word, "fragment", &n)) {
            new.fragment = n != 0;
        } else if (keyed(word, "larger", &n)) {
            new.larger = (size_t)n;
        } else if (keyed(word, "until", &n)) {
            new.until = (uint64_t)n;
        } else if (keyed(word, "us", &n)) {
            new.delay_ns = (uint64_t)(n * 1e3);
        } else {
            return "error rule knows no such setting";
        }
    }
    for (size_t i = 0; i < RULES_MAX; i++) {
        if (!rules[i].used) {
            rules[i] = new;
            rules[i].held_end = &rules[i].held;
            snprintf(answer, sizeof answer, "ok %zu", i);
            return answer;
        }
    }
    return "error there are too many rules; remove some";
}

/* release N...: held frames go, the rules stay (and hold what comes). remove N...: they go, and the
 * rules too. With several rules no frame that arrives meanwhile comes between. */
static const char *command_end_rule(char **save, bool remove)
{
    const char *answer = "error there is no such rule";
    for (char *word; (word = strtok_r(NULL, " ", save)) != NULL; answer = "ok") {
        size_t i = strtoull(word, NULL, 10);
        if (i >= RULES_MAX || !rules[i].used) {
            return "error there is no such rule";
        }
        rule_release(&rules[i], now_ns());
        rules[i].used = !remove;
    }
    return answer;
}

static void clear(void)
{
    for (size_t i = 0; i < RULES_MAX; i++) {
        if (rules[i].used) {
            rule_release(&rules[i], now_ns());
            rules[i].used = false;
        }
    }
    for (int i = 0; i < 2; i++) {
        directions[i].impairment = (struct impairment){.classes = 0, .queue_max = QUEUE_DEFAULT};
        swap_back(&directions[i], now_ns());
    }
}

static void count_kernel_drops(void)
{
    for (int i = 0; i < 2; i++) {
        struct tpacket_stats s;
        socklen_t length = sizeof s;
        if (getsockopt(sockets[i], SOL_PACKET, PACKET_STATISTICS, &s, &length) == 0) {
            directions[i].counters.kernel_dropped += s.tp_drops;
        }
    }
}

static void print_direction(FILE *out, const char *name, const struct direction *d)
{
    const struct counters *c = &d->counters;
    fprintf(out,
            "\"%s\": {\"received\": %" PRIu64 ", \"forwarded\": %" PRIu64 ", \"lost\": %" PRIu64
            ", \"duplicated\": %" PRIu64 ", \"corrupted\": %" PRIu64 ", \"reordered\": %" PRIu64
            ", \"dropped\": %" PRIu64 ", \"held\": %" PRIu64 ", \"released\": %" PRIu64,
            name, c->received, c->forwarded, c->lost, c->duplicated, c->corrupted, c->reordered,
            c->dropped, c->held, c->released);
    fprintf(out,
            ", \"overflowed\": %" PRIu64 ", \"unsent\": %" PRIu64 ", \"kernel_dropped\": %" PRIu64
            ", \"octets\": %" PRIu64 ", \"ike\": %" PRIu64 ", \"esp\": %" PRIu64
            ", \"keepalive\": %" PRIu64 ", \"other\": %" PRIu64 ", \"queued\": %zu}",
            c->overflowed, c->unsent, c->kernel_dropped, c->octets, c->ike, c->esp, c->keepalive,
            c->other, d->queued + (d->swapped != NULL));
}

/* stats: {"ab": {...}, "ba": {...}, "rules": {"0": {"matched": 1, "acted": 1, "held": 0}}} */
static const char *command_stats(void)
{
    static char answer[16384];
    FILE *out = fmemopen(answer, sizeof answer, "w");
    if (out == NULL) {
        return "error out of memory";
    }
    count_kernel_drops();
    fputs("ok {", out);
    print_direction(out, "ab", &directions[0]);
    fputs(", ", out);
    print_direction(out, "ba", &directions[1]);
    fputs(", \"rules\": {", out);
    const char *comma = "";
    for (size_t i = 0; i < RULES_MAX; i++) {
        if (rules[i].used) {
            size_t held = 0;
            for (const struct frame *f = rules[i].held; f != NULL; f = f->next) {
                held++;
            }
            fprintf(out,
                    "%s\"%zu\": {\"matched\": %" PRIu64 ", \"acted\": %" PRIu64 ", \"held\": %zu}",
                    comma, i, rules[i].matched, rules[i].acted, held);
            comma = ", ";
        }
    }
    fputs("}}", out);
    fclose(out);
    return answer;
}

static const char *command(char *line)
{
    char *save, *verb = strtok_r(line, " ", &save);
    if (verb == NULL) {
        return "error an empty command";
    }
    if (strcmp(verb, "impair") == 0) {
        return command_impair(&save);
    }
    if (strcmp(verb, "rule") == 0) {
        return command_rule(&save);
    }
    if (strcmp(verb, "release") == 0 || strcmp(verb, "remove") == 0) {
        return command_end_rule(&save, verb[2] == 'm');
    }
    if (strcmp(verb, "stats") == 0) {
        return command_stats();
    }
    if (strcmp(verb, "clear") == 0) {
        clear();
        return "ok";
    }
    if (strcmp(verb, "seed") == 0) {
        char *word = strtok_r(NULL, " ", &save);
        seed(word != NULL ? strtoull(word, NULL, 0) : 0);
        return "ok";
    }
    return "error there is no such command";
}

/* False: the runner has gone. */
static bool take_command(int control)
{
    char line[1024];
    ssize_t got = recv(control, line, sizeof line - 1, 0);
    if (got <= 0) {
        return false;
    }
    line[got] = '\0';
    /* What has already arrived is older than the command. */
    receive(0);
    receive(1);
    const char *answer = command(line);
    return send(control, answer, strlen(answer), MSG_NOSIGNAL) > 0;
}

/* --- running -------------------------------------------------------------------------------- */

static int open_interface(const char *name)
{
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0); /* no frames before bind */
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL)};
    int yes = 1, octets = RECEIVE_BUFFER;
    if (fd < 0) {
        fprintf(stderr, "relay: no packet socket: %s; run as root (CAP_NET_RAW)\n",
                strerror(errno));
        exit(EXIT_ENVIRONMENT);
    }
    address.sll_ifindex = (int)if_nametoindex(name);
    if (address.sll_ifindex == 0 || bind(fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &yes, sizeof yes) != 0) {
        fprintf(stderr, "relay: cannot use the interface %s: %s; is its topology up?\n", name,
                strerror(errno));
        exit(EXIT_ENVIRONMENT);
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &octets, sizeof octets);
    return fd;
}

static struct timespec until_due(void)
{
    uint64_t due = heap_length > 0 ? heap[0]->due_ns : NEVER, now = now_ns();
    for (int i = 0; i < 2; i++) {
        if (directions[i].swapped != NULL && directions[i].swapped->due_ns < due) {
            due = directions[i].swapped->due_ns;
        }
    }
    uint64_t left = due > now ? due - now : 0;
    left = left < 3600000000000u ? left : 3600000000000u;
    return (struct timespec){(time_t)(left / 1000000000u), (long)(left % 1000000000u)};
}

static void run(int control)
{
    struct pollfd fds[] = {{sockets[0], POLLIN, 0}, {sockets[1], POLLIN, 0}, {control, POLLIN, 0}};
    for (bool wanted = true; wanted;) {
        struct timespec left = until_due();
        ppoll(fds, 3, &left, NULL);
        for (int i = 0; i < 2; i++) {
            if (fds[i].revents != 0) {
                receive(i);
            }
            if (directions[i].swapped != NULL && directions[i].swapped->due_ns <= now_ns()) {
                swap_back(&directions[i], now_ns());
            }
        }
        send_due();
        if (fds[2].revents != 0) {
            wanted = take_command(control);
            send_due();
        }
    }
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: relay FD INTERFACE INTERFACE   (FD: a SOCK_SEQPACKET socket)\n", stderr);
        return EXIT_USAGE;
    }
    int control = atoi(argv[1]);
    sockets[0] = open_interface(argv[2]);
    sockets[1] = open_interface(argv[3]);
    clear();
    seed(1);
    signal(SIGTERM, SIG_DFL);
    if (send(control, "ready", 5, MSG_NOSIGNAL) != 5) {
        fputs("relay: nobody is at the control socket; ikelab starts the relay itself\n", stderr);
        return EXIT_ENVIRONMENT;
    }
    run(control);
    return 0;
}

/*
 * prober: round trips and packets per second through whatever lies between two addresses.
 *
 *     prober answer ADDRESS PORT                          until it is ended; says "ready" first
 *     prober rtt ADDRESS PORT OCTETS COUNT INTERVAL_US    round trips, one after the other
 *     prober load ADDRESS PORT OCTETS RATE SECONDS        so many packets a second, one way
 *
 * OCTETS is the length of the IPv4 packet: header, UDP header and what follows. Both measuring
 * modes print one JSON object. A round trip is what CLOCK_MONOTONIC says after the answer was
 * received less what it said before the probe was sent, in one process; an answer that has not
 * come after a second is lost. A load goes out in a tick of its packets at a time; how many of
 * them arrived the other side is asked afterwards, by the same way.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S 1000000000LL

enum {
    EXIT_USAGE = 2,
    EXIT_ENVIRONMENT = 3,
    HEADERS = 28, /* IPv4 and UDP */
    OCTETS_MIN = 64,
    OCTETS_MAX = 9000,
    BURST = 64,
    SOCKET_BUFFER = 8 << 20,
    TICK_NS = 200000,
    LOST_NS = 1000000000,
    SETTLE_NS = 50000000, /* what is still on its way arrives before the question */
    ASK_NS = 200000000,
    ASK_TIMES = 15,
};

enum kind { ECHO = 1, COUNT = 2, ASK = 3 };

/* What every datagram begins with. Both sides are this program on this machine. */
struct probe {
    uint64_t run; /* of one load, drawn by the sender */
    uint64_t number;
    uint32_t kind;
};

struct burst {
    struct mmsghdr messages[BURST];
    struct iovec parts[BURST];
    struct sockaddr_in from[BURST];
    uint8_t octets[BURST][OCTETS_MAX];
};

static struct burst burst;

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * NS_PER_S + t.tv_nsec;
}

static void sleep_until(int64_t ns)
{
    struct timespec t = {.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == EINTR) {
    }
}

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "prober: %s: %s\n", what, strerror(errno));
    exit(EXIT_ENVIRONMENT);
}

static void burst_prepare(size_t length)
{
    memset(burst.messages, 0, sizeof(burst.messages));
    for (size_t i = 0; i < BURST; i++) {
        burst.parts[i] = (struct iovec){burst.octets[i], length};
        burst.messages[i].msg_hdr.msg_iov = &burst.parts[i];
        burst.messages[i].msg_hdr.msg_iovlen = 1;
    }
}

/* ---- the side that answers ---- */

static void answer(int fd)
{
    uint64_t run = 0, counted = 0;
    burst_prepare(OCTETS_MAX);
    for (;;) {
        for (size_t i = 0; i < BURST; i++) {
            burst.messages[i].msg_hdr.msg_name = &burst.from[i];
            burst.messages[i].msg_hdr.msg_namelen = sizeof(burst.from[i]);
        }
        int count = recvmmsg(fd, burst.messages, BURST, MSG_WAITFORONE, NULL);
        if (count < 0 && errno != EINTR && errno != ECONNREFUSED) {
            give_up("cannot receive");
        }
        for (int i = 0; i < count; i++) {
            struct probe *probe = (void *)burst.octets[i];
            if (burst.messages[i].msg_len < sizeof(*probe)) {
                continue;
            }
            if (probe->kind == COUNT) {
                counted = probe->run == run ? counted + 1 : 1;
                run = probe->run;
                continue;
            }
            if (probe->kind == ASK) {
                probe->number = probe->run == run ? counted : 0;
            }
            sendto(fd, probe, burst.messages[i].msg_len, 0, (void *)&burst.from[i],
                   sizeof(burst.from[i]));
        }
    }
}

/* ---- the side that asks ---- */

/* Waits for the answer of this kind, run and (of an echo) number; false when it has not come in
 * time. */
static bool answered(int fd, struct probe *asked, int64_t deadline_ns)
{
    static uint8_t octets[OCTETS_MAX];
    struct probe *found = (void *)octets;
    for (;;) {
        int64_t left = deadline_ns - now_ns();
        struct timespec wait = {.tv_sec = left / NS_PER_S, .tv_nsec = left % NS_PER_S};
        struct pollfd one = {.fd = fd, .events = POLLIN};
        if (left <= 0 || ppoll(&one, 1, &wait, NULL) == 0) {
            return false;
        }
        ssize_t length = recv(fd, octets, sizeof(octets), MSG_DONTWAIT);
        if (length >= (ssize_t)sizeof(*found) && found->kind == asked->kind &&
            found->run == asked->run && (asked->kind == ASK || found->number == asked->number)) {
            asked->number = found->number;
            return true;
        }
    }
}

static void rtt(int fd, size_t length, long count, int64_t interval_ns)
{
    static uint8_t octets[OCTETS_MAX];
    struct probe *probe = (void *)octets;
    long lost = 0;
    int64_t due = now_ns();
    printf("{\"ns\": [");
    for (long i = 0; i < count; i++) {
        *probe = (struct probe){(uint64_t)getpid(), (uint64_t)i, ECHO};
        int64_t sent = now_ns();
        if (send(fd, octets, length, 0) < 0 && errno != ENOBUFS && errno != ECONNREFUSED) {
            give_up("cannot send");
        }
        bool came = answered(fd, probe, sent + LOST_NS);
        int64_t took = now_ns() - sent;
        if (came) {
            printf("%s%" PRId64, i > lost ? ", " : "", took);
        }
        lost += came ? 0 : 1;
        due += interval_ns;
        due = due < now_ns() ? now_ns() : due; /* a slow answer is not followed by a burst */
        sleep_until(due);
    }
    printf("], \"lost\": %ld}\n", lost);
}

/* How many of the run have arrived; a side that does not answer has got none. */
static uint64_t arrived(int fd, uint64_t run)
{
    struct probe probe = {run, 0, ASK};
    for (int i = 0; i < ASK_TIMES; i++) {
        sleep_until(now_ns() + SETTLE_NS);
        probe = (struct probe){run, 0, ASK};
        uint8_t octets[OCTETS_MIN] = {0};
        memcpy(octets, &probe, sizeof(probe));
        send(fd, octets, OCTETS_MIN - HEADERS, 0);
        if (answered(fd, &probe, now_ns() + ASK_NS)) {
            return probe.number;
        }
    }
    return 0;
}

static void load(int fd, size_t length, double rate, double seconds)
{
    uint64_t run = (uint64_t)now_ns() ^ (uint64_t)getpid() << 48;
    int64_t tick = rate * TICK_NS < NS_PER_S ? (int64_t)(NS_PER_S / rate) : TICK_NS;
    uint64_t in_a_tick = (uint64_t)(rate * (double)tick / NS_PER_S) + 1;
    uint64_t total = (uint64_t)(rate * seconds), sent = 0, number = 0;
    burst_prepare(length);
    int64_t start = now_ns();
    for (int64_t due = start; sent < total; due += tick) {
        sleep_until(due);
        uint64_t wanted = (uint64_t)((double)(now_ns() - start + tick) * rate / NS_PER_S);
        wanted = wanted > total ? total : wanted;
        /* Who is late may catch up, but not by a burst that no queue would take. */
        wanted = wanted > sent + 2 * in_a_tick ? sent + 2 * in_a_tick : wanted;
        while (sent < wanted) {
            unsigned count = wanted - sent < BURST ? (unsigned)(wanted - sent) : BURST;
            for (unsigned i = 0; i < count; i++) {
                *(struct probe *)(void *)burst.octets[i] = (struct probe){run, number++, COUNT};
            }
            int done = sendmmsg(fd, burst.messages, count, 0);
            if (done < 0 && errno != ENOBUFS && errno != EINTR && errno != ECONNREFUSED) {
                give_up("cannot send");
            }
            sent += done > 0 ? (unsigned)done : count; /* what nobody took is lost */
        }
    }
    double took = (double)(now_ns() - start) / NS_PER_S;
    uint64_t received = arrived(fd, run);
    printf("{\"sent\": %" PRIu64 ", \"received\": %" PRIu64 ", \"seconds\": %.6f}\n", sent,
           received, took);
}

static int socket_at(const char *address, const char *port, bool answers)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    if (inet_pton(AF_INET, address, &at.sin_addr) != 1) {
        fprintf(stderr, "prober: %s is no IPv4 address\n", address);
        exit(EXIT_USAGE);
    }
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int size = SOCKET_BUFFER;
    if (fd < 0) {
        give_up("no socket");
    }
    setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
    int done = answers ? bind(fd, (void *)&at, sizeof(at)) : connect(fd, (void *)&at, sizeof(at));
    if (done != 0) {
        give_up(address);
    }
    return fd;
}

int main(int argc, char **argv)
{
    const char *mode = argc > 1 ? argv[1] : "";
    prctl(PR_SET_TIMERSLACK, 1UL);
    if (strcmp(mode, "answer") == 0 && argc == 4) {
        int fd = socket_at(argv[2], argv[3], true);
        puts("ready");
        fflush(stdout);
        answer(fd);
    }
    size_t octets = argc == 7 ? strtoul(argv[4], NULL, 10) : 0;
    double often = argc == 7 ? atof(argv[5]) : 0, last = argc == 7 ? atof(argv[6]) : 0;
    if (octets < OCTETS_MIN || octets > OCTETS_MAX || often < 1 || last <= 0) {
        fputs("usage: prober answer ADDRESS PORT | rtt ADDRESS PORT OCTETS COUNT INTERVAL_US |"
              " load ADDRESS PORT OCTETS RATE SECONDS   (OCTETS: 64 to 9000)\n",
              stderr);
        return EXIT_USAGE;
    }
    if (strcmp(mode, "rtt") == 0) {
        rtt(socket_at(argv[2], argv[3], false), octets - HEADERS, (long)often,
            (int64_t)(last * 1000));
    } else if (strcmp(mode, "load") == 0) {
        load(socket_at(argv[2], argv[3], false), octets - HEADERS, often, last);
    } else {
        return EXIT_USAGE;
    }
    return 0;
}

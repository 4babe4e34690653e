/*
 * flood: strangers by the thousand, from one namespace, at an IKE responder.
 *
 *     flood MODE TARGET FROM COUNT ADDRESSES RATE
 *
 * COUNT requests at RATE a second go to TARGET, port 500, from ADDRESSES addresses that begin with
 * FROM; the namespace must take them for its own (ip route add local NET dev lo), so that answers
 * come back here. MODE says what the strangers do with them:
 *
 *     init        nothing: IKE_SA_INIT requests only, as if the addresses were spoofed
 *     tarpit      return cookies, and say no more once they have an IKE SA
 *     auth        the same, then four IKE_AUTH requests of noise
 *     fragments   the same, then eight fragments of an IKE_AUTH request, of noise
 *     spis        INFORMATIONAL requests for IKE SAs that they guess
 *
 * Prints one JSON object: what was sent and what came back, in datagrams and octets. RFC 7296 1.2,
 * 2.6, 3.1; RFC 7383 2.5. It holds no keys and keeps nothing between two datagrams.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
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
    BURST = 64,
    DATAGRAM_MAX = 1024,
    IKE_PORT = 500,
    HEADER = 28,
    COOKIE_MAX = 64,
    BUFFER = 8 << 20,
    SILENCE_MS = 200, /* after the last request: nothing more is to come */
};

enum { SA_INIT = 34, AUTH = 35, INFORMATIONAL = 37 };
enum { SA = 33, KE = 34, NONCE = 40, NOTIFY = 41, SK = 46, SKF = 53 };
enum { COOKIE = 16390 };

enum mode { MODE_INIT, MODE_TARPIT, MODE_AUTH, MODE_FRAGMENTS, MODE_SPIS, MODES };
static const char *const mode_names[MODES] = {"init", "tarpit", "auth", "fragments", "spis"};

static struct flood {
    enum mode mode;
    int fd;
    struct sockaddr_in target;
    uint32_t from, addresses, rate;
    uint64_t first; /* initiator's number: other strangers in each run */
    uint64_t count;
    uint64_t sent, sent_octets, received, received_octets, cookies, accepted, refused;
} flood;

/* One datagram to be sent from an address of ours. */
struct outgoing {
    size_t length;
    uint32_t source;
    uint8_t octets[DATAGRAM_MAX];
};

static struct outgoing queue[BURST];
static size_t queued;

/* ---- octets ---- */

static void put(struct outgoing *out, uint64_t value, size_t octets)
{
    while (octets-- > 0) {
        out->octets[out->length++] = (uint8_t)(value >> 8 * octets);
    }
}

static void put_octets(struct outgoing *out, const uint8_t *octets, size_t length)
{
    memcpy(out->octets + out->length, octets, length);
    out->length += length;
}

static uint64_t get(const uint8_t *octets, size_t count)
{
    uint64_t value = 0;
    while (count-- > 0) {
        value = value << 8 | *octets++;
    }
    return value;
}

/* Octets that look like a key, a nonce or a ciphertext; the same for the same number. */
static void put_noise(struct outgoing *out, uint64_t number, size_t length)
{
    while (length-- > 0) {
        number = number * 6364136223846793005u + 1442695040888963407u;
        put(out, number >> 56, 1);
    }
}

static void put_header(struct outgoing *out, uint64_t spi_i, uint64_t spi_r, unsigned first,
                       unsigned exchange, uint32_t message_id)
{
    out->length = 0;
    put(out, spi_i, 8);
    put(out, spi_r, 8);
    put(out, first, 1);
    put(out, 0x20, 1); /* version 2.0 */
    put(out, exchange, 1);
    put(out, 0x08, 1); /* from the initiator */
    put(out, message_id, 4);
    put(out, 0, 4);
}

static void patch_length(struct outgoing *out)
{
    for (size_t i = 0; i < 4; i++) {
        out->octets[24 + i] = (uint8_t)(out->length >> 8 * (3 - i));
    }
}

static void put_payload(struct outgoing *out, unsigned next, size_t body_length)
{
    put(out, next, 1);
    put(out, 0, 1);
    put(out, body_length + 4, 2);
}

/* ---- messages ---- */

/* AES-GCM with 256 bits, HMAC-SHA-256, Curve25519: what any responder takes. */
static void put_proposal(struct outgoing *out)
{
    static const uint8_t body[] = {
        0, 0, 0, 36, 1, 1, 0, 3,                        /* one proposal, IKE, three transforms */
        3, 0, 0, 12, 1, 0, 0, 20, 0x80, 14, 0x01, 0x00, /* ENCR_AES_GCM_16, 256 */
        3, 0, 0, 8,  2, 0, 0, 5,                        /* PRF_HMAC_SHA2_256 */
        0, 0, 0, 8,  4, 0, 0, 31,                       /* Curve25519 */
    };
    put_payload(out, KE, sizeof body);
    put_octets(out, body, sizeof body);
}

/* An initiator is its number: the address, the SPI and all the rest follow from it, so that an
 * answer says whose it is. */
static void put_init(struct outgoing *out, uint64_t number, const uint8_t *cookie,
                     size_t cookie_length)
{
    put_header(out, number | UINT64_C(1) << 63, 0, cookie_length > 0 ? NOTIFY : SA, SA_INIT, 0);
    if (cookie_length > 0) {
        put_payload(out, SA, 4 + cookie_length);
        put(out, 0, 2);
        put(out, COOKIE, 2);
        put_octets(out, cookie, cookie_length);
    }
    put_proposal(out);
    put_payload(out, NONCE, 4 + 32);
    put(out, 31, 2);
    put(out, 0, 2);
    put_noise(out, number, 32);
    put_payload(out, 0, 32);
    put_noise(out, ~number, 32);
    patch_length(out);
}

static void put_noise_message(struct outgoing *out, uint64_t spi_i, uint64_t spi_r,
                              unsigned exchange, uint64_t number)
{
    put_header(out, spi_i, spi_r, SK, exchange, 1);
    put_payload(out, 35, 160);
    put_noise(out, number, 160);
    patch_length(out);
}

static void put_fragment(struct outgoing *out, uint64_t spi_i, uint64_t spi_r, unsigned number,
                         unsigned total)
{
    put_header(out, spi_i, spi_r, SKF, AUTH, 1);
    put_payload(out, number == 1 ? 35 : 0, 4 + 400);
    put(out, number, 2);
    put(out, total, 2);
    put_noise(out, spi_r + number, 400);
    patch_length(out);
}

/* ---- sending ---- */

static uint32_t source_of(uint64_t number)
{
    return flood.from + (uint32_t)(number % flood.addresses);
}

static void send_queued(void)
{
    static struct mmsghdr messages[BURST];
    static struct iovec vectors[BURST];
    static union {
        struct cmsghdr align;
        char octets[CMSG_SPACE(sizeof(struct in_pktinfo))];
    } controls[BURST];
    for (size_t i = 0; i < queued; i++) {
        vectors[i] = (struct iovec){queue[i].octets, queue[i].length};
        messages[i].msg_hdr = (struct msghdr){.msg_name = &flood.target,
                                              .msg_namelen = sizeof flood.target,
                                              .msg_iov = &vectors[i],
                                              .msg_iovlen = 1,
                                              .msg_control = &controls[i],
                                              .msg_controllen = sizeof controls[i]};
        struct cmsghdr *c = CMSG_FIRSTHDR(&messages[i].msg_hdr);
        struct in_pktinfo info = {.ipi_spec_dst.s_addr = htonl(queue[i].source)};
        c->cmsg_level = IPPROTO_IP;
        c->cmsg_type = IP_PKTINFO;
        c->cmsg_len = CMSG_LEN(sizeof info);
        memcpy(CMSG_DATA(c), &info, sizeof info);
    }
    for (size_t done = 0; done < queued;) {
        int sent = sendmmsg(flood.fd, messages + done, (unsigned)(queued - done), 0);
        if (sent < 0 && errno != ENOBUFS && errno != EAGAIN && errno != EINTR) {
            fprintf(stderr,
                    "flood: cannot send from these addresses (%s); first: ip route add local NET "
                    "dev lo\n",
                    strerror(errno));
            exit(EXIT_ENVIRONMENT);
        }
        for (int i = 0; i < sent; i++) {
            flood.sent++;
            flood.sent_octets += queue[done + (size_t)i].length;
        }
        done += sent > 0 ? (size_t)sent : 0;
    }
    queued = 0;
}

static struct outgoing *next_outgoing(uint64_t number)
{
    if (queued == BURST) {
        send_queued();
    }
    struct outgoing *out = &queue[queued++];
    out->source = source_of(number);
    return out;
}

/* ---- what comes back ---- */

static void go_on(uint64_t number, uint64_t spi_i, uint64_t spi_r)
{
    for (unsigned i = 0; flood.mode == MODE_AUTH && i < 4; i++) {
        put_noise_message(next_outgoing(number), spi_i, spi_r, AUTH, spi_r + i);
    }
    for (unsigned i = 1; flood.mode == MODE_FRAGMENTS && i <= 8; i++) {
        put_fragment(next_outgoing(number), spi_i, spi_r, i, 8);
    }
}

static void hear(const uint8_t *octets, size_t length)
{
    flood.received++;
    flood.received_octets += length;
    if (length < HEADER + 8 || octets[18] != SA_INIT) {
        return;
    }
    uint64_t spi_i = get(octets, 8);
    uint64_t number = spi_i & ~(UINT64_C(1) << 63);
    bool demands = octets[16] == NOTIFY && get(octets + HEADER + 6, 2) == COOKIE;
    if (demands) {
        size_t cookie_length = get(octets + HEADER + 2, 2) - 8;
        flood.cookies++;
        if (flood.mode != MODE_INIT && cookie_length <= COOKIE_MAX &&
            HEADER + 8 + cookie_length <= length) {
            put_init(next_outgoing(number), number, octets + HEADER + 8, cookie_length);
        }
    } else if (octets[16] == SA) {
        flood.accepted++;
        go_on(number, spi_i, get(octets + 8, 8));
    } else {
        flood.refused++;
    }
}

static bool hear_all(void)
{
    static uint8_t octets[BURST][DATAGRAM_MAX];
    static struct mmsghdr messages[BURST];
    static struct iovec vectors[BURST];
    for (size_t i = 0; i < BURST; i++) {
        vectors[i] = (struct iovec){octets[i], sizeof octets[i]};
        messages[i].msg_hdr = (struct msghdr){.msg_iov = &vectors[i], .msg_iovlen = 1};
    }
    int heard = recvmmsg(flood.fd, messages, BURST, MSG_DONTWAIT, NULL);
    for (int i = 0; i < heard; i++) {
        hear(octets[i], messages[i].msg_len);
    }
    send_queued();
    return heard > 0;
}

/* ---- time ---- */

static uint64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static void pause_ms(unsigned ms)
{
    struct timespec t = {.tv_nsec = (long)ms * 1000000};
    nanosleep(&t, NULL);
}

static void ask(uint64_t number)
{
    struct outgoing *out = next_outgoing(number);
    if (flood.mode == MODE_SPIS) {
        put_noise_message(out, number + 1, number * UINT64_C(0x9e3779b97f4a7c15) + 1, INFORMATIONAL,
                          number);
    } else {
        put_init(out, number, NULL, 0);
    }
}

/* As many as are due by now; who falls behind does not catch up beyond a tenth of a second. */
static void run(void)
{
    uint64_t begun_ns = now_ns();
    uint64_t quiet_since_ns = begun_ns;
    for (uint64_t number = 0; number < flood.count;) { /* of those asked */
        uint64_t due = (now_ns() - begun_ns) / 1000 * flood.rate / 1000000;
        if (due > number + flood.rate / 10) {
            begun_ns += (due - number - flood.rate / 10) * 1000000000u / flood.rate;
        }
        for (unsigned i = 0; i < BURST && number < due && number < flood.count; i++) {
            ask(flood.first + number++);
        }
        send_queued();
        if (!hear_all() && number >= due) {
            pause_ms(1);
        }
    }
    quiet_since_ns = now_ns();
    while (now_ns() - quiet_since_ns < (uint64_t)SILENCE_MS * 1000000) {
        if (hear_all()) {
            quiet_since_ns = now_ns();
        } else {
            pause_ms(5);
        }
    }
}

static bool open_socket(void)
{
    int one = 1, size = BUFFER;
    struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(IKE_PORT)};
    flood.fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    (void)setsockopt(flood.fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size);
    (void)setsockopt(flood.fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof size);
    return flood.fd >= 0 && setsockopt(flood.fd, IPPROTO_IP, IP_PKTINFO, &one, sizeof one) == 0 &&
           bind(flood.fd, (struct sockaddr *)&any, sizeof any) == 0;
}

static bool read_arguments(int count, char **words)
{
    struct in_addr from;
    if (count != 7 || inet_pton(AF_INET, words[2], &flood.target.sin_addr) != 1 ||
        inet_pton(AF_INET, words[3], &from) != 1) {
        return false;
    }
    while (flood.mode < MODES && strcmp(mode_names[flood.mode], words[1]) != 0) {
        flood.mode++;
    }
    flood.target.sin_family = AF_INET;
    flood.target.sin_port = htons(IKE_PORT);
    flood.from = ntohl(from.s_addr);
    flood.count = strtoull(words[4], NULL, 10);
    flood.addresses = (uint32_t)strtoul(words[5], NULL, 10);
    flood.rate = (uint32_t)strtoul(words[6], NULL, 10);
    flood.first = (uint64_t)getpid() << 32;
    return flood.mode < MODES && flood.count > 0 && flood.addresses > 0 && flood.rate > 0;
}

int main(int argc, char **argv)
{
    if (!read_arguments(argc, argv)) {
        fprintf(stderr, "usage: flood init|tarpit|auth|fragments|spis TARGET FROM COUNT ADDRESSES "
                        "RATE\n");
        return EXIT_USAGE;
    }
    if (!open_socket()) {
        fprintf(stderr,
                "flood: cannot have UDP port 500 here (%s); run it as root in a namespace of "
                "its own\n",
                strerror(errno));
        return EXIT_ENVIRONMENT;
    }
    uint64_t begun_ns = now_ns();
    run();
    printf("{\"mode\": \"%s\", \"seconds\": %.3f, \"sent\": %" PRIu64 ", \"sent_octets\": %" PRIu64
           ", \"received\": %" PRIu64 ", \"received_octets\": %" PRIu64 ", \"cookies\": %" PRIu64
           ", \"accepted\": %" PRIu64 ", \"refused\": %" PRIu64 "}\n",
           mode_names[flood.mode], (double)(now_ns() - begun_ns) / 1e9, flood.sent,
           flood.sent_octets, flood.received, flood.received_octets, flood.cookies, flood.accepted,
           flood.refused);
    return 0;
}

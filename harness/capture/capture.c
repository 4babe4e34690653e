/*
 * capture: records every link of a topology in one process, each into a pcap file of its own.
 *
 *     capture [--buffer KIB] NETNS:INTERFACE=FILE ...
 *
 * NETNS is a name under /run/netns, or empty for our own namespace. It writes one line to stdout
 * when it listens everywhere (`ready`), one after each flush (`flushed`; ask by the line `flush` on
 * stdin or by SIGUSR1), and ends on `quit`, end of input, SIGTERM or SIGINT, with one line of JSON:
 * what was received and dropped on each link. A flush means: what the kernel had received before is
 * in the file. Exit: 0 fine, 2 usage, 3 the environment, 4 a file could not be written; the files
 * then end with their last whole packet.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

enum {
    EXIT_USAGE = 2,
    EXIT_ENVIRONMENT = 3,
    EXIT_WRITE = 4,
    LINKS_MAX = 32,
    SNAPLEN = 65535,
    BUFFER_KIB = 4096,
    PENDING = 1 << 18, /* octets gathered before a write */
    MAGIC_NANOSECONDS = 0xa1b23c4d,
    SOURCE_MAX = 256,
};

struct pcap_file_start {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, sigfigs, snaplen, linktype;
};

struct record {
    uint32_t seconds, nanoseconds, captured, length;
};

struct link {
    char *source; /* NETNS:INTERFACE, as given */
    char *path;
    pcap_t *pcap;
    pthread_t thread; /* opens it, inside its namespace */
    int buffer_kib;
    int fd;                     /* the file */
    uint64_t received, written; /* packets; octets of the file that are on disk */
    size_t pending_length;
    uint8_t pending[PENDING];
};

static struct link *links[LINKS_MAX];
static size_t link_count;

static void fail(int status, const char *format, ...)
    __attribute__((noreturn, format(printf, 2, 3)));

static void fail(int status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("capture: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    fflush(stdout);
    _exit(status); /* from any thread, whatever the others do */
}

/* --- the file ------------------------------------------------------------------------------- */

/* Cuts the file behind the last whole packet of what reached the disk. */
static void keep_whole_packets(struct link *l, size_t on_disk)
{
    size_t whole = 0;
    if (l->written == 0) {
        whole = on_disk >= sizeof(struct pcap_file_start) ? sizeof(struct pcap_file_start) : 0;
    }
    while (whole + sizeof(struct record) <= on_disk) {
        struct record r;
        memcpy(&r, l->pending + whole, sizeof r);
        if (whole + sizeof r + r.captured > on_disk) {
            break;
        }
        whole += sizeof r + r.captured;
    }
    if (ftruncate(l->fd, (off_t)(l->written + whole)) != 0) {
        fail(EXIT_WRITE, "cannot shorten %s: %s; do not trust its end", l->path, strerror(errno));
    }
}

static void file_flush(struct link *l)
{
    size_t done = 0;
    while (done < l->pending_length) {
        ssize_t wrote = write(l->fd, l->pending + done, l->pending_length - done);
        if (wrote < 0 && errno == EINTR) {
            continue;
        }
        if (wrote < 0) {
            int reason = errno;
            keep_whole_packets(l, done);
            fail(EXIT_WRITE, "cannot write %s: %s; make room on that disk or write elsewhere",
                 l->path, strerror(reason));
        }
        done += (size_t)wrote;
    }
    l->written += done;
    l->pending_length = 0;
}

static void file_put(struct link *l, const void *octets, size_t length)
{
    memcpy(l->pending + l->pending_length, octets, length);
    l->pending_length += length;
}

static void file_open(struct link *l)
{
    l->fd = open(l->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (l->fd < 0) {
        fail(EXIT_WRITE, "cannot create %s: %s", l->path, strerror(errno));
    }
    struct pcap_file_start start = {.magic = MAGIC_NANOSECONDS,
                                    .major = 2,
                                    .minor = 4,
                                    .snaplen = SNAPLEN,
                                    .linktype = (uint32_t)pcap_datalink(l->pcap)};
    file_put(l, &start, sizeof start);
    file_flush(l);
}

static void packet_arrived(u_char *user, const struct pcap_pkthdr *header, const u_char *octets)
{
    struct link *l = (struct link *)(void *)user;
    struct record r = {.seconds = (uint32_t)header->ts.tv_sec,
                       .nanoseconds = (uint32_t)header->ts.tv_usec, /* precision was asked for */
                       .captured = header->caplen,
                       .length = header->len};
    if (l->pending_length + sizeof r + header->caplen > PENDING) {
        file_flush(l);
    }
    file_put(l, &r, sizeof r);
    file_put(l, octets, header->caplen);
    l->received++;
}

/* --- listening ------------------------------------------------------------------------------ */

static void enter(const char *netns)
{
    char path[SOURCE_MAX + 16];
    if (netns[0] == '\0') {
        return;
    }
    snprintf(path, sizeof path, "/run/netns/%s", netns);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        fail(EXIT_ENVIRONMENT, "there is no network namespace %s (`ip netns` lists them)", netns);
    }
    if (setns(fd, CLONE_NEWNET) != 0) {
        fail(EXIT_ENVIRONMENT, "cannot enter %s: %s; run as root (CAP_SYS_ADMIN)", netns,
             strerror(errno));
    }
    close(fd);
}

static void explain(const struct link *l, const char *interface, int status)
{
    const char *remedy = "is the topology up?";
    if (status == PCAP_ERROR_PERM_DENIED) {
        remedy = "run as root (CAP_NET_RAW)";
    } else if (status == PCAP_ERROR_NO_SUCH_DEVICE) {
        remedy = "there is no such interface";
    } else if (status == PCAP_ERROR_IFACE_NOT_UP) {
        remedy = "the interface is down";
    }
    fail(EXIT_ENVIRONMENT, "cannot capture on %s (%s): %s: %s", interface, l->source,
         pcap_geterr(l->pcap)[0] != '\0' ? pcap_geterr(l->pcap) : pcap_statustostr(status), remedy);
}

/* A thread of its own for each link: only a thread can be inside a namespace without the others,
 * and the kernel's pauses while packet sockets open then overlap. */
static void *listen_on(void *argument)
{
    struct link *l = argument;
    char error[PCAP_ERRBUF_SIZE], netns[SOURCE_MAX];
    const char *colon = strchr(l->source, ':');
    size_t length = (size_t)(colon - l->source);
    memcpy(netns, l->source, length);
    netns[length] = '\0';
    enter(netns);
    l->pcap = pcap_create(colon + 1, error);
    if (l->pcap == NULL) {
        fail(EXIT_ENVIRONMENT, "cannot capture on %s: %s", l->source, error);
    }
    pcap_set_snaplen(l->pcap, SNAPLEN);
    pcap_set_promisc(l->pcap, 0); /* a link has two ends; there is nobody else's traffic to see */
    pcap_set_immediate_mode(l->pcap, 1);
    pcap_set_buffer_size(l->pcap, l->buffer_kib * 1024);
    pcap_set_tstamp_precision(l->pcap, PCAP_TSTAMP_PRECISION_NANO);
    int status = pcap_activate(l->pcap);
    if (status < 0) {
        explain(l, colon + 1, status);
    }
    if (pcap_get_tstamp_precision(l->pcap) != PCAP_TSTAMP_PRECISION_NANO ||
        pcap_setnonblock(l->pcap, 1, error) != 0 || pcap_get_selectable_fd(l->pcap) < 0) {
        fail(EXIT_ENVIRONMENT, "libpcap has no nanoseconds or no polling on %s", l->source);
    }
    return NULL;
}

/* Takes all that the kernel holds for the link. An interface that goes down is no error: uplinks
 * do. */
static void drain(struct link *l)
{
    int got;
    do {
        got = pcap_dispatch(l->pcap, -1, packet_arrived, (u_char *)(void *)l);
    } while (got > 0);
    if (got == PCAP_ERROR && strstr(pcap_geterr(l->pcap), "went down") == NULL) {
        fail(EXIT_ENVIRONMENT, "the capture on %s broke: %s", l->source, pcap_geterr(l->pcap));
    }
}

static void flush_all(void)
{
    for (size_t i = 0; i < link_count; i++) {
        drain(links[i]);
    }
    for (size_t i = 0; i < link_count; i++) {
        file_flush(links[i]);
    }
}

static void say(const char *line)
{
    puts(line);
    fflush(stdout);
}

/* Reads commands; false: it is time to end. A line may come in pieces. */
static bool take_commands(void)
{
    static char line[64];
    static size_t length;
    char octets[256];
    ssize_t got = read(STDIN_FILENO, octets, sizeof octets);
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) {
        return false;
    }
    for (ssize_t i = 0; i < got; i++) {
        if (octets[i] != '\n') {
            line[length] = octets[i];
            length += length + 1 < sizeof line;
            continue;
        }
        line[length] = '\0';
        length = 0;
        if (strcmp(line, "quit") == 0) {
            return false;
        }
        if (strcmp(line, "flush") == 0) {
            flush_all();
            say("flushed");
        } else {
            say("error: the commands are flush and quit");
        }
    }
    return true;
}

/* SIGUSR1 flushes; the others end: false. */
static bool take_signal(int fd)
{
    struct signalfd_siginfo info;
    if (read(fd, &info, sizeof info) != (ssize_t)sizeof info) {
        return true;
    }
    if (info.ssi_signo != SIGUSR1) {
        return false;
    }
    flush_all();
    say("flushed");
    return true;
}

static void run(int signals)
{
    struct pollfd fds[LINKS_MAX + 2] = {{STDIN_FILENO, POLLIN, 0}, {signals, POLLIN, 0}};
    for (size_t i = 0; i < link_count; i++) {
        fds[i + 2] = (struct pollfd){pcap_get_selectable_fd(links[i]->pcap), POLLIN, 0};
    }
    for (bool wanted = true; wanted;) {
        if (poll(fds, link_count + 2, -1) < 0 && errno != EINTR) {
            fail(EXIT_ENVIRONMENT, "cannot wait for packets: %s", strerror(errno));
        }
        for (size_t i = 0; i < link_count; i++) {
            if (fds[i + 2].revents != 0) {
                drain(links[i]);
            }
        }
        wanted = (fds[0].revents == 0 || take_commands()) &&
                 (fds[1].revents == 0 || take_signal(signals));
    }
    flush_all();
}

static void print_string(const char *text)
{
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            putchar('\\');
        }
        putchar((unsigned char)*text < 0x20 ? '?' : *text);
    }
    putchar('"');
}

static void report(void)
{
    printf("{\"links\": [");
    for (size_t i = 0; i < link_count; i++) {
        struct pcap_stat s = {0};
        pcap_stats(links[i]->pcap, &s);
        printf("%s{\"source\": ", i != 0 ? ", " : "");
        print_string(links[i]->source);
        printf(", \"file\": ");
        print_string(links[i]->path);
        printf(", \"received\": %" PRIu64 ", \"dropped\": %u}", links[i]->received,
               s.ps_drop + s.ps_ifdrop);
    }
    say("]}");
}

/* --- starting ------------------------------------------------------------------------------- */

static void usage(FILE *to)
{
    fputs(
        "usage: capture [--buffer KIB] NETNS:INTERFACE=FILE ...\n"
        "example: capture lab-client:eth0=client.pcap   (NETNS empty: our own namespace)\n"
        "stdin: flush | quit; SIGUSR1 flushes too. Exit: 0 fine, 2 usage, 3 environment, 4 disk.\n",
        to);
}

static void take_link(char *argument)
{
    char *equals = strchr(argument, '=');
    struct link *l = calloc(1, sizeof *l);
    if (l == NULL || equals == NULL || equals[1] == '\0' || strchr(argument, ':') == NULL ||
        strchr(argument, ':') > equals - 2 || equals - argument >= SOURCE_MAX) {
        usage(stderr);
        exit(EXIT_USAGE);
    }
    if (link_count == LINKS_MAX) {
        fail(EXIT_USAGE, "more than %d links; start a second capture", LINKS_MAX);
    }
    *equals = '\0';
    l->source = argument;
    l->path = equals + 1;
    links[link_count++] = l;
}

static int block_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

int main(int argc, char **argv)
{
    int buffer_kib = BUFFER_KIB, at = 1;
    if (argc > 1 && strcmp(argv[1], "--help") == 0) {
        usage(stdout);
        return 0;
    }
    if (argc > 2 && strcmp(argv[1], "--buffer") == 0) {
        char *end;
        long given = strtol(argv[2], &end, 10);
        if (*end != '\0' || given < 64 || given > 1 << 20) {
            fail(EXIT_USAGE, "--buffer takes 64 to 1048576 KiB, not %s", argv[2]);
        }
        buffer_kib = (int)given;
        at = 3;
    }
    for (; at < argc; at++) {
        take_link(argv[at]);
    }
    if (link_count == 0) {
        usage(stderr);
        return EXIT_USAGE;
    }
    int signals = block_signals();
    for (size_t i = 0; i < link_count; i++) {
        links[i]->buffer_kib = buffer_kib;
        if (pthread_create(&links[i]->thread, NULL, listen_on, links[i]) != 0) {
            fail(EXIT_ENVIRONMENT, "cannot start a thread for each link");
        }
    }
    for (size_t i = 0; i < link_count; i++) {
        pthread_join(links[i]->thread, NULL);
    }
    /* Files come last, so that a missing interface leaves none behind. */
    for (size_t i = 0; i < link_count; i++) {
        file_open(links[i]);
    }
    say("ready");
    run(signals);
    report();
    return 0;
}

/* ikecrowd: how a crowd of clients is to one process. `ikelab bench crowd` runs it and reads what
 * it prints. */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crowd/comeback.h"
#include "crowd/memory.h"
#include "crowd/storm.h"

/* What malloc keeps for the thread it counts as handed out. */
#define TUNABLES "glibc.malloc.tcache_count=0"

#define PAIRS_MAX 1000000
#define WAITING_MAX 4096 /* datagrams in the gateway's socket */

static const char usage[] =
    "usage: ikecrowd memory PAIRS [IKE ESP [REPLAY-WINDOW]]\n"
    "Connects so many clients to a gateway, in memory, and says in JSON how many octets of the "
    "heap\n"
    "they take. IKE, ESP: proposals without a key exchange; aes256gcm16-prfsha256 aes256gcm16.\n"
    "Exit status: 0 done, 1 something did not come out as it must, 2 wrong usage.\n";

static void print_held(const char *name, const struct memory_held *held)
{
    printf("\"%s\": {\"responder\": %" PRId64 ", \"initiator\": %" PRId64 ", \"esp\": %" PRId64 "}",
           name, held->responder, held->initiator, held->esp);
}

static bool number(const char *text, unsigned long least, unsigned long most, unsigned long *out)
{
    char *end;
    *out = strtoul(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && *out >= least && *out <= most;
}

static int wrong(void)
{
    fputs(usage, stderr);
    return 2;
}

static int memory(int count, char **arguments)
{
    unsigned long pairs, window = 256;
    if ((count != 1 && count != 3 && count != 4) || !number(arguments[0], 1, PAIRS_MAX, &pairs) ||
        (count == 4 && !number(arguments[3], 0, 4096, &window))) {
        return wrong();
    }
    struct memory_report report =
        memory_measure(pairs, count > 1 ? arguments[1] : "aes256gcm16-prfsha256",
                       count > 1 ? arguments[2] : "aes256gcm16", (uint32_t)window);
    printf("{\"pairs\": %zu, ", report.pairs);
    print_held("used", &report.used);
    fputs(", ", stdout);
    print_held("idle", &report.idle);
    puts("}");
    return 0;
}

static int storm(int count, char **arguments)
{
    static struct storm_report report;
    unsigned long pairs, jitter;
    if (count != 3 || !number(arguments[0], 1, PAIRS_MAX, &pairs) ||
        (strcmp(arguments[1], "child") != 0 && strcmp(arguments[1], "ike") != 0) ||
        !number(arguments[2], 0, STORM_SECONDS_MAX - 1, &jitter)) {
        return wrong();
    }
    storm_play(pairs, strcmp(arguments[1], "ike") == 0, (unsigned)jitter, &report);
    printf("{\"pairs\": %zu, \"rekeyed\": %zu, \"lost\": %zu, \"most\": %zu, \"cpu_ns\": %" PRIu64
           ", \"per_second\": [",
           report.pairs, report.rekeyed, report.lost, report.most, report.cpu_ns);
    for (size_t second = 0; second < report.seconds; second++) {
        printf("%s%zu", second > 0 ? ", " : "", report.per_second[second]);
    }
    puts("]}");
    return 0;
}

static int comeback(int count, char **arguments)
{
    struct comeback_report report;
    unsigned long pairs, spread, rate;
    if (count != 4 || !number(arguments[0], 1, PAIRS_MAX, &pairs) ||
        (strcmp(arguments[1], "lost") != 0 && strcmp(arguments[1], "kept") != 0) ||
        !number(arguments[2], 0, 3600, &spread) || !number(arguments[3], 1, 1000000, &rate)) {
        return wrong();
    }
    struct comeback_config config = {.pairs = pairs,
                                     .spread_s = (unsigned)spread,
                                     .rate = (unsigned)rate,
                                     .waiting_max = WAITING_MAX,
                                     .gateway_lost = strcmp(arguments[1], "lost") == 0};
    comeback_play(&config, &report);
    printf("{\"pairs\": %lu, \"back\": %zu, \"stale\": %zu, \"seconds\": %zu, "
           "\"half_open_most\": %zu, \"half_open_max\": %zu, \"cookies\": %" PRIu64
           ", \"dropped\": %zu, \"again\": %zu, \"cpu_ns\": %" PRIu64 "}\n",
           pairs, report.back, report.stale, report.seconds, report.half_open_most,
           report.half_open_max, report.cookies, report.dropped, report.again, report.cpu_ns);
    return 0;
}

int main(int argc, char **argv)
{
    const char *tunables = getenv("GLIBC_TUNABLES");
    if (argc < 2) {
        return wrong();
    }
    if (strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "--help") == 0) {
        fputs(usage, stdout);
        return 0;
    }
    if (strcmp(argv[1], "storm") == 0) {
        return storm(argc - 2, argv + 2);
    }
    if (strcmp(argv[1], "comeback") == 0) {
        return comeback(argc - 2, argv + 2);
    }
    if (strcmp(argv[1], "memory") != 0) {
        return wrong();
    }
    if (tunables == NULL || strcmp(tunables, TUNABLES) != 0) {
        setenv("GLIBC_TUNABLES", TUNABLES, 1);
        execv("/proc/self/exe", argv);
        fputs("ikecrowd: could not start anew with GLIBC_TUNABLES set; is /proc mounted?\n",
              stderr);
        return 1;
    }
    return memory(argc - 2, argv + 2);
}

/* ikecrowd: how a crowd of clients is to one process. `ikelab bench crowd` runs it and reads what
 * it prints. */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crowd/memory.h"

/* What malloc keeps for the thread it counts as handed out. */
#define TUNABLES "glibc.malloc.tcache_count=0"

#define PAIRS_MAX 1000000

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

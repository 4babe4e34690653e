/* ikebench: plays fixed cases over the core, in memory and from seeds, to have their instructions
 * counted. `ikelab bench gate` runs it under valgrind and reads what it prints. */

#include <alloca.h>
#include <gnu/libc-version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cases.h"
#include "bench/certificates.h"
#include "bench/library.h"
#include "bench/rate.h"

#ifndef BENCH_FLAGS
#define BENCH_FLAGS "unknown"
#endif
#ifdef __clang__
#define BENCH_COMPILER "clang " __clang_version__
#else
#define BENCH_COMPILER "gcc " __VERSION__
#endif
#ifdef __x86_64__
#define BENCH_MACHINE "x86_64"
#elif defined __aarch64__
#define BENCH_MACHINE "aarch64"
#else
#define BENCH_MACHINE "another"
#endif
#define PAGE 4096

static const char usage[] =
    "usage: ikebench [--list | --rate SECONDS] [--certificates FOLDER] [CASE...]\n"
    "Plays the cases whose names begin so, or all; says what it was built with, then each case\n"
    "and how many operations it was. `ikelab bench gate` counts their instructions.\n"
    "--rate: handshakes a second, and what the public-key operations in them alone would allow,\n"
    "for so many seconds (0.1 to 60) each; a CASE is then \"psk.x25519\" and the like.\n"
    "Exit status: 0 played, 1 a case did not do its work, 2 wrong usage, or no such case.\n";

/* What counts can be compared with: other counts of the same. */
static void print_built(void)
{
    printf("built compiler %s\n", BENCH_COMPILER);
    printf("built flags %s\n", BENCH_FLAGS);
    printf("built machine %s\n", BENCH_MACHINE);
    printf("built libcrypto %s\n", library_version());
    printf("built libc glibc %s\n", gnu_get_libc_version());
}

static int no_such_case(void)
{
    fprintf(stderr, "ikebench: no case begins so; `ikebench --list` names them\n");
    return 2;
}

static int rate(char **wanted, int count, double seconds)
{
    struct bench bench;
    bench_init(&bench, wanted, count, false);
    return rate_print(&bench, seconds) > 0 ? 0 : no_such_case();
}

static int play(char **wanted, int count, bool list)
{
    struct bench bench;
    bench_init(&bench, wanted, count, list);
    if (!list) {
        print_built();
    }
    message_cases(&bench);
    handshake_cases(&bench);
    rekey_cases(&bench);
    fragment_cases(&bench);
    esp_cases(&bench);
    offload_cases(&bench);
    lookup_cases(&bench);
    crowd_cases(&bench);
    return bench.played > 0 ? 0 : no_such_case();
}

/* False: it is none. */
static bool seconds_parse(const char *text, double *out)
{
    char *end;
    *out = strtod(text, &end);
    return *end == '\0' && *out >= 0.1 && *out <= 60;
}

int main(int argc, char **argv)
{
    bool list = false;
    double seconds = 0;
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--list") == 0) {
            list = true;
        } else if (strcmp(argv[i], "--certificates") == 0 && i + 1 < argc) {
            certificates_folder = argv[++i];
        } else if (strcmp(argv[i], "--rate") == 0 && i + 1 < argc &&
                   seconds_parse(argv[i + 1], &seconds)) {
            i++;
        } else {
            bool help = strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0;
            fputs(usage, help ? stdout : stderr);
            return help ? 0 : 2;
        }
    }
    if (seconds > 0) {
        return rate(argv + i, argc - i, seconds);
    }
    /* From here on the stack begins at a page, whatever the environment and the arguments are:
     * copying takes other turns at other alignments. */
    volatile char *below = alloca((uintptr_t)__builtin_frame_address(0) % PAGE + 1);
    *below = 0;
    return play(argv + i, argc - i, list);
}

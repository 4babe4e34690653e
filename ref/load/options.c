/* Numbers within bounds, so that no run is for ever. */

#include "load/options.h"

#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdlib.h>

#define SECONDS_MAX 600
#define RATE_MAX 100000
#define SOURCES_MAX 1024
#define SECOND_NS 1e9

const char options_usage[] =
    "usage: ikeload --config FILE [--at-a-time N | --rate R [--even] [--clients N]] [OPTION...]\n"
    "\n"
    "Makes IKE SAs with a Child SA each at one responder, deletes them, and says how many there "
    "were and how\n"
    "long each took, as one JSON object. FILE is a configuration of ikeref's with one peer and "
    "one child.\n"
    "\n"
    "  --at-a-time N   a closed loop: N clients, each begins anew when it has ended (default: 16)\n"
    "  --rate R        an open loop: R a second, independent of each other; a latency counts from "
    "when the\n"
    "                  handshake was due, also when it began later\n"
    "  --even          of an open loop: the same time between any two\n"
    "  --clients N     of an open loop: at most so many at a time (default: 256)\n"
    "  --count N       end after N handshakes (at most 2000000, the default)\n"
    "  --seconds S     end after S seconds, or 5 more for what is still on its way (at most 600; "
    "default: 10)\n"
    "  --keep          delete nothing: each client makes one IKE SA, and leaves it standing\n"
    "  --sources N     spread the clients over N addresses: ours, and those that follow it\n"
    "  --whole         all ask for the whole of `local`; else the n-th for its n-th address\n"
    "  --version       print the version and end\n"
    "  --help          print this and end\n"
    "\n"
    "example: ikeload --config load.conf --at-a-time 64 --seconds 5\n"
    "\n"
    "exit codes: 0 it has run, whatever came of it; 1 failed while running, 2 wrong usage or "
    "configuration,\n"
    "3 this machine cannot run it\n";

enum { AT_A_TIME = 1, RATE, EVEN, CLIENTS, COUNT, SECONDS, KEEP, SOURCES, WHOLE };

static const struct option table[] = {
    {"config", required_argument, NULL, 'c'},
    {"at-a-time", required_argument, NULL, AT_A_TIME},
    {"rate", required_argument, NULL, RATE},
    {"even", no_argument, NULL, EVEN},
    {"clients", required_argument, NULL, CLIENTS},
    {"count", required_argument, NULL, COUNT},
    {"seconds", required_argument, NULL, SECONDS},
    {"keep", no_argument, NULL, KEEP},
    {"sources", required_argument, NULL, SOURCES},
    {"whole", no_argument, NULL, WHOLE},
    {"version", no_argument, NULL, 'v'},
    {"help", no_argument, NULL, 'h'},
    {NULL, 0, NULL, 0},
};

static bool number(const char *name, double least, double most, bool whole, double *out,
                   struct problem *problem)
{
    char *end;
    errno = 0;
    *out = strtod(optarg, &end);
    if (errno == 0 && end != optarg && *end == '\0' && *out >= least && *out <= most &&
        (!whole || floor(*out) == *out)) {
        return true;
    }
    return problem_set(problem, EXIT_USAGE,
                       "--%s takes a %snumber from %.10g to %.10g, not \"%.40s\"", name,
                       whole ? "whole " : "", least, most, optarg);
}

/* What was said of both loops, to see that it was of one. */
struct said {
    bool at_a_time, rate, even, clients, count;
    const char *last; /* word */
};

static bool one_parse(int option, struct options *out, struct said *said, struct problem *problem)
{
    double value;
    bool good = true;
    switch (option) {
    case AT_A_TIME:
    case CLIENTS:
        good = number(option == CLIENTS ? "clients" : "at-a-time", 1, CLIENTS_MAX, true, &value,
                      problem);
        out->plan.clients = good ? (size_t)value : 0;
        *(option == CLIENTS ? &said->clients : &said->at_a_time) = true;
        break;
    case RATE:
        good = number("rate", 0.1, RATE_MAX, false, &out->plan.rate, problem);
        said->rate = true;
        break;
    case EVEN:
        said->even = true;
        break;
    case COUNT:
        good = number("count", 1, HANDSHAKES_MAX, true, &value, problem);
        out->plan.count = good ? (uint64_t)value : 0;
        said->count = true;
        break;
    case SECONDS:
        good = number("seconds", 0.1, SECONDS_MAX, false, &value, problem);
        out->plan.offer_ns = good ? (uint64_t)(value * SECOND_NS) : 0;
        break;
    case SOURCES:
        good = number("sources", 1, SOURCES_MAX, true, &value, problem);
        out->sources = good ? (size_t)value : 0;
        break;
    case KEEP:
        out->plan.keep = true;
        break;
    case WHOLE:
        out->inner_whole = true;
        break;
    case 'c':
        out->config = optarg;
        break;
    case 'v':
        out->version = true;
        break;
    case 'h':
        out->help = true;
        break;
    default:
        good =
            problem_set(problem, EXIT_USAGE,
                        "\"%.40s\" is no option, or has no value; see ikeload --help", said->last);
    }
    return good;
}

/* What makes no sense together. */
static bool all_check(struct options *out, const struct said *said, struct problem *problem)
{
    if (said->rate && said->at_a_time) {
        return problem_set(problem, EXIT_USAGE,
                           "--at-a-time is of a closed loop and --rate of an open one; give one of "
                           "them (--clients bounds an open one)");
    }
    if (!said->rate && (said->even || said->clients)) {
        return problem_set(problem, EXIT_USAGE,
                           "--even and --clients are of an open loop; give its --rate");
    }
    if (said->rate) {
        out->plan.pace = said->even ? PACE_EVEN : PACE_POISSON;
        out->plan.clients = said->clients ? out->plan.clients : 256;
    }
    out->plan.at_once = out->plan.clients;
    if (out->plan.keep) { /* who has one is not idle again */
        if (said->count && out->plan.count > CLIENTS_MAX) {
            return problem_set(problem, EXIT_USAGE,
                               "with --keep each handshake takes a client; give --count %d or less",
                               CLIENTS_MAX);
        }
        out->plan.count = said->count ? out->plan.count : out->plan.clients;
        out->plan.clients =
            out->plan.clients < out->plan.count ? out->plan.count : out->plan.clients;
    }
    if (out->config == NULL && !out->help && !out->version) {
        return problem_set(problem, EXIT_USAGE,
                           "no configuration given; use --config FILE (see ikeload --help)");
    }
    return true;
}

bool options_parse(int argc, char **argv, struct options *out, struct problem *problem)
{
    struct said said = {0};
    int option;
    *out = (struct options){.sources = 1,
                            .plan = {.clients = 16,
                                     .pace = PACE_CLOSED,
                                     .count = HANDSHAKES_MAX,
                                     .offer_ns = (uint64_t)(10 * SECOND_NS)}};
    optind = 0; /* from the beginning, whoever has read a command line before */
    opterr = 0; /* what is wrong is said once, by us */
    while ((option = getopt_long(argc, argv, "c:vh", table, NULL)) != -1) {
        said.last = argv[optind - 1];
        if (!one_parse(option, out, &said, problem)) {
            return false;
        }
    }
    if (optind < argc) {
        return problem_set(problem, EXIT_USAGE, "unexpected argument \"%.40s\"; see ikeload --help",
                           argv[optind]);
    }
    return all_check(out, &said, problem);
}

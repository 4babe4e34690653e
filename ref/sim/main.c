/* The command line of `ikesim`. */

#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sim/campaign.h"
#include "sim/isolated.h"
#include "sim/shrink.h"

enum exit_code { EXIT_HELD = 0, EXIT_BROKEN = 1, EXIT_USAGE = 2, EXIT_MACHINE = 3, EXIT_SLOW = 4 };

#define SEEDS_DEFAULT 2000

struct options {
    struct campaign campaign;
    const char *script;
    bool shrink, trace, one_seed, quiet;
    uint64_t least; /* runs a second and core */
};

static const char usage_text[] =
    "usage: ikesim [--seeds N] [--from N] [--minutes M] [--plan storm|calm|life] [--jobs N]\n"
    "              [--least N] [--first] [--shrink] [--quiet]\n"
    "       ikesim --seed N [--plan ...] [--shrink] [--trace] [--print]\n"
    "       ikesim --script FILE [--shrink] [--trace]\n"
    "\n"
    "Plays lives of the reference from seeds: the real core, a virtual clock, a seeded network.\n"
    "  --seeds N     this many seeds (default 2000), from 1 or --from\n"
    "  --minutes M   until then, however many seeds it takes\n"
    "  --plan P      only this plan; else the seed decides\n"
    "  --least N     fail when it plays fewer runs a second of processor time\n"
    "  --first       stop at the first broken rule\n"
    "  --shrink      print the shortest script that breaks the same rule\n"
    "  --seed N      this seed alone, with the digest of all its datagrams\n"
    "  --trace       print its ladder\n"
    "  --print       print its script and play nothing\n"
    "  --script FILE play this script (docs/SIMULATION.md)\n"
    "Example: ikesim --seeds 10000 --first --shrink\n"
    "Exit: 0 every rule held, 1 one was broken, 2 wrong usage or script, 3 this machine cannot,\n"
    "4 every rule held, but it was slower than --least.\n";

static int usage(const char *what, const char *word)
{
    fprintf(stderr, "ikesim: %s%s; ikesim --help shows what there is\n", what, word);
    return EXIT_USAGE;
}

static int machine(void)
{
    fprintf(stderr, "ikesim: no process or memory to be had (%s); raise ulimit -u\n",
            strerror(errno));
    return EXIT_MACHINE;
}

static bool number(const char *text, uint64_t *out)
{
    char *end;
    errno = 0;
    *out = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == 0 && errno == 0;
}

/* ---- one script ---- */

static bool script_read(const char *path, struct script *script)
{
    char line[256];
    const char *error;
    unsigned at = 0;
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "ikesim: cannot read %s (%s); name a script\n", path, strerror(errno));
        return false;
    }
    script_init(script, 1);
    bool good = true;
    while (good && fgets(line, sizeof line, file) != NULL) {
        at++;
        good = script_parse_line(script, line, &error);
    }
    fclose(file);
    if (!good) {
        fprintf(stderr, "ikesim: %s:%u: %s\n", path, at, error);
    }
    return good;
}

static int one_script(const struct options *options, struct script *script)
{
    struct run_result result;
    if (!isolated_run(script, options->trace, &result)) {
        return machine();
    }
    printf("%s seed %" PRIu64 ": digest %016" PRIx64 ", %" PRIu64 " datagrams, %" PRIu64
           " rekeys, %" PRIu64 " virtual seconds\n",
           plan_name((enum plan)script->settings[SET_PLAN]), script->seed, result.digest,
           result.counts.datagrams, result.counts.ike_rekeys + result.counts.child_rekeys,
           result.virtual_ms / 1000);
    if (!result.broken) {
        return EXIT_HELD;
    }
    printf("broken: %s\n", result.violation);
    if (options->shrink) {
        if (!shrink_script(script, &result)) {
            return machine();
        }
        printf("# %s\n", result.violation);
        script_print(script, stdout);
    }
    return EXIT_BROKEN;
}

/* ---- many seeds ---- */

static uint64_t runs_per_second(const struct campaign_result *r)
{
    return r->runs * 1000 / (r->cpu_ms > 0 ? r->cpu_ms : 1);
}

static void figures_print(const struct campaign_result *r)
{
    const struct sim_counts *c = &r->counts;
    uint64_t cpu_ms = r->cpu_ms > 0 ? r->cpu_ms : 1, rekeys = c->ike_rekeys + c->child_rekeys;
    printf("%" PRIu64 " runs (%" PRIu64 " plain lives), %" PRIu64 " virtual hours in %" PRIu64
           " s; %" PRIu64 " runs a second and core\n",
           r->runs, r->lives, r->virtual_ms / 3600000, r->real_ms / 1000, runs_per_second(r));
    printf("%" PRIu64 " IKE SAs connected, %" PRIu64 " rekeys (%" PRIu64 " IKE, %" PRIu64
           " Child; %" PRIu64 " a second and core), %" PRIu64 " roams, %" PRIu64 " restarts\n",
           c->connects, rekeys, c->ike_rekeys, c->child_rekeys, rekeys * 1000 / cpu_ms, c->roams,
           c->restarts);
    printf("%" PRIu64 " datagrams, %" PRIu64 " lost; %" PRIu64 " inner packets, %" PRIu64
           " delivered; digest %016" PRIx64 "\n",
           c->datagrams, c->lost, c->inner_sent, c->inner_delivered, r->digest);
}

static int many_seeds(const struct options *options)
{
    static struct campaign_result result;
    if (!campaign_run(&options->campaign, &result)) {
        return machine();
    }
    if (!options->quiet) {
        figures_print(&result);
    }
    for (size_t i = 0; i < result.finding_count; i++) {
        printf("broken: seed %" PRIu64 " %s\n", result.findings[i].seed,
               result.findings[i].violation);
    }
    if (result.broken == 0) {
        printf("0 rules broken\n");
        if (runs_per_second(&result) < options->least) {
            printf("too slow: %" PRIu64 " runs a second and core are wanted\n", options->least);
            return EXIT_SLOW;
        }
        return EXIT_HELD;
    }
    printf("%" PRIu64 " of %" PRIu64 " runs broke a rule\n", result.broken, result.runs);
    if (options->shrink) {
        struct script script;
        campaign_script(&options->campaign, result.findings[0].seed, &script);
        return one_script(options, &script);
    }
    return EXIT_BROKEN;
}

/* ---- options ---- */

enum option_code {
    OPT_SEED = 1,
    OPT_SEEDS,
    OPT_FROM,
    OPT_MINUTES,
    OPT_PLAN,
    OPT_FIRST,
    OPT_SHRINK,
    OPT_TRACE,
    OPT_PRINT,
    OPT_JOBS,
    OPT_LEAST,
    OPT_SCRIPT,
    OPT_QUIET,
    OPT_HELP,
};

static const struct option long_options[] = {
    {"seed", required_argument, NULL, OPT_SEED},
    {"seeds", required_argument, NULL, OPT_SEEDS},
    {"from", required_argument, NULL, OPT_FROM},
    {"minutes", required_argument, NULL, OPT_MINUTES},
    {"plan", required_argument, NULL, OPT_PLAN},
    {"first", no_argument, NULL, OPT_FIRST},
    {"shrink", no_argument, NULL, OPT_SHRINK},
    {"trace", no_argument, NULL, OPT_TRACE},
    {"print", no_argument, NULL, OPT_PRINT},
    {"jobs", required_argument, NULL, OPT_JOBS},
    {"least", required_argument, NULL, OPT_LEAST},
    {"script", required_argument, NULL, OPT_SCRIPT},
    {"quiet", no_argument, NULL, OPT_QUIET},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

int main(int argc, char **argv)
{
    struct options o = {.campaign = {.first_seed = 1, .seeds = SEEDS_DEFAULT}};
    bool print = false;
    uint64_t value = 0;
    o.campaign.jobs = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    opterr = 0;
    for (int c; (c = getopt_long(argc, argv, "", long_options, NULL)) != -1;) {
        bool numeric = c == OPT_SEED || c == OPT_SEEDS || c == OPT_FROM || c == OPT_MINUTES ||
                       c == OPT_JOBS || c == OPT_LEAST;
        if (c == '?' || (numeric && !number(optarg, &value))) {
            return usage("no such option, or no number: ", argv[optind - 1]);
        }
        size_t plan = 0;
        switch (c) {
        case OPT_SEED:
            o.one_seed = true;
            o.campaign.first_seed = value;
            break;
        case OPT_SEEDS:
            o.campaign.seeds = value;
            break;
        case OPT_FROM:
            o.campaign.first_seed = value;
            break;
        case OPT_MINUTES:
            o.campaign.seconds_max = value * 60;
            o.campaign.seeds = UINT64_MAX / 2;
            break;
        case OPT_JOBS:
            o.campaign.jobs = (unsigned)value;
            break;
        case OPT_LEAST:
            o.least = value;
            break;
        case OPT_PLAN:
            while (plan < PLANS && strcmp(plan_name((enum plan)plan), optarg) != 0) {
                plan++;
            }
            if (plan == PLANS) {
                return usage("there is no plan ", optarg);
            }
            o.campaign.one_plan = true;
            o.campaign.plan = (enum plan)plan;
            break;
        case OPT_FIRST:
            o.campaign.stop_at_first = true;
            break;
        case OPT_SHRINK:
            o.shrink = true;
            break;
        case OPT_TRACE:
            o.trace = true;
            break;
        case OPT_PRINT:
            print = true;
            break;
        case OPT_SCRIPT:
            o.script = optarg;
            break;
        case OPT_QUIET:
            o.quiet = true;
            break;
        default:
            fputs(usage_text, stdout);
            return EXIT_HELD;
        }
    }
    if (optind < argc) {
        return usage("what is meant by ", argv[optind]);
    }
    struct script script;
    if (o.script != NULL) {
        return script_read(o.script, &script) ? one_script(&o, &script) : EXIT_USAGE;
    }
    if (!o.one_seed && !print) {
        return many_seeds(&o);
    }
    campaign_script(&o.campaign, o.campaign.first_seed, &script);
    if (print) {
        script_print(&script, stdout);
        return EXIT_HELD;
    }
    return one_script(&o, &script);
}

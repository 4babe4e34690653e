/* ikeref: the command line. */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "host/config_file.h"
#include "host/confinement.h"
#include "host/daemon.h"
#include "host/version.h"

static const char usage[] =
    "usage: ikeref --config FILE [--check | --cleanup] [--foreground]\n"
    "\n"
    "An IKEv2 endpoint (RFC 7296, MOBIKE RFC 4555) with ESP (RFC 4303) in user space or the "
    "kernel. "
    "It stays in the\n"
    "foreground, writes its log to stderr and one line of JSON to stdout when it is ready.\n"
    "\n"
    "  --config FILE   the configuration; docs/ikeref.conf.example explains every key\n"
    "  --check         read the configuration, say whether it is good, and end\n"
    "  --cleanup       remove the routes, rules and sockets that a killed ikeref left behind, and "
    "end\n"
    "  --foreground    stay in the foreground (the default, and the only way)\n"
    "  --version       print the version and end\n"
    "  --help          print this and end\n"
    "\n"
    "example: ikeref --config /etc/ikeref.conf\n"
    "\n"
    "exit codes: 0 fine, 1 failed while running, 2 wrong usage or configuration, 3 this machine "
    "cannot run it\n"
    "(docs/EXIT_CODES.md)\n";

struct options {
    const char *config;
    bool check, cleanup, help, version;
};

static bool options_parse(int argc, char **argv, struct options *out)
{
    static const struct option table[] = {
        {"config", required_argument, NULL, 'c'},
        {"check", no_argument, NULL, 'k'},
        {"cleanup", no_argument, NULL, 'x'},
        {"foreground", no_argument, NULL, 'f'},
        {"version", no_argument, NULL, 'v'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    int option;
    while ((option = getopt_long(argc, argv, "c:fhv", table, NULL)) != -1) {
        switch (option) {
        case 'c':
            out->config = optarg;
            break;
        case 'k':
            out->check = true;
            break;
        case 'x':
            out->cleanup = true;
            break;
        case 'f':
            break;
        case 'v':
            out->version = true;
            break;
        case 'h':
            out->help = true;
            break;
        default:
            return false;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "ikeref: unexpected argument \"%s\"\n", argv[optind]);
        return false;
    }
    return true;
}

static bool config_act(const struct options *options, const struct host_config *config,
                       struct problem *problem)
{
    if (options->check) {
        printf("%s: good, %zu peers\n", options->config, config->endpoint.peer_count);
        return true;
    }
    if (options->cleanup) {
        size_t count;
        bool done = daemon_cleanup(config, &count, problem);
        if (done) {
            printf("removed %zu things that an earlier instance left\n", count);
        }
        return done;
    }
    return daemon_run(config, problem);
}

int main(int argc, char **argv)
{
    struct options options = {0};
    if (!options_parse(argc, argv, &options)) {
        fputs("ikeref: see ikeref --help\n", stderr);
        return EXIT_USAGE;
    }
    if (options.help || options.version) {
        fputs(options.help ? usage : "ikeref " IKEREF_VERSION "\n", stdout);
        return EXIT_FINE;
    }
    if (options.config == NULL) {
        fputs("ikeref: no configuration given; use --config FILE (see ikeref --help)\n", stderr);
        return EXIT_USAGE;
    }
    confinement_begin();
    struct host_config config;
    struct problem problem = {0};
    bool good = config_file_read(options.config, &config, &problem) &&
                confinement_prepare(&config, &problem) && config_act(&options, &config, &problem);
    host_config_wipe(&config);
    if (!good) {
        fprintf(stderr, "ikeref: %s\n", problem.text);
    }
    return good ? EXIT_FINE : (int)problem.code;
}

/* ikeload: many clients of one responder, and what became of them. */

#include <stdio.h>

#include "host/config_file.h"
#include "host/version.h"
#include "load/report.h"
#include "load/run.h"

static bool report_print(struct crowd *crowd, const struct effort *spent, struct problem *problem)
{
    json_t *report = report_build(crowd, spent);
    bool good = report != NULL && json_dumpf(report, stdout, JSON_COMPACT) == 0 &&
                putchar('\n') == '\n' && fflush(stdout) == 0;
    json_decref(report);
    return good || problem_set(problem, EXIT_RUNTIME, "cannot write what has come of it");
}

int main(int argc, char **argv)
{
    struct options options;
    struct problem problem = {0};
    struct host_config config = {0};
    struct crowd crowd = {0};
    struct effort spent = {0};
    bool good = options_parse(argc, argv, &options, &problem);
    if (good && (options.help || options.version)) {
        fputs(options.help ? options_usage : "ikeload " IKEREF_VERSION "\n", stdout);
        return EXIT_FINE;
    }
    good = good && config_file_read(options.config, &config, &problem) &&
           run_crowd(&options, &config, &crowd, &spent, &problem) &&
           report_print(&crowd, &spent, &problem);
    crowd_close(&crowd);
    host_config_wipe(&config);
    if (!good) {
        fprintf(stderr, "ikeload: %s\n", problem.text);
    }
    return good ? EXIT_FINE : (int)problem.code;
}

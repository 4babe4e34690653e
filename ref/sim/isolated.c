/* A child process plays the script and writes the result into a pipe. */

#include "sim/isolated.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void isolated_death(int signal_number, struct run_result *out)
{
    memset(out, 0, sizeof *out);
    out->broken = true;
    snprintf(out->violation, sizeof out->violation, "the program died by signal %d (%s)",
             signal_number, strsignal(signal_number));
}

static _Noreturn void play(const struct script *script, bool trace, int fd)
{
    struct run_result result;
    struct sim *sim = calloc(1, sizeof *sim);
    if (sim == NULL) {
        abort();
    }
    alarm(RUN_SECONDS_MAX);
    run_script(sim, script, trace, &result);
    fflush(stdout);
    ssize_t written = write(fd, &result, sizeof result);
    _exit(written == (ssize_t)sizeof result ? 0 : 1);
}

bool isolated_run(const struct script *script, bool trace, struct run_result *out)
{
    int ends[2], status = 0;
    if (pipe(ends) != 0) {
        return false;
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        play(script, trace, ends[1]);
    }
    close(ends[1]);
    size_t length = 0;
    ssize_t got = pid > 0 ? 1 : 0;
    while (length < sizeof *out && got > 0) {
        got = read(ends[0], (char *)out + length, sizeof *out - length);
        length += got > 0 ? (size_t)got : 0;
    }
    close(ends[0]);
    if (pid < 0) {
        return false;
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
    }
    if (length < sizeof *out) {
        isolated_death(WIFSIGNALED(status) ? WTERMSIG(status) : 0, out);
    }
    return true;
}

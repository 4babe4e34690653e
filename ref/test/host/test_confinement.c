/* host/confinement: all of it together, as the configuration says, and what the log tells of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cell_lab.h"
#include "host/confinement.h"

static char log_path[] = "/tmp/ikeref-test-XXXXXX";

/* The log goes to a file that was opened before. */
static bool enter(uid_t user, enum seccomp_mode seccomp)
{
    struct problem problem = {0};
    struct host_config config = {.user = {.given = true, .user = user, .group = user},
                                 .seccomp = seccomp};
    int log = open(log_path, O_WRONLY | O_TRUNC);
    dup2(log, STDERR_FILENO);
    confinement_begin();
    if (!confinement_prepare(&config, &problem) || !confinement_give_up(&config, &problem)) {
        return false;
    }
    confinement_enter(&config);
    return true;
}

static bool filtered(void)
{
    return enter(65184, FILTER_KILL);
}

static bool not_filtered(void)
{
    return enter(0, FILTER_OFF) && open("/dev/null", O_RDONLY) >= 0;
}

static bool log_has(const char *wanted)
{
    char text[512] = "";
    int fd = open(log_path, O_RDONLY);
    ssize_t length = read(fd, text, sizeof(text) - 1);
    close(fd);
    return length > 0 && strstr(text, wanted) != NULL;
}

static void the_log_says_what_was_given_up(void **state)
{
    (void)state;
    cell_lab_need_root();
    close(mkstemp(log_path));
    assert_int_equal(cell_lab_run(filtered), 0);
    assert_true(log_has("confined: user 65184, no capability but CAP_NET_ADMIN"));
    assert_int_equal(cell_lab_run(not_filtered), 0);
    assert_true(log_has("confined: user 0,"));
    assert_true(log_has("not filtered"));
    unlink(log_path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_log_says_what_was_given_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* host/xfrm_problem: each refusal is one sentence with what helps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <errno.h>
#include <string.h>

#include "host/xfrm_problem.h"
#include "host/xfrm_state.h"
#include "net_lab.h"
#include "xfrm_lab.h"

static const char *said(int error, const struct protection *protection)
{
    static struct problem problem;
    problem = (struct problem){0};
    assert_false(xfrm_problem_set(&problem, "cannot do it", error, protection));
    assert_int_equal(problem.code, EXIT_ENVIRONMENT);
    assert_ptr_equal(strstr(problem.text, "cannot do it"), problem.text);
    assert_null(strchr(problem.text, '\n'));
    return problem.text;
}

static void sentences(void **state)
{
    (void)state;
    struct protection cbc = {.cipher = cipher_algorithm_find(ENCR_AES_CBC),
                             .integrity = integrity_algorithm_find(AUTH_HMAC_SHA2_384_192)};
    struct protection chacha = {.cipher = cipher_algorithm_find(ENCR_CHACHA20_POLY1305)};
    assert_non_null(strstr(said(EPROTONOSUPPORT, NULL), "data-plane = \"tun\""));
    assert_non_null(strstr(said(ENOSYS, &chacha), "modules (chacha20poly1305)"));
    assert_non_null(strstr(said(ENOENT, &cbc), "cbc(aes) with hmac(sha384)"));
    assert_non_null(strstr(said(ECONNREFUSED, NULL), "xfrm_user"));
    assert_non_null(strstr(said(EPERM, NULL), "CAP_NET_ADMIN"));
    assert_non_null(strstr(said(EINVAL, NULL), "Invalid argument"));
}

/* Whatever this kernel can: the answer is a whole one, and nothing is left. */
static void esp_or_a_reason(void **state)
{
    (void)state;
    net_lab_enter();
    struct problem problem = {0};
    bool works = xfrm_esp_works(1, &problem);
    assert_int_equal(works, problem.code == EXIT_FINE);
    assert_int_equal(xfrm_lab_count("ip xfrm state 2>&1", "proto esp"), 0);
}

static bool refused_without_privilege(void)
{
    struct problem problem = {0};
    return !xfrm_esp_works(1, &problem) && strstr(problem.text, "CAP_NET_ADMIN") != NULL;
}

static void without_privilege(void **state)
{
    (void)state;
    net_lab_enter();
    assert_int_equal(net_lab_unprivileged(refused_without_privilege), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sentences),
                                       cmocka_unit_test(esp_or_a_reason),
                                       cmocka_unit_test(without_privilege)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

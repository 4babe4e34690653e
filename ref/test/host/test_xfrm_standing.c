/* host/xfrm_standing: what the configuration protects is closed both ways, whoever comes and goes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config_lab.h"
#include "host/xfrm_standing.h"
#include "host/xfrm_tag.h"
#include "net_lab.h"
#include "xfrm_lab.h"

#define SHOW "ip xfrm policy 2>&1"

static void configure(struct host_config *config, const char *peer)
{
    char text[1024];
    struct problem problem = {0};
    snprintf(text, sizeof(text), "mark = 0x77\npeer \"p\" { local-id = \"a\" psk = \"b\" %s }\n",
             peer);
    if (!config_lab_read(text, config, &problem)) {
        fail_msg("%s", problem.text);
    }
}

static size_t stand(const struct host_config *config, struct xfrm_policy_table *table)
{
    struct problem problem = {0};
    assert_true(xfrm_standing_children(config, table, &problem));
    return table->count;
}

static void a_tunnel_that_starts_on_traffic(void **state)
{
    (void)state;
    net_lab_enter();
    struct host_config config;
    struct xfrm_policy_table table = {0};
    configure(&config, "address = {\"192.0.2.2\"} child \"c\" { local = {\"10.1.0.0/24\"} "
                       "remote = {\"10.2.0.0/24\", \"10.3.0.0/24\"} }");
    assert_int_equal(stand(&config, &table), 6); /* out, in and fwd of each */
    assert_int_equal(xfrm_lab_count(SHOW, "dst 10.2.0.0/24"), 1);
    assert_int_equal(xfrm_lab_count(SHOW, "src 10.2.0.0/24"), 2);
    assert_int_equal(xfrm_lab_count(SHOW, "dst 192.0.2.2"), 2); /* where the SA asked for leads */
    assert_int_equal(xfrm_lab_count(SHOW, "action block"), 0);
    assert_int_equal(xfrm_standing_count(&config), 6);
    assert_int_equal(xfrm_standing_clear(&config, &table), 0);
    assert_int_equal(xfrm_standing_clear(&config, NULL), 6);
    assert_int_equal(xfrm_lab_count(SHOW, "priority"), 0);
    xfrm_policy_table_destroy(&table);
    host_config_wipe(&config);
}

static void who_cannot_ask_is_blocked(void **state)
{
    (void)state;
    net_lab_enter();
    struct host_config config;
    struct xfrm_policy_table table = {0};
    configure(&config, "child \"c\" { local = {\"10.1.0.0/24\"} remote = {\"10.2.0.0/24\"} }");
    stand(&config, &table);
    assert_int_equal(xfrm_lab_count(SHOW, "action block"), 1); /* out only */
    host_config_wipe(&config);
    xfrm_policy_table_destroy(&table);
    configure(&config, "address = {\"192.0.2.2\"} child \"c\" { local = {\"10.1.0.0/24\"} "
                       "remote = {\"10.2.0.0/24\"} start = \"never\" }");
    stand(&config, &table);
    assert_int_equal(xfrm_lab_count(SHOW, "action block"), 1);
    host_config_wipe(&config);
    xfrm_policy_table_destroy(&table);
}

static void transport_mode(void **state)
{
    (void)state;
    net_lab_enter();
    struct host_config config;
    struct xfrm_policy_table table = {0};
    struct problem problem = {0};
    configure(&config, "child \"c\" { mode = \"transport\" }");
    assert_int_equal(stand(&config, &table), 0); /* with whom is not known yet */
    struct selector_list remote = {.count = 1};
    assert_true(selector_parse("192.0.2.9", &remote.items[0]));
    assert_true(xfrm_standing_learn(&config, 0, 0, &remote, &table, &problem));
    assert_true(xfrm_standing_learn(&config, 0, 0, &remote, &table, &problem));
    assert_int_equal(table.count, 2); /* nothing is forwarded */
    assert_int_equal(xfrm_lab_count(SHOW, "mode transport"), 2);
    assert_int_equal(xfrm_lab_count(SHOW, "dst 192.0.2.9/32"), 1);
    host_config_wipe(&config);
    xfrm_policy_table_destroy(&table);
}

/* IKE goes out under the mark, whatever blocks the rest. */
static void the_mark_passes(void **state)
{
    (void)state;
    net_lab_enter();
    xfrm_lab_loopback();
    struct host_config config;
    struct xfrm_policy_table table = {0};
    struct problem problem = {0};
    configure(&config, "child \"c\" { local = {\"0.0.0.0/0\"} remote = {\"127.0.0.0/8\"} "
                       "start = \"never\" }");
    assert_true(xfrm_standing_bypasses(&config, &table, &problem));
    stand(&config, &table);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(500)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), mark = 0x77;
    assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), -1);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)), 0);
    assert_int_equal(sendto(fd, "x", 1, 0, (struct sockaddr *)&to, sizeof(to)), 1);
    close(fd);
    host_config_wipe(&config);
    xfrm_policy_table_destroy(&table);
}

static void what_a_dead_one_left(void **state)
{
    (void)state;
    net_lab_enter();
    struct host_config config;
    struct xfrm_policy_table before = {0}, now = {0};
    configure(&config, "address = {\"192.0.2.2\"} child \"c\" { local = {\"10.1.0.0/24\"} "
                       "remote = {\"10.2.0.0/24\", \"10.3.0.0/24\"} }");
    stand(&config, &before);
    host_config_wipe(&config);
    net_lab_ip("xfrm policy add src 10.9.0.0/24 dst 10.8.0.0/24 dir out priority 5");
    configure(&config, "address = {\"192.0.2.2\"} child \"c\" { local = {\"10.1.0.0/24\"} "
                       "remote = {\"10.2.0.0/24\"} }");
    assert_int_equal(xfrm_standing_count(&config), 6);
    stand(&config, &now);
    assert_int_equal(xfrm_standing_clear(&config, &now), 3); /* those of 10.3.0.0/24 */
    assert_int_equal(xfrm_standing_count(&config), 3);
    assert_int_equal(xfrm_lab_count(SHOW, "10.9.0.0/24"), 1); /* somebody else's */
    host_config_wipe(&config);
    xfrm_policy_table_destroy(&before);
    xfrm_policy_table_destroy(&now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tunnel_that_starts_on_traffic),
        cmocka_unit_test(who_cannot_ask_is_blocked), cmocka_unit_test(transport_mode),
        cmocka_unit_test(the_mark_passes), cmocka_unit_test(what_a_dead_one_left)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

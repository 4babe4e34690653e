/* load/members.c: every client has an address of its own inside, and one of ours outside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "load/members.h"

static struct peer_config peer;
static struct host_config config;
static struct command route;

static int set_up(void **state)
{
    (void)state;
    peer = (struct peer_config){.child_count = 1};
    config = (struct host_config){.endpoint = {.peers = &peer, .peer_count = 1}};
    route = (struct command){0};
    peer.children[0].local.count = 1;
    assert_true(selector_parse("10.64.0.0/24", &peer.children[0].local.items[0]));
    assert_true(address_parse("192.0.2.254", &route.path.local.ip));
    return 0;
}

static const char *inner(const struct members *members, size_t n)
{
    static char text[SELECTOR_TEXT_MAX];
    return selector_format(&members->inners[n].items[0], text);
}

static void the_nth_client_has_the_nth_address(void **state)
{
    (void)state;
    struct members members;
    struct problem problem = {0};
    assert_true(members_open(&members, &config, &route, 256, 1, false, &problem));
    assert_int_equal(members.crowd.inner_count, 256);
    assert_string_equal(inner(&members, 0), "10.64.0.0");
    assert_string_equal(inner(&members, 255), "10.64.0.255");
    members_close(&members);
    assert_null(members.inners);
    assert_true(members_open(&members, &config, &route, 1, 1, false, &problem));
    assert_string_equal(inner(&members, 0), "10.64.0.0"); /* the only one, too */
    members_close(&members);
    assert_false(members_open(&members, &config, &route, 257, 1, false, &problem));
    assert_int_equal(problem.code, EXIT_USAGE);
    assert_non_null(strstr(problem.text, "a larger net"));
    assert_null(members.inners);
}

static void all_can_ask_for_the_whole(void **state)
{
    (void)state;
    struct members members;
    struct problem problem = {0};
    assert_true(members_open(&members, &config, &route, 1000, 1, true, &problem));
    assert_int_equal(members.crowd.inner_count, 1);
    assert_int_equal(members.inners[0].count, 0); /* as the configuration says */
    members_close(&members);
}

static void sources_follow_ours(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    struct members members;
    struct problem problem = {0};
    assert_true(members_open(&members, &config, &route, 4, 3, false, &problem));
    const struct command *last = &members.crowd.initiates[2];
    assert_string_equal(address_format(&last->path.local.ip, text), "192.0.3.0");
    assert_int_equal(last->addresses.count, 1);
    assert_true(address_equal(&last->addresses.items[0], &last->path.local.ip));
    members_close(&members);
    assert_true(address_parse("255.255.255.255", &route.path.local.ip));
    assert_false(members_open(&members, &config, &route, 4, 2, false, &problem));
    assert_null(members.initiates);
}

static void addresses_count_as_numbers(void **state)
{
    (void)state;
    char text[ADDRESS_TEXT_MAX];
    struct address address;
    assert_true(address_parse("2001:db8::ffff", &address));
    assert_true(members_address_add(&address, 0x10001));
    assert_string_equal(address_format(&address, text), "2001:db8::2:0");
    assert_true(address_parse("255.255.255.0", &address));
    assert_true(members_address_add(&address, 255));
    assert_false(members_address_add(&address, 1));
}

static void there_is_one_peer_with_one_child(void **state)
{
    (void)state;
    struct members members;
    struct problem problem = {0};
    peer.child_count = 2;
    assert_false(members_open(&members, &config, &route, 4, 1, false, &problem));
    assert_non_null(strstr(problem.text, "one peer with one child"));
    peer.child_count = 1;
    config.endpoint.peer_count = 0;
    assert_false(members_open(&members, &config, &route, 4, 1, false, &problem));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_nth_client_has_the_nth_address, set_up),
        cmocka_unit_test_setup(all_can_ask_for_the_whole, set_up),
        cmocka_unit_test_setup(sources_follow_ours, set_up),
        cmocka_unit_test_setup(addresses_count_as_numbers, set_up),
        cmocka_unit_test_setup(there_is_one_peer_with_one_child, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

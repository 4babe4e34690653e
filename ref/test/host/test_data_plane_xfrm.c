/* host/data_plane_xfrm: the kernel's data plane: closed from the start, and open again only after
 * an orderly end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "host/data_plane_xfrm.h"
#include "net_lab.h"
#include "xfrm_lab.h"

#define STATE "ip xfrm state 2>&1"
#define POLICY "ip xfrm policy 2>&1"

struct lab {
    struct host_config config;
    struct event_loop loop;
    struct problem problem;
    struct data_plane *plane;
};

static bool lab_start(struct lab *lab)
{
    lab->problem = (struct problem){0};
    lab->plane = data_plane_xfrm_create(&lab->config, &lab->loop, &lab->problem);
    return lab->plane != NULL;
}

static void lab_open(struct lab *lab)
{
    *lab = (struct lab){0};
    net_lab_config(&lab->config, "");
    assert_true(event_loop_open(&lab->loop, &lab->problem));
    if (!lab_start(lab)) {
        fail_msg("%s", lab->problem.text);
    }
}

static void lab_close(struct lab *lab)
{
    event_loop_close(&lab->loop);
    host_config_wipe(&lab->config);
}

static enum status tell(struct lab *lab, enum event_type type, const struct event *event)
{
    struct event told = *event;
    told.type = type;
    enum status status = data_plane_xfrm.child_event(lab->plane, &told, 1000);
    data_plane_xfrm.release(lab->plane, 1000);
    return status;
}

static void without_esp_it_says_so_and_leaves_nothing(void **state)
{
    (void)state;
    struct lab lab = {0};
    net_lab_enter();
    net_lab_config(&lab.config, "");
    assert_true(event_loop_open(&lab.loop, &lab.problem));
    if (lab_start(&lab)) {
        data_plane_xfrm.destroy(lab.plane, true);
    } else {
        assert_int_equal(lab.problem.code, EXIT_ENVIRONMENT);
        assert_non_null(strstr(lab.problem.text, "data-plane = \"tun\""));
    }
    assert_int_equal(xfrm_lab_count(POLICY, "dir") + xfrm_lab_count(STATE, "proto esp"), 0);
    lab_close(&lab);
}

static void closed_until_an_orderly_end(void **state)
{
    (void)state;
    xfrm_lab_enter();
    struct lab lab;
    lab_open(&lab);
    assert_int_equal(xfrm_lab_count(POLICY, "dst 10.2.0.0/24"), 1);
    struct event event = xfrm_lab_child(0x1001, 0x2002);
    assert_int_equal(tell(&lab, EVENT_CHILD_SA_UP, &event), STATUS_OK);
    assert_int_equal(xfrm_lab_count(POLICY, "spi 0x00002002"), 1);
    assert_int_equal(xfrm_lab_count(STATE, "proto esp"), 2);
    assert_int_equal(tell(&lab, EVENT_CHILD_SA_DOWN, &event), STATUS_OK);
    assert_int_equal(xfrm_lab_count(STATE, "proto esp"), 0);
    assert_int_equal(xfrm_lab_count(POLICY, "dst 10.2.0.0/24"), 1);
    data_plane_xfrm.destroy(lab.plane, true);
    assert_int_equal(xfrm_lab_count(POLICY, "dir"), 0);
    lab_close(&lab);
}

static void inbound_lingers(void **state)
{
    (void)state;
    xfrm_lab_enter();
    struct lab lab;
    lab_open(&lab);
    struct event event = xfrm_lab_child(0x1001, 0x2002);
    event.linger_ns = 500;
    assert_int_equal(tell(&lab, EVENT_CHILD_SA_UP, &event), STATUS_OK);
    assert_int_equal(tell(&lab, EVENT_CHILD_SA_DOWN, &event), STATUS_OK);
    assert_int_equal(xfrm_lab_count(STATE, "proto esp"), 1);
    assert_int_equal(data_plane_xfrm.deadline(lab.plane), 1500);
    data_plane_xfrm.expire(lab.plane, 1499);
    assert_int_equal(xfrm_lab_count(STATE, "spi 0x00001001"), 1);
    data_plane_xfrm.expire(lab.plane, 1500);
    assert_int_equal(xfrm_lab_count(STATE, "proto esp"), 0);
    assert_true(data_plane_xfrm.deadline(lab.plane) == UINT64_MAX);
    data_plane_xfrm.destroy(lab.plane, true);
    lab_close(&lab);
}

/* The plane of a killed daemon is one that was never destroyed; its lock goes with its process. */
static void the_next_start_takes_over(void **state)
{
    (void)state;
    xfrm_lab_enter();
    struct lab lab;
    char text[4096];
    net_lab_say("ip xfrm policy add src 10.1.0.0/24 dst 10.7.0.0/24 dir out priority 276234240; "
                "ip xfrm state add src 192.0.2.1 dst 192.0.2.2 proto esp spi 0x77 reqid 276234241 "
                "mode tunnel auth-trunc 'hmac(sha256)' 0x11 128 enc 'cbc(aes)' "
                "0x00112233445566778899aabbccddeeff",
                text, sizeof(text));
    assert_int_equal(xfrm_lab_count(POLICY, "10.7.0.0/24"), 1);
    assert_int_equal(xfrm_lab_count(STATE, "spi 0x00000077"), 1);
    lab_open(&lab); /* mark 0x77: tag 0x1077 */
    assert_int_equal(xfrm_lab_count(POLICY, "10.7.0.0/24"), 0);
    assert_int_equal(xfrm_lab_count(STATE, "proto esp"), 0);
    data_plane_xfrm.destroy(lab.plane, false); /* the start failed later on */
    assert_int_equal(xfrm_lab_count(POLICY, "dst 10.2.0.0/24"), 1);
    assert_true(data_plane_xfrm_cleanup(&lab.config) > 0);
    assert_int_equal(xfrm_lab_count(POLICY, "dir"), 0);
    lab_close(&lab);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(without_esp_it_says_so_and_leaves_nothing),
                                       cmocka_unit_test(closed_until_an_orderly_end),
                                       cmocka_unit_test(inbound_lingers),
                                       cmocka_unit_test(the_next_start_takes_over)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

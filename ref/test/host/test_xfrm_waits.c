/* host/xfrm_waits: asked once, answered once, and not again for what was narrowed away. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include "host/xfrm_waits.h"
#include "net_lab.h"

static struct xfrm_event asks(const char *destination, uint16_t port)
{
    return (struct xfrm_event){.type = XFRM_EVENT_ACQUIRE,
                               .key = {.source = net_lab_address("10.1.0.1"),
                                       .destination = net_lab_address(destination),
                                       .protocol = 17,
                                       .has_ports = true,
                                       .destination_port = port},
                               .acquiring = {.source = net_lab_address("192.0.2.1"),
                                             .destination = net_lab_address("192.0.2.2")}};
}

static void once_until_it_fails(void **state)
{
    (void)state;
    net_lab_enter();
    struct xfrm_waits waits = {0};
    struct xfrm_event first = asks("10.2.0.1", 1), second = asks("10.2.0.1", 2);
    assert_true(xfrm_waits_note(&waits, 0, 1, &first));
    assert_false(xfrm_waits_note(&waits, 0, 1, &first));
    assert_false(xfrm_waits_note(&waits, 0, 1, &second)); /* one SA is on its way */
    assert_true(xfrm_waits_note(&waits, 0, 2, &second));  /* another child */
    xfrm_waits_forget(&waits, 0, 1);
    assert_int_equal(waits.count, 1);
    assert_true(xfrm_waits_note(&waits, 0, 1, &first));
}

static void answered(void **state)
{
    (void)state;
    net_lab_enter();
    struct xfrm_waits waits = {0};
    struct xfrm_event narrowed = asks("10.2.0.1", 1), other = asks("10.2.0.2", 1);
    assert_true(xfrm_waits_note(&waits, 0, 1, &narrowed));
    xfrm_waits_answer(&waits, 0, 1);
    assert_false(xfrm_waits_note(&waits, 0, 1, &narrowed)); /* it has been asked for */
    assert_true(xfrm_waits_note(&waits, 0, 1, &other));
    xfrm_waits_forget(&waits, 0, 1); /* the SA has gone: everything is new */
    assert_true(xfrm_waits_note(&waits, 0, 1, &narrowed));
}

static void the_oldest_makes_room(void **state)
{
    (void)state;
    net_lab_enter();
    struct xfrm_waits waits = {0};
    for (uint16_t i = 0; i < 3 * XFRM_WAITS_MAX; i++) {
        struct xfrm_event event = asks("10.2.0.1", i);
        assert_true(xfrm_waits_note(&waits, i, 0, &event));
    }
    assert_int_equal(waits.count, XFRM_WAITS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(once_until_it_fails),
                                       cmocka_unit_test(answered),
                                       cmocka_unit_test(the_oldest_makes_room)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

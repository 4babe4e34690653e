/* host/xfrm_address: the same address on both sides. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "host/xfrm_address.h"

#include <sys/socket.h>

static void there_and_back(void **state)
{
    (void)state;
    struct address v4, v6, none = {0};
    assert_true(address_parse("192.0.2.1", &v4));
    assert_true(address_parse("2001:db8::1", &v6));
    xfrm_address_t kernel = xfrm_address_from(&v4);
    struct address back = xfrm_address_read(&kernel, AF_INET);
    assert_true(address_equal(&back, &v4));
    kernel = xfrm_address_from(&v6);
    back = xfrm_address_read(&kernel, AF_INET6);
    assert_true(address_equal(&back, &v6));
    back = xfrm_address_read(&kernel, AF_UNIX);
    assert_int_equal(back.family, ADDRESS_NONE);
    kernel = xfrm_address_from(&none);
    assert_int_equal(kernel.a6[0] | kernel.a6[1] | kernel.a6[2] | kernel.a6[3], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(there_and_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

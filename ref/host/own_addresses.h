/* The addresses this host could send from, kept until the monitor hears that something has changed:
 * each IKE SA asks for them, and the kernel's answer is two listings of all there is. */
#ifndef IKEREF_HOST_OWN_ADDRESSES_H
#define IKEREF_HOST_OWN_ADDRESSES_H

#include "host/address_monitor.h"
#include "sa/config.h"

struct own_addresses {
    const struct address_monitor *monitor; /* NULL: nobody listens, so the kernel is asked anew */
    unsigned except;
    bool kept;
    uint64_t changes; /* that the monitor had heard of when `list` was asked for */
    struct address_list list;
};

/* Of no interface `except` (our own TUN; 0: none). The monitor is open, and stays where it is. */
void own_addresses_init(struct own_addresses *own, const struct address_monitor *monitor,
                        unsigned except);

/* As local_addresses_list says; good until the next call. Where the kernel does not answer, what it
 * said last, and the next call asks again. */
const struct address_list *own_addresses_list(struct own_addresses *own);

#endif

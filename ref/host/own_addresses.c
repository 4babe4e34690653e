/* What the monitor has not read yet is not missed: it will be read, and all who use the list are
 * then looked at again (roam_watch_look), with what they were told before and not with what was
 * true. */
#include "host/own_addresses.h"

#include "host/local_address.h"

void own_addresses_init(struct own_addresses *own, const struct address_monitor *monitor,
                        unsigned except)
{
    *own = (struct own_addresses){.monitor = monitor, .except = except};
}

static bool is_current(const struct own_addresses *own)
{
    return own->kept && own->monitor != NULL && own->changes == own->monitor->changes;
}

const struct address_list *own_addresses_list(struct own_addresses *own)
{
    if (is_current(own)) {
        return &own->list;
    }
    struct address_list list;
    own->kept = local_addresses_list(own->except, &list);
    if (own->kept) {
        own->changes = own->monitor != NULL ? own->monitor->changes : 0;
        own->list = list;
    }
    return &own->list;
}

/* What no single value can show: settings that contradict each other, and those left out. */
#ifndef IKEREF_HOST_CONFIG_CHECK_H
#define IKEREF_HOST_CONFIG_CHECK_H

#include "host/host_config.h"

struct lifetime_given { /* by the person, not by default */
    bool soft, hard, jitter;
};

/* NULL: all is well; else what is wrong and its remedy (static storage). The first also fits the
 * times that were left out to those that were given; the second takes esn out of the proposals of a
 * child without a replay window. */
const char *lifetime_config_complete(struct lifetime_config *lifetime, struct lifetime_given given);
const char *child_config_complete(struct child_config *child);
/* Also gives a peer without local-id that of its certificate. */
const char *peer_config_complete(struct peer_config *peer);
const char *host_config_complete(const struct host_config *config);

#endif

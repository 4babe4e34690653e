/* At the end nothing is left: no SA in a core, a host or a data plane, no command without an
 * answer.
 */

#include "endpoint/endpoint_store.h"
#include "esp/esp_plane_state.h"
#include "sim/check.h"

static const char *left_at(const struct host *host)
{
    if (host->ike_count > 0 || host->child_count > 0) {
        return "a host still has SAs";
    }
    const struct sa_store *store = endpoint_store(host->endpoint);
    if (store->ike_sas != NULL || store->closed.oldest != NULL) {
        return "a core still holds an IKE SA";
    }
    if (host->plane->sad.count > 0) {
        return "a data plane still has SAs";
    }
    for (size_t i = 1; i < SIM_COMMANDS; i++) {
        if (host->commands[i].given && !host->commands[i].answered) {
            return "a command was never answered";
        }
    }
    return NULL;
}

const char *check_nothing_left(struct sim *sim)
{
    const char *what = NULL;
    for (unsigned i = 0; i < sim->host_count && what == NULL; i++) {
        what = left_at(&sim->hosts[i]);
    }
    return what;
}

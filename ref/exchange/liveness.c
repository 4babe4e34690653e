/* Liveness: an INFORMATIONAL that asks nothing, RFC 7296 2.4; with MOBIKE also RFC 4555 3.8. */

#include "exchange/liveness.h"

#include "exchange/mobike.h"
#include "sa/nat_detection.h"

enum status liveness_create_request(struct sa_store *store, struct ike_sa *sa,
                                    struct chain_writer *chain)
{
    (void)store;
    if (sa->mobike && sa->mobike_initiator && sa->nat_supported && sa->nat_local) {
        return nat_detection_build(chain, sa->spi_i, sa->spi_r, &sa->path,
                                   sa->peer->force_udp_encapsulation);
    }
    return STATUS_OK;
}

void liveness_consume_response(struct sa_store *store, struct ike_sa *sa, struct request *request,
                               const struct exchange_input *in)
{
    sa_store_emit_ike(store, sa, EVENT_LIVENESS, DOWN_DELETED_BY_US, STATUS_OK);
    sa_store_emit_done(store, request->task.command, STATUS_OK);
    sa->nat_checked_ns = store->now_ns;
    mobike_compare_mapping(store, sa, in->message);
}

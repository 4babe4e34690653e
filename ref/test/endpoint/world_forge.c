/* Messages that a side's own core would never send, sealed with its keys. */

#include <assert.h>

#include "endpoint/endpoint_store.h"
#include "protect/sk_message.h"
#include "test/endpoint/world.h"
#include "test/endpoint/world_internal.h"

struct ike_sa *world_core_ike_sa(struct world *world, unsigned s)
{
    struct ike_sa *sa = endpoint_store(world->sides[s].endpoint)->ike_sas;
    while (sa != NULL && sa->state != IKE_SA_ESTABLISHED) {
        sa = sa->next;
    }
    return sa;
}

struct ike_sa *world_core_ike_sa_by_spis(struct world *world, unsigned s, uint64_t spi_i,
                                         uint64_t spi_r)
{
    struct ike_sa *sa = endpoint_store(world->sides[s].endpoint)->ike_sas;
    while (sa != NULL && (sa->spi_i != spi_i || sa->spi_r != spi_r)) {
        sa = sa->next;
    }
    return sa;
}

void world_inject(struct world *world, unsigned s, const struct path *path, bool encapsulated,
                  struct bytes octets)
{
    struct datagram d = {.path = *path, .encapsulated = encapsulated, .octets = octets};
    bool quiet = world->quiet_checks;
    world->quiet_checks = true;
    world_network_send(world, s, &d);
    world->quiet_checks = quiet;
}

void world_forge(struct world *world, unsigned s, const struct world_forgery *forgery)
{
    uint8_t octets[IKE_MESSAGE_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    struct ike_sa *sa = forgery->spi_i != 0
                            ? world_core_ike_sa_by_spis(world, s, forgery->spi_i, forgery->spi_r)
                            : world_core_ike_sa(world, s);
    assert(sa != NULL);
    struct ike_header header = {
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .exchange_type = forgery->exchange_type,
        .flags = (uint8_t)((sa->initiator ? IKE_FLAG_INITIATOR : 0) |
                           (forgery->response ? IKE_FLAG_RESPONSE : 0)),
        .message_id = forgery->message_id,
    };
    enum status status = sk_message_seal(&sa->protection, sa->seal, &world->sides[s].random,
                                         &header, forgery->first_payload, forgery->payloads, &w);
    assert(status == STATUS_OK);
    (void)status;
    world_inject(world, s, &sa->path, sa->encapsulated, writer_bytes(&w));
}

/* Closed IKE SAs: a queue in order of time, and an index by our SPI. */

#include "sa/closed_sa.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum status closed_list_init(struct closed_list *list)
{
    *list = (struct closed_list){0};
    return hash_table_init(&list->by_spi);
}

static void remove_oldest(struct closed_list *list, struct request_index *answered)
{
    struct closed_sa *closed = list->oldest;
    list->oldest = closed->newer;
    if (list->oldest == NULL) {
        list->newest = NULL;
    }
    hash_table_remove(&list->by_spi, &closed->by_spi);
    request_index_remove(answered, &closed->by_request);
    stored_message_clear(&closed->response);
    protector_destroy(closed->seal);
    protector_destroy(closed->open);
    free(closed);
}

void closed_list_wipe(struct closed_list *list, struct request_index *answered)
{
    while (list->oldest != NULL) {
        remove_oldest(list, answered);
    }
    hash_table_free(&list->by_spi);
}

/* The contexts of a cipher are most of it, and made again when they are needed after all. */
static struct protector *take_protector(struct protector **from)
{
    struct protector *protector = *from;
    *from = NULL;
    protector_rest(protector);
    return protector;
}

enum status closed_list_add(struct closed_list *list, struct request_index *answered,
                            struct ike_sa *sa)
{
    assert(sa->state == IKE_SA_CLOSED);
    assert(list->newest == NULL || list->newest->until_ns <= sa->close_ns);
    struct closed_sa *closed = malloc(sizeof *closed);
    if (closed == NULL) {
        return STATUS_INTERNAL;
    }
    *closed = (struct closed_sa){
        .until_ns = sa->close_ns,
        .spi_i = sa->spi_i,
        .spi_r = sa->spi_r,
        .initiator = sa->initiator,
        .fragmentation = sa->fragmentation,
        .protection = sa->protection,
        .expected_request = sa->expected_request,
        .response = sa->response,
    };
    sa->response = (struct stored_message){0};
    closed->open = sa->open != NULL ? take_protector(&sa->open) : NULL;
    closed->seal = closed->response.plain != NULL ? take_protector(&sa->seal) : NULL;
    *(list->newest != NULL ? &list->newest->newer : &list->oldest) = closed;
    list->newest = closed;
    hash_table_add(&list->by_spi, &closed->by_spi, ike_sa_local_spi(sa));
    if (request_index_remove(answered, &sa->by_request)) {
        request_index_add(answered, &closed->by_request, sa->request_hash);
    }
    return STATUS_OK;
}

struct closed_sa *closed_list_find(const struct closed_list *list, uint64_t local_spi)
{
    struct hash_link *link = hash_table_find(&list->by_spi, local_spi);
    return link != NULL ? HASH_OWNER(link, struct closed_sa, by_spi) : NULL;
}

uint64_t closed_list_deadline(const struct closed_list *list)
{
    return list->oldest != NULL ? list->oldest->until_ns : UINT64_MAX;
}

void closed_list_expire(struct closed_list *list, struct request_index *answered, uint64_t now_ns)
{
    while (list->oldest != NULL && list->oldest->until_ns <= now_ns) {
        remove_oldest(list, answered);
    }
}

void closed_sa_lend(const struct closed_sa *closed, struct ike_sa *out)
{
    *out = (struct ike_sa){
        .state = IKE_SA_CLOSED,
        .initiator = closed->initiator,
        .spi_i = closed->spi_i,
        .spi_r = closed->spi_r,
        .protection = closed->protection,
        .open = closed->open,
        .seal = closed->seal,
        .fragmentation = closed->fragmentation,
        .expected_request = closed->expected_request,
        .response = closed->response,
    };
}

void closed_sa_take_back(struct closed_sa *closed, const struct ike_sa *sa)
{
    closed->response = sa->response; /* it may have been cut smaller */
}

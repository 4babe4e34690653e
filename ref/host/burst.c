/* Each buffer starts with room for what sealing puts in front; untouched pages cost nothing. */
#include "host/burst.h"

#include <stdlib.h>
#include <string.h>

#define BUFFER_SIZE (ESP_HEADROOM + BURST_PACKET_MAX + ESP_TAILROOM)

bool burst_create(struct burst *burst)
{
    memset(burst, 0, sizeof(*burst));
    burst->memory = malloc((size_t)BURST_MAX * BUFFER_SIZE);
    if (burst->memory == NULL) {
        return false;
    }
    for (size_t i = 0; i < BURST_MAX; i++) {
        burst->packets[i].buffer = burst->memory + i * BUFFER_SIZE;
        burst->packets[i].capacity = BUFFER_SIZE;
    }
    burst_reset(burst);
    return true;
}

void burst_destroy(struct burst *burst)
{
    free(burst->memory);
    burst->memory = NULL;
}

void burst_reset(struct burst *burst)
{
    for (size_t i = 0; i < BURST_MAX; i++) {
        struct packet *packet = &burst->packets[i];
        *packet = (struct packet){
            .buffer = packet->buffer, .capacity = packet->capacity, .offset = ESP_HEADROOM};
    }
}

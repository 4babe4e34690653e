/* The pause keeps a flood of packets from becoming a flood of exchanges. */
#include "host/acquire_list.h"

void acquire_list_failed(struct acquire_list *list, uint16_t peer, uint16_t child, uint64_t now_ns)
{
    if (peer < PEERS_MAX && child < CHILDREN_MAX) {
        list->count += list->retry_ns[peer][child] == 0;
        list->retry_ns[peer][child] = now_ns + ACQUIRE_PAUSE_NS;
    }
}

bool acquire_list_take(struct acquire_list *list, uint64_t now_ns, uint16_t *peer, uint16_t *child)
{
    for (uint16_t i = 0; list->count > 0 && i < PEERS_MAX; i++) {
        for (uint16_t j = 0; j < CHILDREN_MAX; j++) {
            if (list->retry_ns[i][j] != 0 && list->retry_ns[i][j] <= now_ns) {
                list->retry_ns[i][j] = 0;
                list->count--;
                *peer = i;
                *child = j;
                return true;
            }
        }
    }
    return false;
}

uint64_t acquire_list_deadline(const struct acquire_list *list)
{
    uint64_t deadline = UINT64_MAX;
    for (size_t i = 0; list->count > 0 && i < PEERS_MAX; i++) {
        for (size_t j = 0; j < CHILDREN_MAX; j++) {
            if (list->retry_ns[i][j] != 0 && list->retry_ns[i][j] < deadline) {
                deadline = list->retry_ns[i][j];
            }
        }
    }
    return deadline;
}

/* Numbers, and what they stand for. */
#include "host/xfrm_tag.h"

#include "base/limits.h"

#define TAG_BIT 0x10000000U /* none of ours is zero, or small as others' are */
#define MARK_BITS 0xfffU
#define TAG_SHIFT 16
#define NUMBER_MAX 0xffffU
#define CHILDREN_FIRST 16U /* smaller ones are for what belongs to no child */

uint32_t xfrm_tag_first(uint32_t mark)
{
    return TAG_BIT | (mark & MARK_BITS) << TAG_SHIFT;
}

uint32_t xfrm_tag_last(uint32_t mark)
{
    return xfrm_tag_first(mark) + NUMBER_MAX;
}

uint32_t xfrm_reqid_of_peer(uint32_t mark, uint16_t peer)
{
    return xfrm_tag_first(mark) + 1 + peer;
}

uint32_t xfrm_reqid_of_none(uint32_t mark)
{
    return xfrm_tag_last(mark);
}

uint32_t xfrm_priority_of_bypass(uint32_t mark)
{
    return xfrm_tag_first(mark);
}

uint32_t xfrm_priority_of_child(uint32_t mark, uint16_t peer, uint16_t child, bool has_sa)
{
    uint32_t order = (uint32_t)peer * CHILDREN_MAX + child;
    return xfrm_tag_first(mark) + CHILDREN_FIRST + order * 2 + !has_sa;
}

bool xfrm_priority_child(uint32_t mark, uint32_t priority, uint16_t *peer, uint16_t *child)
{
    uint32_t first = xfrm_tag_first(mark) + CHILDREN_FIRST;
    if (priority < first || priority - first >= 2U * PEERS_MAX * CHILDREN_MAX) {
        return false;
    }
    *peer = (uint16_t)((priority - first) / 2 / CHILDREN_MAX);
    *child = (uint16_t)((priority - first) / 2 % CHILDREN_MAX);
    return true;
}

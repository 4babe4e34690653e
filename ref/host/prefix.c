/* From the start of the range, again and again the largest prefix that begins there and does not
 * pass the end. */
#include "host/prefix.h"

/* The last address of the prefix of `length` bits that begins at `start`. */
static struct address prefix_last(const struct address *start, uint8_t length)
{
    struct address last = *start;
    for (size_t bit = length; bit < address_length(start) * 8; bit++) {
        last.octets[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
    }
    return last;
}

/* The bits from `length` on are all zero: a prefix of that length may begin here. */
static bool prefix_begins(const struct address *start, uint8_t length)
{
    for (size_t bit = length; bit < address_length(start) * 8; bit++) {
        if ((start->octets[bit / 8] & (0x80 >> bit % 8)) != 0) {
            return false;
        }
    }
    return true;
}

/* False: there is no address after this one. */
static bool address_increment(struct address *address)
{
    for (size_t i = address_length(address); i > 0; i--) {
        if (++address->octets[i - 1] != 0) {
            return true;
        }
    }
    return false;
}

size_t prefixes_of_range(const struct address *start, const struct address *end,
                         struct prefix out[PREFIXES_PER_RANGE_MAX])
{
    size_t count = 0;
    struct address at = *start;
    while (count < PREFIXES_PER_RANGE_MAX && address_compare(&at, end) <= 0) {
        uint8_t length = (uint8_t)(address_length(start) * 8);
        struct address last = at;
        while (length > 0 && prefix_begins(&at, (uint8_t)(length - 1))) {
            struct address wider = prefix_last(&at, (uint8_t)(length - 1));
            if (address_compare(&wider, end) > 0) {
                break;
            }
            last = wider;
            length--;
        }
        out[count++] = (struct prefix){.address = at, .length = length};
        at = last;
        if (!address_increment(&at)) {
            break;
        }
    }
    return count;
}

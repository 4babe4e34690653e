/* Changes to a chain of payloads that know where one begins. */

#include "fuzz/chain_edit.h"

#include <string.h>

#include "base/iana.h"

#define ITEMS_MAX 64
#define ARENA 65536

struct item {
    uint8_t type, flags;
    int lie; /* how much more than the truth its length says */
    struct bytes body;
};

struct edit {
    size_t count;
    struct item items[ITEMS_MAX];
    size_t used; /* of the arena, where changed bodies lie */
    uint8_t arena[ARENA];
};

static struct edit edit;

static const uint8_t types[] = {
    PAYLOAD_SA,      PAYLOAD_KE,        PAYLOAD_IDI,   PAYLOAD_IDR,    PAYLOAD_CERT,
    PAYLOAD_CERTREQ, PAYLOAD_AUTH,      PAYLOAD_NONCE, PAYLOAD_NOTIFY, PAYLOAD_TSI,
    PAYLOAD_TSR,     PAYLOAD_VENDOR_ID, PAYLOAD_CP,    PAYLOAD_EAP,    PAYLOAD_SK,
    PAYLOAD_SKF,     PAYLOAD_NONE,      200,           PAYLOAD_DELETE};

static bool split(const struct chain_octets *chain)
{
    uint8_t type = chain->first;
    size_t at = 0;
    edit.count = edit.used = 0;
    while (type != PAYLOAD_NONE && edit.count < ITEMS_MAX / 2) {
        const uint8_t *head = chain->octets + at;
        size_t length = at + 4 <= chain->length ? (size_t)(head[2] << 8 | head[3]) : 0;
        if (length < 4 || length > chain->length - at) {
            return false;
        }
        edit.items[edit.count++] = (struct item){type, head[1], 0, bytes_of(head + 4, length - 4)};
        type = head[0];
        at += length;
    }
    return true;
}

/* A body of its own, `length` octets: what was there, then zero. NULL: the arena is full. */
static uint8_t *own(struct item *item, size_t length)
{
    if (length > ARENA - edit.used) {
        return NULL;
    }
    uint8_t *octets = edit.arena + edit.used;
    edit.used += length;
    size_t kept = item->body.length < length ? item->body.length : length;
    memset(octets, 0, length);
    if (kept > 0) {
        memcpy(octets, item->body.data, kept);
    }
    item->body = bytes_of(octets, length);
    return octets;
}

static void insert(size_t at, const struct item *item)
{
    if (edit.count < ITEMS_MAX) {
        memmove(&edit.items[at + 1], &edit.items[at], (edit.count - at) * sizeof *item);
        edit.items[at] = *item;
        edit.count++;
    }
}

/* A change inside one body. */
static void change(struct item *item, unsigned kind, struct input *in)
{
    size_t length = item->body.length;
    size_t at = input_u16(in);
    uint8_t value = input_u8(in);
    uint8_t *octets = own(item, kind == 3 ? length + value : length);
    if (octets == NULL || item->body.length == 0) {
        return;
    }
    at %= item->body.length;
    switch (kind) {
    case 0:
        octets[at] = value;
        break;
    case 1:
        octets[at] ^= (uint8_t)(1U << value % 8);
        break;
    case 2: /* a number of two octets */
        octets[at] = value;
        octets[(at + 1) % item->body.length] = input_u8(in);
        break;
    case 3: /* longer */
        memset(octets + length, input_u8(in), value);
        break;
    default: /* shorter */
        item->body.length = at;
        break;
    }
}

static void edit_once(struct input *in)
{
    unsigned kind = input_u8(in) % 14;
    size_t at = input_below(in, edit.count);
    struct item item = edit.count > 0 ? edit.items[at] : (struct item){.type = PAYLOAD_NOTIFY};
    size_t behind = edit.count > 0 ? at + 1 : 0;
    if (kind == 5 || edit.count == 0) { /* a new one in front */
        item = (struct item){.type = types[input_below(in, sizeof types)]};
        item.body = input_take(in, input_u8(in));
        insert(at, &item);
    } else if (kind < 5) {
        change(&edit.items[at], kind, in);
    } else if (kind == 6) {
        memmove(&edit.items[at], &edit.items[at + 1], (edit.count - at - 1) * sizeof item);
        edit.count--;
    } else if (kind == 7) { /* twice, or many times */
        for (size_t copies = 1 + input_below(in, ITEMS_MAX); copies > 0; copies--) {
            insert(behind, &item);
        }
    } else if (kind == 8) {
        size_t other = input_below(in, edit.count);
        edit.items[at] = edit.items[other];
        edit.items[other] = item;
    } else if (kind == 9) {
        edit.items[at].type = types[input_below(in, sizeof types)];
    } else if (kind == 10) {
        edit.items[at].flags ^= 0x80;
    } else if (kind == 11) {
        edit.items[at].lie = (int8_t)input_u8(in);
    } else if (kind == 12) {
        edit.items[at].type = input_u8(in);
    } else {
        edit.items[at].flags = input_u8(in);
    }
}

static void join(struct chain_octets *chain)
{
    static uint8_t octets[CHAIN_EDIT_MAX];
    struct writer w = writer_over(octets, sizeof octets);
    for (size_t i = 0; i < edit.count; i++) {
        const struct item *item = &edit.items[i];
        writer_u8(&w, i + 1 < edit.count ? edit.items[i + 1].type : PAYLOAD_NONE);
        writer_u8(&w, item->flags);
        writer_u16(&w, (uint16_t)((int)item->body.length + 4 + item->lie));
        writer_put(&w, item->body);
    }
    if (!w.overflow) {
        chain->first = edit.count > 0 ? edit.items[0].type : PAYLOAD_NONE;
        chain->length = w.length;
        memcpy(chain->octets, octets, w.length);
    }
}

void chain_edit(struct chain_octets *chain, struct input *in)
{
    if (split(chain)) {
        for (size_t changes = 1 + input_below(in, 6); changes > 0; changes--) {
            edit_once(in);
        }
        join(chain);
    }
}

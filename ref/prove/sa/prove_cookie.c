/* sa/cookie.c with an ideal MAC: one that shows what it was made of. */
#include "prove/prove.h"

#include "sa/cookie.h"

#define SHOWN 2 /* octets of the key and of the nonce that the ideal MAC has room for */

/* The key's first two octets are all that this HMAC keeps of it. */
static uint8_t shown_of(const struct hmac *hmac, size_t i)
{
    return (uint8_t)(hmac->inner[0] >> 8 * i);
}

bool hmac_init(struct hmac *hmac, const char *library_name, struct bytes key)
{
    (void)library_name;
    assert(key.length == 32);
    hmac->inner[0] = key.data[0] | (uint64_t)key.data[1] << 8;
    return any_bool();
}

/* Key, Ni, IPi, SPIi and what stands in the cookie, none of which can be taken for another. */
void hmac_compute(const struct hmac *hmac, const struct bytes *parts, size_t count, uint8_t *out)
{
    assert(count == 4 && parts[0].length == SHOWN && parts[2].length == 8);
    assert((parts[1].length == 4 || parts[1].length == 16) && parts[3].length == 9);
    memset(out, 0, COOKIE_MAC_LENGTH);
    out[0] = shown_of(hmac, 0);
    out[1] = shown_of(hmac, 1);
    memcpy(out + 2, parts[0].data, SHOWN);
    memcpy(out + 4, parts[2].data, 8);
    memcpy(out + 12, parts[3].data, 4);
    if (parts[1].length == 4) {
        memcpy(out + 16, parts[1].data, 4);
    } else {
        memcpy(out + 16, parts[1].data, 16);
    }
}

enum status random_fill(const struct random_source *random, void *out, size_t length)
{
    (void)random;
    assert(length == 32 && __CPROVER_w_ok(out, length));
    ((uint8_t *)out)[any_bool() ? 1 : 0] = any_u8();
    return any_status();
}

bool crypto_equal(const void *a, const void *b, size_t length)
{
    return memcmp(a, b, length) == 0;
}

void explicit_bzero(void *data, size_t length)
{
    memset(data, 0, length);
}

static struct address any_address(void)
{
    struct address a;
    a.family = any_bool() ? ADDRESS_V4 : ADDRESS_V6;
    return a;
}

/* Whatever comes as a cookie: it is only believed when we could have made it with a secret of the
 * current or the previous version, and then says what it was made with. */
void prove_cookie_verify(void)
{
    uint8_t memory[SIZE];
    uint8_t ni[SHOWN];
    struct cookie_jar jar;
    struct address ip = any_address();
    struct cookie_request request = {bytes_of(ni, sizeof ni), &ip, any_u64()};
    struct cookie_demand demand;
    struct bytes cookie = any_octets(memory);
    if (!cookie_verify(&jar, &request, cookie, &demand)) {
        return;
    }
    uint8_t version = cookie.data[0];
    assert(cookie.length == COOKIE_LENGTH);
    assert(version == jar.version || version == (uint8_t)(jar.version - 1));
    const uint8_t *mac = cookie.data + COOKIE_LENGTH - COOKIE_MAC_LENGTH;
    assert(mac[0] == shown_of(&jar.keyed[version % 2], 0));
    assert(mac[1] == shown_of(&jar.keyed[version % 2], 1));
    assert(memcmp(mac + 2, ni, SHOWN) == 0 && mac[12] == version && mac[13] == demand.round);
    assert(demand.round == cookie.data[1] && demand.difficulty == cookie.data[2]);
}

/* One that we made holds for at least the life of a secret, and for its nonce and SPI. */
void prove_cookie_life(void)
{
    uint8_t cookie[COOKIE_LENGTH];
    uint8_t ni[SHOWN];
    uint8_t other_ni[SHOWN];
    struct cookie_jar jar;
    struct address ip = any_address();
    struct cookie_request request = {bytes_of(ni, sizeof ni), &ip, any_u64()};
    struct cookie_request other = {bytes_of(other_ni, sizeof other_ni), &ip, any_u64()};
    struct cookie_demand demand = {any_u8(), any_u8(), any_u16(), any_u32()};
    struct cookie_demand back;
    uint64_t later_ns = any_u64();
    __CPROVER_assume(later_ns >= jar.changed_ns);
    cookie_make(&jar, &request, &demand, cookie);
    if (cookie_jar_turn(&jar, NULL, later_ns) != STATUS_OK) {
        return;
    }
    struct bytes sent = bytes_of(cookie, sizeof cookie);
    bool good = cookie_verify(&jar, &request, sent, &back);
    assert(good && back.round == demand.round && back.difficulty == demand.difficulty);
    assert(back.prf == demand.prf && back.period == demand.period);
    if (cookie_verify(&jar, &other, sent, &back)) {
        assert(request.spi_i == other.spi_i && memcmp(ni, other_ni, SHOWN) == 0);
    }
}

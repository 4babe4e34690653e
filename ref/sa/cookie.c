/* Stateless cookies against half-open floods, RFC 7296 2.6, RFC 8019 7.1.1.3.
 *
 *    0               1               2               3
 *   +---------------+---------------+---------------+---------------+
 *   |    version    |     round     |  difficulty   |      PRF ...
 *   +---------------+---------------+---------------+---------------+
 *     ...           |            period, 4 octets, then the MAC, 32 octets
 */

#include "sa/cookie.h"

#include <assert.h>
#include <string.h>

#include "base/writer.h"

#define COOKIE_SECRET_LENGTH 32
#define COOKIE_HASH "SHA2-256"

static enum status draw(struct hmac *keyed, struct secret *kept, const struct random_source *random)
{
    struct secret secret = {.length = COOKIE_SECRET_LENGTH};
    TRY(random_fill(random, secret.data, COOKIE_SECRET_LENGTH));
    if (!hmac_init(keyed, COOKIE_HASH, secret_bytes(&secret))) {
        return STATUS_INTERNAL;
    }
    if (kept != NULL) {
        *kept = secret;
    }
    secret_wipe(&secret);
    return STATUS_OK;
}

enum status cookie_jar_init(struct cookie_jar *jar, const struct random_source *random,
                            uint64_t now_ns)
{
    memset(jar, 0, sizeof *jar);
    jar->changed_ns = now_ns;
    TRY(draw(&jar->keyed[0], &jar->first, random));
    return draw(&jar->keyed[1], NULL, random);
}

void cookie_jar_wipe(struct cookie_jar *jar)
{
    octets_wipe(jar, sizeof *jar);
}

enum status cookie_jar_turn(struct cookie_jar *jar, const struct random_source *random,
                            uint64_t now_ns)
{
    if (now_ns - jar->changed_ns < COOKIE_SECRET_LIFE_NS) {
        return STATUS_OK;
    }
    jar->version++;
    jar->changed_ns = now_ns;
    return draw(&jar->keyed[jar->version % 2], NULL, random);
}

void cookie_jar_derive(const struct cookie_jar *jar, const char *purpose, uint8_t *out,
                       size_t length)
{
    struct hmac keyed;
    uint8_t derived[COOKIE_MAC_LENGTH];
    struct bytes part = bytes_of(purpose, strlen(purpose));
    assert(length <= sizeof derived);
    bool good = hmac_init(&keyed, COOKIE_HASH, secret_bytes(&jar->first));
    assert(good); /* the jar has one already */
    (void)good;
    hmac_compute(&keyed, &part, 1, derived);
    memcpy(out, derived, length);
    octets_wipe(derived, sizeof derived);
    hmac_wipe(&keyed);
}

static void make(const struct hmac *keyed, uint8_t version, const struct cookie_request *request,
                 const struct cookie_demand *demand, uint8_t out[COOKIE_LENGTH])
{
    uint8_t spi[8];
    struct writer w = writer_over(spi, sizeof spi);
    writer_u64(&w, request->spi_i);
    struct writer cookie = writer_over(out, COOKIE_LENGTH);
    writer_u8(&cookie, version);
    writer_u8(&cookie, demand->round);
    writer_u8(&cookie, demand->difficulty);
    writer_u16(&cookie, demand->prf);
    writer_u32(&cookie, demand->period);
    struct bytes parts[] = {request->ni, address_bytes(request->ip), writer_bytes(&w),
                            writer_bytes(&cookie)};
    hmac_compute(keyed, parts, 4, out + COOKIE_LENGTH - COOKIE_MAC_LENGTH);
}

void cookie_make(const struct cookie_jar *jar, const struct cookie_request *request,
                 const struct cookie_demand *demand, uint8_t out[COOKIE_LENGTH])
{
    make(&jar->keyed[jar->version % 2], jar->version, request, demand, out);
}

bool cookie_verify(const struct cookie_jar *jar, const struct cookie_request *request,
                   struct bytes cookie, struct cookie_demand *demand)
{
    uint8_t expected[COOKIE_LENGTH];
    uint8_t version;
    struct bytes in = cookie;
    if (cookie.length != COOKIE_LENGTH || !bytes_take_u8(&in, &version) ||
        !bytes_take_u8(&in, &demand->round) || !bytes_take_u8(&in, &demand->difficulty) ||
        !bytes_take_u16(&in, &demand->prf) || !bytes_take_u32(&in, &demand->period) ||
        (uint8_t)(jar->version - version) > 1) {
        return false;
    }
    make(&jar->keyed[version % 2], version, request, demand, expected);
    return crypto_equal(expected, cookie.data, COOKIE_LENGTH);
}

/* Nobody but us knows the MAC beforehand, so nobody chooses the slot. */
static uint64_t mark_of(struct bytes cookie)
{
    uint64_t mark;
    struct bytes tail = bytes_of(cookie.data + cookie.length - sizeof mark, sizeof mark);
    bool good = bytes_take_u64(&tail, &mark);
    assert(good);
    (void)good;
    return mark;
}

bool cookie_is_spent(const struct cookie_jar *jar, struct bytes cookie)
{
    uint64_t mark = mark_of(cookie);
    return jar->spent[mark % COOKIE_SPENT_SLOTS] == mark;
}

void cookie_spend(struct cookie_jar *jar, struct bytes cookie)
{
    uint64_t mark = mark_of(cookie);
    jar->spent[mark % COOKIE_SPENT_SLOTS] = mark;
}

/* Stateless cookies against half-open floods, RFC 7296 2.6. */

#include "sa/cookie.h"

#include <string.h>

#include "base/writer.h"

#define COOKIE_SECRET_LENGTH 32

static enum status draw(struct secret *secret, const struct random_source *random)
{
    secret->length = COOKIE_SECRET_LENGTH;
    return random_fill(random, secret->data, COOKIE_SECRET_LENGTH);
}

enum status cookie_jar_init(struct cookie_jar *jar, const struct random_source *random,
                            uint64_t now_ns)
{
    memset(jar, 0, sizeof *jar);
    jar->changed_ns = now_ns;
    TRY(draw(&jar->secrets[0], random));
    return draw(&jar->secrets[1], random);
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
    return draw(&jar->secrets[jar->version % 2], random);
}

static enum status make(const struct secret *secret, uint8_t version, struct bytes ni,
                        const struct address *ip, uint64_t spi_i, uint8_t out[COOKIE_LENGTH])
{
    const struct prf_algorithm *prf = prf_algorithm_find(PRF_HMAC_SHA2_256);
    uint8_t spi[8];
    struct writer w = writer_over(spi, sizeof spi);
    writer_u64(&w, spi_i);
    struct bytes parts[] = {ni, address_bytes(ip), writer_bytes(&w)};
    out[0] = version;
    return prf_compute(prf, secret_bytes(secret), parts, 3, out + 1);
}

enum status cookie_make(const struct cookie_jar *jar, struct bytes ni, const struct address *ip,
                        uint64_t spi_i, uint8_t out[COOKIE_LENGTH])
{
    return make(&jar->secrets[jar->version % 2], jar->version, ni, ip, spi_i, out);
}

bool cookie_verify(const struct cookie_jar *jar, struct bytes ni, const struct address *ip,
                   uint64_t spi_i, struct bytes cookie)
{
    uint8_t expected[COOKIE_LENGTH];
    if (cookie.length != COOKIE_LENGTH) {
        return false;
    }
    uint8_t age = (uint8_t)(jar->version - cookie.data[0]);
    if (age > 1) {
        return false;
    }
    const struct secret *secret = &jar->secrets[cookie.data[0] % 2];
    return make(secret, cookie.data[0], ni, ip, spi_i, expected) == STATUS_OK &&
           crypto_equal(expected, cookie.data, COOKIE_LENGTH);
}

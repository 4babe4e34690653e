/* errno by errno; and one SA made for nothing, which is the only way to know. */
#include "host/xfrm_problem.h"

#include <errno.h>
#include <string.h>

#include "host/xfrm_algorithm.h"
#include "host/xfrm_state.h"

#define NO_ESP "use data-plane = \"tun\", or load esp4 and esp6 (CONFIG_INET_ESP, CONFIG_INET6_ESP)"
#define PROBE_SPI 0x6b696b65

bool xfrm_problem_set(struct problem *problem, const char *what, int error,
                      const struct protection *protection)
{
    switch (error) {
    case EPROTONOSUPPORT:
        return problem_set(problem, EXIT_ENVIRONMENT, "%s: this kernel has no ESP; " NO_ESP, what);
    case ENOSYS:
    case ENOENT:
        if (protection != NULL) {
            return problem_set(
                problem, EXIT_ENVIRONMENT,
                "%s: this kernel lacks %s%s%s; load its modules (%s), or leave it "
                "out of the proposals",
                what, xfrm_cipher_name(protection->cipher),
                protection->integrity != NULL ? " with " : "",
                protection->integrity != NULL ? xfrm_integrity_name(protection->integrity) : "",
                xfrm_protection_modules(protection));
        }
        break;
    case ECONNREFUSED: /* nobody listens on NETLINK_XFRM */
        return problem_set(
            problem, EXIT_ENVIRONMENT,
            "%s: this kernel takes no orders about IPsec; load the module xfrm_user, "
            "or use data-plane = \"tun\"",
            what);
    case EPERM:
    case EACCES:
        return problem_set(problem, EXIT_ENVIRONMENT,
                           "%s: not allowed; run as root or with CAP_NET_ADMIN", what);
    default:
        break;
    }
    return problem_set(problem, EXIT_ENVIRONMENT,
                       "%s (%s); ip xfrm state and ip xfrm policy show "
                       "what the kernel has",
                       what, strerror(error));
}

/* Which algorithms there are shows with the first SA that wants one. */
static bool is_about_algorithms(int error)
{
    return error == ENOSYS || error == ENOENT;
}

static int probe(const char *source, const char *destination, uint32_t reqid)
{
    struct protection protection = {.cipher = cipher_algorithm_find(ENCR_AES_CBC),
                                    .key_bits = 128,
                                    .integrity = integrity_algorithm_find(AUTH_HMAC_SHA2_256_128)};
    struct secret encryption = {.length = protection_encryption_key_length(&protection)};
    struct secret integrity = {.length = protection_integrity_key_length(&protection)};
    struct xfrm_sa sa = {
        .spi = PROBE_SPI,
        .reqid = reqid,
        .protection = &protection,
        .encryption = &encryption,
        .integrity = &integrity,
        .copy_dscp = true,
        .ecn = true,
    };
    if (!address_parse(source, &sa.path.source.ip) ||
        !address_parse(destination, &sa.path.destination.ip)) {
        return EINVAL;
    }
    int error = xfrm_state_add(&sa);
    if (error == 0 || error == EEXIST) {
        struct xfrm_sa_id id = {.spi = sa.spi, .destination = sa.path.destination.ip};
        error = xfrm_state_remove(&id);
    }
    return is_about_algorithms(error) ? 0 : error;
}

bool xfrm_esp_works(uint32_t reqid, struct problem *problem)
{
    int v4 = probe("192.0.2.1", "192.0.2.2", reqid); /* for documentation, RFC 5737 and RFC 3849 */
    int v6 = v4 != 0 ? 0 : probe("2001:db8::1", "2001:db8::2", reqid);
    if (v4 == 0 && (v6 == 0 || v6 == EAFNOSUPPORT)) {
        return true;
    }
    return xfrm_problem_set(problem,
                            v4 != 0 ? "ESP in the kernel does not work"
                                    : "ESP over IPv6 in the kernel does not work",
                            v4 != 0 ? v4 : v6, NULL);
}

/* A small hierarchy, made once with openssl and valid until 2126. */

#include "sim/certificates.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/sim.h"

static const char authority[] = "-----BEGIN CERTIFICATE-----\n"
                                "MIIBYzCCARWgAwIBAgIUJ23bhatEkyRatUy2AG6dpVOf3pcwBQYDK2VwMB4xHDAa\n"
                                "BgNVBAMME1NpbXVsYXRlZCBBdXRob3JpdHkwIBcNMjYxMTIyMDQxMzA0WhgPMjEy\n"
                                "NjEwMjkwNDEzMDRaMB4xHDAaBgNVBAMME1NpbXVsYXRlZCBBdXRob3JpdHkwKjAF\n"
                                "BgMrZXADIQDYPnKp5VXTiSKfxZA+Op4LK/dwZl8TQstZU5jZSU7z9qNjMGEwHQYD\n"
                                "VR0OBBYEFNwp5y/e/vF5rSob65y8TJkBkYxTMB8GA1UdIwQYMBaAFNwp5y/e/vF5\n"
                                "rSob65y8TJkBkYxTMA8GA1UdEwEB/wQFMAMBAf8wDgYDVR0PAQH/BAQDAgIEMAUG\n"
                                "AytlcANBAIW9VBJq/GD50oi/m8+yla24LhzHsJYeyqcEQ+lsB3Xwq6QsitOBvUH2\n"
                                "fWJJskmUZG1CvLXLP4h35KdMUJDP8Aw=\n"
                                "-----END CERTIFICATE-----\n";

static const struct {
    const char *certificate, *key;
} issued[SIM_HOSTS] = {
    {.certificate = "-----BEGIN CERTIFICATE-----\n"
                    "MIIBVzCCAQmgAwIBAgICAZcwBQYDK2VwMB4xHDAaBgNVBAMME1NpbXVsYXRlZCBB\n"
                    "dXRob3JpdHkwIBcNMjYxMTIyMDQxMzA1WhgPMjEyNjEwMjkwNDEzMDVaMBQxEjAQ\n"
                    "BgNVBAMMCWEuZXhhbXBsZTAqMAUGAytlcAMhAEqBBGwzjE+9rJ+kcAQf4rhS6iKO\n"
                    "m1qYJrFLibrC3OQFo3MwcTAUBgNVHREEDTALgglhLmV4YW1wbGUwDgYDVR0PAQH/\n"
                    "BAQDAgeAMAkGA1UdEwQCMAAwHQYDVR0OBBYEFD0hpvl1lqW+iUXRL7DdIYaHrr/v\n"
                    "MB8GA1UdIwQYMBaAFNwp5y/e/vF5rSob65y8TJkBkYxTMAUGAytlcANBAG+0nd6U\n"
                    "u8XhOrJpJFNXTCtoEd1BWRSQJi/QkE+0fM+uQ0tufEnH/mN9eRNevbiSPYHO44qy\n"
                    "PF1xITJa7VKUngQ=\n"
                    "-----END CERTIFICATE-----\n",
     .key = "-----BEGIN PRIVATE KEY-----\n"
            "MC4CAQAwBQYDK2VwBCIEIKCyS440ljdk0fRvlOAsoXbtjAtrIYQ8qg/QFsikN/zc\n"
            "-----END PRIVATE KEY-----\n"},
    {.certificate = "-----BEGIN CERTIFICATE-----\n"
                    "MIIBVzCCAQmgAwIBAgICAZgwBQYDK2VwMB4xHDAaBgNVBAMME1NpbXVsYXRlZCBB\n"
                    "dXRob3JpdHkwIBcNMjYxMTIyMDQxMzA1WhgPMjEyNjEwMjkwNDEzMDVaMBQxEjAQ\n"
                    "BgNVBAMMCWIuZXhhbXBsZTAqMAUGAytlcAMhAJzoTNL1Z66/dIwQTA3wU5NvRFP1\n"
                    "qki7ipegsd46maJio3MwcTAUBgNVHREEDTALggliLmV4YW1wbGUwDgYDVR0PAQH/\n"
                    "BAQDAgeAMAkGA1UdEwQCMAAwHQYDVR0OBBYEFCJfeLbfWs5xpU11tiY6oDrMhCo8\n"
                    "MB8GA1UdIwQYMBaAFNwp5y/e/vF5rSob65y8TJkBkYxTMAUGAytlcANBANKdB+t8\n"
                    "padHAHUP/j1UjGsrPg1qtGpLx/aSEfJnvy2UCFvaoE0MZ4ysUUgH+Sey6QIPJEAA\n"
                    "1aSuIaWVGAJnuwY=\n"
                    "-----END CERTIFICATE-----\n",
     .key = "-----BEGIN PRIVATE KEY-----\n"
            "MC4CAQAwBQYDK2VwBCIEIA4sooz5XS/s1pQCeBl2/52Bd1NJdIBghGlrkZVDot4B\n"
            "-----END PRIVATE KEY-----\n"},
    {.certificate = "-----BEGIN CERTIFICATE-----\n"
                    "MIIBVzCCAQmgAwIBAgICAZkwBQYDK2VwMB4xHDAaBgNVBAMME1NpbXVsYXRlZCBB\n"
                    "dXRob3JpdHkwIBcNMjYxMTIyMDQxMzA3WhgPMjEyNjEwMjkwNDEzMDdaMBQxEjAQ\n"
                    "BgNVBAMMCWMuZXhhbXBsZTAqMAUGAytlcAMhAN6XSjB2vPEMeK9fEze2UI3Yt8im\n"
                    "25tjzmsy656rpRupo3MwcTAUBgNVHREEDTALggljLmV4YW1wbGUwDgYDVR0PAQH/\n"
                    "BAQDAgeAMAkGA1UdEwQCMAAwHQYDVR0OBBYEFMigk6XjMcFhxxmRLJL4AZy2tmbm\n"
                    "MB8GA1UdIwQYMBaAFNwp5y/e/vF5rSob65y8TJkBkYxTMAUGAytlcANBAGOO7ciM\n"
                    "s0U/34EfSzjdySk79jYls3qi4IO4PzbGxRYNF+uiXhq8TyUNCJ/im/g2PyfHDWi/\n"
                    "qzKc5ivlgmUrAQM=\n"
                    "-----END CERTIFICATE-----\n",
     .key = "-----BEGIN PRIVATE KEY-----\n"
            "MC4CAQAwBQYDK2VwBCIEIPYvHvhEa1uRGUXUC2Kp02KxW4pryB3hmjsIHy57XnvV\n"
            "-----END PRIVATE KEY-----\n"}};

/* Static data: that they cannot be read is a fault of this file. */
static void insist(bool good, const char *what)
{
    if (!good) {
        fprintf(stderr, "ref/sim/certificates.c: %s\n", what);
        abort();
    }
}

static struct bytes text(const char *pem)
{
    return bytes_of(pem, strlen(pem));
}

struct credential *certificates_credential(unsigned index)
{
    static struct credential *kept[SIM_HOSTS];
    const char *error = "no memory";
    if (kept[index] == NULL) {
        struct credential *made = credential_create();
        insist(made != NULL &&
                   credential_set_certificates(made, text(issued[index].certificate), &error) &&
                   credential_set_key(made, text(issued[index].key), &error),
               error);
        insist(credential_complete(made) == NULL, "a certificate and its key differ");
        kept[index] = made;
    }
    return kept[index];
}

struct authorities *certificates_authorities(void)
{
    static struct authorities *kept;
    const char *error = "no memory";
    if (kept == NULL) {
        struct authorities *made = authorities_create();
        insist(made != NULL && authorities_add(made, text(authority), &error), error);
        kept = made;
    }
    return kept;
}

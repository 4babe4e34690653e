/* The group is the user's own; a number without a name has the group of the same number. */
#include "host/service_user.h"

#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>

#define NUMBER_MAX 4294967294 /* the last means "nobody is meant" to the kernel */

static bool is_number(const char *text)
{
    const char *at = text;
    while (isdigit((unsigned char)*at)) {
        at++;
    }
    return at != text && *at == '\0';
}

void service_user_default(struct service_user *out)
{
    if (!service_user_parse(SERVICE_USER_NAME, out)) {
        out->user = SERVICE_USER_NUMBER;
        out->group = SERVICE_USER_NUMBER;
    }
    out->given = false;
}

bool service_user_parse(const char *text, struct service_user *out)
{
    const struct passwd *entry;
    *out = (struct service_user){.given = true};
    if (!is_number(text)) {
        entry = getpwnam(text);
    } else {
        errno = 0;
        unsigned long long number = strtoull(text, NULL, 10);
        if (errno != 0 || number > NUMBER_MAX) {
            return false;
        }
        out->user = (uid_t)number;
        out->group = (gid_t)number;
        entry = getpwuid(out->user);
        if (entry == NULL) {
            return true;
        }
    }
    if (entry == NULL) {
        return false;
    }
    out->user = entry->pw_uid;
    out->group = entry->pw_gid;
    return true;
}

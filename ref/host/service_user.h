/* Whom the daemon becomes when all that needs root is done: a user that is nobody else. */
#ifndef IKEREF_HOST_SERVICE_USER_H
#define IKEREF_HOST_SERVICE_USER_H

#include <stdbool.h>
#include <sys/types.h>

#define SERVICE_USER_NAME "_ikeref" /* where the machine has such a user, else: */
#define SERVICE_USER_NUMBER                                                                        \
    65184 /* of the range for users that live as long as their service; no name needed */

struct service_user {
    bool given; /* in the configuration */
    uid_t user;
    gid_t group;
};

/* Who it is when nobody says so. */
void service_user_default(struct service_user *out);

/* A user's name, which the machine has to know, or a number, which it need not. */
bool service_user_parse(const char *text, struct service_user *out);

#endif

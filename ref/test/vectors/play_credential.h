/* Certificates, keys and authorities of a written exchange. */
#ifndef IKEREF_TEST_VECTORS_PLAY_CREDENTIAL_H
#define IKEREF_TEST_VECTORS_PLAY_CREDENTIAL_H

#include <jansson.h>

#include "sa/config.h"

/* Sets how both sides prove who they are: with a certificate who has "certificates", else with the
 * shared key. NULL, or what is wrong; play_credential_forget() is due either way. */
const char *play_credential_set(struct peer_config *peer, const json_t *setup, const json_t *own,
                                const json_t *other);
void play_credential_forget(struct peer_config *peer);

#endif

/* What the agent's files share: answers on the channel, see agent.c. */
#ifndef GUEST_AGENT_H
#define GUEST_AGENT_H

#include <stddef.h>
#include <stdint.h>

#define EXIT_ERRNO (-1000)

void send_frame(uint32_t number, char kind, const void *payload, size_t length);
void send_end(uint32_t number, int32_t status);

/* Ends a request that was only done, or not: `error` is 0 or an errno. */
void send_done(uint32_t number, int error);

#endif

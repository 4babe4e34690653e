/*
 * What the agent does itself. A program costs a guest 3 to 15 ms of a processor, for each of its
 * page faults is a matter of ptrace; an errand costs a tenth of one.
 *
 * Each takes the payload of its frame (agent.c draws them) and answers on the channel.
 */
#ifndef GUEST_ERRAND_H
#define GUEST_ERRAND_H

#include <stddef.h>
#include <stdint.h>

/* G: what a file holds from an offset on. ERANGE: it is shorter. */
void errand_get(uint32_t number, const uint8_t *payload, size_t length);

/* W, S: returns 0 or an errno. */
int errand_write(const uint8_t *payload, size_t length);
int errand_settings(uint8_t *payload, size_t length);

/* A: answered later, by errand_look(). */
void errand_await(uint32_t number, const uint8_t *payload, size_t length);

/* Answers what has come true or is too late; returns after how many milliseconds it wants to be
 * called again, -1: not before there is something new to await. */
int errand_look(void);

/* N: netlink messages, each with its answers. */
void errand_netlink(uint32_t number, uint8_t *payload, size_t length);

/* M: a socket that hears what the kernel tells of itself, or minus an errno. */
int errand_listen(const uint8_t *payload, size_t length);

/* C: /run and /tmp as they were at the start. Nobody uses them any more. Returns 0 or an errno. */
int errand_renew(void);

#endif

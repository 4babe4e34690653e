/* A network of the test's own: a fresh network namespace that goes with the test program, so that
 * nothing of the machine's is ever touched. */
#ifndef IKEREF_TEST_NET_LAB_H
#define IKEREF_TEST_NET_LAB_H

#include "host/burst.h"
#include "host/host_config.h"
#include "host/problem.h"

/* Leaves the present namespace for a new one whose loopback is up. Skips the test, with the reason,
 * where that is not allowed. First thing of a test that needs it. */
void net_lab_enter(void);

/* Runs `ip` with these arguments; fails the test when it does. */
void net_lab_ip(const char *arguments);

/* What a shell command says, up to size - 1 octets; its exit code. */
int net_lab_say(const char *command, char *out, size_t size);

struct address net_lab_address(const char *text);

/* Runs `act` in a child process that has no privilege; 0 when it returned true. */
int net_lab_unprivileged(bool (*act)(void));

/* Waits, at most five seconds, until the descriptor can be read. */
void net_lab_await(int fd);

/* Empties the packet and writes these octets at ESP_HEADROOM. */
void net_lab_fill(struct packet *packet, const void *octets, size_t length);

/* A smallest configuration: one peer at 192.0.2.2 with child 10.1.0.0/24 to 10.2.0.0/24, table
 * 4711, mark 0x77, interface ikt0; host_config_wipe it. */
void net_lab_config(struct host_config *out, const char *more);

#endif

/* Keys in the formats Wireshark reads, so that a capture can be looked into. Off unless asked for.
 */
#ifndef IKEREF_HOST_KEY_LOG_H
#define IKEREF_HOST_KEY_LOG_H

#include "host/problem.h"
#include "sa/event.h"

#define KEY_LOG_LINE_MAX 1024

struct key_log {
    int ike_fd, esp_fd; /* -1: off */
};

/* Appends to DIR/ikev2_decryption_table and DIR/esp_sa, mode 0600; the directory is made when it is
 * missing. An empty `directory` leaves the log off. Warns loudly. */
bool key_log_open(struct key_log *log, const char *directory, struct problem *problem);
void key_log_close(struct key_log *log);

/* What an event brings: IKE_SA_KEYS or CHILD_SA_UP; others are ignored. */
void key_log_event(struct key_log *log, const struct event *event);

/* The lines themselves. 0: Wireshark has no name for these algorithms. Else their length. */
size_t key_log_format_ike(const struct ike_keys_info *keys, char out[KEY_LOG_LINE_MAX]);
size_t key_log_format_esp(const struct child_sa_info *child, bool inbound,
                          char out[KEY_LOG_LINE_MAX]);

#endif

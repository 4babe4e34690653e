/* What memory a pair takes: an IKE SA with one Child SA, at either end, and its ESP SAs. */
#ifndef IKEREF_CROWD_MEMORY_H
#define IKEREF_CROWD_MEMORY_H

#include <stddef.h>
#include <stdint.h>

/* Octets of the heap, malloc's own included, of all that each of them holds. */
struct memory_held {
    int64_t responder, initiator; /* their endpoints */
    int64_t esp;                  /* the responder's data plane */
};

struct memory_report {
    size_t pairs;
    struct memory_held used; /* each has just been connected and carried a packet each way */
    struct memory_held idle; /* nothing has happened for MEMORY_IDLE_S */
};

#define MEMORY_IDLE_S 600

/* Connects them and counts; in the words of crowd_init. */
struct memory_report memory_measure(size_t pairs, const char *ike, const char *esp,
                                    uint32_t replay_window);

#endif

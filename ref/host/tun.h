/* The TUN interface: inner packets leave the host through it and come back in by it. */
#ifndef IKEREF_HOST_TUN_H
#define IKEREF_HOST_TUN_H

#include "host/burst.h"
#include "host/problem.h"

struct tun {
    int fd; /* -1: closed; the interface goes with it */
    unsigned index;
};

/* Made, its MTU set, and up. */
bool tun_open(struct tun *tun, const char *name, uint32_t mtu, struct problem *problem);
void tun_close(struct tun *tun);

/* One inner packet each, at offset ESP_HEADROOM; returns how many. Never waits. */
size_t tun_read(struct tun *tun, struct packet *packets, size_t max);

/* The current octets. False: the kernel did not take it. */
bool tun_write(struct tun *tun, const struct packet *packet);

#endif

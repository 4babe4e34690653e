/* An endpoint keeps what has ended for a while, in case that the peer repeats itself, and looks
 * through that when it is to connect: who connects again and again takes a fresh one at times. */

#include "load/client.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define AGE_MAX 32 /* handshakes */
#define CONNECT 1  /* the command's number */

bool client_open(struct client *client, const struct endpoint_config *config,
                 const struct selector_list *inner, const struct command *initiate,
                 const struct random_source *random)
{
    *client = (struct client){.config = *config,
                              .initiate = *initiate,
                              .random = random,
                              .peer = calloc(1, sizeof(struct peer_config))};
    if (client->peer == NULL) {
        return false;
    }
    memcpy(client->peer, config->peers, offsetof(struct peer_config, children[1]));
    client->peer->child_count = 1; /* pages of the other fifteen are never touched */
    client->config.peers = client->peer;
    client->config.peer_count = 1;
    client->config.half_open_max = 1; /* nobody connects to it */
    if (inner->count > 0) {
        client->peer->children[0].local = *inner;
    }
    client->initiate.type = COMMAND_INITIATE;
    client->initiate.id = CONNECT;
    client->initiate.peer_index = client->initiate.child_index = 0;
    return true;
}

static void counters_add(struct endpoint_counters *sum, const struct endpoint_counters *one)
{
    sum->datagrams_in += one->datagrams_in;
    sum->datagrams_out += one->datagrams_out;
    sum->dropped += one->dropped;
    sum->invalid += one->invalid;
    sum->puzzles_solved += one->puzzles_solved;
    sum->retransmissions += one->retransmissions;
}

struct endpoint_counters client_counters(const struct client *client)
{
    struct endpoint_counters sum = client->spent, now = {0};
    if (client->endpoint != NULL) {
        endpoint_counters(client->endpoint, &now);
        counters_add(&sum, &now);
    }
    return sum;
}

static void retire(struct client *client)
{
    client->spent = client_counters(client);
    endpoint_destroy(client->endpoint);
    client->endpoint = NULL;
    client->age = 0;
}

void client_close(struct client *client)
{
    endpoint_destroy(client->endpoint);
    if (client->peer != NULL) {
        octets_wipe(client->peer->psk, sizeof client->peer->psk);
        free(client->peer);
    }
    *client = (struct client){0};
}

bool client_begin(struct client *client, uint64_t due_ns, uint64_t now_ns, uint64_t utc_ns)
{
    if (client->age == AGE_MAX) {
        retire(client);
    }
    if (client->endpoint == NULL) {
        client->endpoint = endpoint_create(&client->config, client->random, now_ns);
        if (client->endpoint == NULL) {
            return false;
        }
    }
    endpoint_set_utc(client->endpoint, utc_ns, now_ns);
    client->age++;
    client->due_ns = due_ns;
    client->begun_ns = now_ns;
    client->spi = 0;
    client->ike_sa = 0;
    if (endpoint_command(client->endpoint, &client->initiate, now_ns) != STATUS_OK) {
        return false;
    }
    client->state = CLIENT_CONNECTING;
    return true;
}

void client_leave(struct client *client, uint64_t now_ns)
{
    struct command leave = {.type = COMMAND_DELETE_IKE, .ike_sa = client->ike_sa};
    if (client->state == CLIENT_STANDS) {
        client->state = CLIENT_LEAVING;
        if (endpoint_command(client->endpoint, &leave, now_ns) != STATUS_OK) {
            client->state = CLIENT_IDLE; /* it has gone by itself */
        }
    }
}

void client_receive(struct client *client, const struct datagram *datagram, uint64_t now_ns)
{
    enum status status = endpoint_receive(client->endpoint, datagram, now_ns);
    (void)status; /* what has come of it are events and datagrams */
}

void client_expire(struct client *client, uint64_t now_ns)
{
    endpoint_expire(client->endpoint, now_ns);
}

static void take(struct client *client, const struct event *event, struct client_news *news)
{
    switch (event->type) {
    case EVENT_IKE_SA_UP:
        client->ike_sa = event->ike_sa;
        break;
    case EVENT_COMMAND_DONE:
        if (event->command == CONNECT && client->state == CLIENT_CONNECTING) {
            news->ended = true;
            news->status = event->status;
            /* an IKE SA without its Child SA stands, too, and is to be deleted */
            client->state = client->ike_sa != 0 ? CLIENT_STANDS : CLIENT_IDLE;
        }
        break;
    case EVENT_IKE_SA_DOWN:
        if (client->ike_sa != 0 && event->ike_sa == client->ike_sa) {
            news->lost = client->state == CLIENT_STANDS && !news->ended;
            client->ike_sa = 0;
            client->state = client->state == CLIENT_CONNECTING ? CLIENT_CONNECTING : CLIENT_IDLE;
        }
        break;
    default:
        break;
    }
}

struct client_news client_news(struct client *client)
{
    struct client_news news = {0};
    struct event event;
    while (client->endpoint != NULL && endpoint_next_event(client->endpoint, &event)) {
        take(client, &event, &news);
        event_wipe(&event);
    }
    return news;
}

bool client_next_datagram(struct client *client, struct datagram *out)
{
    if (client->endpoint == NULL || !endpoint_next_datagram(client->endpoint, out)) {
        return false;
    }
    struct bytes octets = out->octets;
    uint64_t spi;
    if (client->state == CLIENT_CONNECTING && !out->keepalive && bytes_take_u64(&octets, &spi)) {
        client->spi = spi; /* IKE_SA_INIT is always the initiator's, whose SPI comes first */
    }
    return true;
}

uint64_t client_deadline(const struct client *client)
{
    return client->endpoint != NULL ? endpoint_deadline(client->endpoint) : UINT64_MAX;
}

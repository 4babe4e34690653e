/* Two endpoints and the datagrams between them. */

#include "bench/duet.h"

#include <string.h>

#include "bench/certificates.h"

#define LETTER_NS 1000000 /* on its way */
#define TURNS_MAX 1000    /* of an endpoint whose deadline passes and passes */

static const char *const names[2] = {"a.example", "b.example"};
static const char *const addresses[2] = {"192.0.2.1", "192.0.2.2"};
static const char *const nets[2] = {"10.1.0.0/24", "10.2.0.0/24"};

/* ---- configuration ---- */

static void propose(const struct bench *bench, struct proposal_list *list, uint8_t protocol,
                    const char *words)
{
    const char *error = NULL;
    if (words != NULL) {
        bench_insist(bench, proposal_parse_text(words, protocol, &list->items[0], &error), error);
        list->count = 1;
    }
}

static void child_init(const struct bench *bench, struct child_config *child, unsigned s,
                       const char *esp)
{
    child_config_defaults(child);
    strcpy(child->name, "net");
    child->lifetime = (struct lifetime_config){0};
    child->local.count = child->remote.count = 1;
    bench_insist(bench,
                 selector_parse(nets[s], &child->local.items[0]) &&
                     selector_parse(nets[1 - s], &child->remote.items[0]),
                 "a net is none");
    propose(bench, &child->proposals, PROTOCOL_ESP, esp);
}

static void peer_init(const struct bench *bench, struct peer_config *peer, unsigned s,
                      const char *ike)
{
    static const char psk[] = "a key that both sides know";
    peer_config_defaults(peer);
    strcpy(peer->name, names[1 - s]);
    bench_insist(bench,
                 identity_parse(names[s], &peer->local_id) &&
                     identity_parse(names[1 - s], &peer->remote_id),
                 "an identity is none");
    memcpy(peer->psk, psk, sizeof psk - 1);
    peer->psk_length = sizeof psk - 1;
    peer->lifetime = (struct lifetime_config){0};
    peer->liveness_ns = peer->keepalive_ns = 0;
    peer->child_count = 1;
    propose(bench, &peer->proposals, PROTOCOL_IKE, ike);
}

void duet_init(struct duet *duet, struct bench *bench, const char *ike, const char *esp)
{
    memset(duet, 0, sizeof *duet);
    duet->bench = bench;
    duet->counted = DUET_NOBODY;
    duet->now_ns = 1000000000;
    for (unsigned s = 0; s < 2; s++) {
        struct duet_side *side = &duet->sides[s];
        endpoint_config_defaults(&side->config);
        side->config.peers = &side->peer;
        side->config.peer_count = 1;
        peer_init(bench, &side->peer, s, ike);
        child_init(bench, &side->peer.children[0], s, esp);
    }
}

/* ---- what is counted ---- */

static void begin(const struct duet *duet, unsigned s)
{
    if (duet->counted == s) {
        bench_on(duet->bench);
    }
}

static void end(const struct duet *duet, unsigned s)
{
    if (duet->counted == s) {
        bench_off(duet->bench);
    }
}

/* ---- what comes out ---- */

static void note(struct duet *duet, unsigned s, const struct event *event)
{
    struct duet_side *side = &duet->sides[s];
    side->ike_sas += event->type == EVENT_IKE_SA_UP;
    side->child_sas += event->type == EVENT_CHILD_SA_UP;
    side->rekeyed += event->type == EVENT_IKE_SA_REKEYED;
    if (event->type == EVENT_IKE_SA_KEYS && s == DUET_A && duet->keys.spi_i == 0) {
        duet->keys = event->ike_keys;
    }
    if (event->type == EVENT_COMMAND_DONE) {
        side->done = true;
        side->status = event->status;
    }
}

static void post(struct duet *duet, unsigned s, const struct datagram *datagram)
{
    bench_insist(duet->bench, duet->sent < DUET_LETTERS, "more datagrams than ever before");
    struct letter *letter = &duet->letters[duet->sent++];
    letter->from = s;
    letter->path = datagram->path;
    letter->encapsulated = datagram->encapsulated;
    letter->keepalive = datagram->keepalive;
    letter->length = datagram->octets.length;
    memcpy(letter->octets, datagram->octets.data, datagram->octets.length);
}

/* As a host does it: first what has happened, then what is to be sent, then how long to wait. */
static uint64_t drain(struct duet *duet, unsigned s)
{
    struct endpoint *endpoint = duet->sides[s].endpoint;
    struct event event;
    struct datagram datagram;
    for (;;) {
        begin(duet, s);
        bool more = endpoint_next_event(endpoint, &event);
        end(duet, s);
        if (!more) {
            break;
        }
        note(duet, s, &event);
        begin(duet, s);
        event_wipe(&event);
        end(duet, s);
    }
    for (;;) {
        begin(duet, s);
        bool more = endpoint_next_datagram(endpoint, &datagram);
        end(duet, s);
        if (!more) {
            break;
        }
        post(duet, s, &datagram);
    }
    begin(duet, s);
    uint64_t deadline_ns = endpoint_deadline(endpoint);
    end(duet, s);
    return deadline_ns;
}

static void work(struct duet *duet, unsigned s)
{
    unsigned turns = 0;
    while (drain(duet, s) <= duet->now_ns) {
        begin(duet, s);
        endpoint_expire(duet->sides[s].endpoint, duet->now_ns);
        end(duet, s);
        bench_insist(duet->bench, ++turns < TURNS_MAX, "a deadline passes and nothing is done");
    }
}

/* ---- to and fro ---- */

static void deliver(struct duet *duet)
{
    const struct letter *letter = &duet->letters[duet->delivered++];
    unsigned s = 1 - letter->from;
    struct datagram datagram = {
        .path = {.local = letter->path.remote, .remote = letter->path.local},
        .encapsulated = letter->encapsulated,
        .keepalive = letter->keepalive,
        .octets = bytes_of(letter->octets, letter->length),
    };
    duet->now_ns += LETTER_NS;
    begin(duet, s);
    (void)endpoint_receive(duet->sides[s].endpoint, &datagram, duet->now_ns);
    end(duet, s);
    work(duet, s);
}

static void ask(struct duet *duet, struct command command)
{
    struct duet_side *a = &duet->sides[DUET_A];
    duet->sent = duet->delivered = 0;
    a->done = false;
    command.id = 1;
    begin(duet, DUET_A);
    enum status status = endpoint_command(a->endpoint, &command, duet->now_ns);
    end(duet, DUET_A);
    bench_insist(duet->bench, status == STATUS_OK, "a command was not taken");
    work(duet, DUET_A);
    while (duet->delivered < duet->sent) {
        deliver(duet);
    }
    bench_insist(duet->bench, a->done && a->status == STATUS_OK, "a command came to nothing");
}

void duet_start(struct duet *duet)
{
    for (unsigned s = 0; s < 2; s++) {
        struct duet_side *side = &duet->sides[s];
        side->endpoint = endpoint_create(&side->config, &duet->bench->random, duet->now_ns);
        bench_insist(duet->bench, side->endpoint != NULL, "no memory");
        endpoint_set_utc(side->endpoint, CERTIFICATES_UTC_NS, duet->now_ns);
        side->ike_sas = side->child_sas = side->rekeyed = 0;
    }
    memset(&duet->keys, 0, sizeof duet->keys);
}

void duet_stop(struct duet *duet)
{
    endpoint_destroy(duet->sides[DUET_A].endpoint);
    endpoint_destroy(duet->sides[DUET_B].endpoint);
}

void duet_connect(struct duet *duet)
{
    struct command command = {.type = COMMAND_INITIATE, .addresses = {.count = 1}};
    struct path *path = &command.path;
    bench_insist(duet->bench,
                 address_parse(addresses[DUET_A], &path->local.ip) &&
                     address_parse(addresses[DUET_B], &path->remote.ip),
                 "an address is none");
    path->local.port = path->remote.port = IKE_PORT;
    command.addresses.items[0] = path->local.ip;
    ask(duet, command);
    for (unsigned s = 0; s < 2; s++) {
        const struct duet_side *side = &duet->sides[s];
        bench_insist(duet->bench, side->ike_sas == 1 && side->child_sas == 1,
                     "an SA is missing after the handshake");
    }
}

void duet_command(struct duet *duet, enum command_type type)
{
    ask(duet, (struct command){.type = type});
}

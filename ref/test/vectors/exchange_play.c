/* Two endpoints of the reference in one process, that play a written exchange. */

#include "test/vectors/exchange_play.h"

#include <string.h>

#include "test/vectors/play_credential.h"
#include "test/vectors/stated_signature.h"

#define NOW_NS 1000000000ULL

enum side play_side(const char *name)
{
    return strcmp(name, "responder") == 0 ? RESPONDER : INITIATOR;
}

const char *play_side_name(enum side side)
{
    return side == INITIATOR ? "initiator" : "responder";
}

static const json_t *setup_of(const struct play *play, enum side side)
{
    return json_object_get(json_object_get(play->test, "setup"), play_side_name(side));
}

static bool selector_set(struct selector_list *list, const char *text)
{
    list->count = *text != '\0';
    return *text == '\0' || selector_parse(text, &list->items[0]);
}

static bool proposal_set(struct proposal_list *list, const char *text, uint8_t protocol)
{
    const char *error;
    list->count = 1;
    return proposal_parse_text(text, protocol, &list->items[0], &error);
}

static bool child_set(struct child_config *child, const json_t *own, const json_t *other)
{
    child_config_defaults(child);
    strcpy(child->name, "child");
    child->lifetime = (struct lifetime_config){0}; /* no limit: nothing is drawn for it */
    child->start = START_NEVER;
    child->transport_mode = strcmp(text_of(own, "mode"), "transport") == 0;
    return proposal_set(&child->proposals, text_of(own, "esp"), PROTOCOL_ESP) &&
           selector_set(&child->local, text_of(own, "network")) &&
           selector_set(&child->remote, text_of(other, "network"));
}

/* The set of the numbers in "hashes". */
static uint16_t hashes_of(const json_t *own)
{
    size_t i;
    json_t *hash;
    uint16_t set = 0;
    json_array_foreach(json_object_get(own, "hashes"), i, hash)
    {
        set |= HASH_BIT(json_integer_value(hash));
    }
    return set;
}

static bool peer_set(struct peer_config *peer, const json_t *own, const json_t *other,
                     struct bytes psk)
{
    peer_config_defaults(peer);
    strcpy(peer->name, "peer");
    peer->lifetime = (struct lifetime_config){0};
    peer->liveness_ns = 0;
    peer->keepalive_ns = 0;
    peer->mobike = true_of(own, "mobike");
    peer->fragment_size = (uint32_t)number_of(own, "fragmentSize");
    peer->fragmentation = peer->fragment_size != 0;
    peer->signature_hashes = hashes_of(own);
    peer->rsa_pkcs1 = true_of(own, "rsaPkcs1");
    peer->rsa_sha1 = true_of(own, "rsaSha1");
    peer->initial_contact = false;
    memcpy(peer->psk, psk.data, psk.length);
    peer->psk_length = psk.length;
    peer->child_count = 1;
    return identity_parse(text_of(own, "identity"), &peer->local_id) &&
           identity_parse(text_of(other, "identity"), &peer->remote_id) &&
           proposal_set(&peer->proposals, text_of(own, "ike"), PROTOCOL_IKE) &&
           child_set(&peer->children[0], own, other);
}

static void random_set(struct play *play, enum side side, bool record)
{
    struct scripted_random *random = &play->players[side].random;
    const json_t *of = json_object_get(play->test, record ? "stream" : "random");
    size_t i;
    json_t *draw;
    scripted_random_init(random);
    random->any_length = record;
    if (record) {
        random->draws[0] = octets_of(of, play_side_name(side));
    }
    json_array_foreach(json_object_get(of, play_side_name(side)), i, draw)
    {
        scripted_random_add(random, octets_of(draw, "octets"));
    }
}

static const char *player_begin(struct play *play, enum side side, bool record)
{
    struct player *player = &play->players[side];
    const json_t *own = setup_of(play, side);
    const json_t *setup = json_object_get(play->test, "setup");
    struct bytes psk = octets_of(setup, "psk");
    endpoint_config_defaults(&player->config);
    player->config.accept_unknown_addresses = true;
    player->config.peer_count = 1;
    player->config.peers = &player->peer;
    if (true_of(own, "cookie")) {
        player->config.cookie_threshold = 0;
    }
    if (psk.length > PSK_MAX || !peer_set(&player->peer, own, setup_of(play, !side), psk)) {
        return "setup is no configuration of the reference";
    }
    const char *reason = play_credential_set(&player->peer, setup, own, setup_of(play, !side));
    if (reason != NULL) {
        return reason;
    }
    random_set(play, side, record);
    player->endpoint = endpoint_create(&player->config, &player->random.source, NOW_NS);
    if (player->endpoint == NULL) {
        return "the randomness written is not what is drawn";
    }
    endpoint_set_utc(player->endpoint, (uint64_t)number_of(setup, "time") * 1000000000ULL, NOW_NS);
    return NULL;
}

const char *play_begin(struct play *play, const json_t *test, bool record)
{
    memset(play, 0, sizeof *play);
    play->test = test;
    stated_signatures_set(test);
    const char *reason = player_begin(play, INITIATOR, record);
    return reason != NULL ? reason : player_begin(play, RESPONDER, record);
}

void play_end(struct play *play)
{
    endpoint_destroy(play->players[INITIATOR].endpoint);
    endpoint_destroy(play->players[RESPONDER].endpoint);
    play_credential_forget(&play->players[INITIATOR].peer);
    play_credential_forget(&play->players[RESPONDER].peer);
    stated_signatures_set(NULL);
    octets_wipe(play, sizeof *play);
}

/* Everything the endpoint has to say: datagrams into our queue, keys into our list. */
static void drain(struct play *play, enum side side)
{
    struct player *player = &play->players[side];
    struct datagram datagram;
    struct event event;
    while (endpoint_next_event(player->endpoint, &event)) {
        bool keys = event.type == EVENT_IKE_SA_KEYS || event.type == EVENT_CHILD_SA_UP;
        if (keys && play->event_count < PLAY_EVENTS_MAX) {
            play->events[play->event_count++] = event;
        }
        event_wipe(&event);
    }
    while (endpoint_next_datagram(player->endpoint, &datagram)) {
        if (player->queue_count < PLAY_QUEUE_MAX) {
            datagram.octets = octets_join(datagram.octets, bytes_of("", 0));
            player->queue[player->queue_count++] = datagram;
        }
    }
}

static bool address_in(const json_t *object, const char *name, struct address *out)
{
    return address_parse(text_of(object, name), out);
}

const char *play_command(struct play *play, const json_t *step)
{
    static const struct {
        const char *name;
        enum command_type type;
    } names[] = {{"initiate", COMMAND_INITIATE},         {"rekey-ike", COMMAND_REKEY_IKE},
                 {"rekey-child", COMMAND_REKEY_CHILD},   {"roam", COMMAND_ROAM},
                 {"delete-child", COMMAND_DELETE_CHILD}, {"delete-ike", COMMAND_DELETE_IKE},
                 {"liveness", COMMAND_LIVENESS}};
    enum side side = play_side(text_of(step, "by"));
    struct command command = {0};
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] && strcmp(names[i].name, text_of(step, "do")) != 0) {
        i++;
    }
    const json_t *own = setup_of(play, side);
    const char *moved = text_of(step, "address");
    if (i == sizeof names / sizeof names[0] ||
        !address_in(*moved != '\0' ? step : own, "address", &command.path.local.ip) ||
        !address_in(setup_of(play, !side), "address", &command.path.remote.ip)) {
        return "a command that the runner does not know";
    }
    command.type = names[i].type;
    command.path.local.port = command.path.remote.port = 500;
    command.addresses.count = 1;
    command.addresses.items[0] = command.path.local.ip;
    enum status status = endpoint_command(play->players[side].endpoint, &command, NOW_NS);
    drain(play, side);
    return status == STATUS_OK ? NULL : "the reference does not take a command";
}

bool play_deliver(struct play *play, enum side from, struct datagram *sent)
{
    struct player *sender = &play->players[from];
    struct player *receiver = &play->players[!from];
    if (sender->queue_count == 0) {
        return false;
    }
    *sent = sender->queue[0];
    sender->queue_count--;
    memmove(sender->queue, sender->queue + 1, sender->queue_count * sizeof sender->queue[0]);
    struct datagram arriving = *sent;
    arriving.path = (struct path){.local = sent->path.remote, .remote = sent->path.local};
    (void)endpoint_receive(receiver->endpoint, &arriving, NOW_NS);
    drain(play, !from);
    return true;
}

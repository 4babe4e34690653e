/* Whole exchanges: the reference's two endpoints must draw, send and derive exactly what is
 * written. */

#include "test/vectors/vector.h"

#include <stdlib.h>
#include <string.h>

#include "test/vectors/exchange_play.h"

/* "192.0.2.1:500" */
static const char *address_differs(const json_t *step, const char *name,
                                   const struct transport_address *found)
{
    char text[ADDRESS_TEXT_MAX];
    return strcmp(transport_address_format(found, text), text_of(step, name)) == 0
               ? NULL
               : "a message takes another path";
}

static const char *message_differs(struct play *play, const json_t *step)
{
    struct datagram sent;
    enum side from = play_side(text_of(step, "from"));
    if (!play_deliver(play, from, &sent)) {
        return play->players[from].random.failed ? "the randomness written is not what is drawn"
                                                 : "a message is not sent";
    }
    const char *reason = octets_differ(step, "octets", sent.octets);
    if (reason == NULL) {
        reason = address_differs(step, "source", &sent.path.local);
    }
    if (reason == NULL) {
        reason = address_differs(step, "destination", &sent.path.remote);
    }
    if (reason == NULL && sent.encapsulated != true_of(step, "nonEspMarker")) {
        reason = "nonEspMarker is another";
    }
    if (reason == NULL && json_object_get(step, "plaintext") != NULL) {
        reason = play_encrypted_differs(play, step);
    }
    return reason;
}

static const char *replay(struct play *play)
{
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(play->test, "steps"), i, step)
    {
        const char *reason = json_object_get(step, "do") != NULL ? play_command(play, step)
                                                                 : message_differs(play, step);
        if (reason != NULL) {
            return reason;
        }
    }
    for (int side = 0; side < SIDES; side++) {
        if (play->players[side].queue_count != 0) {
            return "more is sent than is written";
        }
        if (!scripted_random_done(&play->players[side].random)) {
            return "less is drawn than is written";
        }
    }
    return play_check_values(play);
}

struct outcome exchange_run(const struct vector *v)
{
    struct play play;
    const char *reason = play_begin(&play, v->test, false);
    if (reason == NULL) {
        reason = replay(&play);
    }
    play_end(&play);
    return reason == NULL ? outcome_passed() : outcome_failed("%s", reason);
}

/* ---- recording ---- */

static json_t *hex(struct bytes octets)
{
    char *text = octets_hex(octets);
    json_t *value = json_string(text);
    free(text);
    return value;
}

static json_t *message_of(enum side from, const struct datagram *sent)
{
    char source[ADDRESS_TEXT_MAX];
    char destination[ADDRESS_TEXT_MAX];
    transport_address_format(&sent->path.local, source);
    transport_address_format(&sent->path.remote, destination);
    return json_pack("{s:s, s:s, s:s, s:b, s:o}", "from", play_side_name(from), "source", source,
                     "destination", destination, "nonEspMarker", sent->encapsulated, "octets",
                     hex(sent->octets));
}

static void record_until_quiet(struct play *play, json_t *steps)
{
    struct datagram sent;
    bool any = true;
    while (any) {
        any = false;
        for (int side = 0; side < SIDES; side++) {
            while (play_deliver(play, side, &sent)) {
                json_array_append_new(steps, message_of(side, &sent));
                any = true;
            }
        }
    }
}

json_t *exchange_record(const json_t *test)
{
    struct play play;
    size_t i;
    json_t *step;
    json_t *steps = json_array();
    json_t *draws = json_object();
    const char *reason = play_begin(&play, test, true);
    json_array_foreach(json_object_get(test, "steps"), i, step)
    {
        if (reason == NULL && (reason = play_command(&play, step)) == NULL) {
            json_array_append(steps, step);
            record_until_quiet(&play, steps);
        }
    }
    for (int side = 0; side < SIDES; side++) {
        json_t *list = json_array();
        for (size_t d = 0; d < play.players[side].random.drawn_count; d++) {
            json_array_append_new(list, hex(play.players[side].random.drawn[d]));
        }
        json_object_set_new(draws, play_side_name(side), list);
    }
    play_end(&play);
    json_t *recorded = json_pack("{s:o, s:o}", "steps", steps, "draws", draws);
    if (reason != NULL) {
        json_decref(recorded);
        return NULL;
    }
    return recorded;
}

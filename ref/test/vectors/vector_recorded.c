/* Exchanges that others have had: nothing is played, but every value must follow from g^ir and the
 * messages. */

#include "test/vectors/vector.h"

#include <string.h>

#include "test/vectors/exchange_play.h"

/* AUTH signs the side's own first message, whole, and the other side's nonce: the messages in the
 * clear are held to what the keys were made from (RFC 7296 2.15). */
static const char *signed_octets_differ(const struct play *play, const json_t *auth)
{
    const char *by = text_of(auth, "by");
    const json_t *sa =
        json_array_get(json_object_get(play->test, "ikeSas"), (size_t)number_of(auth, "ikeSa"));
    struct bytes message = bytes_of("", 0);
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(play->test, "steps"), i, step)
    {
        if (json_object_get(step, "plaintext") == NULL && strcmp(text_of(step, "from"), by) == 0) {
            message = octets_of(step, "octets"); /* the last one, if there were several */
        }
    }
    struct bytes nonce = octets_of(sa, play_side(by) == INITIATOR ? "Nr" : "Ni");
    return octets_differ(auth, "SignedOctets",
                         octets_join(octets_join(message, nonce), octets_of(auth, "MACedID")));
}

/* SPIs and nonces of a Child SA stand in what one of the messages holds. */
static bool stands_in_a_message(const struct play *play, struct bytes value)
{
    size_t i;
    json_t *step;
    json_array_foreach(json_object_get(play->test, "steps"), i, step)
    {
        struct bytes held =
            octets_of(step, json_object_get(step, "joined") != NULL ? "joined" : "inner");
        if (memmem(held.data, held.length, value.data, value.length) != NULL) {
            return true;
        }
    }
    return false;
}

static const char *differs(struct play *play)
{
    size_t i;
    json_t *item;
    const char *reason = play_check_derivation(play);
    json_array_foreach(json_object_get(play->test, "auth"), i, item)
    {
        reason = reason == NULL ? signed_octets_differ(play, item) : reason;
    }
    json_array_foreach(json_object_get(play->test, "childSas"), i, item)
    {
        if (!stands_in_a_message(play, octets_of(item, "SPI_i")) ||
            !stands_in_a_message(play, octets_of(item, "SPI_r"))) {
            return "an SPI stands in no message";
        }
    }
    json_array_foreach(json_object_get(play->test, "steps"), i, item)
    {
        if (reason == NULL && json_object_get(item, "plaintext") != NULL) {
            reason = play_encrypted_differs(play, item);
        }
    }
    return reason;
}

struct outcome recorded_run(const struct vector *vector)
{
    static struct play play;
    memset(&play, 0, sizeof play);
    play.test = vector->test;
    const char *reason = differs(&play);
    return reason == NULL ? outcome_passed() : outcome_failed("%s", reason);
}

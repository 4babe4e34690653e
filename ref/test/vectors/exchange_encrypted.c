/* What the messages of an exchange hold in SK and SKF. */

#include <string.h>

#include "test/vectors/exchange_play.h"
#include "wire/ike_header.h"

/* By the checks of a single message. */
static const char *alone_differs(const struct play *play, const json_t *step)
{
    static struct outcome outcome;
    struct bytes header = octets_of(step, "octets");
    const json_t *sa =
        json_array_get(json_object_get(play->test, "ikeSas"), (size_t)number_of(step, "ikeSa"));
    bool from_i = (header.data[19] & IKE_FLAG_INITIATOR) != 0;
    json_t *test =
        json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:s, s:I}", "encryption",
                  text_of(sa, "encryption"), "integrity", text_of(sa, "integrity"), "key",
                  text_of(sa, from_i ? "SK_ei" : "SK_er"), "integrityKey",
                  text_of(sa, from_i ? "SK_ai" : "SK_ar"), "message", text_of(step, "octets"), "iv",
                  text_of(step, "iv"), "aad", text_of(step, "aad"), "plaintext",
                  text_of(step, "plaintext"), "inner", text_of(step, "inner"), "icv",
                  text_of(step, "icv"), "first", (json_int_t)number_of(step, "first"));
    if (json_object_get(step, "fragment") != NULL) {
        json_object_set(test, "fragment", json_object_get(step, "fragment"));
        json_object_set(test, "fragments", json_object_get(step, "fragments"));
    }
    struct vector vector = {.test = test, .result = "valid", .algorithm = ""};
    outcome = test != NULL ? sk_run(&vector) : outcome_failed("a message lacks a value");
    json_decref(test);
    return outcome.kind == OUTCOME_PASSED ? NULL : outcome.reason;
}

/* The pieces of a message follow each other; what they make is stated with the last one. */
static const char *joined_differs(struct play *play, const json_t *step)
{
    long long number = number_of(step, "fragment");
    struct bytes piece = octets_of(step, "inner");
    play->joined = number == 1 ? piece : octets_join(play->joined, piece);
    return number == number_of(step, "fragments") ? octets_differ(step, "joined", play->joined)
                                                  : NULL;
}

const char *play_encrypted_differs(struct play *play, const json_t *step)
{
    const char *reason = alone_differs(play, step);
    if (reason == NULL && json_object_get(step, "fragment") != NULL) {
        reason = joined_differs(play, step);
    }
    return reason;
}

/* Delta debugging: large pieces first, then single acts, then settings, until nothing more goes. */

#include "sim/shrink.h"

#include <ctype.h>
#include <string.h>

#include "sim/isolated.h"

/* The next letter of a word that has no digit in it; 0 at the end. */
static char next_letter(const char **at)
{
    while (**at != 0) {
        const char *word = *at;
        size_t length = strcspn(word, " ");
        bool number = false;
        for (size_t i = 0; i < length; i++) {
            number |= isdigit((unsigned char)word[i]) != 0;
        }
        if (!number && length > 0) {
            return *(*at)++;
        }
        *at = word + length + (word[length] == ' ');
    }
    return 0;
}

bool shrink_same_rule(const char *a, const char *b)
{
    char x, y;
    do {
        x = next_letter(&a);
        y = next_letter(&b);
    } while (x == y && x != 0);
    return x == y;
}

struct hunt {
    struct script *script;
    struct run_result *result;
    bool trouble; /* no process */
};

/* Takes the candidate when it breaks the same rule. */
static bool keeps(struct hunt *hunt, const struct script *candidate)
{
    struct run_result result;
    if (!isolated_run(candidate, false, &result)) {
        hunt->trouble = true;
        return false;
    }
    if (!result.broken || !shrink_same_rule(result.violation, hunt->result->violation)) {
        return false;
    }
    *hunt->script = *candidate;
    *hunt->result = result;
    return true;
}

static bool fewer_acts(struct hunt *hunt, size_t piece)
{
    bool any = false;
    for (size_t at = 0; at < hunt->script->count && !hunt->trouble;) {
        struct script candidate = *hunt->script;
        size_t left = candidate.count - at;
        script_remove(&candidate, at, piece < left ? piece : left);
        if (keeps(hunt, &candidate)) {
            any = true;
        } else {
            at += piece;
        }
    }
    return any;
}

static bool plainer_settings(struct hunt *hunt)
{
    bool any = false;
    for (size_t i = 0; i < SETTINGS && !hunt->trouble; i++) {
        struct script candidate = *hunt->script;
        candidate.settings[i] = setting_default((enum setting)i);
        if (candidate.settings[i] != hunt->script->settings[i]) {
            any |= keeps(hunt, &candidate);
        }
    }
    return any;
}

bool shrink_script(struct script *script, struct run_result *result)
{
    struct hunt hunt = {.script = script, .result = result};
    bool again = true;
    while (again && !hunt.trouble) {
        again = false;
        for (size_t piece = script->count / 2 + 1; piece > 0; piece /= 2) {
            again |= fewer_acts(&hunt, piece);
        }
        again |= plainer_settings(&hunt);
    }
    return !hunt.trouble;
}

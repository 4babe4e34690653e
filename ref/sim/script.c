/* Scripts as text and back. */

#include "sim/script.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name;
    uint32_t value, max;
} settings[SETTINGS] = {
    [SET_PLAN] = {"plan", PLAN_STORM, PLANS - 1},
    [SET_HOSTS] = {"hosts", 2, 3},
    [SET_CHILDREN] = {"children", 1, 3},
    [SET_SUITE] = {"suite", 0, 3},
    [SET_REAL_KE] = {"real-key-exchange", 0, 1},
    [SET_PFS] = {"pfs", 0, 1},
    [SET_WRONG_GUESS] = {"wrong-guess", 0, 1},
    [SET_ESN] = {"esn", 0, 1},
    [SET_MOBIKE] = {"mobike", 1, 1},
    [SET_PLACE] = {"place", PLACE_HOME, PLACES - 1},
    [SET_CALLABLE] = {"callable", 0, 1},
    [SET_PEER_NAT] = {"peer-nat", 0, 1},
    [SET_NAT_STRICT] = {"nat-strict", 0, 1},
    [SET_NAT_EXPIRY_MS] = {"nat-expiry", 0, 3600000},
    [SET_COOKIES] = {"cookies", 0, 1},
    [SET_IKE_SOFT_MS] = {"ike-soft", 0, 86400000},
    [SET_IKE_HARD_MS] = {"ike-hard", 0, 86400000},
    [SET_CHILD_SOFT_MS] = {"child-soft", 0, 86400000},
    [SET_CHILD_HARD_MS] = {"child-hard", 0, 86400000},
    [SET_CHILD_PACKETS] = {"child-packets", 0, 1000000},
    [SET_JITTER_MS] = {"lifetime-jitter", 0, 86400000},
    [SET_LIVENESS_MS] = {"liveness", 10000, 3600000},
    [SET_KEEPALIVE_MS] = {"keepalive", 20000, 3600000},
    [SET_TIMEOUT_MS] = {"timeout", 200, 60000},
    [SET_TRIES] = {"tries", 7, 30},
    [SET_WINDOW] = {"replay-window", 64, 4096},
    [SET_TRAFFIC_MS] = {"traffic", 500, 60000},
    [SET_DELAY_MS] = {"delay", 5, 1000},
    [SET_IPV6] = {"ipv6", 0, 1},
    [SET_CERTIFICATES] = {"certificates", 0, 1},
    [SET_FRAGMENT] = {"fragment", 0, 1500},
    [SET_WORK_MS] = {"work", 0, 60000},
    [SET_PUZZLES] = {"puzzles", 0, 20},
    [SET_END] = {"end", 0, 2},
};

static const char *const whos[WHOS] = {"a", "b", "c", "net"};

static const char *const verbs[VERBS] = {
    [ACT_INITIATE] = "initiate",
    [ACT_REKEY_CHILD] = "rekey-child",
    [ACT_REKEY_IKE] = "rekey-ike",
    [ACT_DELETE_CHILD] = "delete-child",
    [ACT_DELETE_IKE] = "delete-ike",
    [ACT_LIVENESS] = "liveness",
    [ACT_ROAM] = "roam",
    [ACT_UNPLUG] = "unplug",
    [ACT_RESTART] = "restart",
    [ACT_CLOCK_AHEAD] = "clock-ahead",
    [ACT_CLOCK_BACK] = "clock-back",
    [ACT_EXPIRE_SOFT] = "expire-soft",
    [ACT_EXPIRE_HARD] = "expire-hard",
    [NET_LOSS] = "loss",
    [NET_JITTER] = "jitter",
    [NET_REORDER] = "reorder",
    [NET_DUPLICATE] = "duplicate",
    [NET_CORRUPT] = "corrupt",
    [NET_BURST] = "burst",
    [NET_PARTITION] = "partition",
    [NET_DEAF_A] = "deaf-a",
    [NET_DEAF_B] = "deaf-b",
    [NET_REBIND] = "rebind",
    [NET_MTU] = "mtu",
};

uint32_t setting_default(enum setting setting)
{
    return settings[setting].value;
}

const char *setting_name(enum setting setting)
{
    return settings[setting].name;
}

const char *who_name(enum who who)
{
    return whos[who];
}

const char *verb_name(enum verb verb)
{
    return verbs[verb];
}

void script_init(struct script *script, uint64_t seed)
{
    memset(script, 0, sizeof *script);
    script->seed = seed;
    for (size_t i = 0; i < SETTINGS; i++) {
        script->settings[i] = settings[i].value;
    }
}

bool script_add(struct script *script, uint32_t at_ms, enum who who, enum verb verb, uint32_t value)
{
    if (script->count == ACTS_MAX) {
        return false;
    }
    size_t i = script->count++;
    for (; i > 0 && script->acts[i - 1].at_ms > at_ms; i--) {
        script->acts[i] = script->acts[i - 1];
    }
    script->acts[i] = (struct act){at_ms, (uint8_t)who, (uint8_t)verb, value};
    return true;
}

void script_remove(struct script *script, size_t first, size_t count)
{
    memmove(&script->acts[first], &script->acts[first + count],
            (script->count - first - count) * sizeof script->acts[0]);
    script->count -= count;
}

/* ---- text ---- */

static bool number_parse(const char *text, uint64_t max, uint64_t *out)
{
    char *end;
    if (text == NULL || *text < '0' || *text > '9') {
        return false;
    }
    *out = strtoull(text, &end, 10);
    return *end == 0 && *out <= max;
}

static size_t name_find(const char *const *names, size_t count, const char *name)
{
    size_t i = 0;
    while (i < count && (name == NULL || strcmp(names[i], name) != 0)) {
        i++;
    }
    return i;
}

static const char *setting_parse(struct script *script, const char *name, const char *value)
{
    uint64_t number;
    for (size_t i = 0; i < SETTINGS; i++) {
        if (name != NULL && strcmp(settings[i].name, name) == 0) {
            if (!number_parse(value, settings[i].max, &number)) {
                return "the setting's value is no number, or too large";
            }
            script->settings[i] = (uint32_t)number;
            return NULL;
        }
    }
    return "there is no setting of that name; docs/SIMULATION.md lists them";
}

static const char *act_parse(struct script *script, char *words[4])
{
    uint64_t at_ms, value = 0;
    size_t who = name_find(whos, WHOS, words[1]);
    size_t verb = name_find(verbs, VERBS, words[2]);
    if (!number_parse(words[0], UINT32_MAX / 2, &at_ms)) {
        return "a line begins with `seed`, `set`, or a time in ms";
    }
    if (who == WHOS || verb == VERBS || (who == WHO_NET) != (verb >= NET_LOSS)) {
        return "behind the time stand a host (a, b, c) or `net` and what it does";
    }
    if (words[3] != NULL && !number_parse(words[3], UINT32_MAX / 2, &value)) {
        return "the last word of an act is a number";
    }
    return script_add(script, (uint32_t)at_ms, (enum who)who, (enum verb)verb, (uint32_t)value)
               ? NULL
               : "the script has too many acts";
}

bool script_parse_line(struct script *script, const char *line, const char **error)
{
    char copy[256];
    char *words[4] = {NULL};
    size_t count = 0;
    *error = NULL;
    snprintf(copy, sizeof copy, "%s", line);
    copy[strcspn(copy, "#\r\n")] = 0;
    char *state = NULL;
    for (char *w = strtok_r(copy, " \t", &state); w != NULL; w = strtok_r(NULL, " \t", &state)) {
        if (count == 4) {
            *error = "a line has at most four words";
            return false;
        }
        words[count++] = w;
    }
    if (count == 0) {
        return true;
    }
    if (strcmp(words[0], "seed") == 0) {
        if (!number_parse(words[1], UINT64_MAX, &script->seed)) {
            *error = "behind `seed` stands a number";
        }
    } else if (strcmp(words[0], "set") == 0) {
        *error = setting_parse(script, words[1], words[2]);
    } else {
        *error = act_parse(script, words);
    }
    return *error == NULL;
}

void script_print(const struct script *script, FILE *out)
{
    fprintf(out, "seed %" PRIu64 "\n", script->seed);
    for (size_t i = 0; i < SETTINGS; i++) {
        if (script->settings[i] != settings[i].value) {
            fprintf(out, "set %s %" PRIu32 "\n", settings[i].name, script->settings[i]);
        }
    }
    for (size_t i = 0; i < script->count; i++) {
        const struct act *act = &script->acts[i];
        fprintf(out, "%" PRIu32 " %s %s %" PRIu32 "\n", act->at_ms, whos[act->who],
                verbs[act->verb], act->value);
    }
}

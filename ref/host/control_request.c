/* The verbs and the arguments each takes, checked against the configuration before the core sees
 * them. */
#include "host/control_request.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum argument {
    ARGUMENT_PEER = 1,
    ARGUMENT_CHILD = 2,
    ARGUMENT_WHAT = 4,
    ARGUMENT_SPI = 8,
    ARGUMENT_LOCAL = 16,
};

static const struct {
    const char *name;
    enum control_verb verb;
    unsigned allowed, required;
} verbs[] = {
    {"initiate", CONTROL_INITIATE, ARGUMENT_PEER | ARGUMENT_CHILD, ARGUMENT_PEER},
    {"rekey", CONTROL_REKEY, ARGUMENT_PEER | ARGUMENT_WHAT | ARGUMENT_CHILD | ARGUMENT_SPI, 0},
    {"reauthenticate", CONTROL_REAUTHENTICATE, ARGUMENT_PEER, ARGUMENT_PEER},
    {"delete", CONTROL_DELETE, ARGUMENT_PEER | ARGUMENT_WHAT | ARGUMENT_CHILD | ARGUMENT_SPI, 0},
    {"liveness", CONTROL_LIVENESS, ARGUMENT_PEER, ARGUMENT_PEER},
    {"roam", CONTROL_ROAM, ARGUMENT_PEER | ARGUMENT_LOCAL, ARGUMENT_PEER},
    {"status", CONTROL_STATUS, 0, 0},
    {"subscribe", CONTROL_SUBSCRIBE, 0, 0},
    {"shutdown", CONTROL_SHUTDOWN, 0, 0},
};

static const struct {
    const char *name;
    unsigned argument;
} arguments[] = {
    {"peer", ARGUMENT_PEER},  {"child", ARGUMENT_CHILD}, {"what", ARGUMENT_WHAT},
    {"spi_in", ARGUMENT_SPI}, {"local", ARGUMENT_LOCAL},
};

static bool complain(char error[CONTROL_ERROR_MAX], const char *format, const char *detail)
{
    snprintf(error, CONTROL_ERROR_MAX, format, detail);
    return false;
}

/* Only what can be repeated in the answer as it is. */
static void id_take(json_t *object, struct control_request *out)
{
    json_t *id = json_object_get(object, "id");
    char *text = json_is_integer(id) || json_is_string(id)
                     ? json_dumps(id, JSON_ENCODE_ANY | JSON_COMPACT)
                     : NULL;
    if (text != NULL && strlen(text) < sizeof(out->id)) {
        strcpy(out->id, text);
    }
    free(text);
}

static bool verb_take(json_t *object, struct control_request *out, unsigned *allowed,
                      unsigned *required, char error[CONTROL_ERROR_MAX])
{
    const char *name = json_string_value(json_object_get(object, "command"));
    if (name == NULL) {
        return complain(error, "%s",
                        "no command; expected initiate, rekey, reauthenticate, delete, liveness, "
                        "roam, status, subscribe or shutdown");
    }
    for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++) {
        if (strcmp(name, verbs[i].name) == 0) {
            out->verb = verbs[i].verb;
            *allowed = verbs[i].allowed;
            *required = verbs[i].required;
            return true;
        }
    }
    return complain(error,
                    "unknown command \"%.40s\"; expected initiate, rekey, reauthenticate, delete, "
                    "liveness, roam, status, subscribe or shutdown",
                    name);
}

static unsigned argument_named(const char *name)
{
    for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
        if (strcmp(name, arguments[i].name) == 0) {
            return arguments[i].argument;
        }
    }
    return 0;
}

static bool peer_take(const char *name, const struct endpoint_config *config,
                      struct control_request *out)
{
    for (size_t i = 0; i < config->peer_count; i++) {
        if (strcmp(config->peers[i].name, name) == 0) {
            out->peer_index = (uint16_t)i;
            return true;
        }
    }
    return false;
}

static bool child_take(const char *name, const struct endpoint_config *config,
                       struct control_request *out)
{
    const struct peer_config *peer = &config->peers[out->peer_index];
    for (size_t i = 0; i < peer->child_count; i++) {
        if (strcmp(peer->children[i].name, name) == 0) {
            out->child_index = (uint16_t)i;
            return true;
        }
    }
    return false;
}

static bool spi_take(const char *text, struct control_request *out)
{
    char *end;
    size_t length = strlen(text);
    if (length == 0 || length > 8 || text[strspn(text, "0123456789abcdefABCDEF")] != '\0') {
        return false;
    }
    out->spi_in = (uint32_t)strtoul(text, &end, 16);
    return out->spi_in != 0;
}

/* Each argument's text; all arguments are texts. */
static bool argument_take(unsigned argument, const char *text, const struct endpoint_config *config,
                          struct control_request *out, char error[CONTROL_ERROR_MAX])
{
    switch (argument) {
    case ARGUMENT_WHAT:
        out->what_ike = strcmp(text, "ike") == 0;
        return out->what_ike || strcmp(text, "child") == 0 ||
               complain(error, "what is \"%.40s\"; expected \"ike\" or \"child\"", text);
    case ARGUMENT_SPI:
        return spi_take(text, out) ||
               complain(error, "spi_in is \"%.40s\"; expected 1 to 8 hexadecimal digits", text);
    case ARGUMENT_LOCAL:
        return address_parse(text, &out->local) ||
               complain(error, "local is \"%.60s\"; expected an IP address", text);
    case ARGUMENT_CHILD:
        return out->peer_index != UINT16_MAX
                   ? child_take(text, config, out) ||
                         complain(error, "the peer has no child \"%.63s\" in the configuration",
                                  text)
                   : complain(error, "%s", "child needs peer as well");
    default:
        return peer_take(text, config, out) ||
               complain(error, "there is no peer \"%.63s\" in the configuration", text);
    }
}

static bool arguments_take(json_t *object, unsigned allowed, unsigned required,
                           const struct endpoint_config *config, struct control_request *out,
                           char error[CONTROL_ERROR_MAX])
{
    unsigned given = 0;
    /* In our order, not the object's: a child is looked up in its peer. */
    for (size_t i = 0; i < sizeof(arguments) / sizeof(arguments[0]); i++) {
        json_t *value = json_object_get(object, arguments[i].name);
        if (value == NULL || json_is_null(value)) {
            continue;
        }
        if ((allowed & arguments[i].argument) == 0) {
            return complain(error, "this command takes no argument \"%s\"", arguments[i].name);
        }
        if (!json_is_string(value)) {
            return complain(error, "%s must be a text", arguments[i].name);
        }
        if (!argument_take(arguments[i].argument, json_string_value(value), config, out, error)) {
            return false;
        }
        given |= arguments[i].argument;
    }
    if ((required & ~given) != 0) {
        return complain(error, "%s", "this command needs the argument \"peer\"");
    }
    return true;
}

static bool names_check(json_t *object, char error[CONTROL_ERROR_MAX])
{
    const char *name;
    json_t *value;
    json_object_foreach(object, name, value)
    {
        if (argument_named(name) == 0 && strcmp(name, "id") != 0 && strcmp(name, "command") != 0 &&
            strcmp(name, "wait") != 0) {
            return complain(error, "unknown argument \"%.40s\"", name);
        }
    }
    return true;
}

static bool target_check(const struct control_request *request, char error[CONTROL_ERROR_MAX])
{
    bool acts = request->verb == CONTROL_REKEY || request->verb == CONTROL_DELETE;
    if (!acts || (request->spi_in != 0 && !request->what_ike)) {
        return true;
    }
    if (request->peer_index == UINT16_MAX) {
        return complain(error, "%s",
                        "this command needs the argument \"peer\", or \"spi_in\" of a Child SA");
    }
    return request->what_ike || request->child_index != UINT16_MAX ||
           complain(error, "%s", "a Child SA needs the argument \"child\" or \"spi_in\"");
}

static bool object_take(json_t *object, const struct endpoint_config *config,
                        struct control_request *out, char error[CONTROL_ERROR_MAX])
{
    unsigned allowed, required;
    id_take(object, out);
    json_t *wait = json_object_get(object, "wait");
    if (wait != NULL && !json_is_boolean(wait)) {
        return complain(error, "%s", "wait must be true or false");
    }
    out->wait = wait == NULL || json_is_true(wait);
    return verb_take(object, out, &allowed, &required, error) && names_check(object, error) &&
           arguments_take(object, allowed, required, config, out, error) &&
           target_check(out, error);
}

bool control_request_parse(const char *line, size_t length, const struct endpoint_config *config,
                           struct control_request *out, char error[CONTROL_ERROR_MAX])
{
    *out = (struct control_request){
        .id = "null", .peer_index = UINT16_MAX, .child_index = UINT16_MAX, .wait = true};
    json_error_t where;
    json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &where);
    if (object == NULL) {
        return complain(error, "this line is not JSON: %.150s", where.text);
    }
    bool good = json_is_object(object) ? object_take(object, config, out, error)
                                       : complain(error, "%s", "expected a JSON object");
    json_decref(object);
    return good;
}

void control_request_command(const struct control_request *request, struct command *out)
{
    static const enum command_type types[] = {
        [CONTROL_INITIATE] = COMMAND_INITIATE,
        [CONTROL_REKEY] = COMMAND_REKEY_CHILD,
        [CONTROL_DELETE] = COMMAND_DELETE_CHILD,
        [CONTROL_LIVENESS] = COMMAND_LIVENESS,
        [CONTROL_ROAM] = COMMAND_ROAM,
        [CONTROL_STATUS] = COMMAND_LIVENESS,
        [CONTROL_SUBSCRIBE] = COMMAND_LIVENESS,
        [CONTROL_SHUTDOWN] = COMMAND_SHUTDOWN,
        [CONTROL_REAUTHENTICATE] = COMMAND_REAUTHENTICATE,
    };
    *out = (struct command){
        .type = types[request->verb],
        .peer_index = request->peer_index,
        .child_index = request->child_index,
        .spi_in = request->spi_in,
    };
    if (request->what_ike) {
        out->type = request->verb == CONTROL_REKEY ? COMMAND_REKEY_IKE : COMMAND_DELETE_IKE;
    }
}

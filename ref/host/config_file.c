/* libconfuse reads the syntax and keeps the lines; each value is checked the moment it is read, so
 * that an error can name its line. When all is well the values are read once more, into the
 * structures. */
#include "host/config_file.h"

#include <confuse.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "host/config_check.h"
#include "host/config_keys.h"
#include "host/config_text.h"
#include "host/log.h"
#include "host/workers.h"

#define KEYS_MAX 64
#define MEMORY_NEEDED (4U << 20) /* octets: more than any configuration takes */

/* libconfuse hands its callbacks no pointer of ours; reading a file is one call at a time. */
static struct problem *current_problem;

static void error_note(cfg_t *cfg, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void error_note(cfg_t *cfg, const char *format, ...)
{
    char text[PROBLEM_TEXT_MAX / 2];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof(text), format, arguments);
    va_end(arguments);
    for (char *c = text; *c != '\0'; c++) {
        *c = (unsigned char)*c < 0x20 || *c == 0x7f
                 ? ' '
                 : *c; /* one line, and nothing for the terminal */
    }
    problem_set(current_problem, EXIT_USAGE, "%s:%d: %s", cfg->filename, cfg->line, text);
}

static const char *section_describe(cfg_t *cfg, char *out, size_t capacity)
{
    if (cfg_title(cfg) == NULL) {
        snprintf(out, capacity, "the top level");
    } else {
        snprintf(out, capacity, "%s \"%s\"", cfg_name(cfg), cfg_title(cfg));
    }
    return out;
}

/* "no such option 'x'": say what there is instead. */
static void unknown_key_note(cfg_t *cfg, const char *name)
{
    const char *names[KEYS_MAX + 1];
    size_t count = 0;
    for (cfg_opt_t *opt = cfg->opts; opt->name != NULL && count < KEYS_MAX; opt++) {
        names[count++] = opt->name;
    }
    names[count] = NULL;
    const char *nearest = config_key_nearest(names, name);
    char where[NAME_MAX_LENGTH + 16];
    section_describe(cfg, where, sizeof(where));
    if (strcmp(name, CONFIG_TEXT_END) == 0) {
        error_note(cfg, "%s is not closed before the end of the file; expected }", where);
        return;
    }
    if (nearest != NULL) {
        error_note(cfg, "unknown key \"%.40s\" in %s; did you mean \"%s\"?", name, where, nearest);
        return;
    }
    error_note(cfg,
               "unknown key \"%.40s\" in %s; docs/ikeref.conf.example shows every key there is",
               name, where);
}

/* libconfuse's own complaints, all about syntax. */
static void error_from_parser(cfg_t *cfg, const char *format, va_list arguments)
{
    char text[PROBLEM_TEXT_MAX / 2];
    vsnprintf(text, sizeof(text), format, arguments);
    char *quote = strchr(text, '\'');
    if (strncmp(text, "no such option", 14) == 0 && quote != NULL) {
        quote[1 + strcspn(quote + 1, "'")] = '\0';
        unknown_key_note(cfg, quote + 1);
    } else if (strstr(text, "duplicate title") != NULL) {
        error_note(cfg, "this name was given to another section before; give each its own");
    } else {
        error_note(cfg,
                   "%s; expected lines such as key = \"value\", key = {\"a\", \"b\"} or "
                   "peer \"name\" { ... }",
                   text);
    }
}

static const struct config_key *table_of(cfg_t *cfg)
{
    if (strcmp(cfg_name(cfg), "peer") == 0) {
        return config_keys_peer;
    }
    return strcmp(cfg_name(cfg), "child") == 0 ? config_keys_child : config_keys_global;
}

/* Called for each value as it is read. */
static int value_check(cfg_t *cfg, cfg_opt_t *opt, const char *text, void *result)
{
    const struct config_key *key = config_key_find(table_of(cfg), opt->name);
    char error[VALUE_ERROR_MAX];
    void *scratch = calloc(1, config_value_size_max);
    bool good = scratch != NULL && config_value_parse(key->kind, text, scratch, error);
    if (scratch != NULL) {
        config_value_clear(key->kind, scratch);
        octets_wipe(scratch, config_value_size_max);
        free(scratch);
    }
    if (!good) {
        if (config_value_is_public(key->kind)) {
            error_note(cfg, "%s = \"%.60s\": %s", opt->name, text, error);
        } else {
            error_note(cfg, "%s: %s", opt->name, error);
        }
        return -1;
    }
    *(const char **)result = text;
    return 0;
}

static void options_fill(cfg_opt_t *options, const struct config_key *table, const char *section,
                         cfg_opt_t *section_options)
{
    size_t count = 0;
    for (const struct config_key *key = table; key->name != NULL; key++) {
        cfg_opt_t plain = CFG_STR_CB(key->name, NULL, CFGF_NODEFAULT, value_check);
        cfg_opt_t list = CFG_STR_LIST_CB(key->name, NULL, CFGF_NODEFAULT, value_check);
        options[count++] = key->list ? list : plain;
    }
    if (section != NULL) {
        cfg_opt_t nested =
            CFG_SEC(section, section_options, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES);
        options[count++] = nested;
    }
    if (table == config_keys_global) {
        cfg_opt_t mark = CFG_STR(CONFIG_TEXT_END, NULL, CFGF_NODEFAULT);
        options[count++] = mark;
    }
    cfg_opt_t end = CFG_END();
    options[count] = end;
}

/* Moves the checked texts of one section into `fields`. */
static bool section_fill(cfg_t *cfg, const struct config_key *table, void *fields)
{
    for (const struct config_key *key = table; key->name != NULL; key++) {
        for (unsigned i = 0; i < cfg_size(cfg, key->name); i++) {
            char error[VALUE_ERROR_MAX];
            char *field = (char *)fields + key->offset;
            if (!config_value_parse(key->kind, cfg_getnstr(cfg, key->name, i), field, error)) {
                error_note(cfg, "%s (section ending here): %s", key->name, error);
                return false;
            }
        }
    }
    return true;
}

static bool name_fill(cfg_t *cfg, char name[NAME_MAX_LENGTH + 1])
{
    size_t length = strlen(cfg_title(cfg));
    if (length == 0 || length > NAME_MAX_LENGTH) {
        error_note(cfg, "%s \"%.70s\": expected a name of 1 to %d characters", cfg_name(cfg),
                   cfg_title(cfg), NAME_MAX_LENGTH);
        return false;
    }
    memcpy(name, cfg_title(cfg), length + 1);
    return true;
}

static bool verdict_note(cfg_t *cfg, const char *complaint)
{
    if (complaint != NULL) {
        error_note(cfg, "%s \"%s\" (ending here): %s", cfg_name(cfg), cfg_title(cfg), complaint);
    }
    return complaint == NULL;
}

static bool child_fill(cfg_t *cfg, struct child_config *child)
{
    child_config_defaults(child);
    if (cfg_size(cfg, "proposals") > 0) {
        child->proposals.count = 0;
    }
    struct lifetime_given given = {
        .soft = cfg_size(cfg, "rekey") > 0,
        .hard = cfg_size(cfg, "lifetime") > 0,
        .jitter = cfg_size(cfg, "jitter") > 0,
    };
    return name_fill(cfg, child->name) && section_fill(cfg, config_keys_child, child) &&
           verdict_note(cfg, lifetime_config_complete(&child->lifetime, given)) &&
           verdict_note(cfg, child_config_complete(child));
}

/* What is there to prove it with says how, unless the person does. */
static void authentication_fill(cfg_t *cfg, struct peer_config *peer)
{
    if (cfg_size(cfg, "authentication") == 0 && peer->credential != NULL) {
        peer->local_authentication = AUTHENTICATION_SIGNATURE;
    }
    if (cfg_size(cfg, "remote-authentication") == 0 && peer->authorities != NULL) {
        peer->remote_authentication = AUTHENTICATION_SIGNATURE;
    }
}

static bool peer_fill(cfg_t *cfg, struct peer_config *peer)
{
    peer_config_defaults(peer);
    if (cfg_size(cfg, "proposals") > 0) {
        peer->proposals.count = 0;
    }
    struct lifetime_given given = {
        .soft = cfg_size(cfg, "rekey") > 0,
        .hard = cfg_size(cfg, "lifetime") > 0,
        .jitter = cfg_size(cfg, "jitter") > 0,
    };
    if (cfg_size(cfg, "psk") > 0 && cfg_size(cfg, "psk-file") > 0) {
        return verdict_note(cfg, "psk and psk-file were both given; keep one of them");
    }
    unsigned children = cfg_size(cfg, "child");
    if (children == 0) {
        return verdict_note(cfg, "no child; add child \"name\" { local = {...} remote = {...} } "
                                 "to say what is to be protected");
    }
    if (children > CHILDREN_MAX) {
        return verdict_note(cfg,
                            "more than 16 children; join their selectors, or add a second peer");
    }
    if (!name_fill(cfg, peer->name) || !section_fill(cfg, config_keys_peer, peer)) {
        return false;
    }
    for (unsigned i = 0; i < children; i++) {
        if (!child_fill(cfg_getnsec(cfg, "child", i), &peer->children[i])) {
            return false;
        }
        peer->child_count++;
    }
    authentication_fill(cfg, peer);
    return verdict_note(cfg, lifetime_config_complete(&peer->lifetime, given)) &&
           verdict_note(cfg, peer_config_complete(peer));
}

static void defaults_fill(struct host_config *config)
{
    endpoint_config_defaults(&config->endpoint);
    snprintf(config->interface, sizeof(config->interface), "ikeref0");
    snprintf(config->control_socket, sizeof(config->control_socket), "/run/ikeref/control.sock");
    config->route_table = 4500;
    config->mark = 0x1ce;
    config->workers = workers_default();
}

static bool root_fill(cfg_t *cfg, struct host_config *config)
{
    defaults_fill(config);
    unsigned peers = cfg_size(cfg, "peer");
    if (peers == 0 || peers > PEERS_MAX) {
        error_note(cfg, "expected 1 to %d sections peer \"name\" { ... }, found %u", PEERS_MAX,
                   peers);
        return false;
    }
    config->endpoint.peers = calloc(peers, sizeof(*config->endpoint.peers));
    if (config->endpoint.peers == NULL) {
        return problem_set(current_problem, EXIT_ENVIRONMENT, "no memory for %u peers", peers);
    }
    config->endpoint.peer_count = peers;
    if (!section_fill(cfg, config_keys_global, config)) {
        return false;
    }
    if (!config->user.given) {
        service_user_default(
            &config->user); /* asked only now: who knows users may be slow to answer */
    }
    for (unsigned i = 0; i < peers; i++) {
        if (!peer_fill(cfg_getnsec(cfg, "peer", i), &config->endpoint.peers[i])) {
            return false;
        }
    }
    const char *complaint = host_config_complete(config);
    if (complaint != NULL) {
        return problem_set(current_problem, EXIT_USAGE, "%s: %s", cfg->filename, complaint);
    }
    return true;
}

/* libconfuse keeps the texts, keys among them, on the heap: overwrite them before they are freed.
 */
static void texts_wipe(cfg_t *cfg)
{
    for (unsigned i = 0; i < cfg_size(cfg, "peer"); i++) {
        cfg_t *peer = cfg_getnsec(cfg, "peer", i);
        for (unsigned j = 0; j < cfg_size(peer, "psk"); j++) {
            char *text = cfg_getnstr(peer, "psk", j);
            if (text != NULL) { /* refused */
                octets_wipe(text, strlen(text));
            }
        }
    }
}

static void key_exposure_warn(const char *path)
{
    struct stat info;
    if (stat(path, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        log_warning("others may read the private key in %s; run: chmod 600 %s", path, path);
    }
}

/* RFC 4945 3.1: a peer looks for our identity in our certificate. It may be told not to, so this is
 * no error. */
static void identity_warn(const struct peer_config *peer)
{
    char text[IDENTITY_TEXT_MAX];
    struct bytes id = bytes_of(peer->local_id.data, peer->local_id.length);
    if (peer->local_authentication == AUTHENTICATION_SIGNATURE &&
        !credential_has_identity(peer->credential, peer->local_id.type, id)) {
        log_warning("peer \"%s\": local-id %s does not stand in the certificate, so the peer will "
                    "refuse it; leave it out to go by the certificate's own name",
                    peer->name, identity_format(&peer->local_id, text));
    }
}

/* A psk-file that others may read is refused. The configuration may be meant to be read, and a
 * private key may belong to other programs too, so here it is said, and no more. */
static void exposure_warn(cfg_t *cfg)
{
    struct stat info;
    bool keys = false;
    for (unsigned i = 0; i < cfg_size(cfg, "peer"); i++) {
        cfg_t *peer = cfg_getnsec(cfg, "peer", i);
        keys |= cfg_size(peer, "psk") > 0;
        if (cfg_size(peer, "private-key") > 0) {
            key_exposure_warn(cfg_getstr(peer, "private-key"));
        }
    }
    if (keys && stat(cfg->filename, &info) == 0 && (info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        log_warning("others may read the shared keys in %s; run: chmod 600 %s", cfg->filename,
                    cfg->filename);
    }
}

/* The stream's buffer holds a copy of the text, so it gets one of ours, which can be wiped. */
static bool text_parse(cfg_t *cfg, const struct config_text *text)
{
    char buffer[BUFSIZ];
    FILE *file = fmemopen(text->data, text->length, "r");
    bool good = false;
    if (file != NULL) {
        setvbuf(file, buffer, _IOFBF, sizeof(buffer));
        good = cfg_parse_fp(cfg, file) == CFG_SUCCESS;
        fclose(file);
    }
    octets_wipe(buffer, sizeof(buffer));
    if (!good) {
        error_note(cfg, "not understood; expected text with lines such as key = \"value\" or "
                        "peer \"name\" { ... }");
    } else if (cfg_size(cfg, CONFIG_TEXT_END) == 0) {
        error_note(cfg, "a quotation or a comment is not closed before the end of the file");
        good = false;
    }
    return good;
}

/* An empty tree for the file; NULL: no memory. */
static cfg_t *tree_create(cfg_opt_t *options, const char *path)
{
    cfg_t *cfg = cfg_init(options, CFGF_NONE);
    char *name = cfg != NULL ? strdup(path) : NULL;
    if (name == NULL) {
        cfg_free(cfg);
        return NULL;
    }
    cfg_set_error_function(cfg, error_from_parser);
    free(cfg->filename);
    cfg->filename = name;
    return cfg;
}

/* Neither libconfuse nor the C library's user database looks whether it got the memory it asked
 * for: so we look before. */
static bool memory_suffices(void)
{
    void *memory = malloc(MEMORY_NEEDED);
    free(memory);
    return memory != NULL;
}

/* Whoever has found no memory has called it by another name, or by none. */
static void memory_note(struct problem *problem)
{
    *problem = (struct problem){0};
    problem_set(problem, EXIT_ENVIRONMENT,
                "no memory to read the configuration; give ikeref more (ulimit -v, cgroups)");
}

static bool tree_read(cfg_t *cfg, const struct config_text *text, struct host_config *out)
{
    if (!text_parse(cfg, text) || !root_fill(cfg, out)) {
        return false;
    }
    exposure_warn(cfg);
    for (size_t i = 0; i < out->endpoint.peer_count; i++) {
        identity_warn(&out->endpoint.peers[i]);
    }
    return true;
}

bool config_file_read(const char *path, struct host_config *out, struct problem *problem)
{
    cfg_opt_t child_options[KEYS_MAX + 2], peer_options[KEYS_MAX + 2], options[KEYS_MAX + 3];
    options_fill(child_options, config_keys_child, NULL, NULL);
    options_fill(peer_options, config_keys_peer, "child", child_options);
    options_fill(options, config_keys_global, "peer", peer_options);
    memset(out, 0, sizeof(*out));
    current_problem = problem;
    struct config_text text;
    if (!config_text_read(path, &text, problem)) {
        return false;
    }
    errno = 0;
    cfg_t *cfg = memory_suffices() ? tree_create(options, path) : NULL;
    bool good = cfg != NULL && tree_read(cfg, &text, out);
    bool no_memory = !good && errno == ENOMEM;
    config_text_wipe(&text);
    if (cfg != NULL) {
        texts_wipe(cfg);
        cfg_free(cfg);
    }
    if (!good) {
        host_config_wipe(out);
    }
    if (no_memory) {
        memory_note(problem);
    }
    return good;
}

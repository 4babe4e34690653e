/* Every kind of value has its little parser here; the table at the end says what each expects. */
#include "host/config_value.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "host/host_config.h"
#include "host/pem_file.h"
#include "host/workers.h"

#define NS_PER_MS 1000000ULL

const size_t config_value_size_max = sizeof(struct peer_config);

struct unit {
    const char *name;
    uint64_t factor;
};

static const struct unit durations[] = {
    {"ms", NS_PER_MS},          {"s", 1000 * NS_PER_MS},    {"m", 60000 * NS_PER_MS},
    {"min", 60000 * NS_PER_MS}, {"h", 3600000 * NS_PER_MS}, {"d", 86400000 * NS_PER_MS},
};

static const struct unit sizes[] = {
    {"", 1},         {"B", 1},           {"kB", 1000},
    {"MB", 1000000}, {"GB", 1000000000}, {"TB", 1000000000000},
    {"KiB", 1024},   {"MiB", 1048576},   {"GiB", 1073741824},
};

/* A decimal or 0x number at the start of the text; *rest is what follows it. */
static bool number_take(const char *text, uint64_t *out, const char **rest)
{
    if (!isdigit((unsigned char)text[0])) {
        return false;
    }
    char *end;
    errno = 0;
    int base = strncasecmp(text, "0x", 2) == 0 ? 16 : 10;
    unsigned long long value = strtoull(text, &end, base);
    *out = value;
    *rest = end;
    return errno == 0;
}

static bool number_in(const char *text, uint64_t min, uint64_t max, uint64_t *out)
{
    const char *rest;
    return number_take(text, out, &rest) && *rest == '\0' && *out >= min && *out <= max;
}

static bool number_with_unit(const char *text, const struct unit *units, size_t count,
                             uint64_t *out)
{
    const char *rest;
    if (!number_take(text, out, &rest)) {
        return false;
    }
    while (*rest == ' ') {
        rest++;
    }
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(rest, units[i].name) == 0) {
            return !__builtin_mul_overflow(*out, units[i].factor, out);
        }
    }
    /* Zero needs no unit: it means "never" or "no limit". */
    return *out == 0 && *rest == '\0';
}

/* The index of `text` in a NULL-terminated list of words; -1: none of them. */
static int word_index(const char *text, const char *const *words)
{
    for (int i = 0; words[i] != NULL; i++) {
        if (strcasecmp(text, words[i]) == 0) {
            return i;
        }
    }
    return -1;
}

static bool boolean_parse(const char *text, bool *out)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", NULL};
    int index = word_index(text, words);
    *out = (index & 1) == 1;
    return index >= 0;
}

static bool choice_parse(const char *text, const char *const *words, int *out)
{
    *out = word_index(text, words);
    return *out >= 0;
}

static bool text_copy(const char *text, char *out, size_t capacity)
{
    size_t length = strlen(text);
    if (length == 0 || length >= capacity) {
        return false;
    }
    memcpy(out, text, length + 1);
    return true;
}

static bool interface_parse(const char *text, char *out)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c) && strchr("-_.", *c) == NULL) {
            return false;
        }
    }
    return text[0] != '.' && text_copy(text, out, IFNAMSIZ);
}

static bool address_append(const char *text, struct address_list *list)
{
    if (strcasecmp(text, "any") == 0) {
        return true;
    }
    return list->count < ADDRESSES_MAX && address_parse(text, &list->items[list->count]) &&
           ++list->count > 0;
}

static bool selector_append(const char *text, struct selector_list *list)
{
    return list->count < SELECTORS_MAX && selector_parse(text, &list->items[list->count]) &&
           ++list->count > 0;
}

static bool proposal_append(const char *text, uint8_t protocol, struct proposal_list *list,
                            char error[VALUE_ERROR_MAX])
{
    if (list->count >= PROPOSAL_LIST_MAX) {
        snprintf(error, VALUE_ERROR_MAX,
                 "expected at most %d proposals; join alternatives with '-' in one",
                 PROPOSAL_LIST_MAX);
        return false;
    }
    const char *expected = "";
    if (!proposal_parse_text(text, protocol, &list->items[list->count], &expected)) {
        snprintf(error, VALUE_ERROR_MAX, "%s", expected);
        return false;
    }
    list->count++;
    return true;
}

static int hex_digit(char c)
{
    if (!isxdigit((unsigned char)c)) {
        return -1;
    }
    return isdigit((unsigned char)c) ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static bool psk_parse(const char *text, struct peer_config *peer)
{
    size_t length = strlen(text);
    if (strncasecmp(text, "0x", 2) != 0) {
        if (length == 0 || length > PSK_MAX) {
            return false;
        }
        memcpy(peer->psk, text, length);
        peer->psk_length = length;
        return true;
    }
    text += 2;
    length -= 2;
    if (length == 0 || length % 2 != 0 || length / 2 > PSK_MAX) {
        return false;
    }
    for (size_t i = 0; i < length / 2; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) {
            return false;
        }
        peer->psk[i] = (uint8_t)(high << 4 | low);
    }
    peer->psk_length = length / 2;
    return true;
}

/* One line of at most 2 + 2 * PSK_MAX characters; the line's end is not part of the key. */
static bool psk_file_parse(const char *path, struct peer_config *peer, char error[VALUE_ERROR_MAX])
{
    char line[2 * PSK_MAX + 4];
    FILE *file = fopen(path, "re");
    struct stat info;
    if (file == NULL || fstat(fileno(file), &info) != 0) {
        snprintf(error, VALUE_ERROR_MAX,
                 "expected a file that can be read, but: %s; name a file with the shared "
                 "key in its first line, readable by root",
                 strerror(errno));
        if (file != NULL) {
            fclose(file);
        }
        return false;
    }
    bool taken = false;
    if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        snprintf(error, VALUE_ERROR_MAX,
                 "expected a file that its owner alone may read; run: chmod 600 %s", path);
    } else if (fgets(line, sizeof(line), file) == NULL) {
        snprintf(error, VALUE_ERROR_MAX,
                 "expected a file with the shared key in its first line, but it is empty");
    } else {
        line[strcspn(line, "\r\n")] = '\0';
        taken = psk_parse(line, peer);
        if (!taken) {
            snprintf(error, VALUE_ERROR_MAX,
                     "expected a first line of 1 to %d characters, or 0x and pairs of hexadecimal "
                     "digits",
                     PSK_MAX);
        }
    }
    octets_wipe(line, sizeof(line));
    fclose(file);
    return taken;
}

/* ---- certificates: a file becomes what the library made of it ---- */

static bool credential_take(enum value_kind kind, struct bytes pem, struct peer_config *peer,
                            const char **expected)
{
    if (peer->credential == NULL) {
        peer->credential = credential_create();
    }
    return peer->credential != NULL &&
           (kind == VALUE_CERTIFICATE ? credential_set_certificates(peer->credential, pem, expected)
                                      : credential_set_key(peer->credential, pem, expected));
}

static bool authorities_take(struct bytes pem, struct peer_config *peer, const char **expected)
{
    if (peer->authorities == NULL) {
        peer->authorities = authorities_create();
    }
    return peer->authorities != NULL && authorities_add(peer->authorities, pem, expected);
}

static bool pem_parse(enum value_kind kind, const char *path, struct peer_config *peer,
                      char error[VALUE_ERROR_MAX])
{
    struct pem_file file;
    const char *expected = "expected enough memory";
    bool good = pem_file_read(path, &file, &expected);
    if (good) {
        struct bytes pem = pem_file_bytes(&file);
        good = kind == VALUE_AUTHORITIES ? authorities_take(pem, peer, &expected)
                                         : credential_take(kind, pem, peer, &expected);
        pem_file_wipe(&file);
    }
    if (!good) {
        snprintf(error, VALUE_ERROR_MAX, "%s", expected);
    }
    return good;
}

void config_value_clear(enum value_kind kind, void *field)
{
    struct peer_config *peer = field;
    switch (kind) {
    case VALUE_CERTIFICATE:
    case VALUE_PRIVATE_KEY:
        credential_destroy(peer->credential);
        peer->credential = NULL;
        break;
    case VALUE_AUTHORITIES:
        authorities_destroy(peer->authorities);
        peer->authorities = NULL;
        break;
    default:
        break;
    }
}

bool config_value_is_public(enum value_kind kind)
{
    return kind != VALUE_PSK;
}

static const char *const expectations[] = {
    [VALUE_DURATION] = "a time with its unit, such as \"500ms\", \"30s\", \"5m\", \"4h\" or \"1d\"",
    [VALUE_SIZE] = "a size such as \"1500\", \"64kB\", \"10MB\", \"1GB\" or \"1GiB\"",
    [VALUE_COUNT64] = "a whole number such as 100000",
    [VALUE_COUNT32] = "a whole number from 0 to 4294967295, decimal or 0x hexadecimal",
    [VALUE_POSITIVE32] = "a whole number from 1 to 4294967295, decimal or 0x hexadecimal",
    [VALUE_WORKERS] = "a number of threads from 0 (none) to 64",
    [VALUE_PERCENT] = "percent from 100 (constant) to 1000, such as 180",
    [VALUE_REPLAY] = "a number of packets from 0 (no replay protection) to 4096, such as 64",
    [VALUE_MTU] = "octets from 576 to 65535, such as 1400",
    [VALUE_FRAGMENT_SIZE] = "octets of an IP packet from 256 to 65535, such as 1280",
    [VALUE_PORT] = "a port from 1 to 65535",
    [VALUE_BOOLEAN] = "true or false",
    [VALUE_INTERFACE] = "an interface name of 1 to 15 letters, digits, '-', '_' and '.'",
    [VALUE_PATH] = "a path of 1 to 107 characters",
    [VALUE_ADDRESSES] =
        "at most 8 IP addresses such as \"192.0.2.1\" or \"2001:db8::1\", or \"any\"",
    [VALUE_SELECTORS] = "at most 16 selectors such as \"10.1.0.0/24\", \"10.1.0.1-10.1.0.9\" or "
                        "\"2001:db8::/64[tcp/443]\"",
    [VALUE_IDENTITY] =
        "an identity: a name \"gw.example.org\" or \"@gw\", \"alice@example.org\", an IP "
        "address, \"key:office\", \"dn:C=AT, CN=gw\" (in the order of the certificate), or \"any\"",
    [VALUE_IKE_PROPOSALS] = "a proposal such as \"aes256gcm16-prfsha256-x25519\"",
    [VALUE_ESP_PROPOSALS] = "a proposal such as \"aes256gcm16-esn\"",
    [VALUE_MODE] = "\"tunnel\" or \"transport\"",
    [VALUE_START] = "\"never\", \"traffic\" or \"now\"",
    [VALUE_DATA_PLANE] = "\"tun\" (ESP in user space) or \"xfrm\" (the kernel's)",
    [VALUE_ENCAPSULATION] = "\"auto\" or \"always\"",
    [VALUE_OFFLOAD] = "\"auto\" or \"off\"",
    [VALUE_DF] = "\"copy\", \"clear\" or \"set\"",
    [VALUE_PSK] = "1 to 256 characters, or 0x and pairs of hexadecimal digits",
    [VALUE_PSK_FILE] = "the path of a file",
    [VALUE_AUTHENTICATION] = "\"psk\" or \"signature\"",
    [VALUE_RSA_PADDING] = "\"pss\" or \"pkcs1\"",
    [VALUE_USER] =
        "a user that this machine has (make one with: adduser --system --group NAME), or "
        "a number",
    [VALUE_SECCOMP] = "\"kill\", \"log\" or \"off\"",
    [VALUE_CERTIFICATE] = "the path of a PEM file",
    [VALUE_PRIVATE_KEY] = "the path of a PEM file",
    [VALUE_AUTHORITIES] = "the path of a PEM file",
};

static bool number_parse(enum value_kind kind, const char *text, void *field)
{
    uint64_t value = 0;
    switch (kind) {
    case VALUE_DURATION:
        return number_with_unit(text, durations, sizeof(durations) / sizeof(durations[0]), field);
    case VALUE_SIZE:
        return number_with_unit(text, sizes, sizeof(sizes) / sizeof(sizes[0]), field);
    case VALUE_COUNT64:
        return number_in(text, 0, UINT64_MAX, field);
    case VALUE_PORT:
        if (!number_in(text, 1, UINT16_MAX, &value)) {
            return false;
        }
        *(uint16_t *)field = (uint16_t)value;
        return true;
    default:
        break;
    }
    uint64_t min = 0, max = UINT32_MAX;
    if (kind == VALUE_POSITIVE32) {
        min = 1;
    } else if (kind == VALUE_PERCENT) {
        min = 100;
        max = 1000;
    } else if (kind == VALUE_WORKERS) {
        max = WORKERS_MAX;
    } else if (kind == VALUE_REPLAY) {
        max = 4096;
    } else if (kind == VALUE_MTU) {
        min = 576;
        max = UINT16_MAX;
    } else if (kind == VALUE_FRAGMENT_SIZE) {
        min = FRAGMENT_SIZE_MIN;
        max = UINT16_MAX;
    }
    if (!number_in(text, min, max, &value)) {
        return false;
    }
    *(uint32_t *)field = (uint32_t)value;
    return true;
}

static bool word_parse(enum value_kind kind, const char *text, void *field)
{
    static const char *const modes[] = {"tunnel", "transport", NULL};
    static const char *const starts[] = {"never", "traffic", "now", NULL};
    static const char *const data_planes[] = {"tun", "xfrm", NULL};
    static const char *const offloads[] = {"auto", "off", NULL};
    static const char *const encapsulations[] = {"auto", "always", NULL};
    static const char *const seccomps[] = {"kill", "log", "off", NULL};
    static const char *const authentications[] = {"psk", "signature", NULL};
    static const char *const dfs[] = {"copy", "clear", "set", NULL};
    static const char *const paddings[] = {"pss", "pkcs1", NULL};
    int choice = 0;
    if (kind == VALUE_START) {
        bool known = choice_parse(text, starts, &choice);
        *(enum start_action *)field = (enum start_action)choice;
        return known;
    }
    if (kind == VALUE_DF) {
        bool known = choice_parse(text, dfs, &choice);
        *(enum dont_fragment *)field = (enum dont_fragment)choice;
        return known;
    }
    if (kind == VALUE_DATA_PLANE) {
        bool known = choice_parse(text, data_planes, &choice);
        *(enum data_plane_kind *)field = (enum data_plane_kind)choice;
        return known;
    }
    if (kind == VALUE_SECCOMP) {
        bool known = choice_parse(text, seccomps, &choice);
        *(enum seccomp_mode *)field = (enum seccomp_mode)choice;
        return known;
    }
    if (kind == VALUE_AUTHENTICATION) {
        bool known = choice_parse(text, authentications, &choice);
        *(enum authentication *)field = (enum authentication)choice;
        return known;
    }
    const char *const *words = kind == VALUE_MODE            ? modes
                               : kind == VALUE_ENCAPSULATION ? encapsulations
                               : kind == VALUE_OFFLOAD       ? offloads
                                                             : paddings;
    bool known = choice_parse(text, words, &choice);
    *(bool *)field = choice == 1;
    return known;
}

bool config_value_parse(enum value_kind kind, const char *text, void *field,
                        char error[VALUE_ERROR_MAX])
{
    snprintf(error, VALUE_ERROR_MAX, "expected %s", expectations[kind]);
    switch (kind) {
    case VALUE_BOOLEAN:
        return boolean_parse(text, field);
    case VALUE_INTERFACE:
        return interface_parse(text, field);
    case VALUE_PATH:
        return text_copy(text, field, HOST_PATH_MAX);
    case VALUE_ADDRESSES:
        return address_append(text, field);
    case VALUE_SELECTORS:
        return selector_append(text, field);
    case VALUE_IDENTITY:
        return identity_parse(text, field);
    case VALUE_IKE_PROPOSALS:
        return proposal_append(text, PROTOCOL_IKE, field, error);
    case VALUE_ESP_PROPOSALS:
        return proposal_append(text, PROTOCOL_ESP, field, error);
    case VALUE_MODE:
    case VALUE_START:
    case VALUE_DATA_PLANE:
    case VALUE_ENCAPSULATION:
    case VALUE_OFFLOAD:
    case VALUE_DF:
    case VALUE_AUTHENTICATION:
    case VALUE_RSA_PADDING:
    case VALUE_SECCOMP:
        return word_parse(kind, text, field);
    case VALUE_USER:
        return service_user_parse(text, field);
    case VALUE_PSK:
        return psk_parse(text, field);
    case VALUE_PSK_FILE:
        return psk_file_parse(text, field, error);
    case VALUE_CERTIFICATE:
    case VALUE_PRIVATE_KEY:
    case VALUE_AUTHORITIES:
        return pem_parse(kind, text, field, error);
    default:
        return number_parse(kind, text, field);
    }
}

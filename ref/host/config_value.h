/* One value of the configuration file: text to what it means, and what was expected when it means
 * nothing. */
#ifndef IKEREF_HOST_CONFIG_VALUE_H
#define IKEREF_HOST_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* In brackets: the field it is stored in. */
enum value_kind {
    VALUE_DURATION,       /* "500ms" "30s" "5m" "1h" "1d" [uint64_t, ns] */
    VALUE_SIZE,           /* "1500" "64kB" "10MB" "1GB" "1MiB" [uint64_t, octets] */
    VALUE_COUNT64,        /* [uint64_t] */
    VALUE_COUNT32,        /* decimal or 0x hexadecimal [uint32_t] */
    VALUE_POSITIVE32,     /* the same, not zero */
    VALUE_WORKERS,        /* 0 to WORKERS_MAX [uint32_t] */
    VALUE_PERCENT,        /* 100 or more [uint32_t] */
    VALUE_REPLAY,         /* 0 to 4096 packets [uint32_t] */
    VALUE_MTU,            /* 576 to 65535 [uint32_t] */
    VALUE_FRAGMENT_SIZE,  /* FRAGMENT_SIZE_MIN to 65535 [uint32_t] */
    VALUE_PORT,           /* [uint16_t] */
    VALUE_BOOLEAN,        /* true false yes no on off [bool] */
    VALUE_INTERFACE,      /* [char[IFNAMSIZ]] */
    VALUE_PATH,           /* [char[HOST_PATH_MAX]] */
    VALUE_ADDRESSES,      /* appended, "any" leaves the list empty [struct address_list] */
    VALUE_SELECTORS,      /* appended [struct selector_list] */
    VALUE_IDENTITY,       /* [struct identity] */
    VALUE_IKE_PROPOSALS,  /* appended [struct proposal_list] */
    VALUE_ESP_PROPOSALS,  /* appended [struct proposal_list] */
    VALUE_MODE,           /* tunnel transport [bool: transport] */
    VALUE_START,          /* never traffic now [enum start_action] */
    VALUE_DATA_PLANE,     /* tun xfrm [enum data_plane_kind] */
    VALUE_ENCAPSULATION,  /* auto always [bool: always] */
    VALUE_OFFLOAD,        /* auto off [bool: off] */
    VALUE_DF,             /* copy clear set [enum dont_fragment] */
    VALUE_PSK,            /* text or 0x hexadecimal [struct peer_config: psk, psk_length] */
    VALUE_PSK_FILE,       /* the path of a file with one line of the above [the same] */
    VALUE_AUTHENTICATION, /* psk signature [enum authentication] */
    VALUE_RSA_PADDING,    /* pss pkcs1 [bool: pkcs1] */
    VALUE_CERTIFICATE,    /* the path of a PEM file [struct peer_config: credential] */
    VALUE_PRIVATE_KEY,    /* the same [the same] */
    VALUE_USER,           /* a name or a number [struct service_user] */
    VALUE_SECCOMP,        /* kill log off [enum seccomp_mode] */
    VALUE_AUTHORITIES,    /* the same, appended [struct peer_config: authorities] */
};

#define VALUE_ERROR_MAX 320

/* Parses `text` into `field`. False: *field is of no use and `error` says what was expected
 * ("expected ..."), without ever repeating a secret. */
bool config_value_parse(enum value_kind kind, const char *text, void *field,
                        char error[VALUE_ERROR_MAX]);

/* Frees what the field of this kind owns, and leaves it empty. */
void config_value_clear(enum value_kind kind, void *field);

/* False for keys: what was found must then not be shown. */
bool config_value_is_public(enum value_kind kind);

/* Octets of the largest field, for a scratch that only checks. */
extern const size_t config_value_size_max;

#endif

/* What a status means on the wire, and the registries' names for what is in it. */
#include "base/status.h"

#include <stddef.h>

/* The notify type inside `status` when it is of the class at `base`. */
static bool notify_type_within(enum status status, uint32_t base, uint16_t *type)
{
    uint32_t value = (uint32_t)status;
    if (value < base || value > base + UINT16_MAX) {
        return false;
    }
    *type = (uint16_t)(value - base);
    return true;
}

bool status_is_notify(enum status status, uint16_t *type)
{
    return notify_type_within(status, STATUS_NOTIFY_BASE, type);
}

bool status_is_peer(enum status status, uint16_t *type)
{
    return notify_type_within(status, STATUS_PEER_BASE, type);
}

struct name {
    uint16_t number;
    const char *text;
};

static const char *name_of(const struct name *names, size_t count, uint16_t number)
{
    for (size_t i = 0; i < count; i++) {
        if (names[i].number == number) {
            return names[i].text;
        }
    }
    return "UNKNOWN";
}

static const struct name notify_names[] = {
    /* errors */
    {UNSUPPORTED_CRITICAL_PAYLOAD, "UNSUPPORTED_CRITICAL_PAYLOAD"},
    {INVALID_IKE_SPI, "INVALID_IKE_SPI"},
    {INVALID_MAJOR_VERSION, "INVALID_MAJOR_VERSION"},
    {INVALID_SYNTAX, "INVALID_SYNTAX"},
    {INVALID_MESSAGE_ID, "INVALID_MESSAGE_ID"},
    {INVALID_SPI, "INVALID_SPI"},
    {NO_PROPOSAL_CHOSEN, "NO_PROPOSAL_CHOSEN"},
    {INVALID_KE_PAYLOAD, "INVALID_KE_PAYLOAD"},
    {AUTHENTICATION_FAILED, "AUTHENTICATION_FAILED"},
    {SINGLE_PAIR_REQUIRED, "SINGLE_PAIR_REQUIRED"},
    {NO_ADDITIONAL_SAS, "NO_ADDITIONAL_SAS"},
    {INTERNAL_ADDRESS_FAILURE, "INTERNAL_ADDRESS_FAILURE"},
    {FAILED_CP_REQUIRED, "FAILED_CP_REQUIRED"},
    {TS_UNACCEPTABLE, "TS_UNACCEPTABLE"},
    {INVALID_SELECTORS, "INVALID_SELECTORS"},
    {UNACCEPTABLE_ADDRESSES, "UNACCEPTABLE_ADDRESSES"},
    {UNEXPECTED_NAT_DETECTED, "UNEXPECTED_NAT_DETECTED"},
    {TEMPORARY_FAILURE, "TEMPORARY_FAILURE"},
    {CHILD_SA_NOT_FOUND, "CHILD_SA_NOT_FOUND"},
    /* status */
    {INITIAL_CONTACT, "INITIAL_CONTACT"},
    {SET_WINDOW_SIZE, "SET_WINDOW_SIZE"},
    {ADDITIONAL_TS_POSSIBLE, "ADDITIONAL_TS_POSSIBLE"},
    {NAT_DETECTION_SOURCE_IP, "NAT_DETECTION_SOURCE_IP"},
    {NAT_DETECTION_DESTINATION_IP, "NAT_DETECTION_DESTINATION_IP"},
    {COOKIE, "COOKIE"},
    {USE_TRANSPORT_MODE, "USE_TRANSPORT_MODE"},
    {HTTP_CERT_LOOKUP_SUPPORTED, "HTTP_CERT_LOOKUP_SUPPORTED"},
    {REKEY_SA, "REKEY_SA"},
    {ESP_TFC_PADDING_NOT_SUPPORTED, "ESP_TFC_PADDING_NOT_SUPPORTED"},
    {NON_FIRST_FRAGMENTS_ALSO, "NON_FIRST_FRAGMENTS_ALSO"},
    {MOBIKE_SUPPORTED, "MOBIKE_SUPPORTED"},
    {ADDITIONAL_IP4_ADDRESS, "ADDITIONAL_IP4_ADDRESS"},
    {ADDITIONAL_IP6_ADDRESS, "ADDITIONAL_IP6_ADDRESS"},
    {NO_ADDITIONAL_ADDRESSES, "NO_ADDITIONAL_ADDRESSES"},
    {UPDATE_SA_ADDRESSES, "UPDATE_SA_ADDRESSES"},
    {COOKIE2, "COOKIE2"},
    {NO_NATS_ALLOWED, "NO_NATS_ALLOWED"},
    {IKEV2_FRAGMENTATION_SUPPORTED, "IKEV2_FRAGMENTATION_SUPPORTED"},
    {SIGNATURE_HASH_ALGORITHMS, "SIGNATURE_HASH_ALGORITHMS"},
    {PUZZLE, "PUZZLE"},
};

static const struct name exchange_names[] = {
    {IKE_SA_INIT, "IKE_SA_INIT"},
    {IKE_AUTH, "IKE_AUTH"},
    {CREATE_CHILD_SA, "CREATE_CHILD_SA"},
    {INFORMATIONAL, "INFORMATIONAL"},
};

const char *notify_type_name(uint16_t type)
{
    return name_of(notify_names, sizeof notify_names / sizeof notify_names[0], type);
}

const char *exchange_type_name(uint8_t type)
{
    return name_of(exchange_names, sizeof exchange_names / sizeof exchange_names[0], type);
}

/* Fields have the same names in status and in events. */
#include "host/control_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void text_set(json_t *object, const char *name, const char *text)
{
    /* Identities come from the peer: whatever is no UTF-8 is shown as a dot. */
    json_t *value = json_string(text);
    if (value == NULL) {
        char plain[IDENTITY_TEXT_MAX];
        snprintf(plain, sizeof(plain), "%s", text);
        for (char *c = plain; *c != '\0'; c++) {
            *c = (unsigned char)*c < 0x20 || (unsigned char)*c > 0x7e ? '.' : *c;
        }
        value = json_string(plain);
    }
    json_object_set_new(object, name, value);
}

static void optional_set(json_t *object, const char *name, const char *text)
{
    if (text == NULL) {
        json_object_set_new(object, name, json_null());
    } else {
        text_set(object, name, text);
    }
}

static void number_set(json_t *object, const char *name, uint64_t value)
{
    /* JSON integers here end at 2^63; "never" is not shown as a number at all. */
    json_object_set_new(object, name,
                        value > INT64_MAX ? json_null() : json_integer((json_int_t)value));
}

static void flag_set(json_t *object, const char *name, bool value)
{
    json_object_set_new(object, name, json_boolean(value));
}

static void spi_set(json_t *object, const char *name, int digits, uint64_t spi)
{
    char text[17];
    snprintf(text, sizeof(text), "%0*" PRIx64, digits, spi);
    text_set(object, name, text);
}

static void path_set(json_t *object, const struct path *path)
{
    char text[ADDRESS_TEXT_MAX];
    text_set(object, "local", transport_address_format(&path->local, text));
    text_set(object, "remote", transport_address_format(&path->remote, text));
}

static void identity_set(json_t *object, const char *name, const struct identity *identity)
{
    char text[IDENTITY_TEXT_MAX];
    text_set(object, name, identity_format(identity, text));
}

static void names_set(json_t *object, uint16_t peer, uint16_t child,
                      const struct endpoint_config *config)
{
    if (peer >= config->peer_count) {
        return;
    }
    text_set(object, "peer", config->peers[peer].name);
    if (child < CHILDREN_MAX && child < config->peers[peer].child_count) {
        text_set(object, "child", config->peers[peer].children[child].name);
    }
}

/* Negotiated algorithms in the words of the configuration. */
static size_t protection_format(const struct protection *p, char *out, size_t capacity)
{
    if (p->cipher == NULL) {
        return (size_t)snprintf(out, capacity, "none");
    }
    char name[48];
    if (!p->cipher->has_key_length) {
        snprintf(name, sizeof(name), "%s", p->cipher->name);
    } else {
        snprintf(name, sizeof(name), "aes%u%s", p->key_bits, p->cipher->aead ? "gcm16" : "");
    }
    return (size_t)snprintf(out, capacity, "%s%s%s", name, p->integrity != NULL ? "-" : "",
                            p->integrity != NULL ? p->integrity->name : "");
}

static void ike_proposal_set(json_t *object, const struct ike_sa_info *info)
{
    char text[PROPOSAL_TEXT_MAX];
    size_t at = protection_format(&info->protection, text, sizeof(text));
    snprintf(text + at, sizeof(text) - at, "%s%s%s%s", info->prf != NULL ? "-" : "",
             info->prf != NULL ? info->prf->name : "", info->key_exchange != NULL ? "-" : "",
             info->key_exchange != NULL ? info->key_exchange->name : "");
    text_set(object, "proposal", text);
}

static void child_proposal_set(json_t *object, const struct child_sa_info *info)
{
    char text[PROPOSAL_TEXT_MAX];
    size_t at = protection_format(&info->protection, text, sizeof(text));
    snprintf(text + at, sizeof(text) - at, "%s%s%s", info->key_exchange != NULL ? "-" : "",
             info->key_exchange != NULL ? info->key_exchange->name : "",
             info->esn ? "-esn" : "-noesn");
    text_set(object, "proposal", text);
}

static void ike_info_set(json_t *object, const struct ike_sa_info *info)
{
    flag_set(object, "initiator", info->initiator);
    spi_set(object, "spi_i", 16, info->spi_i);
    spi_set(object, "spi_r", 16, info->spi_r);
    path_set(object, &info->path);
    identity_set(object, "local_id", &info->local_id);
    identity_set(object, "remote_id", &info->remote_id);
    optional_set(object, "local_auth", info->local_auth);
    optional_set(object, "remote_auth", info->remote_auth);
    optional_set(object, "remote_subject",
                 info->remote_subject[0] != '\0' ? info->remote_subject : NULL);
    flag_set(object, "nat_local", info->nat_local);
    flag_set(object, "nat_remote", info->nat_remote);
    flag_set(object, "mobike", info->mobike);
    flag_set(object, "fragmentation", info->fragmentation);
    flag_set(object, "udp_encapsulation", info->udp_encapsulation);
    ike_proposal_set(object, info);
}

static json_t *selectors_json(const struct selector_list *list)
{
    json_t *array = json_array();
    char text[SELECTOR_TEXT_MAX];
    for (size_t i = 0; i < list->count; i++) {
        json_array_append_new(array, json_string(selector_format(&list->items[i], text)));
    }
    return array;
}

static void child_info_set(json_t *object, const struct child_sa_info *info)
{
    spi_set(object, "spi_in", 8, info->spi_in);
    spi_set(object, "spi_out", 8, info->spi_out);
    text_set(object, "mode", info->transport_mode ? "transport" : "tunnel");
    child_proposal_set(object, info);
    json_object_set_new(object, "local_ts", selectors_json(&info->local));
    json_object_set_new(object, "remote_ts", selectors_json(&info->remote));
    path_set(object, &info->path);
    flag_set(object, "udp_encapsulation", info->udp_encapsulation);
}

json_t *control_json_ike_sa(const struct ike_sa_status *sa, const struct endpoint_config *config)
{
    json_t *object = json_object();
    number_set(object, "id", sa->id);
    names_set(object, sa->peer_index, UINT16_MAX, config);
    text_set(object, "state", sa->state);
    ike_info_set(object, &sa->info);
    number_set(object, "established_ns", sa->established_ns);
    number_set(object, "rekey_at_ns", sa->rekey_at_ns);
    number_set(object, "message_id_next_request", sa->message_id_next_request);
    number_set(object, "message_id_expected", sa->message_id_expected);
    number_set(object, "retransmitted", sa->retransmitted);
    number_set(object, "duplicates", sa->duplicates);
    number_set(object, "outstanding", sa->outstanding);
    return object;
}

static void usage_set(json_t *object, const struct esp_usage *usage)
{
    number_set(object, "packets_in", usage->packets_in);
    number_set(object, "packets_out", usage->packets_out);
    number_set(object, "octets_in", usage->octets_in);
    number_set(object, "octets_out", usage->octets_out);
    number_set(object, "replayed", usage->replayed);
    number_set(object, "not_authentic", usage->not_authentic);
    number_set(object, "malformed", usage->malformed);
    number_set(object, "outside_selectors", usage->outside_selectors);
    number_set(object, "sequence_out", usage->sequence_out);
    number_set(object, "sequence_in", usage->sequence_in);
}

json_t *control_json_child_sa(const struct child_sa_status *sa, const struct esp_usage *usage,
                              const struct endpoint_config *config)
{
    json_t *object = json_object();
    number_set(object, "id", sa->id);
    number_set(object, "ike_sa", sa->ike_sa);
    names_set(object, sa->peer_index, sa->child_index, config);
    text_set(object, "state", sa->state);
    child_info_set(object, &sa->info);
    number_set(object, "installed_ns", sa->installed_ns);
    number_set(object, "rekey_at_ns", sa->rekey_at_ns);
    usage_set(object, usage);
    return object;
}

json_t *control_json_counters(const struct endpoint_counters *ike, const struct esp_counters *esp)
{
    json_t *object = json_object();
    number_set(object, "datagrams_in", ike->datagrams_in);
    number_set(object, "datagrams_out", ike->datagrams_out);
    number_set(object, "dropped", ike->dropped);
    number_set(object, "invalid", ike->invalid);
    number_set(object, "cookies_sent", ike->cookies_sent);
    number_set(object, "puzzles_sent", ike->puzzles_sent);
    number_set(object, "puzzles_solved", ike->puzzles_solved);
    number_set(object, "requests_refused", ike->requests_refused);
    number_set(object, "half_open", ike->half_open);
    number_set(object, "retransmissions", ike->retransmissions);
    number_set(object, "fragments_in", ike->fragments_in);
    number_set(object, "fragments_out", ike->fragments_out);
    json_t *sealed = json_object(), *opened = json_object();
    for (int i = 0; i < PACKET_VERDICTS; i++) {
        number_set(sealed, packet_verdict_name((enum packet_verdict)i), esp->sealed[i]);
        number_set(opened, packet_verdict_name((enum packet_verdict)i), esp->opened[i]);
    }
    json_object_set_new(object, "esp_out", sealed);
    json_object_set_new(object, "esp_in", opened);
    return object;
}

static const char *event_name(enum event_type type)
{
    switch (type) {
    case EVENT_IKE_SA_UP:
        return "ike-sa-up";
    case EVENT_IKE_SA_REKEYED:
        return "ike-sa-rekeyed";
    case EVENT_IKE_SA_DOWN:
        return "ike-sa-down";
    case EVENT_IKE_SA_MOVED:
        return "ike-sa-moved";
    case EVENT_CHILD_SA_UP:
        return "child-sa-up";
    case EVENT_CHILD_SA_MOVED:
        return "child-sa-moved";
    case EVENT_CHILD_SA_DOWN:
        return "child-sa-down";
    case EVENT_CHILD_SA_FAILED:
        return "child-sa-failed";
    case EVENT_ROAM_DONE:
        return "roam-done";
    case EVENT_LIVENESS:
        return "liveness";
    case EVENT_NOTIFIED:
        return "notified";
    default:
        return NULL;
    }
}

static bool event_is_about_child(enum event_type type)
{
    return type == EVENT_CHILD_SA_UP || type == EVENT_CHILD_SA_MOVED || type == EVENT_CHILD_SA_DOWN;
}

bool control_event_failed(const struct event *event)
{
    bool ended = event->type == EVENT_IKE_SA_DOWN || event->type == EVENT_CHILD_SA_DOWN;
    return event->status != STATUS_OK && !(ended && event->status == STATUS_DROP);
}

json_t *control_json_event(const struct event *event, const struct endpoint_config *config)
{
    const char *name = event_name(event->type);
    if (name == NULL) {
        return NULL;
    }
    json_t *object = json_object();
    text_set(object, "event", name);
    number_set(object, "time_ns", event->time_ns);
    names_set(object, event->peer_index, event->child_index, config);
    number_set(object, "ike_sa", event->ike_sa);
    if (event->type == EVENT_IKE_SA_REKEYED) {
        number_set(object, "replaces", event->replaces);
    }
    if (event_is_about_child(event->type)) {
        number_set(object, "child_sa", event->child_sa);
        child_info_set(object, &event->child);
        if (event->child.replaces_spi_in != 0) {
            spi_set(object, "replaces_spi_in", 8, event->child.replaces_spi_in);
        }
    } else if (event->type != EVENT_CHILD_SA_FAILED) {
        ike_info_set(object, &event->ike);
    }
    if (event->type == EVENT_IKE_SA_DOWN || event->type == EVENT_CHILD_SA_DOWN) {
        text_set(object, "reason", down_reason_name(event->reason));
    }
    if (control_event_failed(event)) {
        text_set(object, "error", control_error_name(event->status));
        if (event->refusal != REFUSAL_NONE) {
            text_set(object, "refusal", refusal_name(event->refusal));
            text_set(object, "message", refusal_sentence(event->refusal));
        }
    }
    return object;
}

const char *control_error_name(enum status status)
{
    uint16_t type;
    if (status == STATUS_OK) {
        return NULL;
    }
    if (status_is_notify(status, &type) || status_is_peer(status, &type)) {
        return notify_type_name(type);
    }
    if (status == STATUS_UNREACHABLE) {
        return "UNREACHABLE";
    }
    return status == STATUS_DROP ? "GONE" : "INTERNAL";
}

const char *control_error_sentence(enum status status, enum refusal refusal)
{
    uint16_t type;
    if (refusal != REFUSAL_NONE) {
        return refusal_sentence(refusal);
    }
    if (status_is_peer(status, &type)) {
        switch (type) {
        case AUTHENTICATION_FAILED:
            return "the peer refused our identity or its proof; compare local-id and remote-id, "
                   "and psk, or certificate and the authorities that the peer trusts; its log "
                   "may say more";
        case NO_PROPOSAL_CHOSEN:
            return "the peer accepts none of our proposals; compare proposals";
        case TS_UNACCEPTABLE:
            return "the peer accepts none of our selectors; compare local and remote";
        case NO_ADDITIONAL_SAS:
            return "the peer wants no further Child SA";
        default:
            return "the peer refused";
        }
    }
    if (status_is_notify(status, &type)) {
        return type == AUTHENTICATION_FAILED ? "we refused the peer's identity or its proof; "
                                               "compare local-id, remote-id and psk"
                                             : "we refused what the peer sent";
    }
    if (status == STATUS_UNREACHABLE) {
        return "the peer does not answer; see that its address is right and that UDP ports 500 and "
               "4500 pass";
    }
    return status == STATUS_DROP ? "the SA ended before this was done"
                                 : "a limit was reached or the daemon failed; see its log";
}

json_t *control_json_answer(const char *id, const char *error, const char *message)
{
    json_t *object = json_object();
    json_object_set_new(object, "id", json_loads(id, JSON_DECODE_ANY, NULL));
    flag_set(object, "ok", error == NULL);
    if (error != NULL) {
        text_set(object, "error", error);
        text_set(object, "message", message);
    }
    return object;
}

char *control_json_line(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (text == NULL) {
        return NULL;
    }
    size_t length = strlen(text);
    char *line = realloc(text, length + 2);
    if (line == NULL) {
        free(text);
        return NULL;
    }
    memcpy(line + length, "\n", 2);
    return line;
}

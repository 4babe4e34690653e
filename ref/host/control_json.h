/* What the control socket says: answers, status and events as JSON, docs/CONTROL.md. */
#ifndef IKEREF_HOST_CONTROL_JSON_H
#define IKEREF_HOST_CONTROL_JSON_H

#include <jansson.h>

#include "endpoint/endpoint.h"
#include "esp/esp_plane.h"

/* Every json_t returned is the caller's. */
json_t *control_json_ike_sa(const struct ike_sa_status *sa, const struct endpoint_config *config);
json_t *control_json_child_sa(const struct child_sa_status *sa, const struct esp_usage *usage,
                              const struct endpoint_config *config);
json_t *control_json_counters(const struct endpoint_counters *ike, const struct esp_counters *esp);

/* NULL: an event that is not for clients (keys, the end of a command). Never holds a key. */
json_t *control_json_event(const struct event *event, const struct endpoint_config *config);

/* The event has an error to show: an SA that ended in good order has none. */
bool control_event_failed(const struct event *event);

/* "initiate" ended: the name of the error and a sentence; both NULL when status is STATUS_OK. A
 * `refusal` of the peer's proof says it more exactly. */
const char *control_error_name(enum status status);
const char *control_error_sentence(enum status status, enum refusal refusal);

/* {"id": ..., "ok": ...}; `id` is JSON text. `error` NULL: ok. */
json_t *control_json_answer(const char *id, const char *error, const char *message);

/* One line with its end, compact; free() it. NULL: no memory. Takes the object. */
char *control_json_line(json_t *object);

#endif

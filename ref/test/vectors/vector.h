/* What the vector runner's files share: one test of a JSON file in Wycheproof's shape, and what
 * became of it. docs/VECTORS.md says what each group type holds. */
#ifndef IKEREF_TEST_VECTORS_VECTOR_H
#define IKEREF_TEST_VECTORS_VECTOR_H

#include <jansson.h>

#include "base/bytes.h"

enum outcome_kind { OUTCOME_PASSED, OUTCOME_REFUSED, OUTCOME_FAILED, OUTCOME_NOT_APPLICABLE };

struct outcome {
    enum outcome_kind kind;
    char reason[160];
};

struct vector {
    const char *algorithm; /* of the group, else of the file */
    const json_t *group;
    const json_t *test;
    const char *result; /* "valid", "invalid", "acceptable" */
};

typedef struct outcome (*vector_run)(const struct vector *vector);

struct outcome outcome_passed(void);
struct outcome outcome_refused(void);
struct outcome outcome_failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
struct outcome outcome_not_applicable(const char *format, ...)
    __attribute__((format(printf, 1, 2)));

/* What the test's result makes of an answer: invalid must not be accepted, valid must be;
 * acceptable may be either way (docs/VECTORS.md). */
struct outcome outcome_of(const struct vector *vector, bool accepted);

/* Octets written in hex under `name`; none when it is absent. They live until octets_forget().
 * Malformed hex is a fault of the file: the program ends. */
struct bytes octets_of(const json_t *object, const char *name);
uint8_t *octets_new(size_t length);
struct bytes octets_join(struct bytes a, struct bytes b);
void octets_forget(void);
char *octets_hex(struct bytes octets); /* malloc'd */

const char *text_of(const json_t *object, const char *name); /* "" when absent */
long long number_of(const json_t *object, const char *name); /* 0 when absent */
bool true_of(const json_t *object, const char *name);

/* NULL, or why `found` is not the octets under `name`; static storage. */
const char *octets_differ(const json_t *object, const char *name, struct bytes found);

struct outcome mac_run(const struct vector *vector);
struct outcome digest_run(const struct vector *vector);
struct outcome aead_run(const struct vector *vector);
struct outcome cbc_run(const struct vector *vector);
struct outcome xdh_run(const struct vector *vector);
struct outcome ecp_run(const struct vector *vector);
struct outcome modp_run(const struct vector *vector);
struct outcome prf_run(const struct vector *vector);
struct outcome prf_plus_run(const struct vector *vector);
struct outcome keymat_run(const struct vector *vector);
struct outcome ecdsa_run(const struct vector *vector);
struct outcome ecdsa_plain_run(const struct vector *vector);
struct outcome eddsa_run(const struct vector *vector);
struct outcome rsa_pkcs1_run(const struct vector *vector);
struct outcome rsa_pss_run(const struct vector *vector);
struct outcome identifier_run(const struct vector *vector);
struct outcome esp_run(const struct vector *vector);
struct outcome sk_run(const struct vector *vector);
struct outcome auth_payload_run(const struct vector *vector);
struct outcome recorded_run(const struct vector *vector);
struct outcome exchange_run(const struct vector *vector);

/* Plays the commands of an exchange with randomness from its stream; a new object with all that
 * was drawn and sent, for harness/ikelab/vectors/generate.py. NULL when it does not work. */
json_t *exchange_record(const json_t *test);

#endif

/* vector-runner FILE...: runs the tests of JSON files in Wycheproof's shape against the reference
 * and prints one JSON line a test: file, group, tcId, algorithm, outcome, reason. `--record FILE`
 * plays the exchanges of a file and prints what was sent. Exit status 2: a file that cannot be
 * read. */

#include <stdio.h>
#include <string.h>

#include "test/vectors/vector.h"

static const struct {
    const char *type;
    vector_run run;
    const char *missing; /* why it is not applicable */
} types[] = {
    {"MacTest", mac_run, NULL},
    {"DigestTest", digest_run, NULL},
    {"AeadTest", aead_run, NULL},
    {"IndCpaTest", cbc_run, NULL},
    {"XdhComp", xdh_run, NULL},
    {"EcdhTest", ecp_run, NULL},
    {"EcdhEcpointTest", ecp_run, NULL},
    {"ModpTest", modp_run, NULL},
    {"PrfTest", prf_run, NULL},
    {"PrfPlusTest", prf_plus_run, NULL},
    {"KeymatTest", keymat_run, NULL},
    {"EspPacketTest", esp_run, NULL},
    {"SkMessageTest", sk_run, NULL},
    {"ExchangeTest", exchange_run, NULL},
    {"RecordedExchangeTest", recorded_run, NULL},
    {"EcdsaVerify", ecdsa_run, NULL},
    {"EcdsaP1363Verify", ecdsa_plain_run, NULL},
    {"EddsaVerify", eddsa_run, NULL},
    {"RsassaPkcs1Verify", rsa_pkcs1_run, NULL},
    {"RsassaPkcs1Generate", rsa_pkcs1_run, NULL},
    {"RsassaPssVerify", rsa_pss_run, NULL},
    {"AlgorithmIdentifierTest", identifier_run, NULL},
    {"AuthPayloadTest", auth_payload_run, NULL},
    {"MacWithIvTest", NULL, "the reference has no AES-GMAC yet"},
    {"CtrTest", NULL, "the reference has no AES-CTR yet"},
    {"XdhAsnComp", NULL, "a KE payload holds no ASN.1 key"},
    {"XdhPemComp", NULL, "a KE payload holds no PEM key"},
    {"EcdhPemTest", NULL, "a KE payload holds no PEM key"},
};

static struct outcome run(const struct vector *vector)
{
    const char *type = text_of(vector->group, "type");
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        if (strcmp(types[i].type, type) == 0) {
            return types[i].run != NULL ? types[i].run(vector)
                                        : outcome_not_applicable("%s", types[i].missing);
        }
    }
    return outcome_not_applicable("the runner knows no tests of type %s", type);
}

static void report(const char *file, size_t group, const struct vector *vector,
                   const struct outcome *outcome)
{
    static const char *const names[] = {"passed", "refused", "failed", "not-applicable"};
    printf("{\"file\": \"%s\", \"group\": %zu, \"tcId\": %lld, \"algorithm\": \"%s\", "
           "\"outcome\": \"%s\", \"reason\": \"%s\"}\n",
           file, group, number_of(vector->test, "tcId"), vector->algorithm, names[outcome->kind],
           outcome->reason);
}

static void run_file(const char *file, const json_t *document)
{
    size_t g;
    json_t *group;
    json_array_foreach(json_object_get(document, "testGroups"), g, group)
    {
        size_t t;
        json_t *test;
        const char *own = text_of(group, "algorithm");
        json_array_foreach(json_object_get(group, "tests"), t, test)
        {
            struct vector vector = {.algorithm =
                                        *own != '\0' ? own : text_of(document, "algorithm"),
                                    .group = group,
                                    .test = test,
                                    .result = text_of(test, "result")};
            struct outcome outcome = run(&vector);
            report(file, g, &vector, &outcome);
            octets_forget();
        }
    }
}

static bool record_file(const json_t *document)
{
    size_t g, t;
    json_t *group, *test;
    json_array_foreach(json_object_get(document, "testGroups"), g, group)
    {
        json_array_foreach(json_object_get(group, "tests"), t, test)
        {
            json_t *recorded = exchange_record(test);
            if (recorded == NULL) {
                fprintf(stderr, "vector-runner: test %lld does not come to its end\n",
                        number_of(test, "tcId"));
                return false;
            }
            json_object_set_new(recorded, "tcId", json_integer(number_of(test, "tcId")));
            json_dumpf(recorded, stdout, JSON_COMPACT);
            printf("\n");
            json_decref(recorded);
            octets_forget();
        }
    }
    return true;
}

int main(int count, char **arguments)
{
    bool record = count > 1 && strcmp(arguments[1], "--record") == 0;
    if (count < 2 + record) {
        fprintf(stderr, "usage: vector-runner [--record] FILE...\n");
        return 2;
    }
    for (int i = 1 + record; i < count; i++) {
        json_error_t error;
        json_t *document = json_load_file(arguments[i], 0, &error);
        if (document == NULL) {
            fprintf(stderr, "vector-runner: %s:%d: %s\n", arguments[i], error.line, error.text);
            return 2;
        }
        if (record && !record_file(document)) {
            return 1;
        }
        if (!record) {
            run_file(arguments[i], document);
        }
        json_decref(document);
    }
    return 0;
}

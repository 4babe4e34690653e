/* The values between randomness and octets: keys of every SA. */

#include <string.h>

#include "sa/keymat.h"
#include "test/vectors/exchange_play.h"
#include "test/vectors/vector_suite.h"

struct named_secret {
    const char *name;
    const struct secret *secret;
};

static const char *secrets_differ(const json_t *object, const struct named_secret *list,
                                  size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *reason = octets_differ(object, list[i].name, secret_bytes(list[i].secret));
        if (reason != NULL) {
            return reason;
        }
    }
    return NULL;
}

/* ---- key exchange ---- */

static const char *one_side(const json_t *sa, const char *private_name, const char *public_name,
                            const char *peer_name, struct shared_secret *g_ir)
{
    const struct key_exchange_algorithm *algorithm = key_exchange_named(text_of(sa, "ke"));
    struct key_exchange *key =
        algorithm != NULL ? key_exchange_from(algorithm, octets_of(sa, private_name)) : NULL;
    if (key == NULL) {
        return "a private key is none";
    }
    const char *reason = octets_differ(sa, public_name, key_exchange_public(key));
    if (reason == NULL && key_exchange_derive(key, octets_of(sa, peer_name), g_ir) != STATUS_OK) {
        reason = "a public value is none";
    }
    key_exchange_destroy(key);
    return reason != NULL ? reason : octets_differ(sa, "g^ir", bytes_of(g_ir->data, g_ir->length));
}

/* Of a recorded exchange nobody knows the private numbers: it begins with g^ir. */
static const char *key_exchange_differs(const json_t *sa, struct shared_secret *g_ir)
{
    if (json_object_get(sa, "private_i") == NULL) {
        struct bytes recorded = octets_of(sa, "g^ir");
        if (recorded.length > sizeof g_ir->data) {
            return "g^ir is too long";
        }
        memcpy(g_ir->data, recorded.data, recorded.length);
        g_ir->length = recorded.length;
        return NULL;
    }
    const char *reason = one_side(sa, "private_i", "KEi", "KEr", g_ir);
    return reason != NULL ? reason : one_side(sa, "private_r", "KEr", "KEi", g_ir);
}

/* ---- IKE SAs ---- */

static const json_t *ike_sa_at(const struct play *play, const json_t *holder, const char *name)
{
    return json_array_get(json_object_get(play->test, "ikeSas"), (size_t)number_of(holder, name));
}

static uint64_t spi_of(const json_t *sa, const char *name)
{
    struct bytes octets = octets_of(sa, name);
    uint64_t spi = 0;
    return bytes_take_u64(&octets, &spi) ? spi : 0;
}

static bool ike_suite(const json_t *sa, struct protection *p)
{
    json_t *keys = json_pack("{s:s, s:s, s:s, s:s}", "encryption", text_of(sa, "encryption"),
                             "integrity", text_of(sa, "integrity"), "key", text_of(sa, "SK_ei"),
                             "integrityKey", text_of(sa, "SK_ai"));
    bool known = keys != NULL && suite_of(keys, p);
    json_decref(keys);
    return known;
}

static const char *skeyseed_differs(const json_t *sa, const struct prf_algorithm *prf,
                                    const struct prf_algorithm *old_prf, const json_t *old)
{
    uint8_t found[PRF_OUTPUT_MAX];
    struct bytes nonces = octets_join(octets_of(sa, "Ni"), octets_of(sa, "Nr"));
    struct bytes g_ir = octets_of(sa, "g^ir");
    struct bytes again[] = {g_ir, nonces};
    enum status status = old == NULL
                             ? prf_compute(prf, nonces, &g_ir, 1, found)
                             : prf_compute(old_prf, octets_of(old, "SK_d"), again, 2, found);
    size_t length = old == NULL ? prf->output_length : old_prf->output_length;
    return status == STATUS_OK ? octets_differ(sa, "SKEYSEED", bytes_of(found, length))
                               : "the library refuses";
}

static const char *ike_keys_differ(const struct play *play, const json_t *sa)
{
    const struct prf_algorithm *prf = prf_named(text_of(sa, "prf"));
    const json_t *old =
        json_object_get(sa, "replaces") != NULL ? ike_sa_at(play, sa, "replaces") : NULL;
    const struct prf_algorithm *old_prf = prf_named(text_of(old, "prf"));
    struct protection p;
    struct shared_secret g_ir;
    struct ike_keys k;
    struct secret old_sk_d = {0};
    const char *reason = key_exchange_differs(sa, &g_ir);
    if (prf == NULL || !ike_suite(sa, &p)) {
        return "an algorithm the reference does not have";
    }
    if (old != NULL) {
        secret_set(&old_sk_d, octets_of(old, "SK_d"));
    }
    if (reason == NULL) {
        reason = skeyseed_differs(sa, prf, old_prf, old);
    }
    if (reason == NULL &&
        keymat_derive_ike(prf, &p, &g_ir, octets_of(sa, "Ni"), octets_of(sa, "Nr"),
                          spi_of(sa, "SPIi"), spi_of(sa, "SPIr"), old == NULL ? NULL : old_prf,
                          old == NULL ? NULL : &old_sk_d, &k) != STATUS_OK) {
        reason = "the keys cannot be derived";
    }
    struct named_secret names[] = {{"SK_d", &k.sk_d},   {"SK_ai", &k.sk_ai}, {"SK_ar", &k.sk_ar},
                                   {"SK_ei", &k.sk_ei}, {"SK_er", &k.sk_er}, {"SK_pi", &k.sk_pi},
                                   {"SK_pr", &k.sk_pr}};
    return reason != NULL ? reason : secrets_differ(sa, names, 7);
}

/* ---- Child SAs ---- */

static const char *keymat_differs(const struct play *play, const json_t *child)
{
    const json_t *sa = ike_sa_at(play, child, "ikeSa");
    const struct prf_algorithm *prf = prf_named(text_of(sa, "prf"));
    struct bytes expected = octets_of(child, "KEYMAT");
    struct bytes seed = octets_join(octets_of(child, "g^ir"),
                                    octets_join(octets_of(child, "Ni"), octets_of(child, "Nr")));
    uint8_t *found = octets_new(expected.length);
    struct shared_secret g_ir;
    if (json_object_get(child, "g^ir") != NULL) {
        const char *reason = key_exchange_differs(child, &g_ir);
        if (reason != NULL) {
            return reason;
        }
    }
    if (prf == NULL ||
        prf_plus(prf, octets_of(sa, "SK_d"), seed, found, expected.length) != STATUS_OK) {
        return "KEYMAT cannot be derived";
    }
    const char *reason = octets_differ(child, "KEYMAT", bytes_of(found, expected.length));
    struct bytes pieces =
        octets_join(octets_join(octets_of(child, "encryption_i"), octets_of(child, "integrity_i")),
                    octets_join(octets_of(child, "encryption_r"), octets_of(child, "integrity_r")));
    return reason != NULL ? reason : octets_differ(child, "KEYMAT", pieces);
}

/* ---- what the endpoints said ---- */

static const char *ike_event_differs(const struct play *play, const struct ike_keys_info *keys)
{
    size_t i;
    json_t *sa;
    json_array_foreach(json_object_get(play->test, "ikeSas"), i, sa)
    {
        if (spi_of(sa, "SPIi") == keys->spi_i && spi_of(sa, "SPIr") == keys->spi_r) {
            struct named_secret names[] = {{"SK_ei", &keys->sk_ei},
                                           {"SK_er", &keys->sk_er},
                                           {"SK_ai", &keys->sk_ai},
                                           {"SK_ar", &keys->sk_ar}};
            return secrets_differ(sa, names, 4);
        }
    }
    return "an IKE SA that is not written";
}

static uint32_t child_spi(const json_t *child, const char *name)
{
    struct bytes octets = octets_of(child, name);
    uint32_t spi = 0;
    return bytes_take_u32(&octets, &spi) ? spi : 0;
}

static const char *child_event_differs(const struct play *play, const struct child_sa_info *info)
{
    size_t i;
    json_t *child;
    json_array_foreach(json_object_get(play->test, "childSas"), i, child)
    {
        uint32_t of_i = child_spi(child, "SPI_i");
        uint32_t of_r = child_spi(child, "SPI_r");
        bool ours = info->spi_in == of_i && info->spi_out == of_r; /* we began the exchange */
        if (!ours && (info->spi_in != of_r || info->spi_out != of_i)) {
            continue;
        }
        if (info->esn != true_of(child, "esn") ||
            info->transport_mode != (strcmp(text_of(child, "mode"), "transport") == 0)) {
            return "a Child SA is of another kind";
        }
        struct named_secret names[] = {
            {"encryption_i", ours ? &info->encryption_out : &info->encryption_in},
            {"integrity_i", ours ? &info->integrity_out : &info->integrity_in},
            {"encryption_r", ours ? &info->encryption_in : &info->encryption_out},
            {"integrity_r", ours ? &info->integrity_in : &info->integrity_out}};
        return secrets_differ(child, names, 4);
    }
    return "a Child SA that is not written";
}

static const char *each(const struct play *play, const char *list,
                        const char *(*differs)(const struct play *, const json_t *))
{
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(play->test, list), i, item)
    {
        const char *reason = differs(play, item);
        if (reason != NULL) {
            return reason;
        }
    }
    return NULL;
}

const char *play_check_values(const struct play *play)
{
    size_t ikes = json_array_size(json_object_get(play->test, "ikeSas"));
    size_t children = json_array_size(json_object_get(play->test, "childSas"));
    if (play->event_count != 2 * (ikes + children)) {
        return "another number of SAs comes up than is written";
    }
    for (size_t i = 0; i < play->event_count; i++) {
        const struct event *event = &play->events[i];
        const char *reason = event->type == EVENT_IKE_SA_KEYS
                                 ? ike_event_differs(play, &event->ike_keys)
                                 : child_event_differs(play, &event->child);
        if (reason != NULL) {
            return reason;
        }
    }
    return play_check_derivation(play);
}

const char *play_check_derivation(const struct play *play)
{
    const char *reason = each(play, "ikeSas", ike_keys_differ);
    if (reason == NULL) {
        reason = each(play, "childSas", keymat_differs);
    }
    return reason != NULL ? reason : each(play, "auth", play_auth_differs);
}

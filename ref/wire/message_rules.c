/* Which payloads a message cannot do without, RFC 7296 1.2.
 *
 *    IKE_SA_INIT   SAi1 KEi Ni                   -->
 *                                                <--   SAr1 KEr Nr
 *    IKE_AUTH      IDi [AUTH] SAi2 TSi TSr       --> without AUTH it asks for EAP (2.16)
 *                                                <--   IDr AUTH SAr2 TSi TSr
 *                                         or, with the IKE SA up and the Child SA refused:
 *                                                <--   IDr AUTH N(error)
 */
#include "wire/message.h"

enum need {
    NEED_SA = 1 << 0,
    NEED_KE = 1 << 1,
    NEED_NONCE = 1 << 2,
    NEED_ID_I = 1 << 3,
    NEED_ID_R = 1 << 4,
    NEED_AUTH = 1 << 5,
    NEED_TS = 1 << 6, /* both */
};

static const struct rule {
    uint8_t exchange_type;
    bool response;
    unsigned needs;
} rules[] = {
    {IKE_SA_INIT, false, NEED_SA | NEED_KE | NEED_NONCE},
    {IKE_SA_INIT, true, NEED_SA | NEED_KE | NEED_NONCE},
    {IKE_AUTH, false, NEED_ID_I | NEED_SA | NEED_TS}, /* what AUTH is worth, IKE_AUTH decides */
    {IKE_AUTH, true, NEED_ID_R | NEED_AUTH},          /* the Child SA is judged by itself */
};

static unsigned present(const struct message *m)
{
    return (m->has_sa ? NEED_SA : 0u) | (m->has_ke ? NEED_KE : 0u) |
           (m->has_nonce ? NEED_NONCE : 0u) | (m->has_id_i ? NEED_ID_I : 0u) |
           (m->has_id_r ? NEED_ID_R : 0u) | (m->has_auth ? NEED_AUTH : 0u) |
           (m->has_ts_i && m->has_ts_r ? NEED_TS : 0u);
}

enum status message_rules_check(uint8_t exchange_type, bool response, const struct message *m)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct rule *rule = &rules[i];
        if (rule->exchange_type == exchange_type && rule->response == response &&
            (rule->needs & ~present(m)) != 0) {
            return STATUS_NOTIFY(INVALID_SYNTAX);
        }
    }
    return STATUS_OK;
}

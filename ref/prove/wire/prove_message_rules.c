/* wire/message_rules.c: the table says what RFC 7296 1.2 says. */
#include "prove/prove.h"

#include "wire/message.h"

/* RFC 7296 1.2 in plain words. */
void prove_message_rules_check(void)
{
    struct message m;
    uint8_t exchange = any_u8();
    bool response = any_bool();
    m.has_sa = any_bool();
    m.has_ke = any_bool();
    m.has_nonce = any_bool();
    m.has_id_i = any_bool();
    m.has_id_r = any_bool();
    m.has_auth = any_bool();
    m.has_ts_i = any_bool();
    m.has_ts_r = any_bool();
    bool whole = true;
    if (exchange == 34) {
        whole = m.has_sa && m.has_ke && m.has_nonce;
    } else if (exchange == 35 && response) {
        whole = m.has_id_r && m.has_auth;
    } else if (exchange == 35) {
        whole = m.has_id_i && m.has_sa && m.has_ts_i && m.has_ts_r;
    }
    assert(message_rules_check(exchange, response, &m) ==
           (whole ? STATUS_OK : STATUS_NOTIFY(INVALID_SYNTAX)));
}

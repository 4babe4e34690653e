/* Explicit Congestion Notification across the protected path, RFC 6040 4.2. */
#include "esp/ecn.h"

#define DROP 0xff

/* Row: arriving inner field; column: arriving outer field; both by codepoint. */
static const uint8_t decapsulation[4][4] = {
    /*                 Not-ECT      ECT(1)       ECT(0)       CE     */
    [ECN_NOT_ECT] = {ECN_NOT_ECT, ECN_NOT_ECT, ECN_NOT_ECT, DROP},
    [ECN_ECT_1] = {ECN_ECT_1, ECN_ECT_1, ECN_ECT_1, ECN_CE},
    [ECN_ECT_0] = {ECN_ECT_0, ECN_ECT_1, ECN_ECT_0, ECN_CE},
    [ECN_CE] = {ECN_CE, ECN_CE, ECN_CE, ECN_CE},
};

bool ecn_decapsulate(uint8_t inner, uint8_t outer, uint8_t *out)
{
    uint8_t result = decapsulation[inner & ECN_MASK][outer & ECN_MASK];
    if (result == DROP) {
        return false;
    }
    *out = result;
    return true;
}

/* The IVs of one AEAD key. */

#include "crypto/iv_counter.h"

#include "base/writer.h"

bool iv_counter_next(struct iv_counter *counter, uint8_t iv[IV_COUNTER_LENGTH])
{
    if (counter->last == UINT64_MAX) {
        return false;
    }
    counter->last++;
    struct writer w = writer_over(iv, IV_COUNTER_LENGTH);
    writer_u64(&w, counter->last);
    return true;
}

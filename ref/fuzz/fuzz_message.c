/* A chain of payloads of any exchange, decoded and held against its rules. The first octet is the
 * type of the first payload, the second the exchange; every view lies within what was read. */

#include "fuzz/input.h"
#include "wire/message.h"

static struct payload_chain chain;
static struct message message;
static struct bytes whole;

static void inside(struct bytes view)
{
    if (view.length > 0 && (view.data < whole.data || view.length > whole.length ||
                            view.data > whole.data + (whole.length - view.length))) {
        finding("a view leads out of the datagram");
    }
}

static void check_chain(void)
{
    if (chain.count > PAYLOADS_MAX) {
        finding("more payloads than there is room for");
    }
    for (size_t i = 0; i < chain.count; i++) {
        inside(chain.items[i].body);
    }
}

static void check_message(void)
{
    for (size_t i = 0; message.has_sa && i < message.sa.count; i++) {
        inside(message.sa.proposals[i].spi);
    }
    for (size_t i = 0; i < message.notify_count; i++) {
        inside(message.notifies[i].spi);
        inside(message.notifies[i].data);
    }
    for (size_t i = 0; i < message.delete_count; i++) {
        const struct delete_payload *d = &message.deletes[i];
        inside(d->spis);
        if (d->spis.length != (size_t)d->spi_size * d->count) {
            finding("a Delete payload counts other SPIs than it has");
        }
    }
    for (size_t i = 0; i < message.cert_count && i < CERTS_MAX; i++) {
        inside(message.certs[i].data);
    }
    for (size_t i = 0; i < message.certreq_count; i++) {
        inside(message.certreqs[i].authorities);
    }
    inside(message.sk);
    inside(message.has_ke ? message.ke.data : bytes_of(NULL, 0));
    inside(message.has_nonce ? message.nonce.nonce : bytes_of(NULL, 0));
    inside(message.has_id_i ? message.id_i.data : bytes_of(NULL, 0));
    inside(message.has_id_r ? message.id_r.data : bytes_of(NULL, 0));
    inside(message.has_auth ? message.auth.data : bytes_of(NULL, 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = input_of(data, size);
    uint8_t first = input_u8(&in);
    uint8_t exchange = input_u8(&in);
    whole = in.left;
    if (payload_chain_parse(first, whole, &chain) != STATUS_OK) {
        return 0;
    }
    check_chain();
    if (message_decode(&chain, &message) != STATUS_OK) {
        return 0;
    }
    check_message();
    (void)!message_rules_check((uint8_t)(IKE_SA_INIT + exchange % 4), exchange >= 128, &message);
    const struct notify_payload *error = message_error(&message);
    if (error != NULL && error->type > NOTIFY_ERROR_MAX) {
        finding("a status notification passes for an error");
    }
    return 0;
}

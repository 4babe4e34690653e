/* What a person writes into a configuration: proposals, identities, selectors, addresses. The first
 * octet says which. What was understood can be written out and understood again. */

#include <string.h>

#include "fuzz/input.h"
#include "sa/config.h"

#define WORDS_MAX 512

static void proposal(const char *text, uint8_t protocol)
{
    struct proposal p, again;
    char written[PROPOSAL_TEXT_MAX];
    const char *error = NULL;
    if (!proposal_parse_text(text, protocol, &p, &error)) {
        if (error == NULL) {
            finding("a proposal is refused without a reason");
        }
        return;
    }
    if (p.count > TRANSFORMS_MAX) {
        finding("more transforms than there is room for");
    }
    (void)proposal_format_text(&p, written);
    if (!proposal_parse_text(written, protocol, &again, &error)) {
        finding("a proposal of our own words is refused");
    }
}

static void identity(const char *text)
{
    struct identity id, again;
    char written[IDENTITY_TEXT_MAX];
    if (!identity_parse(text, &id)) {
        return;
    }
    if (id.length > IDENTITY_MAX || !identity_equal(&id, &id)) {
        finding("an identity that is not itself");
    }
    (void)identity_format(&id, written);
    (void)!identity_parse(written, &again);
}

static void selector(const char *text)
{
    struct traffic_selector s, again;
    char written[SELECTOR_TEXT_MAX];
    if (selector_parse(text, &s)) {
        (void)selector_format(&s, written);
        if (!selector_parse(written, &again) || !selector_equal(&s, &again)) {
            finding("a selector reads otherwise than it is written");
        }
    }
}

static void address(const char *text)
{
    struct address a, again;
    char written[ADDRESS_TEXT_MAX];
    if (address_parse(text, &a)) {
        (void)address_format(&a, written);
        if (!address_parse(written, &again) || !address_equal(&a, &again)) {
            finding("an address reads otherwise than it is written");
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[WORDS_MAX] = {0};
    if (size == 0 || size > sizeof text) {
        return 0;
    }
    memcpy(text, data + 1, size - 1);
    switch (data[0] % 5) {
    case 0:
        proposal(text, PROTOCOL_IKE);
        break;
    case 1:
        proposal(text, PROTOCOL_ESP);
        break;
    case 2:
        identity(text);
        break;
    case 3:
        selector(text);
        break;
    default:
        address(text);
        break;
    }
    return 0;
}

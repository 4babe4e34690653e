/* The limits as the proofs see them: as small as shows what happens at a limit and behind it within
 * an input of tens of octets. They are found before base/limits.h, which they include. */
#ifndef IKEREF_PROVE_LIMITS_H
#define IKEREF_PROVE_LIMITS_H

#include "../../../base/limits.h"

#undef PAYLOADS_MAX
#undef PROPOSALS_MAX
#undef TRANSFORMS_MAX
#undef SELECTORS_MAX
#undef NOTIFIES_MAX
#undef DELETES_MAX
#undef CERTS_MAX
#undef CERTREQS_MAX
#undef FRAGMENTS_MAX
#undef IKE_MESSAGE_MAX

#define PAYLOADS_MAX 3
#ifdef PROVE_PROPOSALS_MAX
#define PROPOSALS_MAX PROVE_PROPOSALS_MAX
#else
#define PROPOSALS_MAX 2
#endif
#ifdef PROVE_TRANSFORMS_MAX
#define TRANSFORMS_MAX PROVE_TRANSFORMS_MAX
#else
#define TRANSFORMS_MAX 2
#endif
#ifdef PROVE_SELECTORS_MAX
#define SELECTORS_MAX PROVE_SELECTORS_MAX
#else
#define SELECTORS_MAX 2
#endif
#define NOTIFIES_MAX 1
#define DELETES_MAX 1
#define CERTS_MAX 1
#define CERTREQS_MAX 1
#define FRAGMENTS_MAX 2
#define IKE_MESSAGE_MAX 4

#endif

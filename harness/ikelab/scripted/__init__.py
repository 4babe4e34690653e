"""A second, independent IKEv2, which does what a test says: the peer that implementations under test are confronted with.

It shares no code with ref/; it stands on the lab's own decoder (wire/) and on the derivation behind the test vectors
(vectors/derivation.py). It holds the keys, so that it can misbehave inside SK and SKF as well. It does nothing by itself:
no timers, no retransmissions, no answers but those that a test gives.

    payloads     a builder for every payload          message     one message on its way out, odd or not
    carrier      sockets, and who gets what arrives   channel     send, expect, answer, expect nothing
    keymat       SKEYSEED to AUTH and KEYMAT          suites      algorithms in the words of a configuration
    first_exchanges, eap_exchanges, later_exchanges   what an IKE SA says, and what follows from what it hears
    configuration  internal addresses                 eap, eap_tls, mschapv2, md4    EAP's two ends, and their methods
    ike_sa       all of that together                 child_sa    ESP
    ip, tcp      inner packets, a stream of them      draws       randomness from a seed

docs/CONFORMANCE.md has the vocabulary.
"""

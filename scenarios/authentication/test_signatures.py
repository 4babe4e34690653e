"""Who proves itself by a certificate: with every kind of key, on either side, and beside a shared key on the other."""

from ikelab.scenario import Certificate, PayloadType, each, needs, topology

DIGITAL_SIGNATURE, SHARED_KEY = 14, 2


def proofs(trace):
    """What the client and the gateway sent to prove themselves."""
    messages = (trace.requests("IKE_AUTH")[0], trace.responses("IKE_AUTH")[0])
    return {side: message.first(PayloadType.AUTH) for side, message in zip(("client", "gateway"), messages)}


def announced(trace):
    """The hash functions that each side said it takes (RFC 7427 4)."""
    messages = (trace.requests("IKE_SA_INIT")[-1], trace.responses("IKE_SA_INIT")[-1])
    return {side: message.notifies()["SIGNATURE_HASH_ALGORITHMS"].hashes
            for side, message in zip(("client", "gateway"), messages)}


def signed(client, gateway, flow, lab, side, key, algorithms):
    """That side signs with this key, and with a hash function that the other one takes; both believe each other."""
    lab.configure(certificate=Certificate())
    lab.side(side).configure(certificate=Certificate(key=key))
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0

    def by_this_algorithm(trace):
        found, hashes = proofs(trace), announced(trace)
        assert {proof.method for proof in found.values()} == {DIGITAL_SIGNATURE}
        algorithm, _, hashed = found[side].algorithm.partition(" with ")
        assert algorithm in algorithms
        assert (hashed or "Identity") in hashes["gateway" if side == "client" else "client"]

    lab.afterwards(by_this_algorithm)


@topology("pair")
@needs("auth-rsa", "auth-ecdsa")
@each("side", "client", "gateway")
@each("key", "rsa2048", "rsa3072", "rsa4096")
def test_rsa(client, gateway, flow, lab, side, key):
    """RSA signs, in the old form or in that of PSS. RFC 7427 3, RFC 8247 3.2"""
    signed(client, gateway, flow, lab, side, key, ("RSA", "RSASSA-PSS"))


@topology("pair")
@needs("auth-ecdsa")
@each("side", "client", "gateway")
@each("key", "p256", "p384", "p521")
def test_ecdsa(client, gateway, flow, lab, side, key):
    """ECDSA signs, on every curve with a hash function that the other side takes. RFC 7427 3"""
    signed(client, gateway, flow, lab, side, key, ("ECDSA",))


@topology("pair")
@needs("auth-ed25519", "auth-ecdsa")
@each("side", "client", "gateway")
def test_ed25519(client, gateway, flow, lab, side):
    """Ed25519 signs what was said itself and no hash of it. RFC 8420 2"""
    signed(client, gateway, flow, lab, side, "ed25519", ("Ed25519",))


@topology("pair")
@needs("auth-ed448", "auth-ecdsa")
@each("side", "client", "gateway")
def test_ed448(client, gateway, flow, lab, side):
    """Ed448 signs what was said itself and no hash of it. RFC 8420 2"""
    signed(client, gateway, flow, lab, side, "ed448", ("Ed448",))


@topology("pair")
@each("side", "client", "gateway")
@each("key", "rsa2048", "p256")
def test_beside_a_shared_key(client, gateway, flow, lab, side, key):
    """One side proves itself by a certificate, the other by the shared key: each has its own method. RFC 7296 2.15"""
    lab.configure(certificate=None)
    lab.side(side).configure(certificate=Certificate(key=key))
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0

    def each_its_own(trace):
        methods = {name: proof.method for name, proof in proofs(trace).items()}
        assert methods.pop(side) == DIGITAL_SIGNATURE and set(methods.values()) == {SHARED_KEY}

    lab.afterwards(each_its_own)


@topology("pair")
def test_without_certificates_nobody_asks_for_any(client, gateway, lab):
    """Where both sides have a shared key no certificate is sent, and the method is that of the key. RFC 7296 2.15"""
    lab.configure(certificate=None)
    client.connect(gateway)
    lab.agree()

    def by_the_shared_key(trace):
        assert {proof.method for proof in proofs(trace).values()} == {SHARED_KEY}
        assert not any(message.first(PayloadType.CERT) for message in trace.messages)

    lab.afterwards(by_the_shared_key)

"""Every algorithm on its own: both sides offer nothing else, so what is agreed is what was asked for."""

from ikelab.scenario import each, needs, proposed, suite, topology

HASHES = ("sha256", "sha384", "sha512")
IKE_CIPHERS = ("aes128gcm16-prfsha256", "aes256gcm16-prfsha256", "chacha20poly1305-prfsha256",
               *(f"aes{bits}-{one}-prf{one}" for bits in (128, 256) for one in HASHES))
ESP_CIPHERS = ("aes128gcm16", "aes256gcm16", "chacha20poly1305",
               *(f"aes{bits}-{one}" for bits in (128, 256) for one in HASHES))


def agreed_for_ike(client, gateway, flow, lab, proposal):
    """Connects with this one proposal; it is what the exchange chose, what both sides say, and it works."""
    lab.configure(proposals=(proposal,))
    client.connect(gateway)
    lab.agree()
    for side in (client, gateway):
        assert suite(side.ike_sa().proposal) == suite(proposal)
    assert flow.ping(client, gateway, count=1).received == 1
    client.rekey("child")  # one more exchange under SK, and the new keys come from SK_d
    assert flow.ping(client, gateway, count=1).received == 1

    def chosen(trace):
        assert [proposed(p) for p in trace.responses("IKE_SA_INIT")[0].proposals] == [suite(proposal)]
        assert trace.unopened_ike == 0

    lab.afterwards(chosen)


@topology("pair")
@each("cipher", *IKE_CIPHERS)
def test_ike_cipher(client, gateway, flow, lab, cipher):
    """The IKE SA is sealed with this cipher and no other. RFC 7296 3.3.2"""
    agreed_for_ike(client, gateway, flow, lab, f"{cipher}-x25519")


@topology("pair")
@each("prf", *HASHES)
def test_ike_prf(client, gateway, flow, lab, prf):
    """Keys and AUTH come from this PRF. RFC 7296 2.13"""
    agreed_for_ike(client, gateway, flow, lab, f"aes256gcm16-prf{prf}-x25519")


@topology("pair")
@each("group", "x25519", "x448", "ecp256", "ecp384", "ecp521", "modp2048", "modp3072", "modp4096")
def test_key_exchange(client, gateway, flow, lab, group):
    """The shared secret comes from this key exchange method. RFC 7296 3.4, RFC 8031, RFC 5903, RFC 3526"""
    agreed_for_ike(client, gateway, flow, lab, f"aes256gcm16-prfsha256-{group}")


def agreed_for_esp(client, gateway, flow, lab, proposal):
    """The same for a Child SA; packets of several sizes go both ways, and none is lost."""
    lab.configure(child={"proposals": (proposal,)})
    client.connect(gateway)
    lab.agree()
    for side in (client, gateway):
        assert suite(side.child_sa().proposal) - {"esn"} == suite(proposal) - {"esn"}
        assert side.child_sa().esn == ("esn" in suite(proposal))
    for octets in (16, 17, 333, 1200):  # each another padding (RFC 4303 2.4)
        with flow.udp(client, gateway, count=4, interval_ms=1, octets=octets) as traffic:
            traffic.wait_received(4)

    def chosen(trace):
        assert [proposed(p) for p in trace.responses("IKE_AUTH")[0].proposals] == [suite(proposal)]
        assert trace.unopened_esp == 0 and trace.cost.esp_packets == 32
        assert all(one.esn == ("esn" in suite(proposal)) for one in trace.esp)

    lab.afterwards(chosen)


@topology("pair")
@each("cipher", *ESP_CIPHERS)
def test_esp_cipher(client, gateway, flow, lab, cipher):
    """The Child SA is sealed with this cipher, with 32-bit sequence numbers. RFC 4303 2.2"""
    agreed_for_esp(client, gateway, flow, lab, f"{cipher}-noesn")


@topology("pair")
@needs("esn")
@each("cipher", *ESP_CIPHERS)
def test_esp_cipher_with_esn(client, gateway, flow, lab, cipher):
    """The Child SA is sealed with this cipher, with extended sequence numbers. RFC 4303 2.2.1"""
    agreed_for_esp(client, gateway, flow, lab, f"{cipher}-esn")


@topology("pair")
def test_common_proposal_is_found(client, gateway, flow, lab):
    """Of many proposals the one both sides know is chosen, wherever it stands in the list. RFC 7296 2.7"""
    client.configure(proposals=("chacha20poly1305-prfsha512-x25519", "aes128-sha256-x25519-ecp256",
                                "aes256gcm16-prfsha384-x25519"),
                     child={"proposals": ("chacha20poly1305", "aes256-sha512", "aes128gcm16-aes256gcm16")})
    gateway.configure(proposals=("aes256gcm16-prfsha384-x25519",), child={"proposals": ("aes128gcm16",)})
    client.connect(gateway)
    lab.agree()
    assert flow.ping(client, gateway).lost == 0

    def chosen(trace):
        offered, answer = trace.requests("IKE_SA_INIT")[-1], trace.responses("IKE_SA_INIT")[-1]
        assert suite("aes256gcm16-prfsha384-x25519") in [proposed(p) for p in offered.proposals]
        assert proposed(answer.proposals[0]) == suite("aes256gcm16-prfsha384-x25519")
        assert proposed(trace.responses("IKE_AUTH")[0].proposals[0]) == suite("aes128gcm16")

    lab.afterwards(chosen)

"""Keys from charon's log, with threads whose lines are mixed."""

from __future__ import annotations

from ikelab.peers import fence, strongswan_keys
from ikelab.peers.neutral import ChildSpec, DaemonSpec, PeerSpec

LOG = """05[CFG] <gateway|1> selected proposal: IKE:AES_CBC_128/HMAC_SHA2_256_128/PRF_HMAC_SHA2_256/CURVE_25519
05[IKE] <gateway|1> Sk_ai secret => 4 bytes @ 0x1
05[IKE] <gateway|1>    0: A1 A1 A1 A1                                      ....
05[IKE] <gateway|1> Sk_ar secret => 4 bytes @ 0x1
05[IKE] <gateway|1>    0: A2 A2 A2 A2                                      ....
05[IKE] <gateway|1> Sk_ei secret => 18 bytes @ 0x1
06[MGR] checkin IKEv2 SA other[7] with SPIs 7777777777777777_i 7777777777777777_r
05[IKE] <gateway|1>    0: 00 11 22 33 44 55 66 77 88 99 AA BB CC DD EE FF  ..^.DUfw........
05[IKE] <gateway|1>   16: 01 02                                            ..
05[IKE] <gateway|1> Sk_er secret => 2 bytes @ 0x1
05[IKE] <gateway|1>    0: BE EF                                            ..
05[MGR] <gateway|1> checkin IKEv2 SA gateway[1] with SPIs 30ab1b6865a0ddb9_i 79fa3b35b07c7a47_r
06[CFG] <gateway|1> selected proposal: ESP:AES_GCM_16_256/NO_EXT_SEQ
06[CHD] <gateway|1> encryption initiator key => 2 bytes @ 0x1
06[CHD] <gateway|1>    0: 0A 0B                                            ..
06[CHD] <gateway|1> encryption responder key => 2 bytes @ 0x1
06[CHD] <gateway|1>    0: 0C 0D                                            ..
06[IKE] <gateway|1> CHILD_SA net{1} established with SPIs 837ede58_i efff9508_o and TS 10.1.0.0/24 === 10.2.0.0/24
04[CFG] <gateway|1> selected proposal: IKE:CHACHA20_POLY1305_256/PRF_HMAC_SHA2_256/CURVE_25519
04[MGR] <gateway|1> checkin IKEv2 SA gateway[1] with SPIs 30ab1b6865a0ddb9_i 79fa3b35b07c7a47_r
04[MGR] <gateway|1> checkin IKEv2 SA gateway[2] with SPIs 4ad95e2c8b006c32_i c8c69e0443549ff7_r
07[IKE] <gateway|1> Sk_ei secret => 1 bytes @ 0x1
07[IKE] <gateway|1>    0: 01                                               .
07[IKE] <gateway|1> Sk_er secret => 1 bytes @ 0x1
07[IKE] <gateway|1>    0: 02                                               .
07[MGR] <gateway|1> checkin IKEv2 SA gateway[1] with SPIs 30ab1b6865a0ddb9_i 79fa3b35b07c7a47_r
07[MGR] <gateway|1> checkin IKEv2 SA gateway[2] with SPIs 4ad95e2c8b006c32_i c8c69e0443549ff7_r
"""


def test_keys_come_with_the_spis_their_thread_names_next() -> None:
    store = strongswan_keys.read(LOG)
    first, second = store.ike.values()
    assert first.spi_i.hex() == "30ab1b6865a0ddb9" and first.encryption == "AES-CBC-128 [RFC3602]"
    assert first.sk_ei.hex() == "00112233445566778899aabbccddeeff0102" and first.sk_er.hex() == "beef"
    assert (first.sk_ai.hex(), first.sk_ar.hex(), first.integrity) == (
        "a1a1a1a1", "a2a2a2a2", "HMAC_SHA2_256_128 [RFC4868]")
    # Those of a successor are derived under the name of the old one, whose SPIs are known already.
    assert second.spi_i.hex() == "4ad95e2c8b006c32" and second.encryption == "ChaCha20-Poly1305 [RFC7634]"


def test_either_esp_key_may_be_that_of_either_direction() -> None:
    store = strongswan_keys.read(LOG)
    for spi in (0x837EDE58, 0xEFFF9508):
        assert [one.key for one in store.esp[spi]] == [b"\x0a\x0b", b"\x0c\x0d"]
        assert store.esp[spi][0].encryption == "AES-GCM with 16 octet ICV [RFC4106]"


def test_a_log_that_ends_in_the_middle_tells_what_it_has() -> None:
    for length in range(0, len(LOG), 97):
        strongswan_keys.read(LOG[:length])


def test_a_fence_stands_around_tunnels_only() -> None:
    children = (ChildSpec("one", local_ts=("10.1.0.0/24", "fd00:1::/64"), remote_ts=("10.2.0.1[tcp/80]", "fd00:2::/64")),
                ChildSpec("two", mode="transport"), ChildSpec("three", local_ts=("10.1.0.1-10.1.0.9",),
                                                              remote_ts=("10.2.0.0/24",)))
    spec = DaemonSpec((PeerSpec("p", "a", "b", "k", children=children),))
    assert fence.pairs(spec) == [("10.1.0.0/24", "10.2.0.1/32"), ("fd00:1::/64", "fd00:2::/64")]

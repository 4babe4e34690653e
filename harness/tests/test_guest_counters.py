"""What a guest's kernel counted while a peer lived in it."""

from __future__ import annotations

from pathlib import Path

from ikelab.guest.counters import FILE, SNMP, XFRM_STAT, Counters

SNMP_TEXT = """Ip: Forwarding InReceives InDiscards
Ip: 1 {} 0
Udp: InDatagrams NoPorts
Udp: 4 1
"""


class Guest:
    def __init__(self) -> None:
        self.lost, self.received = 2, 7

    def read(self, path: str) -> bytes:
        return {XFRM_STAT: f"XfrmInError             \t0\nXfrmInNoStates          \t{self.lost}\n",
                SNMP: SNMP_TEXT.format(self.received)}[path].encode()


def test_only_what_has_risen_is_said(tmp_path: Path) -> None:
    guest = Guest()
    counters = Counters(guest)
    assert counters.risen() == {}
    guest.lost, guest.received = 3, 12
    assert counters.risen() == {"XfrmInNoStates": 1, "IpInReceives": 5}
    counters.write(tmp_path)
    assert (tmp_path / FILE).read_text().split() == ["XfrmInNoStates", "1", "IpInReceives", "5"]


def test_a_kernel_that_counts_nothing_is_none_the_worse() -> None:
    class Silent:
        def read(self, path: str) -> bytes:
            return b""

    assert Counters(Silent()).risen() == {}

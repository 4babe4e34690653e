"""An IKE SA of the scripted peer's: all it knows, and every verb a test has for it."""

from __future__ import annotations

from ..peers.neutral import PeerSpec
from ..wire.registry import Exchange
from .carrier import DEADLINE_S, Arrived, Carrier
from .channel import Received
from .child_sa import ChildSa
from .draws import Draws
from .keymat import Keymat
from .later_exchanges import LaterExchanges

Inside = dict[int, tuple[str, str]]


class IkeSa(LaterExchanges):
    """Made by `calling` (we initiate) or `called` (the peer does), or by a rekey."""

    def __init__(self, carrier: Carrier, draws: Draws, spec: PeerSpec, inside: Inside, initiator: bool, spi_i: bytes,
                 spi_r: bytes = bytes(8)):
        super().__init__(carrier, draws, initiator, spi_i, spi_r)
        self.spec = spec
        self.inside = inside  # by family: our address in there, and the peer's
        self.children: list[ChildSa] = []
        self.deleted = False
        self.replaced_by: IkeSa | None = None
        self.prepare()

    @classmethod
    def calling(cls, carrier: Carrier, draws: Draws, spec: PeerSpec, inside: Inside) -> IkeSa:
        """Nothing has been sent yet."""
        return cls(carrier, draws, spec, inside, True, draws.spi(8))

    @classmethod
    def called(cls, carrier: Carrier, draws: Draws, spec: PeerSpec, inside: Inside, datagram: Arrived) -> IkeSa:
        """By an IKE_SA_INIT request; nothing has been answered yet."""
        sa = cls(carrier, draws, spec, inside, False, datagram.octets[:8], draws.spi(8))
        carrier.ike[datagram.octets[:8]] = sa
        sa.port, sa.to = datagram.port, datagram.source
        sa.arrived(datagram)
        return sa

    def expect_request(self, exchange: int | None = None, deadline_s: float = DEADLINE_S) -> Received:
        """An IKE_SA_INIT that comes again, with a COOKIE or another KE, is the one that counts (RFC 7296 2.6)."""
        found = super().expect_request(exchange, deadline_s)
        if found.exchange == Exchange.IKE_SA_INIT:
            self.init_request = found
        return found

    def successor(self, initiator: bool, spi_i: bytes, spi_r: bytes, keymat: Keymat) -> IkeSa:
        """The IKE SA that replaces this one: it inherits the Child SAs, and counts from 0 (RFC 7296 2.18, 2.2)."""
        new = IkeSa(self.carrier, self.draws, self.spec, self.inside, initiator, spi_i, spi_r)
        new.port, new.to, new.group = self.port, self.to, self.group
        new.seems_behind_nat, new.nat_seen = self.seems_behind_nat, self.nat_seen
        new.peer_seems_behind_nat, new.natt_port = self.peer_seems_behind_nat, self.natt_port
        new.take_keys(keymat)
        new.authenticated, new.leased = True, self.leased
        new.children, self.children = self.children, []
        for child in new.children:
            child.ike_sa = new
        self.replaced_by = new
        return new

    def adopt(self, other: IkeSa) -> None:
        """Takes over the Child SAs of another: this one survives crossing rekeys, the other does not (2.8.2)."""
        for child in other.children:
            child.ike_sa = self
        self.children, other.children = [*self.children, *other.children], []

"""The implementation under test, as a test sees it: what brings it to the state in which the test begins.

What is asked of these objects and does not come about makes a test `inconclusive`; what is asked of the IKE SA that they
give decides it (docs/CONFORMANCE.md).
"""

from __future__ import annotations

import contextlib
import errno
import socket
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, Literal, TypeVar

from cryptography.hazmat.primitives.serialization import Encoding

from ..peers.contract import PeerError, PeerUnsupported
from ..peers.neutral import PeerSpec, PeerStatus
from ..pki import Certificate, root
from ..scripted.carrier import DEADLINE_S
from ..scripted.channel import Received
from ..scripted.child_sa import READY_S, Opened
from ..scripted.draws import Draws
from ..scripted.errors import NotReady, Unmet
from ..scripted.ike_sa import IkeSa
from ..scripted.signature import Identity, certificates_in
from ..stage.proof import authority_of
from ..wire.registry import Exchange
from .library import Endless
from .stage import Stage

JUDGEMENT_S = 2.0  # of an initiator that neither goes on nor says that it will not

T = TypeVar("T")


class UnderTest:
    """`notes` are what SHOULD have been otherwise."""

    role = ""

    def __init__(self, stage: Stage, seed: str, strict: bool = False):
        self.stage, self.strict = stage, strict
        self.draws = Draws(seed)
        self.notes: list[str] = []
        self._identities = 0  # that were made for this test
        self.directory = stage.directory  # for what a test itself keeps; of a test that is judged: its own

    # What it is.

    @property
    def name(self) -> str:
        return self.stage.setup.name

    def status(self) -> PeerStatus:
        """What it says of its own state."""
        return self.stage.peer.status()

    def require(self, *capabilities: str) -> None:
        """The verdict is `unsupported` where its adapter declares one of these missing."""
        self.stage.peer.require(*capabilities)

    # Being told to do something; returns at once.

    def rekey(self, what: Literal["ike", "child"] = "child") -> None:
        self._tell("rekey", lambda: self.stage.peer.rekey(what, wait=False))

    def reauthenticate(self) -> None:
        self._tell("reauthenticate", lambda: self.stage.peer.reauthenticate(wait=False))

    def delete(self, what: Literal["ike", "child"] = "ike") -> None:
        self._tell("delete", lambda: self.stage.peer.delete(what, wait=False))

    def create_child(self) -> None:
        """It asks for its Child SA on the IKE SA that there is."""
        self._tell("initiate", lambda: self.stage.peer.initiate(wait=False))

    def _tell(self, what: str, verb: Callable[[], None]) -> None:
        try:
            verb()
        except PeerUnsupported:
            raise
        except PeerError as error:
            raise NotReady(f"{self.name} was told to {what}, and could not: {error}") from error

    # What crosses the wire, and what its host says.

    def on_the_wire(self) -> list[bytes]:
        """Every IP packet of this test so far, as it crossed a link: outer headers and all."""
        return self.stage.on_the_wire()

    def carried(self, esp: Opened) -> bytes:
        """The IP packet that brought this ESP packet; of one in fragments the first."""
        start = esp.arrived.octets[:20]
        return next(one for one in self.on_the_wire() if start in one[:100])

    def host_socket(self, port: int, to_port: int, family: int = 4) -> socket.socket:
        """A UDP socket of its protected host, connected to ours; the caller closes it."""
        ours, theirs = self.stage.inside[family]
        return self.host_socket_to(theirs, ours, port, to_port)

    def host_socket_to(self, own: str, other: str, port: int, to_port: int = 0) -> socket.socket:
        """The same of any of its addresses, to any address, by default to the same port."""
        if self.stage.setup.outside:
            raise PeerUnsupported("no program of ours can run on a box that is outside")
        self.stage.carrier.prove_chance(READY_S)  # what it has answered it has installed by then
        with _of_its_host(own):
            return self.stage.host.call(_connected, (own, port), (other, to_port or port))

    def host_stream(self, port: int, to_port: int, family: int = 4) -> socket.socket:
        """A TCP socket of its protected host that connects to ours and waits for nothing; the caller closes it."""
        if self.stage.setup.outside:
            raise PeerUnsupported("no program of ours can run on a box that is outside")
        ours, theirs = self.stage.inside[family]
        self.stage.carrier.prove_chance(READY_S)
        with _of_its_host(theirs):
            return self.stage.host.call(_connecting, (theirs, port), (ours, to_port))

    def host_icmp(self, family: int = 4) -> socket.socket:
        """A socket that gets every ICMP message that its protected host does; the caller closes it."""
        if self.stage.setup.outside:
            raise PeerUnsupported("no program of ours can run on a box that is outside")
        return self.stage.host.call(_icmp_socket, self.stage.inside[family][1])

    def host_packets(self, protocol: int) -> socket.socket:
        """A socket that gets every IPv4 packet of that protocol which its protected host gets, as it is; the caller closes
        it."""
        if self.stage.setup.outside:
            raise PeerUnsupported("no program of ours can run on a box that is outside")
        return self.stage.host.call(_raw_socket, self.stage.inside[4][1], protocol)

    def tell_path_mtu(self, about: bytes, mtu: int) -> None:
        """By ICMP, about an IP packet of its own as it crossed the wire: no more octets than that pass."""
        self.stage.tell_path_mtu(about, mtu)

    # Addresses.

    def another_address(self) -> str:
        """One more of the scripted peer's host, for sa.move()."""
        return self.stage.another_address()

    def renumber(self) -> str:
        """Its host gets another address in place of its own, which it has to notice by itself; returns that."""
        self.require("roam")
        return self.stage.renumber()

    # Certificates.

    def publish(self, octets: bytes) -> str:
        """The URL of these octets, on the scripted peer's host."""
        return self.stage.library().publish(octets)

    def publish_endless(self, head: bytes) -> Endless:
        """What begins with these octets and never ends: its `url`, and how much of it is `taken` when that has `ended`."""
        return self.stage.library().publish_endless(head)

    def new_identity(self, trusted: bool = True, **certificate: Any) -> Identity:
        """For `sa.signs_as`: a key of ours and its certificate, by the authority that it trusts, or by another, which it
        never saw. It is like the one we are configured with, but for these fields of pki.Certificate."""
        spec, self._identities = self.stage.spec, self._identities + 1
        kind = spec.credentials.key_kind if spec.credentials is not None else "p256"
        owner = f"{self.draws.seed} {self._identities} {self.stage.setup}"
        authority = authority_of(spec.psk) if trusted else "nobody's authority"
        issued = root(authority).issue(Certificate(**{"key": kind, "identity": spec.local_id, **certificate}), owner)
        return Identity(issued.key, tuple(one.public_bytes(Encoding.DER) for one in issued.chain))

    def certificate(self) -> bytes:
        """Its own, as DER. The verdict is `inconclusive` where it has none."""
        credentials = self.stage.peer.spec.peer().credentials if self.stage.peer.spec else None
        if credentials is None or credentials.certificate is None:
            raise NotReady(f"{self.name} is configured without a certificate")
        return certificates_in(credentials.certificate)[0]

    # To the state in which a test begins.

    def establish(self, **options: Any) -> IkeSa:
        """An IKE SA with its Child SA, whoever of the two asks for it."""
        raise NotImplementedError

    def await_judgement(self, sa: IkeSa) -> None:
        """Until it believes who we are, or says something: who checks signatures in a process of its own answers requests
        meanwhile."""
        end = time.monotonic() + JUDGEMENT_S
        with contextlib.suppress(PeerUnsupported):  # it never tells
            while not sa.inbox and not self.status().established() and time.monotonic() < end:
                sa.carrier.wait(0.05)

    def catch_up(self, sa: IkeSa) -> None:
        """Until it is through with what we have sent. A daemon with many threads answers strangers while it still works on
        that; its state it tells when it is not at work on it."""
        sa.prove_chance()
        with contextlib.suppress(PeerUnsupported):  # it never tells
            self.status()
        sa.prove_chance()

    def _spec(self, changes: dict[str, Any]) -> PeerSpec:
        spec = self.stage.spec
        if child := changes.pop("child", {}):
            spec = replace(spec, children=tuple(replace(one, **child) for one in spec.children))
        return replace(spec, **changes)

    def _kept(self, sa: IkeSa) -> IkeSa:
        self.stage.sas.append(sa)
        return sa

    # What is asked softly.

    @contextlib.contextmanager
    def should(self, requirement: str) -> Iterator[None]:
        """What is asserted within is a SHOULD: unmet it makes a note, and a failure under --strict."""
        try:
            yield
        except AssertionError as error:
            if self.strict:
                raise
            self.notes.append(f"{requirement}: {str(error).splitlines()[0] if str(error) else 'not met'}")

    # Whether it is still there.

    def sanity(self) -> None:
        """A whole life: IKE_SA_INIT, IKE_AUTH, a sign of life, Delete. Raises Unmet or NotReady."""
        sa = self.establish(initial_contact=True)
        sa.liveness()
        sa.delete()


class Responder(UnderTest):
    """It answers; the scripted peer is the original initiator."""

    role = "responder"

    def ike_sa(self, encapsulated: bool = False, natted: bool = False, **changes: Any) -> IkeSa:
        """An IKE SA of ours of which nothing has been sent. `encapsulated`: we seem to be behind a NAT, `natted`: the peer
        does, so that all goes through port 4500 later. `changes`: of how we are configured (fields of PeerSpec, child={...}
        of ChildSpec)."""
        stage = self.stage
        sa = IkeSa.calling(stage.carrier, self.draws, self._spec(changes), stage.inside)
        sa.seems_behind_nat, sa.peer_seems_behind_nat = encapsulated, natted
        return self._kept(sa)

    def neighbour(self, **options: Any) -> IkeSa:
        """The same of somebody else behind the NAT that we seem to be behind: from our address, from ports of its own."""
        sa = self.ike_sa(encapsulated=True, **options)
        sa.port, sa.natt_port = sa.carrier.open_port(), sa.carrier.open_port(marked=True)
        return sa

    def initialised(self, **options: Any) -> IkeSa:
        """After IKE_SA_INIT: there are keys, and nobody has proved anything."""
        sa = self.ike_sa(**options)
        _bring("IKE_SA_INIT", sa.init)
        return sa

    def establish(self, initial_contact: bool = False, **options: Any) -> IkeSa:
        sa = self.initialised(**options)
        _bring("IKE_AUTH", lambda: sa.auth(*sa.auth_payloads(initial_contact)))
        if not sa.children:
            raise NotReady("the peer refused the Child SA that IKE_AUTH asked for")
        return sa


class Initiator(UnderTest):
    """It is told to initiate; the scripted peer is the original responder."""

    role = "initiator"

    def call(self, by_packet: bool = False, **changes: Any) -> IkeSa:
        """It initiates: its IKE_SA_INIT is `sa.init_request`, and has not been answered. `by_packet`: because its
        protected host has sent one to ours, not because it is told to."""
        if by_packet:
            transport = self.stage.spec.child().mode == "transport"
            carrier = self.stage.carrier
            ours, theirs = (carrier.local, carrier.remote) if transport else self.stage.inside[4]
            self.stage.peer.await_packets()
            if transport and self.stage.guests:  # whose address it is; a shell's own words, and the kernel drops the packet
                self.stage.host.run(["bash", "-c", f"echo one packet >/dev/udp/{ours}/9"], check=False)
            else:
                self.stage.host.call(_send_packet, theirs, ours)
        else:
            self._tell("initiate", lambda: self.stage.peer.initiate(wait=False))
        return _bring("a call", lambda: self.expect_call(**changes))

    def expect_call(self, **changes: Any) -> IkeSa:
        """It begins an IKE SA, untold; unlike `call` this decides the test."""
        carrier, end = self.stage.carrier, time.monotonic() + DEADLINE_S
        while True:
            while carrier.strangers:
                datagram = carrier.strangers.popleft()
                if datagram.begins:
                    sa = IkeSa.called(carrier, self.draws, self._spec(changes), self.stage.inside, datagram)
                    sa.expect_request(Exchange.IKE_SA_INIT)
                    return self._kept(sa)
            if not carrier.wait(end - time.monotonic()):
                raise Unmet(f"{self.name} was to initiate, and sent no IKE_SA_INIT in {DEADLINE_S:g} s")

    def initialised(self, encapsulated: bool = False, natted: bool = False, **changes: Any) -> IkeSa:
        """After IKE_SA_INIT: `sa.auth_request` is its IKE_AUTH request, and has not been answered."""
        sa = self.call(**changes)
        sa.seems_behind_nat, sa.peer_seems_behind_nat = encapsulated, natted
        _bring("IKE_SA_INIT", sa.accept_init)
        sa.auth_request = _bring("IKE_AUTH", lambda: sa.expect_request(Exchange.IKE_AUTH))
        return sa

    def establish(self, initial_contact: bool = False, **options: Any) -> IkeSa:
        sa = self.initialised(**options)
        request: Received | None = sa.auth_request
        assert request is not None
        _bring("IKE_AUTH", lambda: sa.accept_auth(request))
        _bring("a sign of life", sa.liveness)  # now it has read our IKE_AUTH response, and its Child SA takes packets
        if sa.spec.signs:
            self.await_judgement(sa)
        return sa


@contextlib.contextmanager
def _of_its_host(address: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno != errno.EADDRNOTAVAIL:
            raise
        raise PeerUnsupported(f"{address} is not an address of its protected host, but of the guest before it") from error


def _send_packet(source: str, target: str) -> None:
    """To the port of "discard", where nobody answers."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.bind((source, 0))
        one.sendto(b"one packet", (target, 9))


def _connected(own: tuple[str, int], other: tuple[str, int]) -> socket.socket:
    found = socket.socket(socket.AF_INET6 if ":" in own[0] else socket.AF_INET, socket.SOCK_DGRAM)
    found.bind(own)
    found.connect(other)
    return found


def _connecting(own: tuple[str, int], other: tuple[str, int]) -> socket.socket:
    found = socket.socket(socket.AF_INET6 if ":" in own[0] else socket.AF_INET, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # no port is left waiting for another test
    found.bind(own)
    found.setblocking(False)
    found.connect_ex(other)
    return found


def _icmp_socket(own: str) -> socket.socket:
    return _raw_socket(own, socket.IPPROTO_ICMPV6 if ":" in own else socket.IPPROTO_ICMP)


def _raw_socket(own: str, protocol: int) -> socket.socket:
    found = socket.socket(socket.AF_INET6 if ":" in own else socket.AF_INET, socket.SOCK_RAW, protocol)
    found.bind((own, 0))
    return found


def _bring(what: str, step: Callable[[], T]) -> T:
    try:
        return step()
    except Unmet as error:
        raise NotReady(f"{what} did not come about: {error}") from error


KINDS: dict[str, type[UnderTest]] = {"initiator": Initiator, "responder": Responder}

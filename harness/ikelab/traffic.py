"""Flows that measure what a user feels.

    flow = Flow()                               # hosts are topology Hosts, or have one as `.host`
    with flow.udp(client, gateway, interval_ms=5) as traffic:
        traffic.wait_received(20)
        client.roam("lte")
    assert traffic.lost <= 3 and traffic.outage_ms < 500

    with flow.tcp(client, gateway, rate_mbit=20) as traffic: ...
    assert traffic.intact and traffic.complete

    assert flow.ping(client, gateway).received == 3

Addresses: a host's protected address (`inside`) if it has one, else its outer one; outer=True takes
the outer one always (transport mode; of a host that a guest inhabits, through an outlet). Both ends are ready when the with statement enters its block.
Numbers may be read at any time; they are final after the block.
"""

from __future__ import annotations

import errno
import json
import random
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ikelab import process
from ikelab.guest.host import GuestHost
from ikelab.topology.host import Host
from ikelab.topology.plan import family_of

CHILD = Path(__file__).with_name("traffic_child.py")
# Linux: level; options for the TOS to send, to be told of the TOS that came, and for path MTU discovery.
_IP_OPTIONS = {4: (socket.IPPROTO_IP, socket.IP_TOS, socket.IP_RECVTOS, 10),
               6: (socket.IPPROTO_IPV6, socket.IPV6_TCLASS, socket.IPV6_RECVTCLASS, 23)}
PMTUDISC_DONT, PMTUDISC_DO = 0, 2
NO_WAY = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EPERM, errno.EACCES)  # unreachable, or forbidden
FAMILIES = {4: socket.AF_INET, 6: socket.AF_INET6}
ANSWER_S = 5.0


class TrafficError(Exception):
    """The flow could not start, or what was awaited did not come."""


class _Traffic:
    """A running flow; the numbers are asked of the process that measures them."""

    def __init__(self, start: Callable[[], _Started], linger_s: float):
        self._start = start
        self._linger_s = linger_s
        self._process: process.Process | None = None
        self._final: dict[str, Any] | None = None

    def __enter__(self):
        self._process, self._socket, self._ends = self._start()
        self._final = None
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        try:
            if self._final is None:
                self.stop()
        except TrafficError:
            if kind is None:
                raise  # else the first error is the one to be seen
        finally:
            self._socket.close()
            self._process.kill()
            for end in self._ends:
                end.close()

    def stop(self) -> None:
        """Ends the sending, and waits a little for what is still under way."""
        self._final = self._ask({"stop": self._linger_s}, self._linger_s + ANSWER_S)

    def _wait(self, count: int, deadline_s: float, what: str) -> None:
        if self._final is None:
            answer = self._ask({"wait": count, "deadline_s": deadline_s}, deadline_s + ANSWER_S)
            if answer["reached"]:
                return
        raise TrafficError(f"{count} {what} did not arrive within {deadline_s:g} s: {self.stats()}")

    def stats(self) -> dict[str, Any]:
        """All counters at one moment."""
        return self._final if self._final is not None else self._ask({}, ANSWER_S)

    def _ask(self, request: dict[str, Any], within_s: float) -> dict[str, Any]:
        try:
            self._socket.send(json.dumps(request).encode())
            return _receive(self._socket, within_s)
        except OSError as error:
            raise TrafficError(f"the flow's process has ended: {error}; see "
                               f"{self._process.log}") from error


class UdpTraffic(_Traffic):
    def wait_received(self, count: int, deadline_s: float = 5.0) -> None:
        """Until count datagrams in all have arrived (come back, with echo)."""
        self._wait(count, deadline_s, "datagrams")

    def wait_more(self, count: int, deadline_s: float = 5.0) -> None:
        """Until count datagrams more than now have arrived."""
        self._wait(self.received + count, deadline_s, "datagrams")

    def wait_sent_more(self, count: int, deadline_s: float = 5.0) -> None:
        """Until count datagrams more than now have been sent, whatever becomes of them."""
        wanted = self.sent + count
        process.await_that(lambda: self.sent >= wanted, f"{count} more datagrams to be sent", deadline_s)

    @property
    def sent(self) -> int:
        return self.stats()["sent"]

    @property
    def received(self) -> int:
        return self.stats()["received"]

    @property
    def lost(self) -> int:
        """Sent and not arrived; while the flow runs that includes what is still under way."""
        return self.stats()["lost"]

    @property
    def duplicated(self) -> int:
        return self.stats()["duplicated"]

    @property
    def reordered(self) -> int:
        """Arrived behind one that was sent later."""
        return self.stats()["reordered"]

    @property
    def octets(self) -> int:
        return self.stats()["octets"]

    @property
    def send_errors(self) -> int:
        """Refused by the kernel of who sent them, echoes included (no route); they count as sent, and as lost."""
        return self.stats()["send_errors"]

    @property
    def refusals(self) -> dict[str, int]:
        """The same by end and error: {"sender: ENETUNREACH": 3, "echo: EPERM": 1}."""
        return self.stats()["refusals"]

    @property
    def outage_ms(self) -> float:
        """The longest pause between arrivals, beyond the interval; a flow that died counts to its end."""
        return self.stats()["outage_ms"]


class TcpTraffic(_Traffic):
    def wait_received(self, octets: int, deadline_s: float = 5.0) -> None:
        self._wait(octets, deadline_s, "octets")

    def wait_more(self, octets: int, deadline_s: float = 5.0) -> None:
        self._wait(self.octets + octets, deadline_s, "octets")

    @property
    def sent(self) -> int:
        return self.stats()["sent"]

    @property
    def octets(self) -> int:
        """Arrived at the far end."""
        return self.stats()["octets"]

    @property
    def lost(self) -> int:
        """Octets that never arrived; 0 of a complete transfer."""
        stats = self.stats()
        return stats["sent"] - stats["octets"]

    @property
    def intact(self) -> bool:
        """What has arrived is what was sent."""
        return self.stats()["intact"]

    @property
    def complete(self) -> bool:
        """All that was sent has arrived, and the connection ended in order."""
        stats = self.stats()
        return stats["complete"] and stats["intact"]

    @property
    def seconds(self) -> float:
        return self.stats()["seconds"]

    @property
    def outage_ms(self) -> float:
        """The longest stall while octets were under way."""
        return self.stats()["outage_ms"]


@dataclass(frozen=True)
class Ping:
    sent: int
    rtts_ms: list[float] = field(default_factory=list)

    @property
    def received(self) -> int:
        return len(self.rtts_ms)

    @property
    def lost(self) -> int:
        return self.sent - self.received

    @property
    def rtt_ms(self) -> float:
        """The median; infinite when nothing came back."""
        return sorted(self.rtts_ms)[len(self.rtts_ms) // 2] if self.rtts_ms else float("inf")


@dataclass(frozen=True)
class Arrival:
    """One datagram as its receiver got it."""

    octets: int
    tos: int  # DSCP and ECN


class TooBig(Exception):
    """The sender's own kernel refused: more than the path takes, and it must not be fragmented."""


class Flow:
    """Makes flows between two hosts."""

    def datagram(self, near: Any, far: Any, *, octets: int = 64, tos: int = 0, dont_fragment: bool = False,
                 family: int = 4, outer: bool = False, deadline_s: float = 2.0,
                 between: tuple[str, str] | None = None, sent_to: str | None = None) -> Arrival | None:
        """One datagram from near to far; None when it does not arrive, or is held back. `octets` is the UDP
        payload. `between`: other addresses of theirs than the first protected ones. `sent_to`: where near
        finds far, when that is not far's own address."""
        source, target = between or (None, None)
        family = family_of(source) if source else family
        with _End(far, socket.SOCK_DGRAM, family, outer, address=target) as there, \
                _End(near, socket.SOCK_DGRAM, family, outer, address=source,
                     target=(sent_to or there.found_at[0], there.found_at[1])) as here:
            sender, receiver = here.socket, there.socket
            level, tos_option, receive_tos, discover = _IP_OPTIONS[family]
            sender.setsockopt(level, tos_option, tos)
            sender.setsockopt(level, discover, PMTUDISC_DO if dont_fragment else PMTUDISC_DONT)
            receiver.setsockopt(level, receive_tos, 1)
            content = random.randbytes(octets)
            try:
                sender.sendto(content, here.sends_to)
            except OSError as error:
                if error.errno == errno.EMSGSIZE:
                    raise TooBig(f"{octets} octets of UDP do not fit") from error
                if error.errno in NO_WAY:
                    return None
                raise TrafficError(f"cannot send: {error}") from error
            if not select.select([receiver], [], [], deadline_s)[0]:
                return None
            got, extra, _, _ = receiver.recvmsg(65535, 64)
            if got != content:
                raise TrafficError("what arrived is not what was sent")
            return Arrival(len(got), extra[0][2][0] if extra else 0)

    def reaches(self, near: Any, far: Any, *, family: int = 4, outer: bool = False, deadline_s: float = 2.0) -> bool:
        """Whether a TCP connection from near to far comes up."""
        with _End(far, socket.SOCK_STREAM, family, outer) as there, \
                _End(near, socket.SOCK_STREAM, family, outer, target=there.found_at) as here:
            there.socket.listen(1)
            here.socket.setblocking(False)
            here.socket.connect_ex(here.sends_to)
            return bool(select.select([there.socket], [], [], deadline_s)[0])

    def udp(self, near: Any, far: Any, *, interval_ms: float = 5, octets: int = 64,
            count: int | None = None, echo: bool = True, family: int = 4, outer: bool = False,
            port: int = 0, linger_ms: float = 300) -> UdpTraffic:
        """Numbered datagrams from near to far every interval, echoed unless told otherwise.

        count: send that many and no more. linger_ms: how long to wait for the last ones at the end."""
        def start() -> _Started:
            there = _End(far, socket.SOCK_DGRAM, family, outer, port)
            return _start(near, _near(near, there, socket.SOCK_DGRAM, family, outer), there, {
                "kind": "udp", "echo": echo, "interval_s": interval_ms / 1000, "octets": octets,
                "count": count})
        return UdpTraffic(start, linger_ms / 1000)

    def tcp(self, near: Any, far: Any, *, octets: int | None = None, rate_mbit: float = 20,
            family: int = 4, outer: bool = False, port: int = 0, seed: int = 1,
            connect_s: float = 5.0, linger_ms: float = 10_000) -> TcpTraffic:
        """Verified content from near to far over one connection, at rate_mbit (0: flat out).

        octets: that many, carried to their end; without it, until the block ends."""
        def start() -> _Started:
            there = _End(far, socket.SOCK_STREAM, family, outer, port)
            there.socket.listen(1)
            return _start(near, _near(near, there, socket.SOCK_STREAM, family, outer), there, {
                "kind": "tcp", "octets": octets, "rate_octets": rate_mbit * 125_000, "seed": seed,
                "connect_s": connect_s}, connect_s)
        return TcpTraffic(start, linger_ms / 1000)

    def ping(self, near: Any, far: Any, *, count: int = 3, interval_ms: float = 20, family: int = 4,
             outer: bool = False, deadline_s: float = 1.0, octets: int = 56) -> Ping:
        """Echo requests from near to far; waits deadline_s for the last one."""
        return _ping(_host(near), _address(_host(near), family, outer),
                     _address(_host(far), family, outer), family, count, interval_ms / 1000,
                     deadline_s, bytes(octets))


def _host(thing: Any) -> Host:
    return thing if isinstance(thing, Host) else thing.host


def _address(host: Host, family: int, outer: bool) -> str:
    if host.inside and not outer:
        return host.inside_address(family)
    return host.address(family)


def _socket(thing: Any, kind: int, family: int, outer: bool, port: int,
            address: str | None = None) -> socket.socket:
    """A socket in the host's namespace, bound to its address."""
    host = _host(thing)
    address = address or _address(host, family, outer)

    def make() -> socket.socket:
        sock = socket.socket(FAMILIES[family], kind)
        if kind == socket.SOCK_STREAM:  # two UDP flows must not share a port
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        else:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        sock.bind((address, port))
        return sock

    try:
        return host.call(make)
    except OSError as error:
        raise TrafficError(f"cannot use {address} port {port} in {host.name}: {error}") from error


class _End:
    """One end's socket. Of what a guest itself says, `outer`, the socket is its outlet's."""

    def __init__(self, thing: Any, kind: int, family: int, outer: bool, port: int = 0, address: str | None = None,
                 target: tuple[str, int] | None = None) -> None:
        host = _host(thing)
        self._outlet: Any = None
        if not (outer and address is None and isinstance(host, GuestHost)):
            self.socket = _socket(host, kind, family, outer, port, address)
            self.found_at: tuple[str, int] = self.socket.getsockname()[:2]  # where the other end finds this one
            self.sends_to = target or self.found_at
            return
        self.socket = _socket(host, kind, family, False, 0)
        try:
            self._outlet = host.outlet("tcp" if kind == socket.SOCK_STREAM else "udp", self.socket.getsockname()[:2],
                                       (host.address(family), port), target)
        except BaseException:
            self.socket.close()
            raise
        self.found_at, self.sends_to = self._outlet.outer, self._outlet.stub

    def close(self) -> None:
        self.socket.close()
        if self._outlet is not None and self._outlet.process.running:
            self._outlet.process.kill()

    def __enter__(self) -> _End:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_Started = tuple[process.Process, socket.socket, tuple[_End, ...]]


def _near(near: Any, there: _End, kind: int, family: int, outer: bool) -> _End:
    """The end that speaks first; without it the other one is not left open."""
    try:
        return _End(near, kind, family, outer, target=there.found_at)
    except BaseException:
        there.close()
        raise


def _start(near: Any, here: _End, there: _End, order: dict[str, Any], connect_s: float = 0.0) -> _Started:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    numbers = [theirs.fileno(), here.socket.fileno(), there.socket.fileno()]
    order |= {"sockets": numbers, "target": here.sends_to}
    host = _host(near)
    child = process.popen(
        None, [sys.executable, "-I", "-S", CHILD, json.dumps(order)], name="traffic",
        log=host.directory / f"{host.name}-traffic.log", pass_fds=numbers)
    for sock in (theirs, here.socket, there.socket):
        sock.close()
    try:
        problem = _receive(ours, ANSWER_S + connect_s)["ready"]
        if problem:
            raise TrafficError(f"{order['kind']} from {host.name} to {there.found_at[0]}: {problem}")
    except BaseException:
        ours.close()
        child.kill()
        here.close()
        there.close()
        raise
    return child, ours, (here, there)


def _receive(sock: socket.socket, within_s: float) -> dict[str, Any]:
    if not select.select([sock], [], [], within_s)[0]:
        raise TrafficError(f"the flow's process did not answer within {within_s:g} s")
    message = sock.recv(65536)
    if not message:
        raise TrafficError("the flow's process has ended; its log says why")
    return json.loads(message)


def _ping(host: Host, source: str, target: str, family: int, count: int, interval_s: float,
          deadline_s: float, padding: bytes) -> Ping:
    identifier = random.SystemRandom().randrange(1, 1 << 16)
    protocol = socket.IPPROTO_ICMP if family == 4 else socket.IPPROTO_ICMPV6

    def make() -> socket.socket:
        sock = socket.socket(FAMILIES[family], socket.SOCK_RAW, protocol)
        sock.bind((source, 0))
        return sock

    rtts: dict[int, float] = {}
    sent_at: dict[int, float] = {}
    with host.call(make) as sock:
        next_send = time.monotonic()
        end = next_send + interval_s * count + deadline_s
        while len(rtts) < count and time.monotonic() < end:
            now = time.monotonic()
            if len(sent_at) < count and now >= next_send:
                number = len(sent_at)
                sent_at[number] = now
                next_send += interval_s
                try:
                    sock.sendto(_echo_request(family, identifier, number, padding), (target, 0))
                except OSError:
                    pass  # no route, or refused: lost
            limit = end if len(sent_at) == count else next_send
            if select.select([sock], [], [], max(0.0, limit - time.monotonic()))[0]:
                number = _echo_reply(family, identifier, sock.recv(65535))
                if number in sent_at and number not in rtts:
                    rtts[number] = (time.monotonic() - sent_at[number]) * 1000
    return Ping(count, list(rtts.values()))


def _echo_request(family: int, identifier: int, number: int, padding: bytes) -> bytes:
    if family == 6:
        return struct.pack("!BBHHH", 128, 0, 0, identifier, number) + padding  # the kernel sums
    sums = (8 << 8) + identifier + number + sum(padding[::2]) * 256 + sum(padding[1::2])
    while sums >> 16:
        sums = (sums & 0xFFFF) + (sums >> 16)
    return struct.pack("!BBHHH", 8, 0, ~sums & 0xFFFF, identifier, number) + padding


def _echo_reply(family: int, identifier: int, packet: bytes) -> int | None:
    at = (packet[0] & 15) * 4 if family == 4 else 0
    if len(packet) < at + 8:
        return None
    kind, _, _, got, number = struct.unpack_from("!BBHHH", packet, at)
    return number if kind == (0 if family == 4 else 129) and got == identifier else None

"""The program behind traffic.py: sends and receives one flow, and measures it.

Both ends' sockets are handed over by the runner, each made in its own namespace, so one process with
one clock is sender and receiver. Started as a script (`python3 -I -S`), so it imports little and is
there in some 15 ms. Commands and answers are JSON on a SOCK_SEQPACKET socket; see _Control.
"""

from __future__ import annotations

import errno
import gc
import json
import select
import socket
import struct
import sys
from collections import Counter
from time import monotonic

HEADER = struct.Struct("!4sQ")
MAGIC = b"ikel"
BLOCK = 65521  # octets of seeded content; prime, so that no block boundary hides a shift
NOT_NOW = (errno.EAGAIN, errno.EINPROGRESS)


class _Control:
    """stats -> counters; wait N, DEADLINE -> "reached" or "late"; stop LINGER -> final counters."""

    def __init__(self, sock: socket.socket, flow: _UdpFlow | _TcpFlow):
        self._socket = sock
        self._flow = flow
        self._waits: list[tuple[int, float]] = []
        self.stop_at: float | None = None  # when to give up on what is under way

    def take(self) -> None:
        message = self._socket.recv(4096)
        if not message:
            sys.exit(0)  # the runner has gone
        request = json.loads(message)
        if "wait" in request:
            self._waits.append((request["wait"], monotonic() + request["deadline_s"]))
        elif "stop" in request:
            self.stop_at = monotonic() + request["stop"]
        else:
            self.say(self._flow.stats())

    def answer_waits(self, now: float) -> None:
        for wait in list(self._waits):
            count, deadline = wait
            if self._flow.progress() >= count or now >= deadline:
                self._waits.remove(wait)
                self.say({"reached": self._flow.progress() >= count})

    def next_deadline(self) -> float:
        return min([deadline for _, deadline in self._waits] + [self.stop_at or float("inf")])

    def say(self, answer: dict) -> None:
        self._socket.send(json.dumps(answer).encode())


class _Gaps:
    """The longest pause between arrivals. Time in which this process itself was not given the
    processor is not the network's, and does not count."""

    def __init__(self) -> None:
        self.own_lateness = 0.0
        self.longest = 0.0
        self._last: float | None = None
        self._last_lateness = 0.0

    def start(self, now: float) -> None:
        self._last, self._last_lateness = now, self.own_lateness

    def arrived(self, now: float) -> None:
        self.longest = max(self.longest, self.since(now))
        self.start(now)

    def since(self, now: float) -> float:
        if self._last is None:
            return 0.0
        return now - self._last - (self.own_lateness - self._last_lateness)


class _UdpFlow:
    """Numbered datagrams every interval; the far end returns them when echo is on."""

    def __init__(self, near: socket.socket, far: socket.socket, order: dict):
        self.near, self.far = near, far
        self.echo = order["echo"]
        self.interval = order["interval_s"]
        self.limit = order["count"]
        self.padding = bytes(max(0, order["octets"] - HEADER.size))
        self.target = tuple(order["target"])
        self.receiver = near if self.echo else far
        self.sent = self.received = self.duplicated = self.reordered = 0
        self.octets = 0
        self.refusals: Counter[str] = Counter()
        self.highest = -1
        self.seen: set[int] = set()
        self.gaps = _Gaps()
        self.last_sent = 0.0
        self.next_send = monotonic()
        self.stopping = False
        for sock in (near, far):
            sock.setblocking(False)

    def readers(self) -> list[socket.socket]:
        return [self.near, self.far]

    def writers(self) -> list[socket.socket]:
        return []

    def progress(self) -> int:
        return self.received

    def next_tick(self) -> float:
        return float("inf") if self.stopping or self._all_sent() else self.next_send

    def tick(self, now: float) -> None:
        if now < self.next_tick():
            return
        late = now - self.next_send
        if late > self.interval:
            self.gaps.own_lateness += late
            self.next_send = now
        if self.sent == 0:
            self.gaps.start(now)
        try:
            self.near.sendto(HEADER.pack(MAGIC, self.sent) + self.padding, self.target)
        except OSError as error:
            self._refused("sender", error)  # the user feels a loss: it counts as sent
        self.sent += 1
        self.last_sent = now
        self.next_send += self.interval

    def readable(self, sock: socket.socket, now: float) -> None:
        while True:
            try:
                datagram, sender = sock.recvfrom(65535)
            except OSError as error:
                if error.errno == errno.EAGAIN:
                    return
                continue  # an ICMP error for an earlier datagram: that one is lost
            if len(datagram) < HEADER.size or datagram[:4] != MAGIC:
                continue
            if sock is self.receiver:
                self._arrived(HEADER.unpack_from(datagram)[1], len(datagram), now)
            elif self.echo:
                try:
                    sock.sendto(datagram, sender)
                except OSError as error:
                    self._refused("echo", error)

    def _arrived(self, number: int, octets: int, now: float) -> None:
        if number in self.seen:
            self.duplicated += 1
            return
        self.seen.add(number)
        self.received += 1
        self.octets += octets
        self.reordered += number < self.highest
        self.highest = max(self.highest, number)
        self.gaps.arrived(now)

    def _refused(self, end: str, error: OSError) -> None:
        self.refusals[f"{end}: {errno.errorcode.get(error.errno, error.errno)}"] += 1

    def _all_sent(self) -> bool:
        return self.limit is not None and self.sent >= self.limit

    def stop(self) -> None:
        self.stopping = True

    def done(self) -> bool:
        return self.stopping and self.received >= self.sent

    def stats(self) -> dict:
        # A flow that died counts its silence up to the last datagram it sent.
        silence = max(self.gaps.longest, self.gaps.since(self.last_sent) if self.sent else 0.0)
        return {"sent": self.sent, "received": self.received, "lost": self.sent - self.received,
                "duplicated": self.duplicated, "reordered": self.reordered, "octets": self.octets,
                "send_errors": self.refusals.total(), "refusals": dict(self.refusals),
                "outage_ms": max(0.0, silence - self.interval) * 1000}


class _TcpFlow:
    """One connection that carries seeded content from near to far at a steady rate."""

    TICK = 0.002

    def __init__(self, near: socket.socket, listener: socket.socket, order: dict):
        import random  # dear to load, and no other flow needs it

        self.near, self.listener = near, listener
        self.far: socket.socket | None = None
        self.limit = order["octets"]
        self.rate = order["rate_octets"]  # 0: as fast as it goes
        self.content = random.Random(order["seed"]).randbytes(BLOCK) * 3
        self.started = monotonic()
        self.budget = 0.0
        self.next_send = self.started
        self.sent = self.octets = 0
        self.intact = True
        self.ended = self.stopping = self.shut = False
        self.broken = ""
        self.full = False
        self.finished = 0.0
        self.gaps = _Gaps()
        near.setblocking(False)
        near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def connect(self, target: tuple, deadline_s: float) -> str:
        """Both ends connected, or what went wrong."""
        status = self.near.connect_ex(target)
        end = monotonic() + deadline_s
        if status not in (0, errno.EINPROGRESS):
            return f"cannot connect: {errno.errorcode.get(status, status)}"
        if not select.select([], [self.near], [], deadline_s)[1]:
            return f"no TCP connection within {deadline_s:g} s"
        status = self.near.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if status:
            return f"cannot connect: {errno.errorcode.get(status, status)}"
        if not select.select([self.listener], [], [], max(0.0, end - monotonic()))[0]:
            return f"the last segment of the handshake did not arrive within {deadline_s:g} s"
        self.far, _ = self.listener.accept()
        self.far.setblocking(False)
        self.started = self.next_send = monotonic()
        self.gaps.start(self.started)
        return ""

    def readers(self) -> list[socket.socket]:
        return [self.far] if not self.ended else []

    def writers(self) -> list[socket.socket]:
        return [self.near] if self.full and not self.shut else []

    def progress(self) -> int:
        return self.octets

    def next_tick(self) -> float:
        return float("inf") if self.shut or self.full else self.next_send

    def tick(self, now: float) -> None:
        if self.shut or (self.full and not select.select([], [self.near], [], 0)[1]):
            return
        self.full = False
        if now < self.next_send:
            return
        late = now - self.next_send
        if late > 4 * self.TICK and self.sent == self.octets:
            self.gaps.own_lateness += late
        self.budget = min(self.budget + self.rate * (self.TICK + late), max(65536, self.rate * 0.02))
        self.next_send = now + self.TICK
        self._send()

    def _send(self) -> None:
        while not self.full and not self.shut:
            left = float("inf") if self.limit is None else self.limit - self.sent
            if self.rate:
                left = min(left, self.budget)
            if self.stopping or (self.limit is not None and self.sent >= self.limit):
                self.near.shutdown(socket.SHUT_WR)
                self.shut = True
                return
            if left < 1:
                return
            at = self.sent % BLOCK
            if self.sent == self.octets:
                self.gaps.start(monotonic())  # nothing was under way: no stall so far
            try:
                wrote = self.near.send(self.content[at:at + int(min(left, 32768))])
            except OSError as error:
                if error.errno in NOT_NOW:
                    self.full = True
                else:
                    self._break(error)
                return
            self.sent += wrote
            self.budget -= wrote
            if not self.rate:
                return  # let the receiver have its turn

    def readable(self, sock: socket.socket, now: float) -> None:
        while True:
            try:
                octets = sock.recv(65000)
            except OSError as error:
                if error.errno not in NOT_NOW:
                    self._break(error)
                return
            if not octets:
                self.ended = True
                self.finished = now
                return
            at = self.octets % BLOCK
            self.intact = self.intact and octets == self.content[at:at + len(octets)]
            self.octets += len(octets)
            self.gaps.arrived(now)

    def _break(self, error: OSError) -> None:
        self.broken = errno.errorcode.get(error.errno or 0, str(error))
        self.ended = self.shut = True

    def stop(self) -> None:
        self.stopping = self.limit is None  # a transfer of a given size is carried to its end
        self.next_send = monotonic()

    def done(self) -> bool:
        return self.ended

    def stats(self) -> dict:
        now = self.finished or monotonic()
        silence = max(self.gaps.longest, self.gaps.since(now) if self.sent > self.octets else 0.0)
        complete = self.finished > 0 and self.octets == self.sent and not self.broken
        return {"sent": self.sent, "octets": self.octets, "intact": self.intact,
                "complete": complete, "broken": self.broken, "seconds": now - self.started,
                "outage_ms": silence * 1000}


def _run(control: _Control, sock: socket.socket, flow: _UdpFlow | _TcpFlow) -> None:
    told_to_stop = False
    while True:
        now = monotonic()
        deadline = min(flow.next_tick(), control.next_deadline())
        left = None if deadline == float("inf") else max(0.0, deadline - now)
        readable, _, _ = select.select([sock, *flow.readers()], flow.writers(), [], left)
        now = monotonic()
        for ready in readable:
            if ready is sock:
                control.take()
            else:
                flow.readable(ready, now)
        if control.stop_at is not None and not told_to_stop:
            told_to_stop = True
            flow.stop()
        flow.tick(now)
        control.answer_waits(now)
        if told_to_stop and (flow.done() or now >= control.stop_at):
            control.say(flow.stats())
            return


def main() -> None:
    gc.disable()  # a pause of our own would look like one of the network's
    order = json.loads(sys.argv[1])
    sock, near, far = (socket.socket(fileno=number) for number in order["sockets"])
    flow: _UdpFlow | _TcpFlow
    if order["kind"] == "udp":
        sock.send(b'{"ready": ""}')
        flow = _UdpFlow(near, far, order)
    else:
        flow = _TcpFlow(near, far, order)
        problem = flow.connect(tuple(order["target"]), order["connect_s"])
        sock.send(json.dumps({"ready": problem}).encode())
        if problem:
            return
    _run(_Control(sock, flow), sock, flow)


if __name__ == "__main__":
    main()

"""The harness's end of the line into a guest: frames as harness/guest/agent.c describes them.

One thread reads; whoever waits for a job waits on that job alone, so many can be under way at once.
"""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence

HEADER = struct.Struct("!IIc")
EXIT_ERRNO = -1000
LENGTH_MAX = 1 << 20
PIECE = 2048  # octets on the line that the guest has not told of: half of what its buffer takes
ANSWER_S = 5.0


class ChannelClosed(Exception):
    """The guest has ended, or somebody has closed the line."""


class Job:
    """One command in the guest: what it has written so far, and its end."""

    def __init__(self, number: int, sink: Callable[[bytes], None] | None = None) -> None:
        self.number = number
        self.output, self.errors = bytearray(), bytearray()
        self.status: int | None = None  # as waitpid's: negative, the signal; below EXIT_ERRNO, an errno
        self.lost = False  # the guest ended first
        self._sink = sink
        self._ended = threading.Event()

    def take(self, kind: bytes, payload: bytes) -> None:
        """One frame; called by the reader only."""
        if kind == b"x":
            (self.status,) = struct.unpack("!i", payload)
            self._ended.set()
        elif self._sink is not None:
            self._sink(payload)
        else:
            (self.output if kind == b"o" else self.errors).extend(payload)

    def lose(self) -> None:
        self.lost = True
        self._ended.set()

    def wait(self, timeout: float | None) -> bool:
        """Whether it ended, or was lost, in time."""
        return self._ended.wait(timeout)


class Channel:
    """Owns the socket. `hello` is set when the guest is ready."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._jobs: dict[int, Job] = {}
        self._lock = threading.Lock()  # of the jobs
        self._sending = threading.Lock()
        self._come = threading.Condition()
        self._come_of: tuple[int, int] = (0, 0)  # the last frame that came in part: its job, and how much of it
        self._next = 1
        self._closed = False
        self.hello = threading.Event()
        threading.Thread(target=self._read, daemon=True, name="ikelab-guest").start()

    @property
    def closed(self) -> bool:
        return self._closed

    def run(self, argv: Sequence[str], input: bytes = b"", sink: Callable[[bytes], None] | None = None) -> Job:
        """Starts a command. With a sink, both its outputs go there as they come, from another thread."""
        words = [word.encode() for word in argv]
        payload = struct.pack("!H", len(words)) + b"".join(word + b"\0" for word in words) + input
        return self._start(b"R", payload, sink)

    def write(self, path: str, content: bytes, mode: int) -> Job:
        """Writes a file in the guest; the job's status is 0 or EXIT_ERRNO minus the errno."""
        return self._start(b"W", struct.pack("!H", mode) + path.encode() + b"\0" + content, None)

    def settings(self, values: Mapping[str, str]) -> Job:
        """Writes what exists already, as under /proc/sys; * in a path stands for any name."""
        return self._start(b"S", b"".join(f"{path}\0{value}\0".encode() for path, value in values.items()), None)

    def get(self, path: str, offset: int = 0) -> Job:
        """What a file holds from there on, as output. Status EXIT_ERRNO - ERANGE: it is shorter."""
        return self._start(b"G", struct.pack("!Q", offset) + path.encode() + b"\0", None)

    def await_text(self, path: str, text: str, offset: int, deadline_s: float) -> Job:
        """Ends when the file has the text behind the offset; without a text, when it is longer than that. What is no
        file only has to be there. Status EXIT_ERRNO - ETIMEDOUT: it did not come."""
        words = path.encode() + b"\0" + text.encode()
        return self._start(b"A", struct.pack("!IQ", max(0, int(deadline_s * 1000)), offset) + words, None)

    def netlink(self, family: int, messages: bytes) -> Job:
        """Answers are its output."""
        return self._start(b"N", struct.pack("!H", family) + messages, None)

    def monitor(self, family: int, groups: int, sink: Callable[[bytes], None]) -> Job:
        """What the kernel tells these groups, until a signal ends it."""
        return self._start(b"M", struct.pack("!HI", family, groups), sink)

    def clean(self) -> Job:
        """Ends every program, and empties /run and /tmp."""
        return self._start(b"C", b"", None)

    def signal(self, job: Job, number: int) -> None:
        """To the job's whole process group. Harmless when it has ended."""
        self._send(job.number, b"K", bytes([number]))

    def close(self) -> None:
        """Ends the line; jobs that are under way are lost."""
        try:
            self._line.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def _start(self, kind: bytes, payload: bytes, sink: Callable[[bytes], None] | None) -> Job:
        with self._lock:
            job = Job(self._next, sink)
            self._next += 1
            self._jobs[job.number] = job
        self._send(job.number, kind, payload)
        return job

    def _send(self, number: int, kind: bytes, payload: bytes) -> None:
        if len(payload) > LENGTH_MAX - HEADER.size:
            raise ValueError(f"a frame of {len(payload)} octets is too long for the guest's channel")
        octets = HEADER.pack(len(payload), number, kind) + payload
        try:
            with self._sending:
                for at in range(0, len(octets), PIECE):
                    self._await_come(number, at)
                    self._line.sendall(octets[at : at + PIECE])
        except OSError as error:
            raise ChannelClosed(f"the line into the guest is closed: {error}") from error

    def _await_come(self, number: int, octets: int) -> None:
        """Until the guest has that much of the job's frame."""
        if not octets:
            return

        def come() -> bool:
            return self._closed or (self._come_of[0] == number and self._come_of[1] >= octets)

        with self._come:
            if not self._come.wait_for(come, ANSWER_S):
                raise ChannelClosed(f"the guest reads nothing: {octets} octets of a frame did not arrive")
            if self._closed:
                raise ChannelClosed("the line into the guest is closed")

    def _read(self) -> None:
        buffered = bytearray()
        try:
            while more := self._line.recv(65536):
                buffered += more
                while len(buffered) >= HEADER.size:
                    length, number, kind = HEADER.unpack_from(buffered)
                    if len(buffered) < HEADER.size + length:
                        break
                    payload = bytes(buffered[HEADER.size : HEADER.size + length])
                    del buffered[: HEADER.size + length]
                    self._take(number, kind, payload)
        except (OSError, struct.error):
            pass  # the same as its end
        with self._lock:
            self._closed = True
            jobs, self._jobs = list(self._jobs.values()), {}
        for job in jobs:
            job.lose()
        with self._come:
            self._come.notify_all()
        self._line.close()

    def _take(self, number: int, kind: bytes, payload: bytes) -> None:
        if kind == b"h":
            self.hello.set()
            return
        if kind == b"c":
            with self._come:
                self._come_of = (number, *struct.unpack("!I", payload))
                self._come.notify_all()
            return
        with self._lock:
            job = self._jobs.pop(number, None) if kind == b"x" else self._jobs.get(number)
        if job is not None:
            job.take(kind, payload)

    def await_hello(self, deadline_s: float) -> bool:
        """Whether the guest became ready; ends early when the line ends."""
        end = time.monotonic() + deadline_s
        while not self.hello.wait(0.05):
            if self._closed or time.monotonic() > end:
                return False
        return True

"""A guest: Debian's user-mode Linux, a whole kernel with ESP as an ordinary process.

It runs in a network namespace of its own that leads nowhere, in a mount namespace where it finds its kernel's root
and the peer's root and nothing else of this machine, and ends with the runner. Interfaces are tap devices there,
each on a bridge; a topology plugs its links into the bridges (host.py).
"""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ikelab import cleanup, process
from ikelab.guest import netlink
from ikelab.guest.channel import EXIT_ERRNO, Channel, ChannelClosed, Job
from ikelab.guest.netlink import Message
from ikelab.process import ProcessError

INTERFACES = 3  # the most that a host of any layout has: two uplinks and its protected net
MEMORY = "256M"
BOOT_S = 60.0
ANSWER_S = 5.0  # for what takes a guest no time: longer means that it hangs

MODULES = ("overlay esp4 esp6 xfrm_user af_key authenc authencesn cbc ctr gcm ccm seqiv echainiv hmac "
           "crypto_null sha512_generic chacha20poly1305 xcbc ghash-generic")


class GuestDead(ProcessError):
    """The guest has ended or does not answer: the verdict is `inconclusive`."""


class GuestProcess:
    """A program in the guest, supervised like ikelab.process.Process."""

    def __init__(self, guest: Guest, job: Job, name: str, log: Path | None) -> None:
        self.guest, self.job, self.name, self.log = guest, job, name, log

    @property
    def running(self) -> bool:
        return self.job.status is None and not self.job.lost and self.guest.running

    @property
    def returncode(self) -> int | None:
        return self.job.status

    def signal(self, number: int) -> None:
        if self.running:
            try:
                self.guest.channel.signal(self.job, number)
            except ChannelClosed:
                self.job.lose()

    def wait(self, timeout: float = 10.0) -> int:
        if not self.job.wait(timeout):
            raise ProcessError(f"{self.name} still runs after {timeout:g} s")
        return -signal.SIGKILL if self.job.status is None else self.job.status

    def stop(self, timeout: float = 3.0) -> int:
        self.signal(signal.SIGTERM)
        self.job.wait(timeout)
        return self.kill()

    def kill(self) -> int:
        self.signal(signal.SIGKILL)
        if not self.job.wait(ANSWER_S):
            self.guest.hang(f"{self.name} did not end at SIGKILL")
        return self.wait(0)

    def output(self) -> str:
        return self.log.read_text(errors="replace") if self.log and self.log.exists() else ""


class Guest:
    """A running guest. `kernel` and `root` are root directories; `agent` is the program of agent.c."""

    def __init__(self, kernel: Path, root: Path, agent: Path, name: str) -> None:
        self.root, self.name = root, name
        prefix = cleanup.current_run().next_prefix()
        self.netns = f"{prefix}-guest"
        self.directory = cleanup.scratch_directory(prefix)
        self.console = self.directory / "console.log"
        self.death = ""  # why it had to be ended
        self.boot_ms = 0.0
        self.touched: set[str] = set()  # what adapters have to put right again, in their own words
        started = time.monotonic()
        ours, theirs = socket.socketpair()
        try:
            self._wire()
            command = _command(kernel, root, agent, theirs.fileno())
            self._process = process.popen(self.netns, command, name=f"guest {name}", log=self.console,
                                          pass_fds=[theirs.fileno()])
        except BaseException:
            ours.close()
            cleanup.remove_namespaces([self.netns])
            raise
        finally:
            theirs.close()
        self.channel = Channel(ours)
        if not self.channel.await_hello(BOOT_S):
            words = self.last_words()
            self.close()
            raise GuestDead(f"the guest {name} did not boot: {words}")
        self._warm_up()
        self.mounts = self.read("/proc/self/mounts").splitlines()
        self.boot_ms = (time.monotonic() - started) * 1000

    @property
    def running(self) -> bool:
        return not self.death and self._process.running and not self.channel.closed

    @property
    def pid(self) -> int:
        """Of its kernel, whose children are the guest's processes."""
        return self._process.pid

    def last_words(self) -> str:
        """Why it is not running, with the end of its console."""
        lines = self._process.output().splitlines()
        ended = self._process.returncode
        state = self.death or (f"ended with status {ended}" if ended is not None else "does not answer")
        return f"{state}; its console ends with: {' | '.join(lines[-3:]) or 'nothing'}"

    def hang(self, what: str) -> None:
        """It does not answer any more: ends it, and raises GuestDead."""
        self.death = self.death or f"hangs: {what}"
        words = self.last_words()
        self._process.kill()
        raise GuestDead(f"the guest {self.name} {words}")

    def run(self, argv: Sequence[str | Path], *, input: str | None = None, timeout: float = 10.0,
            check: bool = True) -> subprocess.CompletedProcess[str]:
        """As ikelab.process.run, in the guest."""
        words = [str(word) for word in argv]
        job = self._do(lambda: self.channel.run(words, (input or "").encode()))
        if not job.wait(timeout):
            self._do(lambda: self.channel.signal(job, signal.SIGKILL))
            if not job.wait(ANSWER_S):
                self.hang(f"`{' '.join(words)}` did not end at SIGKILL")
            raise ProcessError(f"`{' '.join(words)}` did not end within {timeout:g} s in guest {self.name}")
        self._check_alive(job)
        out, err = job.output.decode(errors="replace"), job.errors.decode(errors="replace")
        if check and job.status != 0:
            said = (err.strip() or out.strip() or "it said nothing").splitlines()
            raise ProcessError(f"`{' '.join(words)}` ended with status {job.status} in guest {self.name}: "
                               + "; ".join(said[:4]))
        return subprocess.CompletedProcess(words, job.status or 0, out, err)

    def popen(self, argv: Sequence[str | Path], *, name: str, log: Path | None = None, input: bytes = b"",
              sink: Callable[[bytes], None] | None = None) -> GuestProcess:
        """Starts a program; its output is appended to `log`, a file of this machine, or goes to `sink` as it comes,
        from another thread."""
        if log is not None:
            log.parent.mkdir(parents=True, exist_ok=True)

        def append(octets: bytes) -> None:
            if log is not None:
                with log.open("ab") as file:
                    file.write(octets)

        job = self._do(lambda: self.channel.run([str(word) for word in argv], input, sink or append))
        return GuestProcess(self, job, name, log)

    def write(self, path: str, content: str | bytes, mode: int = 0o644) -> None:
        """A file in the guest; its directory exists."""
        octets = content.encode() if isinstance(content, str) else content
        self._errand(lambda: self.channel.write(path, octets, mode), f"write {path}")

    # Errands: what the agent does itself costs a tenth of what a program costs a guest.

    def settings(self, values: Mapping[str, object]) -> None:
        """{"/proc/sys/net/ipv4/conf/*/rp_filter": 0}"""
        self._errand(lambda: self.channel.settings({path: str(value) for path, value in values.items()}),
                     f"write settings ({', '.join(values)})")

    def read(self, path: str, offset: int = 0) -> bytes:
        """A file of the guest from there on; b"" when there is none, or it is shorter."""
        job = self._wait_for(lambda: self.channel.get(path, offset), f"read {path}")
        return bytes(job.output)

    def await_text(self, path: str, text: str = "", deadline_s: float = 10.0, offset: int = 0) -> bool:
        """Whether the file had the text behind the offset in time. Without a text: whether it is there, and longer."""
        job = self._wait_for(lambda: self.channel.await_text(path, text, offset, deadline_s), f"await {path}",
                             deadline_s + ANSWER_S)
        return job.status == 0

    def netlink(self, family: int, *messages: bytes) -> list[Message]:
        """The kernel's answers, without the ends of dumps; refusals are among them."""
        job = self._errand(lambda: self.channel.netlink(family, b"".join(messages)), "speak netlink")
        return [one for one in netlink.parse(bytes(job.output)) if one.kind != netlink.DONE]

    def monitor(self, family: int, groups: int, sink: Callable[[bytes], None], name: str) -> GuestProcess:
        """What the kernel tells these groups, to `sink`, from another thread, until it is killed."""
        return GuestProcess(self, self._do(lambda: self.channel.monitor(family, groups, sink)), name, None)

    def clean(self) -> None:
        """Ends every program, and empties /run and /tmp."""
        self._errand(self.channel.clean, "end what ran in it")

    def _errand(self, start: Callable[[], Job], what: str) -> Job:
        job = self._wait_for(start, what)
        if job.status:
            raise ProcessError(f"cannot {what} in guest {self.name}: {os.strerror(EXIT_ERRNO - job.status)}")
        return job

    def _wait_for(self, start: Callable[[], Job], what: str, deadline_s: float = ANSWER_S) -> Job:
        job = self._do(start)
        if not job.wait(deadline_s):
            self.hang(f"it did not {what}")
        self._check_alive(job)
        return job

    def close(self) -> None:
        """Ends it and removes what it had. Harmless when repeated."""
        self.channel.close()
        self._process.kill()
        cleanup.remove_namespaces([self.netns])

    def _warm_up(self) -> None:
        """An SA of every kind, once: modules and templates come at first use, which takes some tenths of a second,
        and PF_KEY names to a daemon only those that have come."""
        ciphers = [f"aead rfc4106(gcm(aes)) 0x{'00' * octets} 128" for octets in (20, 36)]
        ciphers += [f"aead rfc7539esp(chacha20,poly1305) 0x{'00' * 36} 128"]
        ciphers += [f"auth-trunc hmac(sha{bits}) 0x{'00' * (bits // 8)} {bits // 2} enc cbc(aes) 0x{'00' * 16}"
                    for bits in (256, 384, 512)]
        states = [f"state add src 192.0.2.1 dst 192.0.2.2 proto esp spi {0x1000 + number} mode tunnel {cipher}{esn}"
                  for number, (cipher, esn) in enumerate(
                      (cipher, esn) for cipher in ciphers for esn in ("", " replay-window 32 flag esn"))]
        lines = [*(f"xfrm {state}" for state in states), "xfrm state flush"]
        self.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n")

    def _do(self, action):  # type: ignore[no-untyped-def]
        if not self.running:
            raise GuestDead(f"the guest {self.name} is dead: {self.last_words()}")
        try:
            return action()
        except ChannelClosed as error:
            raise GuestDead(f"the guest {self.name} is dead: {self.last_words()}") from error

    def _check_alive(self, job: Job) -> None:
        if job.lost:
            self._process._ends_within(ANSWER_S)
            raise GuestDead(f"the guest {self.name} is dead: {self.last_words()}")

    def _wire(self) -> None:
        """Its namespace: a tap for each interface, each on a bridge of its own."""
        process.run(None, ["ip", "netns", "add", self.netns])
        lines = []
        for number in range(INTERFACES):
            lines += [f"tuntap add dev tap{number} mode tap",
                      f"link add name br{number} type bridge forward_delay 0 mcast_snooping 0",
                      f"link set tap{number} master br{number} up", f"link set br{number} up"]
        process.call_in(self.netns, _no_ipv6)
        process.run(None, ["ip", "-n", self.netns, "-batch", "-"], input="\n".join(lines) + "\n")


def _no_ipv6() -> None:
    """The bridges are wires: this kernel's own IPv6 would talk on them."""
    for which in ("all", "default"):
        Path(f"/proc/sys/net/ipv6/conf/{which}/disable_ipv6").write_text("1\n")


def modules_directory(kernel: Path) -> Path:
    """The one version of modules that the kernel's package brings."""
    found = sorted((kernel / "usr/lib/uml/modules").glob("*/modules.dep"))
    if not found:
        raise ProcessError(f"{kernel} holds no modules for user-mode Linux: build it again")
    return found[-1].parent


def _reference(agent: Path) -> list[Path]:
    """The daemon in the build folder, or the one that is played with instead."""
    program = Path(os.environ.get("IKELAB_IKEREF") or agent.parent / "ikeref").resolve()
    return [program] if program.exists() else []


def _command(kernel: Path, root: Path, agent: Path, line: int) -> list[str]:
    """A shell that makes the private mounts and then becomes the kernel. What it sees: the kernel's root, with the
    peer's root at /srv/root (read-only), where /mnt holds the agent, what daemons are preloaded with, the modules and a
    seed. For the reference itself its program is there, too."""
    modules = modules_directory(kernel)
    inside = f"/srv/root/mnt/lib/modules/{modules.name}"
    k, r, m = (shlex.quote(str(path.resolve())) for path in (kernel, root, modules))
    helpers = "".join(f" cp {shlex.quote(str(path))} {k}/srv/root/mnt/;"
                      for path in [*sorted(agent.resolve().parent.glob("guest-*.so")), *_reference(agent)])
    devices = " ".join(f"mkdir -p {k}/dev/net; : >{k}/dev/{name}; mount --bind /dev/{name} {k}/dev/{name};"
                       for name in ("net/tun", "null", "zero", "random", "urandom"))
    script = (
        f"set -e; mount -t tmpfs tmpfs {k}/srv; mkdir {k}/srv/root; mount --bind {r} {k}/srv/root;"
        f" mount -o remount,bind,ro {k}/srv/root; mount -t tmpfs tmpfs {k}/srv/root/mnt;"
        f" cp {shlex.quote(str(agent.resolve()))} {k}/srv/root/mnt/agent;{helpers}"
        f" head -c 64 /dev/urandom >{k}/srv/root/mnt/seed; echo {MODULES} >{k}/srv/root/mnt/modules.load;"
        f" mkdir -p {k}{inside}; ln -s . {k}/srv/root/mnt/usr; mount --bind {m} {k}{inside};"
        f" mount -t tmpfs tmpfs {k}/dev; {devices} mount -t proc proc {k}/proc; mount -t tmpfs tmpfs {k}/tmp;"
        f" exec chroot {k} /usr/bin/env -i TMPDIR=/tmp HOME=/tmp /usr/bin/linux.uml"
        f" root=/dev/root rootfstype=hostfs rootflags=/srv/root ro init=/mnt/agent mem={MEMORY} quiet panic=-1"
        f" con=null ssl=null con0=null,fd:1 ssl0=fd:{line},fd:{line} uml_dir=/tmp "
        + " ".join(f"vec{n}:transport=tap,ifname=tap{n},depth=128" for n in range(INTERFACES))
    )
    return ["/usr/bin/unshare", "--mount", "--propagation", "private", "/bin/sh", "-c", script]

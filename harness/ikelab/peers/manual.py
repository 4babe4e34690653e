"""A box that only a person can drive: what is to be done is said on the terminal, and waited for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from ikelab.peers.contract import DEADLINE_S, HostLike, Peer, PeerUnsupported, What
from ikelab.peers.neutral import DaemonSpec, Event, PeerSpec, PeerStatus

TERMINAL = Path("/dev/tty")


def on_terminal(text: str) -> str:
    """Says it, and returns the line that is typed. Not on stdin: pytest has that."""
    with TERMINAL.open("r+b", buffering=0) as terminal:
        terminal.write(text.encode())
        line = b""
        while not line.endswith(b"\n"):
            more = terminal.read(1)
            if not more:
                break
            line += more
    return line.decode(errors="replace").strip()


def instructions(peer: PeerSpec) -> str:
    """How the box is to be configured."""
    child = peer.children[0]
    local = ", ".join(child.local_ts) or "its own address"
    remote = ", ".join(child.remote_ts) or "our address"
    lines = ["Configure the box so:", f"  its identity          {peer.local_id}", f"  our identity          {peer.remote_id}",
             f"  our address           {', '.join(peer.remote_addresses) or 'any'}",
             f"  shared key            {peer.psk}", f"  IKE proposals         {', '.join(peer.proposals)}",
             f"  ESP proposals         {', '.join(child.proposals)}", f"  mode                  {child.mode}",
             f"  protects              {local}", f"  behind us             {remote}",
             "  initiates             only when it is told to"]
    if peer.requests:
        lines.append(f"  asks for              an internal address of {' and of '.join(f'IPv{one}' for one in peer.requests)}")
    if peer.pool:
        lines.append(f"  assigns addresses of  {', '.join(peer.pool)}")
    return "\n".join(lines) + "\n"


class Manual(Peer):
    """Verbs ask for them; of its state it tells nothing."""

    kind = "manual"
    tier = "manual"

    def __init__(self, directory: Path, say: Callable[[str], str] = on_terminal) -> None:
        super().__init__(directory)
        self._say = say
        self._on = False

    def version(self) -> str:
        return "by hand"

    def missing(self) -> Mapping[str, str]:
        return {}

    def configure(self, spec: DaemonSpec) -> None:
        if any(peer.credentials is not None for peer in spec.peers):
            raise PeerUnsupported("certificates are not asked of a person")
        self._say(instructions(spec.peer()) + "Press Enter when that is so. ")
        self.spec = spec

    def start(self, host: HostLike, deadline_s: float = DEADLINE_S) -> None:
        self._say("Let the box run, without any SA. Press Enter when it does. ")
        self._on = True

    def stop(self, deadline_s: float = DEADLINE_S) -> None:
        self._on = False

    def kill(self) -> None:
        self._on = False

    def running(self) -> bool:
        return self._on

    def initiate(self, child: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S,
                 wait: bool = True) -> None:
        self._say("Press Enter, and let the box initiate at once. ")

    def rekey(self, what: What = "child", child: str | None = None, peer: str | None = None,
              deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        self._say(f"Press Enter, and let the box rekey its {_sa(what)} at once. ")

    def delete(self, what: What = "ike", child: str | None = None, peer: str | None = None,
               deadline_s: float = DEADLINE_S, wait: bool = True) -> None:
        self._say(f"Press Enter, and let the box delete its {_sa(what)} at once. ")

    def roam(self, local: str | None = None, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        raise PeerUnsupported("nobody is asked to carry a box about")

    def liveness(self, peer: str | None = None, deadline_s: float = DEADLINE_S) -> None:
        self._say("Press Enter, and let the box ask for a sign of life at once. ")

    def status(self) -> PeerStatus:
        raise PeerUnsupported("a box without a driver does not tell its state")

    def events(self) -> tuple[Event, ...]:
        return ()

    def wait_event(self, deadline_s: float) -> bool:
        return False

    def ike_keys(self) -> Path | None:
        return None

    def child_keys(self) -> Path | None:
        return None

    def logs(self) -> tuple[Path, ...]:
        return ()

    def configuration(self) -> tuple[Path, ...]:
        return ()


def _sa(what: What) -> str:
    return "IKE SA" if what == "ike" else "Child SA"

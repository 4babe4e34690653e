"""The table of peers: one line each. A new version of a known implementation is a new line and nothing else."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ikelab.peers import build
from ikelab.peers.contract import Peer
from ikelab.peers.driver import Driver
from ikelab.peers.libreswan import Libreswan
from ikelab.peers.manual import Manual
from ikelab.peers.openiked import OpenIKED
from ikelab.peers.reference import Reference
from ikelab.peers.reference_xfrm import ReferenceInGuest, ReferenceOnHostKernel
from ikelab.peers.strongswan import StrongSwan

STRONGSWAN_PACKAGES = (
    "strongswan-charon",
    "libcharon-extra-plugins",  # kernel-libipsec, vici's friends
    "libstrongswan-standard-plugins",  # gcm, openssl
    "strongswan-swanctl",  # vici itself; and the tool, for a person who looks
)
# A root without them does as well: the adapter then declares what is in them.
STRONGSWAN_EXTRAS = (
    "libcharon-extauth-plugins",  # eap-mschapv2
    "libstrongswan-extra-plugins",  # curl
)
# What a guest needs of the peer's root beside the peer.
GUEST_PACKAGES = ("iproute2", "kmod", "mount")
LIBRESWAN_PACKAGES = ("libreswan", *GUEST_PACKAGES)
OPENIKED_PACKAGES = ("openiked", *GUEST_PACKAGES)
# The libraries of our own daemon, which is the build folder's; and what asks it and looks around.
REFERENCE_PACKAGES = ("libjansson4", "libconfuse2", "libmnl0", "libssl3", "netcat-openbsd", "iputils-ping",
                      *GUEST_PACKAGES)

# The kernel of every guest: user-mode Linux with its modules.
GUEST_KERNEL = build.Root("guest-kernel", "bookworm", ("user-mode-linux",), "user-mode-linux")


@dataclass(frozen=True)
class PeerKind:
    """One implementation in one version. Without a suite it comes from this repository."""

    name: str
    suite: str
    packages: tuple[str, ...]
    adapter: type[Peer]
    tier: str
    main_package: str = ""  # the one whose version stands in reports
    by_default: bool = True  # played with, and built, when nobody names peers
    extras: tuple[str, ...] = ()

    def root(self) -> build.Root:
        """Where its files are, built or not. Only for kinds with a suite."""
        return build.Root(self.name, self.suite, self.packages, self.main_package, extras=self.extras)

    def roots(self) -> tuple[build.Root, ...]:
        """All that has to be unpacked for it."""
        if not self.suite:
            return ()
        return (self.root(), GUEST_KERNEL) if self.tier == "uml-kernel" else (self.root(),)

    def available(self) -> str:
        """"" when it can be played with here, else what is missing and how to get it."""
        if self.suite:
            return next((missing for root in self.roots() if (missing := root.missing())), "")
        return self.adapter.missing_program()  # type: ignore[attr-defined]

    def create(self, directory: Path) -> Peer:
        """A fresh adapter whose files go to `directory`. Raises build.PeerMissing when it is not available."""
        if not self.suite:
            return self.adapter(directory)
        root = self.root()
        for one in self.roots():
            one.require()
        return self.adapter(directory, self.name, root.path, root.version())  # type: ignore[call-arg]


#        name                 suite       packages             adapter     tier
TABLE = (
    PeerKind("reference", "", (), Reference, "userspace"),
    PeerKind("reference-xfrm", "bookworm", REFERENCE_PACKAGES, ReferenceInGuest, "uml-kernel", "libssl3", False),
    PeerKind("reference-xfrm-host", "", (), ReferenceOnHostKernel, "host-kernel", "", False),
    PeerKind("strongswan-5.9.8", "bookworm", STRONGSWAN_PACKAGES, StrongSwan, "userspace", "strongswan-charon",
             extras=STRONGSWAN_EXTRAS),
    PeerKind("strongswan-6.0.1", "trixie", STRONGSWAN_PACKAGES, StrongSwan, "userspace", "strongswan-charon",
             extras=STRONGSWAN_EXTRAS),
    PeerKind("strongswan-6.1.0", "sid", STRONGSWAN_PACKAGES, StrongSwan, "userspace", "strongswan-charon", False,
             STRONGSWAN_EXTRAS),
    PeerKind("libreswan-4.10", "bookworm", LIBRESWAN_PACKAGES, Libreswan, "uml-kernel", "libreswan", False),
    PeerKind("libreswan-5.2", "trixie", LIBRESWAN_PACKAGES, Libreswan, "uml-kernel", "libreswan", False),
    PeerKind("openiked-7.2", "bookworm", OPENIKED_PACKAGES, OpenIKED, "uml-kernel", "openiked", False),
    PeerKind("openiked-7.4", "trixie", OPENIKED_PACKAGES, OpenIKED, "uml-kernel", "openiked", False),
)


DRIVER, MANUAL = "driver:", "manual"


@dataclass(frozen=True)
class DrivenKind(PeerKind):
    """Somebody's own, by an executable (docs/ADD_A_PEER.md), or by a person."""

    def available(self) -> str:
        path = Path(self.name.removeprefix(DRIVER))
        if self.name == MANUAL or os.access(path, os.X_OK) and path.is_file():
            return ""
        return f"{path} is no program; give the path of an executable file"

    def create(self, directory: Path) -> Peer:
        if self.name == MANUAL:
            return Manual(directory)
        return Driver(directory, Path(self.name.removeprefix(DRIVER)).resolve())


def kind(name: str) -> PeerKind:
    """The line of that name; `driver:PATH` and `manual` need none. Raises KeyError with the names there are."""
    if name.startswith(DRIVER) or name == MANUAL:
        return DrivenKind(name, "", (), Manual if name == MANUAL else Driver, "driver", "", False)
    for line in TABLE:
        if line.name == name:
            return line
    raise KeyError(f"no peer is called {name!r}; there are: {', '.join(names())}")


def names() -> tuple[str, ...]:
    """All names, in the table's order."""
    return tuple(line.name for line in TABLE)


def available(only_default: bool = False) -> tuple[PeerKind, ...]:
    """The lines that can be played with on this machine now. Of the others nothing is asked: some must try the kernel."""
    return tuple(line for line in TABLE if (line.by_default or not only_default) and not line.available())


"""How the sides prove themselves to each other: by the shared key, or by certificates made for the scenario.

A scenario that says nothing is played either way (`ikelab run --authentication`). Who would share a key has its
certificate from one authority, which is named after that key: so a scenario whose sides have different keys is one
about trust in both cases.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from ..peers.contract import PeerUnsupported
from ..peers.neutral import PeerSpec
from ..pki import Certificate, Issued, root, write
from ..pki.names import NoSuchName

METHODS = ("psk", "certificate")
NAME_MAX = 64  # letters of a common name (RFC 5280 appendix A)


@dataclass(slots=True)
class Proof:
    """`asked`: what the scenario says of "both", "client" or "gateway": a Certificate, or None for the shared key."""

    method: str = "psk"  # of the run: for who is not asked
    directory: Path = Path()
    asked: dict[str, Certificate | None] = field(default_factory=dict)
    _issued: dict[tuple[str, Certificate], Issued] = field(default_factory=dict)

    def between(self, client: PeerSpec, gateway: PeerSpec, name: str = "client") -> tuple[PeerSpec, PeerSpec]:
        """Both entries with their credentials. `name`: whose the client's entry is."""
        wanted = [self._wanted("client", client), self._wanted("gateway", gateway)]
        if wanted == [None, None]:
            return client, gateway
        try:
            issued = [self._issue(owner, one) for owner, one in zip((name, "gateway"), wanted)]
        except NoSuchName as error:
            raise PeerUnsupported(str(error)) from error
        sides = []
        kinds = [one.key if one else "" for one in wanted]
        places = (f"{name}-to-gateway", f"gateway-to-{name}")
        authority_kinds = [one.authority_key if one else "p256" for one in reversed(wanted)]
        for own, place, mine, kind, remote_kind, authority_kind in zip((client, gateway), places, issued, kinds,
                                                                       reversed(kinds), authority_kinds):
            trusted = [authority_of(own.psk)] if remote_kind else []
            found = write(self.directory / place, mine, trusted, kind, remote_kind, authority_kind)
            sides.append(replace(own, credentials=found))
        return sides[0], sides[1]

    def _wanted(self, side: str, own: PeerSpec) -> Certificate | None:
        if own.eap is not None and own.eap.method != "tls":
            return None  # it has a password
        by_eap = own.eap is not None or own.expects_eap is not None  # then the responder signs (RFC 7296 2.16)
        default = Certificate() if by_eap or self.method == "certificate" else None
        found = self.asked.get(side, self.asked.get("both", default))
        if found is None:
            return None
        return replace(found, identity=found.identity or own.local_id,
                       authority=found.authority or authority_of(own.psk))

    def _issue(self, owner: str, wanted: Certificate | None) -> Issued | None:
        """Once: a side that starts again has the certificate that it had."""
        if wanted is None:
            return None
        if (owner, wanted) not in self._issued:
            self._issued[owner, wanted] = root(wanted.authority, wanted.forged, wanted.authority_key).issue(wanted, owner)
        return self._issued[owner, wanted]


def authority_of(psk: str) -> str:
    """The root that stands for this shared key, in words that fit into a subject."""
    words = "".join(letter if letter.isalnum() else " " for letter in psk).split()
    return f"authority of {' '.join(words)}"[:NAME_MAX]

"""Opens the Encrypted payload (RFC 7296 3.14, RFC 5282, RFC 7634) and joins fragments (RFC 7383 2.6)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .. import keys as keyfile
from . import cipher
from .ike import FragmentPayload, Message, parse_chain
from .octets import Malformed


@dataclass(slots=True)
class Opener:
    """Opens messages with the keys of every IKE SA it was given, and remembers fragments."""

    keys: dict[tuple[bytes, bytes], keyfile.IkeKeys]
    rivals: Mapping[tuple[bytes, bytes], Sequence[keyfile.IkeKeys]] = field(default_factory=dict)  # tried next
    _fragments: dict[tuple, dict[int, tuple[int, bytes]]] = field(default_factory=dict)

    def open(self, message: Message) -> None:
        """Fills message.inner, or message.problem with the reason it could not be opened."""
        payload = message.encrypted
        if payload is None:
            return
        header = message.header
        found = self.keys.get((header.spi_i, header.spi_r))
        if found is None:
            message.problem = "no keys for this IKE SA"
            return
        try:
            plain = self._plain(message, found)
            if isinstance(payload, FragmentPayload):
                self._join(message, payload, plain)
            else:
                message.inner = parse_chain(payload.inner_first, plain)
        except (Malformed, cipher.NotAuthentic, cipher.Unknown) as error:
            message.problem = str(error)

    def _plain(self, message: Message, found: keyfile.IkeKeys) -> bytes:
        try:
            return open_payload(message, found)
        except cipher.NotAuthentic:
            for other in self.rivals.get((found.spi_i, found.spi_r), ()):
                with contextlib.suppress(cipher.NotAuthentic):
                    return open_payload(message, other)
            raise

    def _join(self, message: Message, payload: FragmentPayload, plain: bytes) -> None:
        header = message.header
        key = (header.spi_i, header.spi_r, header.flags, header.message_id, payload.total)
        parts = self._fragments.setdefault(key, {})
        parts[payload.number] = (payload.inner_first, plain)
        if len(parts) == payload.total:
            del self._fragments[key]  # sent again, they are a whole message again
            whole = b"".join(parts[number][1] for number in sorted(parts))
            message.inner = parse_chain(parts[1][0], whole)


def open_payload(message: Message, found: keyfile.IkeKeys) -> bytes:
    """The plaintext without padding. Raises NotAuthentic, Malformed or Unknown."""
    payload = message.encrypted
    assert payload is not None
    skip = 4 if isinstance(payload, FragmentPayload) else 0
    from_initiator = message.header.from_initiator
    key = found.sk_ei if from_initiator else found.sk_er
    auth_key = found.sk_ai if from_initiator else found.sk_ar
    algorithm = cipher.find(found.encryption, found.integrity, key)
    sealed = payload.body[skip:]
    aad = message.octets[: payload.at + skip]
    plain = algorithm.open(key, auth_key, sealed, aad, aad)
    if not plain or plain[-1] + 1 > len(plain):
        raise Malformed("padding longer than the payload")
    return plain[: len(plain) - 1 - plain[-1]]

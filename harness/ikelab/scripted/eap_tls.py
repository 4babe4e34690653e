"""EAP-TLS, RFC 5216, over TLS 1.2 of a library: both ends, and the fragments that a flight is cut into."""

from __future__ import annotations

import struct
from typing import Any

from OpenSSL import SSL

from ..peers.neutral import Credentials
from .eap import TLS, EapFailed, PeerMethod, ServerMethod

LENGTH, MORE, START = 0x80, 0x40, 0x20  # flags, RFC 5216 3.1
FRAGMENT_OCTETS = 1000
KEY_LABEL, MSK_OCTETS, KEY_MATERIAL_OCTETS = b"client EAP encryption", 64, 128  # RFC 5216 2.3
READ_OCTETS = 1 << 16
LEGACY_SERVER_CONNECT = 0x4  # of the library's options: a server that does not know RFC 5746 will do as well


class Flights:
    """TLS on one side, Type-Data on the other."""

    def __init__(self, credentials: Credentials, server: bool, fragment: int):
        context = SSL.Context(SSL.TLS_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_max_proto_version(SSL.TLS1_2_VERSION)
        context.set_options(LEGACY_SERVER_CONNECT)
        context.use_certificate_chain_file(str(credentials.certificate))
        context.use_privatekey_file(str(credentials.private_key))
        for file in credentials.authorities:
            context.load_verify_locations(str(file))
        context.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, lambda *found: bool(found[-1]))
        self._tls = SSL.Connection(context, None)
        (self._tls.set_accept_state if server else self._tls.set_connect_state)()
        self.fragment = fragment
        self.finished = False
        self._coming = b""
        self._going: list[bytes] = []

    @property
    def msk(self) -> bytes:
        return self._tls.export_keying_material(KEY_LABEL, KEY_MATERIAL_OCTETS)[:MSK_OCTETS]

    @property
    def pending(self) -> bool:
        return bool(self._going)

    def take(self, data: bytes) -> bytes:
        """What is to be said after this has come: the next fragment, an acknowledgement, or the next flight; an
        acknowledgement too where TLS has nothing to say. Raises EapFailed."""
        flags = data[0] if data else 0
        self._coming += data[5:] if flags & LENGTH else data[1:]
        if flags & MORE:
            return b"\0"
        if not self._going:
            self._shake_hands()
        return self._going.pop(0) if self._going else b"\0"

    def _shake_hands(self) -> None:
        if self._coming:
            self._tls.bio_write(self._coming)
            self._coming = b""
        try:
            if not self.finished:
                self._tls.do_handshake()
                self.finished = True
        except SSL.WantReadError:
            pass
        except SSL.Error as error:
            raise EapFailed(f"TLS: {error}") from error
        flight = self._flight()
        pieces = [flight[at : at + self.fragment] for at in range(0, len(flight), self.fragment)]
        for number, piece in enumerate(pieces):
            flags = MORE if number + 1 < len(pieces) else 0
            first = number == 0 and len(pieces) > 1
            self._going.append(bytes([flags | LENGTH * first]) + (struct.pack(">I", len(flight)) if first else b"") + piece)

    def _flight(self) -> bytes:
        try:
            return self._tls.bio_read(READ_OCTETS)
        except SSL.WantReadError:
            return b""


class TlsPeer(PeerMethod):
    number = TLS

    def __init__(self, credentials: Credentials, fragment: int = FRAGMENT_OCTETS):
        super().__init__()
        self._flights = Flights(credentials, False, fragment)

    def respond(self, identifier: int, data: bytes) -> bytes:
        said = self._flights.take(data)
        if self._flights.finished:
            self.msk = self._flights.msk
        return said


class TlsServer(ServerMethod):
    """`fragment`: so many octets of a flight go into one request at most."""

    number = TLS

    def __init__(self, credentials: Credentials, fragment: int = FRAGMENT_OCTETS):
        super().__init__()
        self._flights = Flights(credentials, True, fragment)
        self._said_all = False

    def begin(self, identifier: int) -> bytes:
        return bytes([START])

    def take(self, identifier: int, data: bytes) -> bytes | None:
        if self._said_all and len(data) <= 1:
            return None
        said: Any = self._flights.take(data)
        if self._flights.finished:
            self.msk = self._flights.msk
            self._said_all = not self._flights.pending
        return said

"""EAP, RFC 3748, as IKE carries it (RFC 7296 2.16, 3.16): the initiator is its peer, the responder its server.

A method is one end of one conversation: it takes the Type-Data that came and gives the Type-Data to say next.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod

from ..peers.neutral import Eap
from ..wire.ike import EapPayload, Message
from ..wire.registry import PayloadType
from .errors import Unmet
from .payloads import EAP

REQUEST, RESPONSE, SUCCESS, FAILURE = 1, 2, 3, 4
IDENTITY, NOTIFICATION, NAK = 1, 2, 3
MD5_CHALLENGE, TLS, MSCHAPV2 = 4, 13, 26


def said(came: Message) -> EapPayload:
    """Its EAP payload. Raises Unmet."""
    found = came.first(PayloadType.EAP)
    if not isinstance(found, EapPayload):
        raise Unmet(f"{came} has no EAP payload (RFC 7296 2.16)")
    return found


class EapFailed(Exception):
    """The other end has not proved itself."""


class Method(ABC):
    """`number` is its Type. `msk` is the key that both ends have in the end, None of a method that makes none."""

    number = 0

    def __init__(self) -> None:
        self.msk: bytes | None = None


class PeerMethod(Method):
    @abstractmethod
    def respond(self, identifier: int, data: bytes) -> bytes:
        """Type-Data of the response to a request. Raises EapFailed where the server is another than it should be."""


class ServerMethod(Method):
    @abstractmethod
    def begin(self, identifier: int) -> bytes:
        """Of the first request."""

    @abstractmethod
    def take(self, identifier: int, data: bytes) -> bytes | None:
        """Of the next request; None where the response ends the method well. Raises EapFailed."""


def md5_value(identifier: int, password: str, challenge: bytes) -> bytes:
    """RFC 1994 4.1"""
    return hashlib.md5(bytes([identifier]) + password.encode() + challenge, usedforsecurity=False).digest()


class Md5Peer(PeerMethod):
    """RFC 3748 5.4: Value-Size, Value and a name; it makes no key, and the server proves nothing."""

    number = MD5_CHALLENGE

    def __init__(self, user: str, password: str):
        super().__init__()
        self.user, self.password = user, password

    def respond(self, identifier: int, data: bytes) -> bytes:
        value = md5_value(identifier, self.password, data[1 : 1 + data[0]])
        return bytes([len(value)]) + value + self.user.encode()


class Md5Server(ServerMethod):
    number = MD5_CHALLENGE

    def __init__(self, password: str, challenge: bytes):
        super().__init__()
        self.password, self.challenge = password, challenge

    def begin(self, identifier: int) -> bytes:
        return bytes([len(self.challenge)]) + self.challenge

    def take(self, identifier: int, data: bytes) -> bytes | None:
        if data[1 : 1 + data[0]] != md5_value(identifier, self.password, self.challenge):
            raise EapFailed("the response is made with another password")
        return None


class EapPeer:
    """The initiator's end: it has one method, and says so to whoever wants another."""

    def __init__(self, user: str, method: PeerMethod):
        self.user, self.method = user, method

    def answer(self, request: EapPayload) -> EapPayload:
        """The response to it. Raises EapFailed."""
        if request.method == IDENTITY:
            return response(request, IDENTITY, self.user.encode())
        if request.method == NOTIFICATION:
            return response(request, NOTIFICATION)
        if request.method != self.method.number:
            return response(request, NAK, bytes([self.method.number]))
        return response(request, request.method, self.method.respond(request.identifier, request.data))


class EapServer:
    """The responder's end. `asks`: for an Identity first, where IDi is not the user's name (RFC 7296 3.16)."""

    def __init__(self, method: ServerMethod, identifier: int, asks: bool = False):
        self.method, self.identifier, self._asks = method, identifier, asks

    def begin(self) -> EapPayload:
        if self._asks:
            return request(self.identifier, IDENTITY)
        return self._request(self.method.begin(self.identifier))

    def take(self, came: EapPayload) -> EapPayload:
        """The next request, Success, or Failure where it has come to that."""
        if self._asks and (came.code, came.method) == (RESPONSE, IDENTITY):
            self._asks, self.identifier = False, (self.identifier + 1) % 256
            return self.begin()
        if came.method != self.method.number or came.code != RESPONSE:
            return message(FAILURE, self.identifier)
        try:
            data = self.method.take(came.identifier, came.data)
        except EapFailed:
            return message(FAILURE, self.identifier)
        if data is None:
            return message(SUCCESS, self.identifier)
        self.identifier = (self.identifier + 1) % 256
        return self._request(data)

    def _request(self, data: bytes) -> EapPayload:
        return request(self.identifier, self.method.number, data)


def message(code: int, identifier: int, data: bytes = b"") -> EapPayload:
    """`data`: Type and Type-Data, where the code has them."""
    found = EAP(code, identifier, data)
    assert isinstance(found, EapPayload)
    return found


def request(identifier: int, method: int, data: bytes = b"") -> EapPayload:
    return message(REQUEST, identifier, bytes([method]) + data)


def response(to: EapPayload, method: int, data: bytes = b"") -> EapPayload:
    return message(RESPONSE, to.identifier, bytes([method]) + data)


def user_of(eap: Eap, identity: str) -> str:
    """Who EAP takes the initiator for: its name for that, or its identity."""
    return eap.user or identity

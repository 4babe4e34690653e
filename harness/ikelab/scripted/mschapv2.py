"""MS-CHAP-V2 (RFC 2759), its keys (RFC 3079 3.4), and what EAP wraps around it (Type 26)."""

from __future__ import annotations

import hashlib
import struct

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from .eap import MSCHAPV2, EapFailed, PeerMethod, ServerMethod
from .md4 import md4

CHALLENGE, RESPONSE, SUCCESS, FAILURE = 1, 2, 3, 4  # OpCodes
CHALLENGE_OCTETS, NT_RESPONSE_OCTETS, KEY_OCTETS = 16, 24, 16
AUTHENTICATION_FAILURE = 691  # RFC 2759 6

# RFC 2759 8.7 and RFC 3079 3.4 fix these strings.
SIGNING = b"Magic server to client signing constant"
MORE = b"Pad to make it do more than one iteration"
MASTER = b"This is the MPPE Master Key"
FROM_CLIENT = b"On the client side, this is the send key; on the server side, it is the receive key."
FROM_SERVER = b"On the client side, this is the receive key; on the server side, it is the send key."


def password_hash(password: str) -> bytes:
    return md4(password.encode("utf-16-le"))


def challenge_hash(peer_challenge: bytes, challenge: bytes, user: str) -> bytes:
    """RFC 2759 8.2; of the user's name what follows a domain."""
    return hashlib.sha1(peer_challenge + challenge + user.rpartition("\\")[2].encode()).digest()[:8]


def nt_response(challenge: bytes, peer_challenge: bytes, user: str, password: str) -> bytes:
    """RFC 2759 8.1, 8.5: the challenge under three keys that the hash of the password is cut into."""
    keys = password_hash(password).ljust(21, b"\0")
    text = challenge_hash(peer_challenge, challenge, user)
    return b"".join(_des(keys[at : at + 7], text) for at in (0, 7, 14))


def authenticator_response(challenge: bytes, peer_challenge: bytes, user: str, password: str, response: bytes) -> str:
    """RFC 2759 8.7: by it the server shows that it knows the password too."""
    first = hashlib.sha1(md4(password_hash(password)) + response + SIGNING).digest()
    second = hashlib.sha1(first + challenge_hash(peer_challenge, challenge, user) + MORE).digest()
    return "S=" + second.hex().upper()


def master_key(password: str, response: bytes) -> bytes:
    return hashlib.sha1(md4(password_hash(password)) + response + MASTER).digest()[:KEY_OCTETS]


def start_key(master: bytes, magic: bytes) -> bytes:
    """RFC 3079 3.4, of 128 bits."""
    return hashlib.sha1(master + bytes(40) + magic + 40 * b"\xf2").digest()[:KEY_OCTETS]


def msk(password: str, response: bytes) -> bytes:
    """The client's key to send, its key to receive, and zeros."""
    master = master_key(password, response)
    return (start_key(master, FROM_CLIENT) + start_key(master, FROM_SERVER)).ljust(64, b"\0")


def _des(key: bytes, text: bytes) -> bytes:
    """DES by 56 bits, which make room for a bit of parity in each octet."""
    bits = int.from_bytes(key, "big")
    spread = bytes((bits >> 7 * (7 - at) & 0x7F) << 1 for at in range(8))
    cipher = Cipher(algorithms.TripleDES(3 * spread), modes.ECB()).encryptor()
    return cipher.update(text) + cipher.finalize()


def _message(op_code: int, identifier: int, body: bytes) -> bytes:
    return struct.pack(">BBH", op_code, identifier, 4 + len(body)) + body


class MschapPeer(PeerMethod):
    number = MSCHAPV2

    def __init__(self, user: str, password: str, peer_challenge: bytes):
        super().__init__()
        self.user, self.password, self.peer_challenge = user, password, peer_challenge
        self._expected = ""

    def respond(self, identifier: int, data: bytes) -> bytes:
        if data[:1] == bytes([CHALLENGE]):
            challenge = data[5 : 5 + CHALLENGE_OCTETS]
            response = nt_response(challenge, self.peer_challenge, self.user, self.password)
            self._expected = authenticator_response(challenge, self.peer_challenge, self.user, self.password, response)
            self.msk = msk(self.password, response)
            value = self.peer_challenge + bytes(8) + response + b"\0"
            return _message(RESPONSE, data[1], bytes([len(value)]) + value + self.user.encode())
        if data[:1] == bytes([SUCCESS]):
            if not data[4:].decode(errors="replace").startswith(self._expected):
                raise EapFailed("the server's Success is made with another password (RFC 2759 8.8)")
            return bytes([SUCCESS])
        return data[:1]  # a Failure is acknowledged


class MschapServer(ServerMethod):
    number = MSCHAPV2

    def __init__(self, user: str, password: str, challenge: bytes):
        super().__init__()
        self.user, self.password, self.challenge = user, password, challenge
        self._answered = False

    def begin(self, identifier: int) -> bytes:
        return _message(CHALLENGE, identifier, bytes([CHALLENGE_OCTETS]) + self.challenge + b"server")

    def take(self, identifier: int, data: bytes) -> bytes | None:
        if self._answered:
            if data[:1] != bytes([SUCCESS]):
                raise EapFailed("the peer does not acknowledge Success")
            return None
        peer_challenge, response = data[5:21], data[29 : 29 + NT_RESPONSE_OCTETS]
        if data[:1] != bytes([RESPONSE]) or response != nt_response(self.challenge, peer_challenge, self.user, self.password):
            raise EapFailed("the response is made with another password")
        self._answered, self.msk = True, msk(self.password, response)
        shown = authenticator_response(self.challenge, peer_challenge, self.user, self.password, response)
        return _message(SUCCESS, data[1], f"{shown} M=OK".encode())

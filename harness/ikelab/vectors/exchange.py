"""Whole exchanges, derived a second time: from the private keys, the shared key and the octets on the wire
to every SK_*, KEYMAT and AUTH, by RFC 7296 alone. Nothing here knows ref/; `wire` only takes messages
apart."""

from __future__ import annotations

import hashlib
import ipaddress
import struct
from dataclasses import dataclass, field
from typing import Any

from ..wire import ike, registry
from ..wire.octets import Malformed
from ..wire.registry import Exchange, PayloadType, Protocol
from . import derivation, identification
from .choice import GROUPS, Choice
from .model import Failed, Kind, Vector

Values = dict[str, Any]

UNSEEN = "not on the wire"
SHARED_KEY = 2  # Auth Method, RFC 7296 3.8
FRAGMENT_NUMBERS = 4  # octets of Fragment Number and Total Fragments, RFC 7383 2.5


@dataclass(slots=True)
class IkeSa:
    choice: Choice
    ni: bytes
    nr: bytes
    keys: dict[str, bytes]
    spi_i: bytes
    spi_r: bytes
    init: list[bytes] = field(default_factory=list)  # RealMessage1, RealMessage2


@dataclass(slots=True)
class Derived:
    """Everything that a file states besides what it starts from."""

    ike_sas: list[Values] = field(default_factory=list)
    child_sas: list[Values] = field(default_factory=list)
    auth: list[Values] = field(default_factory=list)
    messages: list[Values] = field(default_factory=list)  # one for each message, in order
    draws: dict[str, list[str]] = field(default_factory=dict)  # the name of each, by side


class Derivation:
    """Walks the messages of one test in order."""

    def __init__(self, test: Values):
        self.setup = test["setup"]
        self.psk = bytes.fromhex(self.setup.get("psk", ""))
        self.draws = {side: [bytes.fromhex(d["octets"]) for d in test["random"][side]]
                      for side in ("initiator", "responder")} if "random" in test else {}
        self.steps = [step for step in test["steps"] if "octets" in step]
        self.sas: list[IkeSa] = []
        self.names: dict[tuple[str, bytes], str] = {}
        self.requests: dict[tuple[int, int, str], ike.Message] = {}
        self.pieces: list[ike.Message] = []  # fragments of one message, so far
        self.joined = b""
        self.init_request: ike.Message | None = None
        self.refusal: ike.NotifyPayload | None = None
        self.out = Derived()

    def run(self) -> Derived:
        for number, step in enumerate(self.steps, 1):
            octets = bytes.fromhex(step["octets"])
            message = ike.parse(octets)
            stated: Values = {}
            if message.header.exchange_type == Exchange.IKE_SA_INIT:
                self._init(message, step, number)
            else:
                stated = self._open(message, step, number)
                if message.inner is not None:
                    self._consume(message, step, number)
            kind = "response" if message.header.response else "request"
            self.out.messages.append({"message": f"{message.header.exchange} {kind}{_piece(message)}",
                                      "payloads": message.text(), **stated})
        for side, draws in self.draws.items():
            self.out.draws[side] = [self._name_of(side, draw) for draw in draws]
        return self.out

    def _name_of(self, side: str, draw: bytes) -> str:
        return self.names.get((side, draw)) or UNSEEN

    # ---- IKE_SA_INIT, RFC 7296 1.2 ----

    def _init(self, message: ike.Message, step: Values, number: int) -> None:
        notifies = message.notifies()
        header = message.header
        if not header.response:
            self._init_again(message)
            self.init_request = message
            self._hashes(message, "initiator")
            self._name("initiator", header.spi_i, "SPIi (IKE SA 1)")
            self._name("initiator", _body(message, PayloadType.NONCE), "Ni (IKE SA 1)")
            self._private("initiator", _ke(message), "private key i" if self.refusal is None
                          or self.refusal.name == "COOKIE" else "private key i, again")
            self._nat(message, step, header.spi_i, bytes(8))
            return
        request = self.init_request
        if request is None or header.spi_i != request.header.spi_i:
            raise Failed("a response without its request")
        if message.first(PayloadType.SA) is None:
            self.refusal = next(iter(notifies.values()))
            self._bare_refusal(message, self.refusal)
            return
        self._nat(message, step, header.spi_i, header.spi_r)
        self._hashes(message, "responder")
        self._certificates_asked("responder", message)
        self._name("responder", header.spi_r, "SPIr (IKE SA 1)")
        self._name("responder", _body(message, PayloadType.NONCE), "Nr (IKE SA 1)")
        choice = Choice.of(_sa(message))
        sa = self._new_ike_sa(choice, request, message, header.spi_i, header.spi_r, None,
                              ("initiator", "responder"))
        sa.init = [request.octets, message.octets]

    def _init_again(self, message: ike.Message) -> None:
        """After COOKIE: the same with the cookie in front (2.6). After INVALID_KE_PAYLOAD: the same with
        another KE (1.2)."""
        before = self.init_request
        if before is None or self.refusal is None:
            return
        old, new = _pieces(before.octets), _pieces(message.octets)
        if self.refusal.name == "COOKIE":
            cookie = new.pop(0)
            if cookie[0] != PayloadType.N or cookie[2] != self.refusal.body:
                raise Failed("COOKIE does not come back as the first payload")
            if message.octets[28 + 4 + len(cookie[2]) :] != before.octets[28:]:
                raise Failed("the request with the cookie is another request")
        elif [p for p in old if p[0] != PayloadType.KE] != [p for p in new if p[0] != PayloadType.KE]:
            raise Failed("the request with another KE is another request")
        elif _ke(message).group != struct.unpack(">H", self.refusal.data)[0]:
            raise Failed("the new KE is not of the group asked for")
        if before.octets[:16] != message.octets[:16] or before.octets[17:24] != message.octets[17:24]:
            raise Failed("the header of the second request is another")

    def _bare_refusal(self, message: ike.Message, notify: ike.NotifyPayload) -> None:
        assert self.init_request is not None
        body = struct.pack(">BBH", 0, 0, notify.notify_type) + notify.data
        payload = struct.pack(">BBH", 0, 0, 4 + len(body)) + body
        expected = struct.pack(">8s8sBBBBII", self.init_request.header.spi_i, bytes(8), PayloadType.N,
                               0x20, Exchange.IKE_SA_INIT, ike.FLAG_RESPONSE, 0, 28 + len(payload))
        if message.octets != expected + payload or not 1 <= len(notify.data) <= 64:
            raise Failed("a refusal has another form")

    def _certificates_asked(self, side: str, message: ike.Message) -> None:
        identification.check_request(self.setup, side, message)

    def _hashes(self, message: ike.Message, side: str) -> None:
        """RFC 7427 4; the responder has them only in answer to the initiator's."""
        notify = message.notifies().get("SIGNATURE_HASH_ALGORITHMS")
        stated = self.setup[side].get("hashes", [])
        if (notify.data if notify else b"") != struct.pack(f">{len(stated)}H", *stated):
            raise Failed(f"the {side} announces other hash algorithms")

    def _nat(self, message: ike.Message, step: Values, spi_i: bytes, spi_r: bytes) -> None:
        """RFC 7296 2.23; there is no NAT in any of these exchanges."""
        for notify in (p for p in message.payloads if isinstance(p, ike.NotifyPayload)):
            where = {"NAT_DETECTION_SOURCE_IP": "source",
                     "NAT_DETECTION_DESTINATION_IP": "destination"}.get(notify.name)
            if where is None:
                continue
            host, port = step[where].rsplit(":", 1)
            hashed = hashlib.sha1(spi_i + spi_r + ipaddress.ip_address(host.strip("[]")).packed
                                  + struct.pack(">H", int(port))).digest()
            if notify.data != hashed:
                raise Failed(f"{notify.name} is another")

    # ---- keys ----

    def _name(self, side: str, octets: bytes, name: str) -> None:
        self.names.setdefault((side, octets), name)

    def _private(self, side: str, ke: ike.KePayload, name: str) -> bytes:
        group = GROUPS[ke.group]
        for draw in self.draws[side]:
            if _could_be_private(group, draw) and _public(group, draw) == ke.data:
                self._name(side, draw, name)
                return draw
        raise Failed(f"no {name} has the public value of the message")

    def _key_exchange(self, request: ike.Message, response: ike.Message, sides: tuple[str, str],
                      owner: str) -> Values:
        ke_i, ke_r = _ke(request), _ke(response)
        if ke_i.group != ke_r.group:
            raise Failed("KEi and KEr are of different groups")
        group = GROUPS[ke_i.group]
        private_i = self._private(sides[0], ke_i, f"private key i ({owner})")
        private_r = self._private(sides[1], ke_r, f"private key r ({owner})")
        secret = derivation.shared_secret(group, private_i, ke_r.data)
        if secret != derivation.shared_secret(group, private_r, ke_i.data):
            raise Failed("the two sides come to different secrets")
        return {"ke": group, "private_i": private_i, "private_r": private_r, "KEi": ke_i.data,
                "KEr": ke_r.data, "g^ir": secret}

    def _new_ike_sa(self, choice: Choice, request: ike.Message, response: ike.Message, spi_i: bytes,
                    spi_r: bytes, old: int | None, sides: tuple[str, str]) -> IkeSa:
        number = len(self.sas) + 1
        ni, nr = _body(request, PayloadType.NONCE), _body(response, PayloadType.NONCE)
        exchanged = self._key_exchange(request, response, sides, f"IKE SA {number}")
        if old is None:
            seed = derivation.skeyseed(choice.prf, ni, nr, exchanged["g^ir"])
        else:
            seed = derivation.skeyseed_rekeyed(self.sas[old].choice.prf, self.sas[old].keys["SK_d"],
                                               exchanged["g^ir"], ni, nr)
        keys = derivation.ike_keys(choice.prf, choice.suite, choice.key_octets, seed, ni, nr, spi_i, spi_r)
        sa = IkeSa(choice, ni, nr, keys, spi_i, spi_r)
        self.sas.append(sa)
        values: Values = {} if old is None else {"replaces": old}
        values |= {"prf": choice.prf, "encryption": choice.suite.encryption,
                   "integrity": choice.suite.integrity, **exchanged, "Ni": ni, "Nr": nr, "SPIi": spi_i,
                   "SPIr": spi_r, "SKEYSEED": seed, **keys}
        self.out.ike_sas.append(_hex(values))
        return sa

    def _new_child_sa(self, sa: int, choice: Choice, request: ike.Message, response: ike.Message,
                      nonces: tuple[bytes, bytes], sides: tuple[str, str]) -> None:
        number = len(self.out.child_sas) + 1
        values: Values = {"ikeSa": sa, "encryption": choice.suite.encryption,
                          "integrity": choice.suite.integrity, "esn": choice.esn,
                          "mode": "transport" if "USE_TRANSPORT_MODE" in response.notifies() else "tunnel"}
        secret = b""
        if request.first(PayloadType.KE) is not None and response.first(PayloadType.KE) is not None:
            exchanged = self._key_exchange(request, response, sides, f"Child SA {number}")
            values |= exchanged
            secret = exchanged["g^ir"]
        offered = _sa(request).proposals[choice_number(response) - 1]
        self._name(sides[0], offered.spi, f"SPI i (Child SA {number})")
        self._name(sides[1], choice.spi, f"SPI r (Child SA {number})")
        lengths = 2 * (choice.key_octets + choice.suite.salt, choice.suite.integrity_key)
        keymat = derivation.child_keymat(self.sas[sa].choice.prf, self.sas[sa].keys["SK_d"], secret,
                                         *nonces, sum(lengths))
        values |= {"SPI_i": offered.spi, "SPI_r": choice.spi, "Ni": nonces[0], "Nr": nonces[1],
                   "KEYMAT": keymat}
        at = 0
        for name, length in zip(("encryption_i", "integrity_i", "encryption_r", "integrity_r"), lengths,
                                strict=True):
            values[name] = keymat[at : at + length]
            at += length
        self.out.child_sas.append(_hex(values))

    # ---- what SK protects ----

    def _open(self, message: ike.Message, step: Values, number: int) -> Values:
        header = message.header
        found = next((i for i, sa in enumerate(self.sas)
                      if (sa.spi_i, sa.spi_r) == (header.spi_i, header.spi_r)), None)
        payload = message.encrypted
        if found is None or payload is None:
            raise Failed("a message of no IKE SA, or in the clear")
        sa, suite = self.sas[found], self.sas[found].choice.suite
        letter = "i" if header.from_initiator else "r"
        key, integrity_key = sa.keys[f"SK_e{letter}"], sa.keys[f"SK_a{letter}"]
        piece = message.fragment
        at = payload.at + (FRAGMENT_NUMBERS if piece else 0)
        before, sealed = message.octets[:at], message.octets[at:]
        try:
            text = suite.open(key, integrity_key, sealed, before, before)
        except derivation.NotAuthentic as error:
            raise Failed(f"message {number}: {error}") from error
        iv, inner = sealed[: suite.iv], text[: len(text) - 1 - text[-1]]
        if derivation.sk_seal(suite, key, integrity_key, before, iv, text) != message.octets:
            raise Failed(f"message {number} seals to other octets")
        self._name(step["from"], iv, f"IV of message {number}")
        stated = {"ikeSa": found, **_hex({"iv": iv, "aad": before}), "first": int(payload.inner_first),
                  **_hex({"inner": inner, "plaintext": text, "icv": sealed[len(sealed) - suite.icv :]})}
        if piece is None:
            message.inner = ike.parse_chain(payload.inner_first, inner)
            return stated
        return stated | self._join(message, piece, inner, step)

    def _join(self, message: ike.Message, piece: ike.FragmentPayload, inner: bytes, step: Values) -> Values:
        """RFC 7383 2.5 and 2.6: all headers are the same, but for Length; the content is cut anywhere, and
        what comes first is said in the first fragment. No fragment makes a larger packet than it may."""
        self.pieces = self.pieces if piece.number > 1 else []
        self.joined = (self.joined if piece.number > 1 else b"") + inner
        first = self.pieces[0] if self.pieces else message
        total = first.fragment.total if first.fragment else 0
        if (piece.number, piece.total) != (len(self.pieces) + 1, total):
            raise Failed("the fragments are not 1 to Total Fragments")
        if piece.number > 1 and (piece.inner_first or first.octets[:24] != message.octets[:24]):
            raise Failed("a fragment whose header is another than the first one's")
        if len(message.octets) + 28 + (4 if step["nonEspMarker"] else 0) > self._fragment_size(step["from"]):
            raise Failed("a fragment that does not fit into the packet it is for")
        self.pieces.append(message)
        stated: Values = {"fragment": piece.number, "fragments": piece.total}
        if piece.number < piece.total:
            return stated
        assert first.encrypted is not None
        message.inner = ike.parse_chain(first.encrypted.inner_first, self.joined)
        return stated | {"joined": self.joined.hex()}

    def _fragment_size(self, side: str) -> int:
        return self.setup[side]["fragmentSize"]

    def _consume(self, message: ike.Message, step: Values, number: int) -> None:
        header, sa = message.header, self._sa_of(message)
        key = (sa, header.message_id, step["from"] if not header.response else _other(step["from"]))
        self._nat(message, step, header.spi_i, header.spi_r)
        if not header.response:
            self.requests[key] = message
            self._note_request(message, step, sa, number)
            return
        request = self.requests.get(key)
        if request is None or request.header.exchange_type != header.exchange_type:
            raise Failed(f"message {number} answers nothing")
        if header.exchange_type == Exchange.IKE_AUTH:
            self._auth(message, "responder", sa)
            if message.first(PayloadType.SA) is not None:
                self._new_child_sa(sa, Choice.of(_sa(message)), request, message,
                                   (self.sas[sa].ni, self.sas[sa].nr), ("initiator", "responder"))
        elif header.exchange_type == Exchange.CREATE_CHILD_SA and message.first(PayloadType.SA):
            self._created(request, message, sa, key[2])
        elif "COOKIE2" in request.notifies():
            sent, back = (m.notifies().get("COOKIE2") for m in (request, message))
            if back is None or sent is None or back.data != sent.data:
                raise Failed("COOKIE2 does not come back")

    def _note_request(self, message: ike.Message, step: Values, sa: int, number: int) -> None:
        if message.header.exchange_type == Exchange.IKE_AUTH:
            self._auth(message, "initiator", sa)
        cookie = message.notifies().get("COOKIE2")
        if cookie is not None:
            self._name(step["from"], cookie.data, f"COOKIE2 of message {number}")

    def _created(self, request: ike.Message, response: ike.Message, sa: int, asker: str) -> None:
        sides = (asker, _other(asker))
        choice = Choice.of(_sa(response))
        ni, nr = _body(request, PayloadType.NONCE), _body(response, PayloadType.NONCE)
        if choice.protocol == Protocol.IKE:
            number = len(self.sas) + 1
            spi_i = _sa(request).proposals[choice_number(response) - 1].spi
            owner = f"IKE SA {number}"
            self._name(sides[0], spi_i, f"SPIi ({owner})")
            self._name(sides[1], choice.spi, f"SPIr ({owner})")
            self._new_ike_sa(choice, request, response, spi_i, choice.spi, sa, sides)
        else:
            owner = f"Child SA {len(self.out.child_sas) + 1}"
            self._new_child_sa(sa, choice, request, response, (ni, nr), sides)
        self._name(sides[0], ni, f"Ni ({owner})")
        self._name(sides[1], nr, f"Nr ({owner})")

    def _auth(self, message: ike.Message, side: str, sa_number: int) -> None:
        """RFC 7296 2.15"""
        sa, of_i = self.sas[sa_number], side == "initiator"
        identity = message.first(PayloadType.IDi if of_i else PayloadType.IDr)
        auth = message.first(PayloadType.AUTH)
        if not isinstance(identity, ike.IdPayload) or not isinstance(auth, ike.AuthPayload):
            raise Failed("IKE_AUTH without ID or AUTH")
        if identity.text != self.setup[side]["identity"]:
            raise Failed("another identity")
        name = sa.choice.prf
        maced = derivation.prf(name, sa.keys["SK_pi" if of_i else "SK_pr"], identity.body)
        signed = (sa.init[0] + sa.nr if of_i else sa.init[1] + sa.ni) + maced
        values = {"RestOfIDPayload": identity.body, "MACedID": maced, "SignedOctets": signed}
        if of_i:
            self._certificates_asked(side, message)
        if "certificates" in self.setup[side]:
            values = {"method": auth.method} | values
            values |= identification.signature(self.setup, side, message, auth, signed)
        elif auth.method == SHARED_KEY:
            values |= identification.shared_key(name, self.psk, signed)
        else:
            raise Failed("no shared key")
        if values["AUTH"] != auth.data:
            raise Failed(f"AUTH of the {side} is another")
        self.out.auth.append({"by": side, "ikeSa": sa_number, **_hex(values)})

    def _sa_of(self, message: ike.Message) -> int:
        return next(i for i, sa in enumerate(self.sas)
                    if (sa.spi_i, sa.spi_r) == (message.header.spi_i, message.header.spi_r))


# ---- reading messages ----

def _other(side: str) -> str:
    return "responder" if side == "initiator" else "initiator"


def _piece(message: ike.Message) -> str:
    piece = message.fragment
    return f", fragment {piece.number} of {piece.total}" if piece else ""


def _body(message: ike.Message, kind: int) -> bytes:
    payload = message.first(kind)
    if payload is None:
        raise Failed(f"a message without {registry.payload_name(kind)}")
    return payload.body


def _sa(message: ike.Message) -> ike.SaPayload:
    payload = message.first(PayloadType.SA)
    if not isinstance(payload, ike.SaPayload):
        raise Failed("a message without SA")
    return payload


def _ke(message: ike.Message) -> ike.KePayload:
    payload = message.first(PayloadType.KE)
    if not isinstance(payload, ike.KePayload):
        raise Failed("a message without KE")
    return payload


def choice_number(response: ike.Message) -> int:
    return _sa(response).proposals[0].number


def _pieces(octets: bytes) -> list[tuple[int, int, bytes]]:
    """(type, flags, body) of every payload in the clear."""
    kind, at, found = octets[16], 28, []
    while kind:
        following, flags, length = struct.unpack_from(">BBH", octets, at)
        found.append((kind, flags, octets[at + 4 : at + length]))
        kind, at = following, at + length
    return found


def _could_be_private(group: str, draw: bytes) -> bool:
    return len(draw) == derivation.PRIVATE_OCTETS[group]


def _public(group: str, draw: bytes) -> bytes:
    try:
        return derivation.public_value(group, draw)
    except ValueError:
        return b""


def _hex(values: Values) -> Values:
    return {name: value.hex() if isinstance(value, bytes) else value for name, value in values.items()}


# ---- checking ----

GIVEN = ("from", "source", "destination", "nonEspMarker", "octets")  # of a message


def check(v: Vector) -> Kind:
    """What the file states is what comes out, to the last name."""
    found = compared(v, Derivation(v.test))
    for side, draws in v.test["random"].items():
        if [draw["name"] for draw in draws] != found.draws[side]:
            raise Failed(f"the randomness of the {side} does not come back in the messages")
    return v.judge(True)


def compared(v: Vector, again: Derivation) -> Derived:
    try:
        found = again.run()
    except (Malformed, derivation.BadPublicValue, KeyError, IndexError, ValueError) as error:
        raise Failed(f"it does not parse ({type(error).__name__}: {error})") from error
    _same("ikeSas", v.test["ikeSas"], found.ike_sas)
    _same("childSas", v.test["childSas"], found.child_sas)
    _same("auth", v.test["auth"], found.auth)
    steps = [step for step in v.test["steps"] if "octets" in step]
    _same("steps", [{k: w for k, w in step.items() if k not in GIVEN} for step in steps], found.messages)
    return found


def _same(name: str, stated: list[Values], found: list[Values]) -> None:
    if len(stated) != len(found):
        raise Failed(f"{name}: {len(found)} come out, {len(stated)} are stated")
    for number, (a, b) in enumerate(zip(stated, found, strict=True)):
        for key in a.keys() | b.keys():
            if a.get(key) != b.get(key):
                raise Failed(f"{name}[{number}].{key} is another")

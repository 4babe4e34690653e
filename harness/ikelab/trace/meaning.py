"""What one IKE message means, in words for a student, and the clause that says so.

`Memory` remembers what earlier messages established: which proposals and SPIs were on offer, who rekeys
what at the moment. It is fed messages in the order they set out, each one once.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ..wire import ike
from ..wire.packet import Datagram
from ..wire.registry import KE, SHARED_KEY, Exchange, PayloadType, Protocol

Meaning = tuple[str, str]  # words, clause

ERRORS: dict[str, Meaning] = {
    "UNSUPPORTED_CRITICAL_PAYLOAD": ("refuses: a critical payload it does not know", "RFC 7296 2.5"),
    "INVALID_IKE_SPI": ("knows no such IKE SA", "RFC 7296 2.21.4"),
    "INVALID_MAJOR_VERSION": ("refuses: another major version", "RFC 7296 2.5"),
    "INVALID_SYNTAX": ("refuses: the message breaks the rules of syntax", "RFC 7296 2.21"),
    "INVALID_MESSAGE_ID": ("a Message ID outside the window came", "RFC 7296 2.3"),
    "INVALID_SPI": ("ESP came with an SPI nobody knows", "RFC 7296 2.21.4"),
    "NO_PROPOSAL_CHOSEN": ("refuses: no proposal is acceptable", "RFC 7296 2.7"),
    "INVALID_KE_PAYLOAD": ("wants another key exchange method", "RFC 7296 1.3"),
    "AUTHENTICATION_FAILED": ("refuses: the other side is not who it says it is", "RFC 7296 2.21.2"),
    "SINGLE_PAIR_REQUIRED": ("wants a single pair of addresses", "RFC 7296 2.9"),
    "NO_ADDITIONAL_SAS": ("refuses: no more Child SAs here", "RFC 7296 1.3"),
    "INTERNAL_ADDRESS_FAILURE": ("has no inner address to give", "RFC 7296 3.15.4"),
    "FAILED_CP_REQUIRED": ("wants to be asked for a configuration", "RFC 7296 2.19"),
    "TS_UNACCEPTABLE": ("refuses: none of the traffic selectors suits", "RFC 7296 2.9"),
    "INVALID_SELECTORS": ("a packet came outside its SA's selectors", "RFC 7296 3.10.1"),
    "UNACCEPTABLE_ADDRESSES": ("refuses the new addresses", "RFC 4555 3.5"),
    "UNEXPECTED_NAT_DETECTED": ("refuses: a NAT where none is allowed", "RFC 4555 3.9"),
    "TEMPORARY_FAILURE": ("not now: a rekey or Delete is under way", "RFC 7296 2.25"),
    "CHILD_SA_NOT_FOUND": ("knows no such Child SA", "RFC 7296 2.25"),
}
BY_EAP = {1: "asks by EAP who is there", 2: "answers by EAP", 3: "is content with what EAP has shown",
          4: "is not content with what EAP has shown"}


@dataclass(slots=True, frozen=True)
class Path:
    """The datagram as its receiver saw it, and as its sender sent it where that is known: who claims to
    sit behind a NAT and does not (to force ESP into UDP) is then found out."""

    seen: Datagram
    origin: Datagram | None = None


@dataclass(slots=True)
class Memory:
    """`rekeying` holds (sender, what) of requests not answered yet: two senders mean a collision."""

    asked: dict[tuple, ike.Message] = field(default_factory=dict)
    rekeying: dict[tuple, bytes] = field(default_factory=dict)
    refused_groups: set[bytes] = field(default_factory=set)
    replaced: set[bytes] = field(default_factory=set)  # IKE SAs, by SPIi, that a rekey has replaced

    def explain(self, message: ike.Message, path: Path) -> Meaning:
        header = message.header
        if message.problem and message.inner is None:
            return f"sealed: {message.problem}", "RFC 7296 3.14"
        if message.encrypted is not None and message.inner is None:
            piece = message.encrypted
            return f"a piece of a larger message ({piece})", "RFC 7383 2.5"
        asker = header.from_initiator != header.response  # whether the original initiator asked
        key = (header.spi_i, header.exchange_type, header.message_id, asker)
        request = self.asked.get(key) if header.response else None
        if not header.response:
            self.asked[key] = message
        handler = {
            Exchange.IKE_SA_INIT: self._ike_sa_init,
            Exchange.IKE_AUTH: self._ike_auth,
            Exchange.CREATE_CHILD_SA: self._create_child_sa,
            Exchange.INFORMATIONAL: self._informational,
        }.get(header.exchange_type)
        if handler is None:
            return f"{header.exchange}", "RFC 7296 3.1"
        return handler(message, request, path)

    def _ike_sa_init(self, message: ike.Message, request: ike.Message | None,
                     path: Path) -> Meaning:
        header, notifies = message.header, message.notifies()
        if not header.response:
            if "COOKIE" in notifies:
                return "asks again, with the cookie first and all else as it was", "RFC 7296 2.6"
            group = message.first(PayloadType.KE)
            name = group.group_name if isinstance(group, ike.KePayload) else "no key exchange"
            if header.spi_i in self.refused_groups:
                return f"asks again, now with {name} as the peer wished", "RFC 7296 1.3"
            return f"may I? offers algorithms, a public value ({name}) and a nonce", "RFC 7296 1.2"
        if "COOKIE" in notifies and message.first(PayloadType.SA) is None:
            return "prove that you get mail at your address: send this cookie back", "RFC 7296 2.6"
        if "INVALID_KE_PAYLOAD" in notifies:
            self.refused_groups.add(header.spi_i)
        error = _error(message)
        if error:
            return error
        chosen = _chosen(message)
        nat = _nat(message, path)
        words = f"chooses {chosen}"
        if nat:
            return f"{words}; {nat}", "RFC 7296 2.23"
        return words, "RFC 7296 1.2"

    def _ike_auth(self, message: ike.Message, request: ike.Message | None, path: Path) -> Meaning:
        by_eap = _eap(message)
        if by_eap is not None:
            return by_eap
        error = _error(message)
        who = message.first(PayloadType.IDr if message.header.response else PayloadType.IDi)
        after_eap = who is None and message.first(PayloadType.AUTH) is not None
        name = f'"{who.text}"' if isinstance(who, ike.IdPayload) else "somebody"
        proves = ("proves itself with the key of EAP" if after_eap else f"proves to be {name}") + _proof(message)
        notifies = message.notifies()
        child = _child(message)
        mode = " in transport mode" if "USE_TRANSPORT_MODE" in notifies else ""
        if message.header.response:
            if error and message.first(PayloadType.AUTH) is None:
                return error
            if error:
                return f"{proves}: the IKE SA is up, but no Child SA: {error[0]}", "RFC 7296 1.2"
            selectors = _selectors(message)
            return f"{proves}: the IKE SA is up, and {child}{mode} {selectors}".strip(), "RFC 7296 1.2"
        first = ", its first contact" if "INITIAL_CONTACT" in notifies else ""
        if message.first(PayloadType.SA) is None:
            return f"{proves}{first}", "RFC 7296 1.2"
        words = f"{proves}{first}; asks for a Child SA{mode} {_selectors(message)}"
        return words.strip(), "RFC 7296 1.2"

    def _create_child_sa(self, message: ike.Message, request: ike.Message | None,
                         path: Path) -> Meaning:
        header = message.header
        if header.response:
            self.rekeying.pop((header.spi_i, not header.from_initiator, header.message_id), None)
            error = _error(message)
            if error:
                return error
            if _protocol(message) == Protocol.IKE:
                self.replaced.add(header.spi_i)
            kind = "new IKE SA" if _protocol(message) == Protocol.IKE else _child(message)
            clause = "RFC 7296 1.3.2" if _protocol(message) == Protocol.IKE else "RFC 7296 1.3.1"
            if request is not None and "REKEY_SA" in request.notifies():
                clause = "RFC 7296 1.3.3"
            return f"agrees: {kind}, {_chosen(message)}", clause
        exchange = message.first(PayloadType.KE)
        fresh = f"with a new key exchange ({exchange.group_name})" if isinstance(exchange, ike.KePayload) \
            else "without a new key exchange"
        rekeyed = message.notifies().get("REKEY_SA")
        collision = self._collides(header, rekeyed)
        if _protocol(message) == Protocol.IKE:
            if collision:
                return f"rekeys the IKE SA {fresh}; so does the peer: a collision", "RFC 7296 2.8.2"
            return f"rekeys the IKE SA {fresh}", "RFC 7296 1.3.2"
        if rekeyed is not None:
            words = f"rekeys Child SA {rekeyed.spi.hex()} {fresh}"
            if collision:
                return f"{words}; so does the peer: a collision", "RFC 7296 2.8.1"
            return words, "RFC 7296 1.3.3"
        return f"asks for a further Child SA {fresh} {_selectors(message)}".strip(), "RFC 7296 1.3.1"

    def _collides(self, header: ike.Header, rekeyed: ike.NotifyPayload | None) -> bool:
        what = b"child" if rekeyed is not None else b"ike"
        me = (header.spi_i, header.from_initiator, header.message_id)
        self.rekeying[me] = what
        return any(spi == header.spi_i and side != header.from_initiator and other == what
                   for (spi, side, _), other in self.rekeying.items())

    def _informational(self, message: ike.Message, request: ike.Message | None,
                       path: Path) -> Meaning:
        header, notifies = message.header, message.notifies()
        error = _error(message)
        if error:
            return error
        deletes = [p for p in message.payloads if isinstance(p, ike.DeletePayload)]
        if deletes:
            if header.spi_i in self.replaced and any(one.protocol == Protocol.IKE for one in deletes):
                return "ends the old IKE SA; the new one has inherited its Child SAs", "RFC 7296 2.8"
            return _delete(deletes, header.response)
        mobike = _mobike(message, notifies, request, path)
        if mobike:
            return mobike
        if not message.payloads or not notifies:
            if not header.response:
                return "are you alive?", "RFC 7296 2.4"
            asked_for = [p for p in request.payloads if isinstance(p, ike.DeletePayload)] if request else []
            if asked_for:
                ike_sa = any(p.protocol == Protocol.IKE for p in asked_for)
                return ("agrees: the IKE SA is gone" if ike_sa else "agrees: that SA is gone"), "RFC 7296 1.4.1"
            if request is not None and request.payloads:
                return "has taken note", "RFC 7296 1.4"
            return "alive", "RFC 7296 2.4"
        return "tells: " + " ".join(notifies), "RFC 7296 1.4"


def _error(message: ike.Message) -> Meaning | None:
    for payload in message.payloads:
        if isinstance(payload, ike.NotifyPayload) and payload.is_error:
            known = ERRORS.get(payload.name, (f"refuses: {payload.name}", "RFC 7296 2.21"))
            if payload.name == "INVALID_KE_PAYLOAD" and len(payload.data) == 2:
                number = int.from_bytes(payload.data, "big")
                return f"{known[0]}: {KE.get(number, number)}", known[1]
            return known
    return None


def _proposal(message: ike.Message) -> ike.Proposal | None:
    found = message.first(PayloadType.SA)
    return found.proposals[0] if isinstance(found, ike.SaPayload) and found.proposals else None


def _protocol(message: ike.Message) -> int:
    proposal = _proposal(message)
    return proposal.protocol if proposal else 0


def _chosen(message: ike.Message) -> str:
    proposal = _proposal(message)
    return str(proposal) if proposal else "nothing"


def _child(message: ike.Message) -> str:
    proposal = _proposal(message)
    return f"Child SA {proposal.spi.hex()}" if proposal else "no Child SA"


def _eap(message: ike.Message) -> Meaning | None:
    """Of IKE_AUTH before EAP has come to its end."""
    eap, who = message.first(PayloadType.EAP), message.first(PayloadType.IDr if message.header.response else PayloadType.IDi)
    name = f'"{who.text}"' if isinstance(who, ike.IdPayload) else "somebody"
    if isinstance(eap, ike.EapPayload):
        shown = f"proves to be {name}{_proof(message)}; " if message.first(PayloadType.AUTH) is not None else ""
        return shown + BY_EAP.get(eap.code, "says something that EAP has not"), "RFC 7296 2.16"
    if message.header.response or who is None or message.first(PayloadType.AUTH) is not None:
        return None
    return f"says to be {name}, and will prove it by EAP; asks for a Child SA {_selectors(message)}".strip(), "RFC 7296 2.16"


def _proof(message: ike.Message) -> str:
    """By what an identity is proved, where it is not the shared key; RFC 7296 2.15, RFC 7427 3."""
    auth = message.first(PayloadType.AUTH)
    if not isinstance(auth, ike.AuthPayload) or auth.method == SHARED_KEY:
        return ""
    words = f" by {auth.algorithm or auth.method_name}"
    if certificates := ike.certificates(message):
        words += f" and the certificate of {certificates[0].subject or 'somebody unreadable'}"
        if len(certificates) > 1:
            words += f", {len(certificates) - 1} more behind it"
    return words


def _selectors(message: ike.Message) -> str:
    local, remote = message.first(PayloadType.TSi), message.first(PayloadType.TSr)
    if not isinstance(local, ike.TsPayload) or not isinstance(remote, ike.TsPayload):
        return ""
    return f"for {local.text} === {remote.text}"


def _delete(deletes: list[ike.DeletePayload], response: bool) -> Meaning:
    if any(one.protocol == Protocol.IKE for one in deletes):
        return "ends the IKE SA and all its Child SAs", "RFC 7296 1.4.1"
    spis = " ".join(spi.hex() for one in deletes for spi in one.spis)
    if response:
        return f"agrees, and ends the other direction, Child SA {spis}", "RFC 7296 1.4.1"
    return f"ends Child SA {spis}", "RFC 7296 1.4.1"


def _mobike(message: ike.Message, notifies: dict[str, ike.NotifyPayload],
            request: ike.Message | None, path: Path) -> Meaning | None:
    response = message.header.response
    asked = request.notifies() if request is not None else {}
    if "UPDATE_SA_ADDRESSES" in notifies:
        return f"I have moved to {path.seen.src}: send everything there from now on", "RFC 4555 3.5"
    if response and "UPDATE_SA_ADDRESSES" in asked:
        nat = _nat(message, path)
        return "sends to the new address from now on" + (f"; {nat}" if nat else ""), "RFC 4555 3.5"
    if "COOKIE2" in notifies:
        if response:
            return "got it: COOKIE2 comes back as it was", "RFC 4555 3.7"
        return "do you really get mail there? (return routability)", "RFC 4555 3.7"
    if {"ADDITIONAL_IP4_ADDRESS", "ADDITIONAL_IP6_ADDRESS", "NO_ADDITIONAL_ADDRESSES"} & set(notifies):
        return "these are my other addresses now", "RFC 4555 3.6"
    if "NAT_DETECTION_SOURCE_IP" in notifies:
        if response:
            nat = _nat(message, path)
            return "this path works" + (f"; {nat}" if nat else ""), "RFC 4555 3.10"
        return f"does the path from {path.seen.src} work?", "RFC 4555 3.10"
    return None


def _nat(message: ike.Message, path: Path) -> str:
    """Compares the hashes with what the receiver saw, RFC 7296 2.23; "" when no hash came."""
    sources = [p for p in message.payloads
               if isinstance(p, ike.NotifyPayload) and p.name == "NAT_DETECTION_SOURCE_IP"]
    target = message.notifies().get("NAT_DETECTION_DESTINATION_IP")
    if not sources or target is None:
        return ""
    header, seen, words = message.header, path.seen, []

    def hashed(address: str, port: int) -> bytes:
        return ike.nat_hash(header, address, port)

    sender, receiver = ("responder", "initiator") if header.response else ("sender", "receiver")
    if all(p.data != hashed(seen.src, seen.sport) for p in sources):
        real = path.origin is None or any(
            p.data == hashed(path.origin.src, path.origin.sport) for p in sources)
        words.append(f"the {sender} {'sits' if real else 'pretends to sit'} behind a NAT")
    if target.data != hashed(seen.dst, seen.dport):
        words.append(f"the {receiver} sits behind a NAT")
    return " and ".join(words) or "no NAT on the way"

"""CREATE_CHILD_SA and INFORMATIONAL from both sides, RFC 7296 1.3, 1.4, 2.8, 2.17, 2.18.

`offer_...` draw what we would ask with: `.payloads` are for a test to change, `.take(response)` draws the conclusions.
`reply_...` are the same for what the peer asks. The plain verbs do a whole exchange.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..vectors import derivation
from ..vectors.choice import GROUPS, Choice
from ..wire import ike
from ..wire.ike import Payload
from ..wire.registry import Exchange, PayloadType, Protocol
from .channel import Received, Sent
from .child_sa import ChildSa
from .errors import Unmet
from .eap_exchanges import EapExchanges
from .first_exchanges import NONCE_OCTETS, chosen, nonce_of, pick
from .keymat import ChildKeys, Keymat
from .payloads import KE, SA, D, N, Nonce
from .suites import group_of, proposal, with_ke

if TYPE_CHECKING:
    from .ike_sa import IkeSa

DELETE_S = 2.0
SIGNS_OF_LIFE = 8  # of a peer that tests every path it has, before it says that it has moved (RFC 4555 3.10)
UNTIL_QUIET = 50  # requests


@dataclass(slots=True)
class Offer:
    """A CREATE_CHILD_SA of ours: what it says, and what has been drawn for it."""

    sa: IkeSa
    payloads: list[Payload]
    spi: bytes
    private: dict[int, bytes] = field(default_factory=dict)

    def secret(self, answer: Received, choice: Choice) -> bytes:
        """g^ir, or nothing where no key exchange took place."""
        ke = answer.first(PayloadType.KE)
        if not isinstance(ke, ike.KePayload):
            if choice.ke:
                raise Unmet(f"{answer} chooses {choice.ke} and has no KE (RFC 7296 1.3)")
            return b""
        if GROUPS.get(ke.group) != choice.ke or ke.group not in self.private:
            raise Unmet(f"{answer} has a KE of group {ke.group}, chosen was {choice.ke or 'none'} (RFC 7296 1.3)")
        return derivation.shared_secret(choice.ke, self.private[ke.group], ke.data)

    def nonces(self, answer: Received) -> tuple[bytes, bytes]:
        nonce = answer.first(PayloadType.NONCE)
        if nonce is None:
            raise Unmet(f"{answer} has no nonce (RFC 7296 1.3)")
        return nonce_of(self.payloads), nonce.body


@dataclass(slots=True)
class ChildOffer(Offer):
    def take(self, answer: Received) -> ChildSa:
        """The Child SA that the response makes. Raises Unmet where it refuses."""
        choice = chosen(answer, self.payloads)
        keymat = self.sa.keymat
        assert keymat is not None
        keys = ChildKeys.of(keymat, choice, *self.nonces(answer), self.secret(answer, choice))
        transport = "USE_TRANSPORT_MODE" in answer.notifies()
        return self.sa.add_child(ChildSa(self.sa, choice, keys, True, self.spi, choice.spi, transport))


@dataclass(slots=True)
class RekeyOffer(Offer):
    def take(self, answer: Received) -> IkeSa:
        """The IKE SA that replaces this one; we are its original initiator (2.18)."""
        choice = chosen(answer, self.payloads)
        assert self.sa.keymat is not None
        ni, nr = self.nonces(answer)
        keymat = self.sa.keymat.rekeyed(choice, self.secret(answer, choice), ni, nr, self.spi, choice.spi)
        return self.sa.successor(True, self.spi, choice.spi, keymat)


@dataclass(slots=True)
class Reply:
    """What we would answer to the peer's CREATE_CHILD_SA; `take()` makes the SA, once it has been sent."""

    sa: IkeSa
    request: Received
    payloads: list[Payload]
    spi: bytes
    private: dict[int, bytes]

    @property
    def choice(self) -> Choice:
        return Choice.of(next(p for p in self.payloads if isinstance(p, ike.SaPayload)))

    def _secret(self) -> bytes:
        ke = self.request.first(PayloadType.KE)
        answered = any(p.kind == PayloadType.KE for p in self.payloads)
        if not isinstance(ke, ike.KePayload) or not answered:
            return b""
        return derivation.shared_secret(GROUPS[ke.group], self.private[ke.group], ke.data)

    def _nonces(self) -> tuple[bytes, bytes]:
        asked = self.request.first(PayloadType.NONCE)
        assert asked is not None
        return asked.body, nonce_of(self.payloads)

    def child(self) -> ChildSa:
        assert self.sa.keymat is not None
        offered = next(p for p in self.request.proposals if p.number == self._number())
        keys = ChildKeys.of(self.sa.keymat, self.choice, *self._nonces(), self._secret())
        transport = any(isinstance(p, ike.NotifyPayload) and p.name == "USE_TRANSPORT_MODE" for p in self.payloads)
        return self.sa.add_child(ChildSa(self.sa, self.choice, keys, False, self.spi, offered.spi, transport))

    def ike_sa(self) -> IkeSa:
        assert self.sa.keymat is not None
        offered = next(p for p in self.request.proposals if p.number == self._number())
        ni, nr = self._nonces()
        keymat = self.sa.keymat.rekeyed(self.choice, self._secret(), ni, nr, offered.spi, self.spi)
        return self.sa.successor(False, offered.spi, self.spi, keymat)

    def _number(self) -> int:
        return next(p for p in self.payloads if isinstance(p, ike.SaPayload)).proposals[0].number


class LaterExchanges(EapExchanges):
    # ---- what we ask ----

    def offer_child(self, rekey: ChildSa | None = None, group: int | None = None) -> ChildOffer:
        """[N(REKEY_SA)] [N(USE_TRANSPORT_MODE)] SA Ni [KEi] TSi TSr. `group`: of the key exchange; None: as configured,
        0: none."""
        spi, words = self.draws.spi(4), self.spec.children[0].proposals
        group = group_of(words[0]) if group is None else group
        private = {group: self.draws.private(GROUPS[group])} if group else {}
        proposals = [proposal(with_ke(one, group), Protocol.ESP, number, spi) for number, one in enumerate(words, 1)]
        first = [p for p in self.child_request_payloads(spi) if isinstance(p, ike.NotifyPayload)]
        ts = [p for p in self.child_request_payloads(spi) if isinstance(p, ike.TsPayload)]
        found = [N("REKEY_SA", protocol=Protocol.ESP, spi=rekey.spi_in)] if rekey else []
        found += [*first, SA(*proposals), Nonce(self.draws.octets(NONCE_OCTETS)), *_kes(private), *ts]
        return ChildOffer(self, found, spi, private)  # type: ignore[arg-type]

    def offer_rekey(self, group: int | None = None) -> RekeyOffer:
        """SA Ni KEi for the IKE SA itself (1.3.2)."""
        spi = self.draws.spi(8)
        group = self.group if group is None else group
        private = {group: self.draws.private(GROUPS[group])}
        proposals = [proposal(words, Protocol.IKE, number, spi) for number, words in enumerate(self.spec.proposals, 1)]
        found = [SA(*proposals), Nonce(self.draws.octets(NONCE_OCTETS)), *_kes(private)]
        return RekeyOffer(self, found, spi, private)  # type: ignore[arg-type]

    def create_child(self, rekey: ChildSa | None = None, group: int | None = None) -> ChildSa:
        """The whole exchange: one more Child SA, or one in place of `rekey` (which is still to be deleted)."""
        offer = self.offer_child(rekey, group)
        return offer.take(self.request(Exchange.CREATE_CHILD_SA, *offer.payloads))

    def rekey_child(self, child: ChildSa | None = None, group: int | None = None) -> ChildSa:
        """A new Child SA in place of the old one, and the Delete for that (2.8)."""
        old = child or self.children[0]
        new = self.create_child(old, group)
        self.delete_child(old)
        return new

    def rekey(self, group: int | None = None, delete: bool = True) -> IkeSa:
        """A new IKE SA in place of this one, which goes, unless `delete` says no (2.8, 2.18)."""
        offer = self.offer_rekey(group)
        new = offer.take(self.request(Exchange.CREATE_CHILD_SA, *offer.payloads))
        if delete:
            self.delete()
        return new

    def delete_child(self, child: ChildSa) -> Received:
        """D(ESP, our SPI); the response names the peer's half of the pair (1.4.1)."""
        answer = self.request(Exchange.INFORMATIONAL, D(Protocol.ESP, child.spi_in))
        self.forget_child(child)
        return answer

    def forget_child(self, child: ChildSa) -> None:
        if child in self.children:
            self.children.remove(child)

    def delete(self) -> Received:
        """Of the IKE SA itself (1.4.1)."""
        answer = self.request(Exchange.INFORMATIONAL, D())
        self.deleted = True
        return answer

    def liveness(self) -> Received:
        """An empty INFORMATIONAL request and its response (1.4, 2.4)."""
        return self.request(Exchange.INFORMATIONAL)

    # ---- MOBIKE, RFC 4555 ----

    def move(self, local: str) -> None:
        """From now on we send from that address of our host's, on port 4500 (RFC 4555 3.3); nobody has been told."""
        self.carrier.move(local)
        self.float()

    def update_addresses(self) -> Received:
        """Tells the peer that we have moved: N(UPDATE_SA_ADDRESSES) N(NAT_DETECTION_*) (3.5). It may first want to see
        whether we are there (3.7): its requests are answered politely."""
        sent = self.send(Exchange.INFORMATIONAL, N("UPDATE_SA_ADDRESSES"), *self.nat_detection())
        answer = self.expect_response(sent)
        self.nat_seen = self.sees_nat(answer)
        for child in self.children:
            child.used = False  # the SAs move after the answer (RFC 4555 3.5)
        return answer

    def expect_update(self, *about: str) -> Received:
        """The peer's UPDATE_SA_ADDRESSES, or its word about one of these. It may test the path first (3.10): that is answered
        where it came from."""
        wanted = set(about or ("UPDATE_SA_ADDRESSES",))
        for _ in range(SIGNS_OF_LIFE):
            found = self.expect_request(Exchange.INFORMATIONAL)
            if wanted & set(found.notifies()):
                return found
            if any(not isinstance(p, ike.NotifyPayload) for p in found.payloads):
                break
            self.answer_politely(found)
        raise Unmet(f"{found} came where {' or '.join(sorted(wanted))} was due")

    def accept_update(self, request: Received) -> Sent:
        """The peer has moved: from now on we send to where this request came from (3.5)."""
        assert request.arrived is not None
        self.port, self.to = request.arrived.port, request.arrived.source
        self.nat_seen = self.sees_nat(request)
        return self.answer(request, *self.nat_detection(), *request.cookie2)

    # ---- what the peer asks ----

    def settle(self) -> None:
        """Grants what the peer asks by itself, until it asks no more: a sign of life from a new address (RFC 4555 3.7), a
        Child SA in place of one, Deletes."""
        self.liveness()
        for _ in range(UNTIL_QUIET):
            if all(one.header.response for one in self.inbox):
                return
            request = self.expect_request()
            if request.exchange == Exchange.CREATE_CHILD_SA:
                self.accept_child(request)
                if "REKEY_SA" in request.notifies():
                    self._await_delete()
            elif request.first(PayloadType.D) is not None:
                self.accept_delete(request)
            else:
                self.answer_politely(request)
            self.liveness()

    def _await_delete(self) -> None:
        """For a while: who has rekeyed a Child SA ends the old one (RFC 7296 2.8), and may answer signs of life, by another
        thread, before it has read what we answered."""
        end = time.monotonic() + DELETE_S
        while all(one.header.response for one in self.inbox) and (left := end - time.monotonic()) > 0:
            self.carrier.wait(left)

    def reply_child(self, request: Received) -> Reply:
        """[N(USE_TRANSPORT_MODE)] SA Nr [KEr] TSi TSr"""
        spi, private = self.draws.spi(4), self._private_for(request)
        nonce = Nonce(self.draws.octets(NONCE_OCTETS))
        first = self.child_response_payloads(request, spi)
        ts = [p for p in first if isinstance(p, ike.TsPayload)]
        rest = [p for p in first if p not in ts]
        return Reply(self, request, [*rest, nonce, *_kes(private), *ts], spi, private)  # type: ignore[arg-type]

    def reply_rekey(self, request: Received) -> Reply:
        """SA Nr KEr for an IKE SA in place of this one."""
        spi, private = self.draws.spi(8), self._private_for(request)
        picked = pick(request.proposals, [proposal(words) for words in self.spec.proposals], spi,
                      request.first(PayloadType.KE))
        payloads = [SA(picked), Nonce(self.draws.octets(NONCE_OCTETS)), *_kes(private)]
        return Reply(self, request, payloads, spi, private)  # type: ignore[arg-type]

    def _private_for(self, request: Received) -> dict[int, bytes]:
        ke = request.first(PayloadType.KE)
        return {ke.group: self.draws.private(GROUPS[ke.group])} if isinstance(ke, ike.KePayload) else {}

    def accept_child(self, request: Received) -> ChildSa:
        """Answers a request for a Child SA, new or in place of another, and makes it."""
        reply = self.reply_child(request)
        self.answer(request, *reply.payloads)
        return reply.child()

    def accept_rekey(self, request: Received) -> IkeSa:
        """Answers a request for another IKE SA in place of this one, and makes it."""
        reply = self.reply_rekey(request)
        self.answer(request, *reply.payloads)
        return reply.ike_sa()

    def accept_delete(self, request: Received) -> list[ChildSa]:
        """Answers a Delete as it ought to be answered (1.4.1): by the other halves of the pairs that it names, which
        are returned; of the IKE SA by nothing."""
        gone, back = [], []
        for payload in (p for p in request.payloads if isinstance(p, ike.DeletePayload)):
            if payload.protocol == Protocol.IKE:
                self.deleted = True
            for spi in payload.spis:
                gone += [one for one in self.children if one.spi_out == spi]
        for one in gone:
            self.forget_child(one)
            back.append(one.spi_in)
        self.answer(request, *([D(Protocol.ESP, *back)] if back else []))
        return gone


def _kes(private: dict[int, bytes]) -> list[Payload]:
    return [KE(group, derivation.public_value(GROUPS[group], one)) for group, one in private.items()]


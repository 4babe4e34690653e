"""IKE_SA_INIT and IKE_AUTH in both roles, RFC 7296 1.2, 2.6, 2.15, 2.23.

`..._payloads` say what we would send if all were as it should be, for a test to change; `take_...` draw the conclusions
from what the peer has sent, and raise Unmet where the RFC forbids it; `init`, `auth`, `accept_...` do a whole exchange.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from typing import Any

from ..peers.neutral import PeerSpec
from ..vectors import derivation, signing
from ..vectors.choice import GROUPS, Choice
from ..vectors.model import Failed
from ..wire import ike
from ..wire.ike import Payload, Proposal
from ..wire.registry import SHARED_KEY, Exchange, PayloadType, Protocol, TransformType
from . import configuration, signature
from .channel import Channel, Received, Sent
from .child_sa import ChildSa
from .errors import Unmet
from .keymat import ChildKeys, Keymat, psk_octets
from .payloads import AUTH, KE, SA, IDi, IDr, N, Nonce, TSi, TSr, without
from .puzzle import puzzle_solution
from .suites import group_of, proposal, with_ke

NONCE_OCTETS = 32
TRIES = 4  # IKE_SA_INIT requests until one is taken: COOKIE, INVALID_KE_PAYLOAD, and a cookie gone stale


class FirstExchanges(Channel):
    spec: PeerSpec  # how we are configured, as any peer would be
    children: list[ChildSa]

    def prepare(self) -> None:
        """What is drawn once for the IKE SA."""
        self.keymat: Keymat | None = None
        self.choice: Choice | None = None
        self.cookie: bytes | None = None
        self.solution: list[Payload] = []  # PS, of the puzzle that came with the cookie (RFC 8019)
        self.puzzle: ike.NotifyPayload | None = None  # to be solved before IKE_AUTH
        self.group = group_of(self.spec.proposals[0])
        self.private: dict[int, bytes] = {}
        self.ni = self.nr = b""
        self.peer_ke: ike.KePayload | None = None
        self.init_request: Received | None = None  # the peer's, where we respond
        self.auth_request: Received | None = None
        self.sent_init: Sent | None = None
        self.init_octets = (b"", b"")  # RealMessage1 and RealMessage2
        self.natt_port = self.carrier.natt_port  # ours, or what a NAT has put in its place
        self.seems_behind_nat = False  # our NAT_DETECTION_SOURCE_IP is another than our address
        self.peer_seems_behind_nat = False  # our NAT_DETECTION_DESTINATION_IP is another than the peer's
        self.nat_seen = False  # the peer's NAT_DETECTION_* do not fit what its messages came with
        self.peer_traverses_nat = False  # it sends NAT_DETECTION_* at all
        self.child_spi = self.draws.spi(4)
        self.leased: list[str] = []  # internal addresses that we were assigned
        self.authenticated = False  # IKE_AUTH has taken place, as far as we have gone through it
        self.signs_as: signature.Identity | None = None  # None: as our credentials say
        self.signature_algorithm: signing.Algorithm | None = None  # that we sign with; None: one that fits our key

    @property
    def encapsulated(self) -> bool:
        """ESP goes in UDP: there seems to be a NAT (2.23)."""
        return self.seems_behind_nat or self.peer_seems_behind_nat or self.nat_seen

    # ---- IKE_SA_INIT as the initiator ----

    def init_payloads(self) -> list[Payload]:
        """[N(COOKIE)] SA KEi Ni N(NAT_DETECTION_*) [N(IKEV2_FRAGMENTATION_SUPPORTED)] [N(SIGNATURE_HASH_ALGORITHMS)]"""
        self.ni = self.ni or self.draws.octets(NONCE_OCTETS)
        proposals = [proposal(words, number=number) for number, words in enumerate(self.spec.proposals, 1)]
        found = [SA(*proposals), KE(self.group, self.public(self.group)), Nonce(self.ni), *self.nat_detection()]
        if self.spec.fragmentation:
            found.append(N("IKEV2_FRAGMENTATION_SUPPORTED"))
        if self.spec.expects_signature or self.spec.signs:
            found.append(signature.hash_algorithms())
        return found if self.cookie is None else [N("COOKIE", self.cookie), *self.solution, *found]

    def public(self, group: int) -> bytes:
        if group not in self.private:
            self.private[group] = self.draws.private(GROUPS[group])
        return derivation.public_value(GROUPS[group], self.private[group])

    def nat_detection(self, spi_r: bytes | None = None) -> list[Payload]:
        """RFC 7296 2.23; with `seems_behind_nat` the peer sees a NAT before us, with `peer_seems_behind_nat` one before
        itself."""
        header = ike.Header(self.spi_i, self.spi_r if spi_r is None else spi_r, 0, 0, 0, 0, 0, 0)
        own_port = self.port + self.seems_behind_nat
        return [N("NAT_DETECTION_SOURCE_IP", ike.nat_hash(header, self.carrier.local, own_port)),
                N("NAT_DETECTION_DESTINATION_IP", ike.nat_hash(header, self.to[0], self.to[1] + self.peer_seems_behind_nat))]

    def sees_nat(self, message: Received) -> bool:
        """Whether what the peer says of the addresses of this message is not what we see of them (2.23)."""
        assert message.arrived is not None
        said: dict[str, list[bytes]] = {}
        for one in message.payloads:
            if isinstance(one, ike.NotifyPayload):
                said.setdefault(one.name, []).append(one.data)
        port = message.arrived.port
        ends = (("NAT_DETECTION_SOURCE_IP", message.arrived.source), ("NAT_DETECTION_DESTINATION_IP",
                                                                      (self.carrier.local, port)))
        return any(name in said and ike.nat_hash(message.header, *end) not in said[name] for name, end in ends)

    def send_init(self, *payloads: Payload, **odd: Any) -> Sent:
        """IKE_SA_INIT, as it should be or with these payloads; the IKE SA is made from the last one sent."""
        self.sent_init = self.send(Exchange.IKE_SA_INIT, *(payloads or self.init_payloads()), **odd)
        return self.sent_init

    def try_init(self, change: Callable[[list[Payload]], Iterable[Payload]] = list, **odd: Any) -> Received:
        """IKE_SA_INIT, its payloads changed, and once more with the cookie in front where COOKIE is the answer, as it may
        be at any time (2.6). The answer to that, from which nothing is concluded."""
        for _ in range(TRIES):
            cookie = [] if self.cookie is None else [N("COOKIE", self.cookie)]
            payloads = without(self.init_payloads(), "COOKIE")
            answer = self.expect_response(self.send_init(*cookie, *change(payloads), **odd))
            if "COOKIE" not in answer.notifies():
                return answer
            self.try_again(answer)
        raise Unmet(f"{TRIES} IKE_SA_INIT requests, each answered by COOKIE")

    def init(self) -> Received:
        """The whole exchange, and again where COOKIE or INVALID_KE_PAYLOAD ask for it (2.6, 1.2)."""
        for _ in range(TRIES):
            answer = self.expect_response(self.send_init())
            if not self.try_again(answer):
                self.take_init(answer)
                return answer
        raise Unmet(f"{TRIES} IKE_SA_INIT requests, and the answer to the last is {answer}")

    def try_again(self, answer: Received) -> bool:
        """Whether it asks for another attempt; the next init_payloads() are those."""
        notifies = answer.notifies()
        if "COOKIE" in notifies:
            self.cookie = notifies["COOKIE"].data
            self.solution = [puzzle_solution(notifies["PUZZLE"], self.cookie)] if "PUZZLE" in notifies else []
            return True
        if "INVALID_KE_PAYLOAD" in notifies and len(notifies["INVALID_KE_PAYLOAD"].data) == 2:
            self.group = struct.unpack(">H", notifies["INVALID_KE_PAYLOAD"].data)[0]
            return self.group in GROUPS
        return False

    def take_init(self, answer: Received) -> None:
        """The response: our keys follow from it."""
        assert self.sent_init is not None
        self.choice = chosen(answer, self.sent_init.payloads)
        ke, nonce = answer.first(PayloadType.KE), answer.first(PayloadType.NONCE)
        if not isinstance(ke, ike.KePayload) or nonce is None:
            raise Unmet(f"{answer} has an SA payload, and no KE or no nonce (RFC 7296 1.2)")
        if GROUPS.get(ke.group) != self.choice.ke:
            raise Unmet(f"KEr is of group {ke.group}, the proposal chosen says {self.choice.ke} (RFC 7296 1.2)")
        self.spi_r = answer.header.spi_r
        self.ni, self.nr = nonce_of(self.sent_init.payloads), nonce.body
        self.init_octets = (self.sent_init.octets, answer.octets)
        self.peer_ke, self.puzzle = ke, answer.notifies().get("PUZZLE")
        self.nat_seen, self.peer_traverses_nat = self.sees_nat(answer), "NAT_DETECTION_SOURCE_IP" in answer.notifies()
        self._derive()
        self.next_request = 1

    def _derive(self) -> None:
        assert self.choice is not None and self.peer_ke is not None
        secret = derivation.shared_secret(self.choice.ke, self.private[self.peer_ke.group], self.peer_ke.data)
        self.take_keys(Keymat.first(self.choice, secret, self.ni, self.nr, self.spi_i, self.spi_r))

    def take_keys(self, keymat: Keymat) -> None:
        self.keymat, self.choice = keymat, keymat.choice
        self.own, self.theirs = keymat.seal(self.initiator), keymat.seal(not self.initiator)
        self.carrier.keys.add(keymat.for_files(self.spi_i, self.spi_r))

    # ---- IKE_SA_INIT as the responder ----

    def init_response_payloads(self) -> list[Payload]:
        """SA KEr Nr N(NAT_DETECTION_*) [N(IKEV2_FRAGMENTATION_SUPPORTED)] [CERTREQ] [N(SIGNATURE_HASH_ALGORITHMS)], of the
        proposal that we like."""
        request = self.init_request
        assert request is not None
        ke, nonce = request.first(PayloadType.KE), request.first(PayloadType.NONCE)
        assert isinstance(ke, ike.KePayload) and nonce is not None, f"{request} has no KE or no nonce"
        picked = pick(request.proposals, [proposal(words) for words in self.spec.proposals], ke=ke)
        self.nr = self.nr or self.draws.octets(NONCE_OCTETS)
        found = [SA(picked), KE(ke.group, self.public(ke.group)), Nonce(self.nr), *self.nat_detection()]
        if self.spec.fragmentation and "IKEV2_FRAGMENTATION_SUPPORTED" in request.notifies():
            found.append(N("IKEV2_FRAGMENTATION_SUPPORTED"))
        if self.spec.expects_signature:
            found += self.certificate_request()
        if (self.spec.expects_signature or self.spec.signs) and "SIGNATURE_HASH_ALGORITHMS" in request.notifies():
            found.append(signature.hash_algorithms())
        return found

    def certificate_request(self) -> list[Payload]:
        """CERTREQ of those whom we trust."""
        credentials = self.spec.credentials
        return [signature.certificate_request(credentials.authorities)] if credentials and credentials.authorities else []

    def accept_init(self, *payloads: Payload, **odd: Any) -> Sent:
        """Answers the request, as it should be or with these payloads, and derives the keys."""
        request = self.init_request
        assert request is not None
        sent = self.answer(request, *(payloads or self.init_response_payloads()), **odd)
        nonce, ke = request.first(PayloadType.NONCE), request.first(PayloadType.KE)
        answered = next(p for p in sent.payloads if isinstance(p, ike.SaPayload))
        assert nonce is not None and isinstance(ke, ike.KePayload)
        self.choice, self.peer_ke = Choice.of(answered), ke
        self.ni, self.nr = nonce.body, nonce_of(sent.payloads)
        self.init_octets = (request.octets, sent.octets)
        self.nat_seen = self.sees_nat(request)
        self._derive()
        return sent

    # ---- IKE_AUTH ----

    def identity(self, own: bool = True) -> Payload:
        build = IDi if own == self.initiator else IDr
        return build(self.spec.local_id if own else self.spec.remote_id)

    def signed_octets(self, own: bool, identity: Payload) -> bytes:
        """What AUTH of that side is computed over, 2.15."""
        assert self.keymat is not None
        of_initiator = own == self.initiator
        return self.keymat.signed_octets(of_initiator, self.init_octets[0 if of_initiator else 1],
                                         self.nr if of_initiator else self.ni, identity.body)

    def proof(self, identity: Payload | None = None) -> list[Payload]:
        """Our AUTH payload, over our identity or another one; CERT payloads go before it where we sign. None where EAP
        comes first (2.16)."""
        assert self.keymat is not None
        if self.spec.eap is not None or self.spec.expects_eap is not None and self.spec.expects_eap.alone:
            return []
        signed = self.signed_octets(True, identity or self.identity())
        if self.spec.signs and self.spec.credentials is not None:
            own = self.signs_as or signature.Identity.of(self.spec.credentials)
            return [*own.certs(), own.auth(signed, self.draws, self.signature_algorithm)]
        return [AUTH(SHARED_KEY, self.keymat.shared_key_auth(psk_octets(self.spec.psk), signed))]

    def check_proof(self, message: Received) -> None:
        """Identity and AUTH of the peer's. Raises Unmet."""
        assert self.keymat is not None
        identity = message.first(PayloadType.IDr if self.initiator else PayloadType.IDi)
        auth = message.first(PayloadType.AUTH)
        if not isinstance(identity, ike.IdPayload) or not isinstance(auth, ike.AuthPayload):
            raise Unmet(f"{message} has no ID or no AUTH (RFC 7296 1.2)")
        if self.spec.expects_signature:
            signature.check(message, auth, self.signed_octets(False, identity))
            return
        if auth.method != SHARED_KEY:
            raise Unmet(f"AUTH by {auth.method_name}, and a shared key was configured")
        wanted = self.keymat.shared_key_auth(psk_octets(self.spec.psk), self.signed_octets(False, identity))
        if auth.data != wanted:
            raise Unmet("AUTH of the peer is another than the shared key makes (RFC 7296 2.15)")

    def auth_payloads(self, initial_contact: bool = False, child: bool = True) -> list[Payload]:
        """IDi [N(INITIAL_CONTACT)] [CERT] [CERTREQ] IDr AUTH [CP] [N(USE_TRANSPORT_MODE)] SA TSi TSr [N(MOBIKE_SUPPORTED)]"""
        found = [self.identity()]
        if initial_contact:
            found.append(N("INITIAL_CONTACT"))
        proof = self.proof()
        found += [*proof[:-1], *self.certificate_request(), self.identity(own=False), *proof[-1:]]
        if child:
            found += configuration.request(self.spec.requests)
            found += self.child_request_payloads(self.child_spi)
        if self.spec.mobike:
            found.append(N("MOBIKE_SUPPORTED"))
        return found

    def child_request_payloads(self, spi: bytes) -> list[Payload]:
        """[N(USE_TRANSPORT_MODE)] SA TSi TSr of the Child SA that we are configured with, without key exchange."""
        child = self.spec.children[0]
        found: list[Payload] = [N("USE_TRANSPORT_MODE")] if child.mode == "transport" else []
        own = child.local_ts or self.leased or configuration.anything(self.spec.requests) or (self.carrier.local,)
        return [*found, SA(*(proposal(with_ke(words, 0), Protocol.ESP, number, spi)
                             for number, words in enumerate(child.proposals, 1))),
                TSi(*own), TSr(*(child.remote_ts or (self.carrier.remote,)))]

    def send_auth(self, *payloads: Payload, **odd: Any) -> Sent:
        """IKE_AUTH, as it should be or with these payloads; on port 4500 where there seems to be a NAT (2.23), and with
        MOBIKE wherever both sides could traverse one (RFC 4555 3.3)."""
        if self.encapsulated or self.spec.mobike and self.peer_traverses_nat:
            self.float()
        if self.puzzle is not None:
            odd.setdefault("outer", [puzzle_solution(self.puzzle, self.nr + self.spi_r)])
        return self.send(Exchange.IKE_AUTH, *(payloads or self.auth_payloads()), **odd)

    def float(self) -> None:
        """From now on port 4500 at both ends (2.23), or ours is what a NAT has put in its place."""
        self.port, self.to = self.natt_port, (self.to[0], self.carrier.natt_port)

    def auth(self, *payloads: Payload) -> ChildSa | None:
        """The whole exchange; the Child SA that came with it."""
        sent = self.send_auth(*payloads)
        return self.take_auth(self.expect_response(sent), sent)

    def take_auth(self, answer: Received, sent: Sent) -> ChildSa | None:
        """The response: the peer proves itself, and makes the Child SA unless it refuses that one alone (1.2)."""
        self.check_proof(answer)
        self.authenticated = True
        self.leased = configuration.leased(answer.payloads) if self.spec.requests else []
        if answer.first(PayloadType.SA) is None:
            return None
        choice = chosen(answer, sent.payloads)
        return self._first_child(choice, spi_out=choice.spi, transport="USE_TRANSPORT_MODE" in answer.notifies())

    def auth_response_payloads(self, request: Received, child: bool = True) -> list[Payload]:
        """IDr AUTH [CP] [N(USE_TRANSPORT_MODE)] SA TSi TSr [N(MOBIKE_SUPPORTED)]"""
        return [self.identity(), *self.proof(), *self.auth_response_rest(request, child)]

    def auth_response_rest(self, request: Received, child: bool = True) -> list[Payload]:
        """What comes after the proof. `request`: that with the SA payload."""
        found: list[Payload] = []
        if child:
            found += configuration.reply(request.payloads, self.spec.pool)
            found += self.child_response_payloads(request, self.child_spi)
        if self.spec.mobike and "MOBIKE_SUPPORTED" in request.notifies():
            found.append(N("MOBIKE_SUPPORTED"))
        return found

    def child_response_payloads(self, request: Received, spi: bytes) -> list[Payload]:
        """[N(USE_TRANSPORT_MODE)] SA TSi TSr: our choice, and the selectors as they were asked for."""
        first = request.first(PayloadType.KE) is None
        wanted = [proposal(with_ke(words, 0) if first else words, Protocol.ESP)
                  for words in self.spec.children[0].proposals]
        picked = pick(request.proposals, wanted, spi, request.first(PayloadType.KE))
        found: list[Payload] = [N("USE_TRANSPORT_MODE")] if "USE_TRANSPORT_MODE" in request.notifies() else []
        ts = [p for p in request.payloads if isinstance(p, ike.TsPayload)]
        assigned = configuration.leased(configuration.reply(request.payloads, self.spec.pool))
        return [*found, SA(picked), *(configuration.narrowed(one, assigned) for one in ts)]

    def accept_auth(self, request: Received, *payloads: Payload, **odd: Any) -> ChildSa | None:
        """Checks who asks, and answers, as it should be or with these payloads."""
        self.check_proof(request)
        sent = self.answer(request, *(payloads or self.auth_response_payloads(request)), **odd)
        return self.take_answered(request, sent)

    def take_answered(self, request: Received, sent: Sent) -> ChildSa | None:
        """What follows from our last response in IKE_AUTH. `request`: that with the SA payload."""
        self.port, self.to = sent.port, sent.to
        self.authenticated = True
        answered = next((p for p in sent.payloads if isinstance(p, ike.SaPayload)), None)
        if answered is None:
            return None
        choice = Choice.of(answered)
        transport = any(isinstance(p, ike.NotifyPayload) and p.name == "USE_TRANSPORT_MODE" for p in sent.payloads)
        return self._first_child(choice, spi_out=request.proposals[0].spi, transport=transport)

    def _first_child(self, choice: Choice, spi_out: bytes, transport: bool) -> ChildSa:
        assert self.keymat is not None
        keys = ChildKeys.of(self.keymat, choice, self.ni, self.nr)
        return self.add_child(ChildSa(self, choice, keys, self.initiator, self.child_spi, spi_out, transport))

    def add_child(self, child: ChildSa) -> ChildSa:
        self.children.append(child)
        return child


def nonce_of(payloads: list[Payload]) -> bytes:
    return next(p.body for p in payloads if p.kind == PayloadType.NONCE)


def chosen(answer: Received, asked: list[Payload]) -> Choice:
    """What the SA payload of a response says. Raises Unmet where it is no choice among what was proposed (2.7)."""
    payload = answer.first(PayloadType.SA)
    if not isinstance(payload, ike.SaPayload):
        raise Unmet(f"{answer} has no SA payload")
    offered = next(p for p in asked if isinstance(p, ike.SaPayload)).proposals
    try:
        choice = Choice.of(payload)
    except (Failed, KeyError, IndexError) as error:
        raise Unmet(f"{answer}: no choice of one transform of each type ({error}; RFC 7296 2.7)") from error
    found = payload.proposals[0]
    fitting = [one for one in offered if one.number == found.number and one.protocol == found.protocol
               and set(found.transforms) <= set(one.transforms)]
    if not fitting:
        raise Unmet(f"the peer chose {found}, which was not proposed as number {found.number} (RFC 7296 3.3.1)")
    return choice


def pick(offered: list[Proposal], wanted: list[Proposal], spi: bytes = b"", ke: Payload | None = None) -> Proposal:
    """The first offered proposal that one of ours fits into, with one transform of each type (2.7): of the groups, that
    of `ke` if it is there, and of the proposals first those that have it. Raises Unmet."""
    group = ke.group if isinstance(ke, ike.KePayload) else None
    for one in sorted(offered, key=lambda one: all((t.kind, t.number) != (TransformType.KE, group) for t in one.transforms)):
        for own in wanted:
            kinds = {t.kind for t in one.transforms}
            common = [t for t in one.transforms if t in own.transforms]
            common.sort(key=lambda t: t.kind == TransformType.KE and t.number != group)
            best = {t.kind: t for t in reversed(common)}
            needed = {t.kind for t in one.transforms if not _optional(one, t.kind)}
            if one.protocol == own.protocol and needed <= best.keys() and {t.kind for t in own.transforms} <= kinds:
                return Proposal(one.number, one.protocol, spi, [best[kind] for kind in sorted(best)])
    raise Unmet(f"nothing of what we are configured with is proposed: {'; '.join(map(str, offered))}")


def _optional(one: Proposal, kind: int) -> bool:
    """Types that may be left out of the answer: those that are offered as NONE as well (3.3.3)."""
    return any(t.kind == kind and t.number == 0 and kind in (3, 4) for t in one.transforms)


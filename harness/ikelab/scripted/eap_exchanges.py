"""IKE_AUTH in as many exchanges as EAP takes, in both roles: RFC 7296 2.16, RFC 5998.

With `spec.eap` we are EAP's peer, with `spec.expects_eap` its server, and the verbs of FirstExchanges do all of it. In
steps: `begin_eap`, `talk_eap`, `end_eap` where we initiate; `offer_eap`, `hear_eap`, `accept_eap` where we respond.
"""

from __future__ import annotations

from typing import Any

from ..wire import ike
from ..wire.ike import Payload
from ..wire.registry import SHARED_KEY, Exchange, PayloadType
from . import eap, eap_tls, mschapv2
from .channel import Received, Sent
from .child_sa import ChildSa
from .eap import EapFailed, EapPeer, EapServer, said
from .errors import Unmet
from .first_exchanges import FirstExchanges
from .payloads import AUTH, N

CHALLENGE_OCTETS = 16


class EapExchanges(FirstExchanges):
    def prepare(self) -> None:
        super().prepare()
        self.eap_peer: EapPeer | None = None
        self.eap_server: EapServer | None = None
        self.eap_over = False  # Success has been said: what AUTH is made with is known
        self.first_auth: Sent | None = None  # our first IKE_AUTH request, which has the SA payload
        self.peer_identity: Payload | None = None  # the other side's IDi or IDr

    # ---- what both roles have ----

    def method(self) -> eap.PeerMethod | eap.ServerMethod:
        """Our end of the method that is configured."""
        spec = self.spec.eap or self.spec.expects_eap
        assert spec is not None
        user = eap.user_of(spec, self.spec.local_id if self.spec.eap is not None else self.spec.remote_id)
        ours, challenge = self.spec.eap is not None, self.draws.octets(CHALLENGE_OCTETS)
        if spec.method == "md5":
            return eap.Md5Peer(user, spec.password) if ours else eap.Md5Server(spec.password, challenge)
        if spec.method == "mschapv2":
            kind = mschapv2.MschapPeer if ours else mschapv2.MschapServer
            return kind(user, spec.password, challenge)
        assert spec.method == "tls" and self.spec.credentials is not None, f"no such method: {spec.method}"
        return (eap_tls.TlsPeer if ours else eap_tls.TlsServer)(self.spec.credentials)

    def eap_key(self, own: bool) -> bytes:
        """What AUTH of that side is made with after Success: the MSK, or SK_pi and SK_pr without one."""
        end = self.eap_peer or self.eap_server
        assert end is not None and self.keymat is not None
        return end.method.msk or self.keymat.sk["SK_pi" if own == self.initiator else "SK_pr"]

    def eap_auth(self, key: bytes | None = None) -> Payload:
        """Our AUTH after Success."""
        assert self.keymat is not None
        signed = self.signed_octets(True, self.identity())
        return AUTH(SHARED_KEY, self.keymat.shared_key_auth(key or self.eap_key(own=True), signed))

    def check_eap_auth(self, message: Received) -> None:
        """The peer's AUTH after Success. Raises Unmet."""
        assert self.keymat is not None
        auth = message.first(PayloadType.AUTH)
        if self.peer_identity is None:
            raise Unmet(f"whose AUTH is in {message}? Its first IKE_AUTH message had no ID (RFC 7296 2.16)")
        if not isinstance(auth, ike.AuthPayload):
            raise Unmet(f"{message} has no AUTH, which is due after EAP Success (RFC 7296 2.16)")
        wanted = self.keymat.shared_key_auth(self.eap_key(own=False), self.signed_octets(False, self.peer_identity))
        if auth.method != SHARED_KEY or auth.data != wanted:
            raise Unmet("AUTH after EAP Success is not made with the key of the method, or SK_p* where it has none (RFC 7296 2.16)")

    def check_proof(self, message: Received) -> None:
        if self.eap_over:
            self.check_eap_auth(message)
        else:
            super().check_proof(message)

    # ---- as the initiator ----

    def auth_payloads(self, initial_contact: bool = False, child: bool = True) -> list[Payload]:
        found = super().auth_payloads(initial_contact, child)
        return [*found, N("EAP_ONLY_AUTHENTICATION")] if self.spec.eap is not None and self.spec.eap.alone else found

    def auth(self, *payloads: Payload) -> ChildSa | None:
        if self.spec.eap is None:
            return super().auth(*payloads)
        return self.end_eap(self.talk_eap(self.begin_eap(*payloads)))

    def begin_eap(self, *payloads: Payload) -> Received:
        """The first exchange: the peer proves itself, unless EAP does that too, and begins EAP."""
        self.first_auth = self.send_auth(*payloads)
        answer = self.expect_response(self.first_auth)
        self.take_begin(answer)
        return answer

    def take_begin(self, answer: Received) -> None:
        """The first response."""
        assert self.spec.eap is not None
        method = self.method()
        assert isinstance(method, eap.PeerMethod)
        self.eap_peer = EapPeer(eap.user_of(self.spec.eap, self.spec.local_id), method)
        self.peer_identity = answer.first(PayloadType.IDr)
        if not self.spec.eap.alone or answer.first(PayloadType.AUTH) is not None:
            super().check_proof(answer)
        said(answer)

    def talk_eap(self, answer: Received) -> Received:
        """As many exchanges as the method takes; the response with Success or Failure."""
        while said(answer).code == eap.REQUEST:
            answer = self.request(Exchange.IKE_AUTH, self.eap_answer(answer))
        self.eap_over = said(answer).code == eap.SUCCESS
        return answer

    def eap_answer(self, answer: Received) -> Payload:
        """Our EAP response to its EAP request. Raises Unmet where the server is not who it should be."""
        assert self.eap_peer is not None
        try:
            return self.eap_peer.answer(said(answer))
        except EapFailed as error:
            raise Unmet(f"EAP: {error}") from error

    def end_eap(self, answer: Received) -> ChildSa | None:
        """AUTH, and what the first request asked for. `answer`: that with Success."""
        if said(answer).code != eap.SUCCESS:
            raise Unmet(f"{answer}: EAP has not ended by Success")
        assert self.first_auth is not None
        last = self.request(Exchange.IKE_AUTH, self.eap_auth())
        return self.take_auth(last, self.first_auth)

    # ---- as the responder ----

    def accept_auth(self, request: Received, *payloads: Payload, **odd: Any) -> ChildSa | None:
        if self.spec.expects_eap is None:
            return super().accept_auth(request, *payloads, **odd)
        self.offer_eap(request)
        last = self.hear_eap()
        self.check_eap_auth(last)
        return self.accept_eap(request, last, *payloads, **odd)

    def offer_eap(self, request: Received, *payloads: Payload) -> Sent:
        """The first response: who we are, our proof unless EAP is that, and the first EAP request."""
        self.peer_identity = request.first(PayloadType.IDi)
        sent = self.answer(request, *(payloads or self.eap_offer_payloads()))
        self.port, self.to = sent.port, sent.to
        return sent

    def eap_offer_payloads(self) -> list[Payload]:
        """IDr [CERT] [AUTH] EAP"""
        return [self.identity(), *self.proof(), self.eap_begin()]

    def eap_begin(self) -> ike.EapPayload:
        """The first request of our method."""
        method = self.method()
        assert isinstance(method, eap.ServerMethod) and self.spec.expects_eap is not None
        self.eap_server = EapServer(method, self.draws.octets(1)[0], asks=bool(self.spec.expects_eap.user))
        return self.eap_server.begin()

    def hear_eap(self) -> Received:
        """Answers EAP's responses until Success has been said; the request with AUTH that follows. Raises Unmet where it
        comes to Failure."""
        assert self.eap_server is not None
        while True:
            request = self.expect_request(Exchange.IKE_AUTH)
            if self.eap_over:
                return request
            reply = self.eap_server.take(said(request))
            self.answer(request, reply)
            if reply.code == eap.FAILURE:
                raise Unmet(f"EAP came to Failure after {request}")
            self.eap_over = reply.code == eap.SUCCESS

    def accept_eap(self, first: Received, last: Received, *payloads: Payload, **odd: Any) -> ChildSa | None:
        """AUTH, and what the first request asked for."""
        sent = self.answer(last, *(payloads or [self.eap_auth(), *self.auth_response_rest(first)]), **odd)
        return self.take_answered(first, sent)

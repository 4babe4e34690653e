"""What a case is played on: the peer brought to a state, and verbs that mean the same whichever role it has."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from ..conformance.under_test import Initiator, UnderTest
from ..scripted.channel import Received, Sent
from ..scripted.child_sa import ChildSa
from ..scripted.errors import NotReady, Unmet
from ..scripted.ike_sa import IkeSa
from ..scripted.payloads import Payload
from ..wire import ike
from ..wire.registry import Exchange
from .case import State

Asked = dict[tuple[bytes, int, int], list[list[Payload]]]  # by SPI_i, exchange and Message ID: all requests that had those


class Ground:
    """`sa` is ours with the peer. What is said is never waited for, but that the peer has had its chance to answer."""

    def __init__(self, peer: UnderTest):
        self.peer = peer
        self.carrier = peer.stage.carrier
        self.asked: Asked = defaultdict(list)
        self.others: list[IkeSa] = []  # that came of rekeys

    @property
    def sas(self) -> list[IkeSa]:
        return [*self.peer.stage.sas, *self.others]

    # To the state that the case begins in. Raises NotReady.

    def bring(self, state: State) -> None:
        if state is State.ESTABLISHED:
            self.sa = self.peer.establish(initial_contact=not isinstance(self.peer, Initiator))
        elif state is State.KEYED:
            self.sa = self.peer.initialised()  # type: ignore[attr-defined]
        else:
            self.sa = self.another()

    def another(self) -> IkeSa:
        """One more IKE SA of ours of which nothing has been sent; of an initiator: that it asks for."""
        return self.peer.call() if isinstance(self.peer, Initiator) else self.peer.ike_sa()  # type: ignore[attr-defined]

    @property
    def child(self) -> ChildSa:
        if not self.sa.children:
            raise NotReady("the Child SA has gone in the course of the case")
        return self.sa.children[0]

    # IKE_SA_INIT and IKE_AUTH, as whoever we are.

    def first_payloads(self) -> list[Payload]:
        return self.sa.init_payloads() if self.sa.initiator else self.sa.init_response_payloads()

    def first(self, *payloads: Payload, **odd: Any) -> None:
        if self.sa.initiator:
            self._said(self.sa.send_init(*payloads, **odd))
        else:
            self.answer(self._init_request(), *payloads, **odd)

    def _init_request(self) -> Received:
        assert self.sa.init_request is not None
        return self.sa.init_request

    def auth_payloads(self) -> list[Payload]:
        if self.sa.initiator:
            return self.sa.auth_payloads()
        assert self.sa.auth_request is not None
        return self.sa.auth_response_payloads(self.sa.auth_request)

    def auth(self, *payloads: Payload, **odd: Any) -> None:
        """The payloads inside IKE_AUTH; without any, none."""
        self.instead_of_auth(Exchange.IKE_AUTH, *payloads, **odd)

    def instead_of_auth(self, exchange: int, *payloads: Payload, **odd: Any) -> None:
        """Any exchange where IKE_AUTH is due."""
        if self.sa.initiator:
            self.ask(exchange, *payloads, **odd)
            return
        request = self.sa.auth_request
        assert request is not None and request.arrived is not None
        odd = {"message_id": request.message_id, "port": request.arrived.port, "to": request.arrived.source} | odd
        self._said(self.sa.send(exchange, *payloads, response=True, **odd))

    # Later.

    def ask(self, exchange: int, *payloads: Payload, **odd: Any) -> None:
        self._said(self.sa.send(exchange, *payloads, **odd))

    def answer(self, request: Received, *payloads: Payload, **odd: Any) -> None:
        self._said(self.sa.answer(request, *payloads, **odd))

    def noise(self, octets: bytes, port: int | None = None) -> None:
        """Octets as they are, to its IKE port or its other one."""
        to = (self.sa.to[0], self.carrier.ike_port if port in (None, self.carrier.ike_port) else self.carrier.natt_port)
        self.carrier.send_ike(octets, self.carrier.ike_port if port is None else port, to)
        self.settle()

    def make_it_ask(self, what: str) -> tuple[Received, list[Payload]]:
        """It is told to rekey, and does not get the answer that would be right, which is returned with the request."""
        self.peer.rekey(what)  # type: ignore[arg-type]
        try:
            request = self.sa.expect_request(Exchange.CREATE_CHILD_SA)
        except Unmet as error:
            raise NotReady(f"it did not ask for the rekey that it was told to do: {error}") from error
        reply = self.sa.reply_child(request) if what == "child" else self.sa.reply_rekey(request)
        return request, reply.payloads

    def _said(self, sent: Sent) -> None:
        if not sent.response:
            self.asked[self.sa.spi_i, sent.exchange, sent.message_id].append(sent.payloads)
        self.settle()

    # What it says to that.

    def settle(self) -> None:
        """Returns when the peer has answered somebody else, who asked later. Raises Unmet when it does not any more."""
        if not self.carrier.prove_chance():
            raise Unmet("it answers nothing at all any more, not even an IKE_SA_INIT")
        for sa in self.sas:
            self._go_on(sa)

    def _go_on(self, sa: IkeSa) -> None:
        """Counts what has been answered, and answers what INFORMATIONAL exchanges ask for."""
        for one in sa.heard:
            sealed = one.encrypted is not None
            if sealed and one.header.response and one.message_id == sa.next_request:
                sa.next_request += 1
        for one in [one for one in sa.inbox if not one.header.response and one.encrypted is not None]:
            if one.exchange == Exchange.INFORMATIONAL:
                sa.inbox.remove(one)
                sa.expected_request = max(sa.expected_request, one.message_id + 1)
                if any(isinstance(payload, ike.DeletePayload) for payload in one.payloads):
                    sa.accept_delete(one)
                else:
                    sa.answer_politely(one)

    def keep(self, sa: IkeSa) -> IkeSa:
        """An IKE SA that a rekey has made: what comes of it is judged as well, and the case goes on with it."""
        self.others.append(sa)
        self.sa = sa
        return sa

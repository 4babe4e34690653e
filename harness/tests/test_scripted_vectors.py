"""The scripted peer plays the exchanges of vectors/exchange in both roles: with the randomness that the files have, its
builders and its own derivation make the very octets, and come to the very keys."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from ikelab.keys import KeyStore
from ikelab.peers.neutral import PeerSpec
from ikelab.scripted import payloads as build
from ikelab.scripted.carrier import Arrived
from ikelab.scripted.draws import Draws
from ikelab.scripted.ike_sa import IkeSa
from ikelab.scripted.later_exchanges import ChildOffer, RekeyOffer, Reply
from ikelab.vectors import derivation
from ikelab.vectors.choice import GROUPS
from ikelab.wire import ike
from ikelab.wire.registry import DIGITAL_SIGNATURE, PayloadType, Protocol

FOLDER = Path(__file__).resolve().parents[2] / "vectors" / "exchange"
TESTS = [pytest.param(test, id=f"{file.stem}-{test['tcId']}") for file in sorted(FOLDER.glob("*.json"))
         for group in json.loads(file.read_text())["testGroups"] for test in group["tests"]]
OTHER = {"initiator": "responder", "responder": "initiator"}


def rebuilt(one: ike.Payload) -> ike.Payload:
    """The same payload by its builder, from what the decoder says of it."""
    match one:
        case ike.SaPayload():
            return build.SA(*one.proposals)
        case ike.KePayload():
            return build.KE(one.group, one.data)
        case ike.IdPayload():
            builder = build.IDi if one.kind == PayloadType.IDi else build.IDr
            return builder(one.text) if one.id_type in (1, 2, 3, 5) else builder(one.data, one.id_type)
        case ike.CertRequestPayload():
            return build.CERTREQ(one.data, one.encoding)
        case ike.CertPayload():
            return build.CERT(one.data, one.encoding)
        case ike.AuthPayload():
            return build.AUTH(one.method, one.data)
        case ike.NotifyPayload():
            return build.N(one.notify_type, one.data, one.protocol, one.spi)
        case ike.DeletePayload():
            return build.D(one.protocol, *one.spis)
        case ike.TsPayload():
            return (build.TSi if one.kind == PayloadType.TSi else build.TSr)(*one.selectors)
        case ike.NoncePayload():
            return build.Nonce(one.body)
    raise AssertionError(f"no builder for {one}")


class Side:
    """The scripted peer in one role, on a carrier that keeps what is sent."""

    def __init__(self, test: dict, role: str):
        self.role, self.sent = role, []
        setup = test["setup"]
        self.drawn = [bytes.fromhex(one["octets"]) for one in test["random"][role]]
        self.carrier = SimpleNamespace(
            ike={}, esp={}, keys=KeyStore(), local="192.0.2.1", remote="192.0.2.2", ike_port=500, natt_port=4500,
            send_ike=lambda octets, port, to: self.sent.append(octets), prove_chance=lambda: True)
        self.spec = PeerSpec("other", setup[role]["identity"], setup[OTHER[role]]["identity"],
                             f"0x{setup.get('psk', '')}", proposals=(setup[role]["ike"],))
        self.sas: list[IkeSa] = []
        self.requests: dict[tuple[int, int], tuple] = {}

    def private(self, ke: ike.KePayload | None) -> dict[int, bytes]:
        """Whose public value this is, among what this side has drawn."""
        if ke is None:
            return {}
        group = GROUPS[ke.group]
        return {ke.group: next(one for one in self.drawn if len(one) == derivation.PRIVATE_OCTETS[group]
                               and derivation.public_value(group, one) == ke.data)}

    def sa_of(self, header: ike.Header) -> IkeSa:
        return next(sa for sa in self.sas if sa.spi_i == header.spi_i and header.spi_r in (sa.spi_r, bytes(8)))


def first(message: ike.Message, kind: int):
    return message.first(kind)


class Replay:
    def __init__(self, test: dict):
        self.test = test
        self.sides = {role: Side(test, role) for role in OTHER}
        self.messages = self._opened()
        self.signed = any(isinstance(p, ike.AuthPayload) and p.method == DIGITAL_SIGNATURE or p.kind == PayloadType.CERT
                          for _, m in self.messages for p in m.payloads)
        self.asked: dict[tuple, tuple[str, ike.Message, object]] = {}

    def _opened(self) -> list[tuple[dict, ike.Message]]:
        """Steps and messages as the decoder sees them; a fragment has what the file says was joined."""
        found = []
        for step in (one for one in self.test["steps"] if "octets" in one):
            message = ike.parse(bytes.fromhex(step["octets"]))
            if message.encrypted is not None:
                whole = step["inner"] if message.fragment is None else step.get("joined", "")
                if message.fragment is None or whole:
                    start = step["first"] if message.fragment is None else self._first_of(found, step)
                    message.inner = ike.parse_chain(start, bytes.fromhex(whole))
            found.append((step, message))
        return found

    @staticmethod
    def _first_of(found: list, step: dict) -> int:
        for earlier, message in reversed(found):
            if message.fragment is not None and message.fragment.number == 1:
                return earlier["first"]
        raise AssertionError("a last fragment without a first one")

    def run(self) -> None:
        waiting: list[tuple[dict, ike.Message]] = []
        for step, message in self.messages:
            waiting.append((step, message))
            if message.fragment is not None and message.inner is None:
                continue
            self._message(waiting)
            waiting = []

    def _message(self, pieces: list[tuple[dict, ike.Message]]) -> None:
        step, message = pieces[-1]
        sender, receiver = self.sides[step["from"]], self.sides[OTHER[step["from"]]]
        wanted = [bytes.fromhex(one["octets"]) for one, _ in pieces]
        rebuild = [rebuilt(one) for one in message.payloads]
        assert rebuild == message.payloads
        if message.header.exchange_type == ike.Exchange.IKE_SA_INIT:
            self._init(sender, receiver, message, rebuild, wanted)
            return
        sa, header = sender.sa_of(message.header), message.header
        ivs = [bytes.fromhex(one["iv"]) for one, _ in pieces]
        options = {"iv": lambda _: ivs.pop(0), "message_id": header.message_id, "response": header.response}
        plain = bytes.fromhex(step["plaintext"])
        inner = len(step["inner"]) // 2
        options["padding"] = plain[inner:-1]
        if message.fragment is not None:
            options["fragment"] = len(pieces[0][0]["inner"]) // 2
            if sa.keymat.choice.suite.block > 1:
                options["padding"] = None  # of other lengths in each piece
        sent = sa.send(header.exchange_type, *rebuild, **options)
        if message.fragment is None or sa.keymat.choice.suite.block == 1:
            assert sent.datagrams == wanted
        other = receiver.sa_of(header)
        for octets in wanted:
            other.arrived(Arrived(0, 500, ("192.0.2.1", 500), octets))
        assert not other.problems
        received = other.inbox.popleft()
        assert received.payloads == message.payloads
        self._conclude(sender, receiver, sent, received)

    def _init(self, sender: Side, receiver: Side, message: ike.Message, rebuild: list, wanted: list[bytes]) -> None:
        header = message.header
        datagram = Arrived(0, 500, ("192.0.2.1", 500), wanted[0])
        if not header.response:
            if not sender.sas:
                sender.sas.append(IkeSa(sender.carrier, Draws("calling"), sender.spec, {}, True, header.spi_i))
            sa = sender.sas[0]
            sa.private |= sender.private(first(message, PayloadType.KE))
            assert sa.send_init(*rebuild).datagrams == wanted
            receiver.sas = [IkeSa.called(receiver.carrier, Draws("called"), receiver.spec, {}, datagram)]
            receiver.sas[0].init_request = receiver.sas[0].inbox.popleft()
            return
        answering, calling = sender.sas[0], receiver.sas[0]
        if first(message, PayloadType.SA) is None:
            sent = answering.answer(answering.init_request, *rebuild, spi_r=header.spi_r)
            assert sent.datagrams == wanted
            calling.arrived(datagram)
            assert calling.try_again(calling.inbox.popleft())
            return
        answering.spi_r = header.spi_r
        answering.private |= sender.private(first(message, PayloadType.KE))
        assert answering.accept_init(*rebuild).datagrams == wanted
        calling.arrived(datagram)
        calling.take_init(calling.inbox.popleft())
        self._same_ike_keys(0, calling, answering)

    def _conclude(self, sender: Side, receiver: Side, sent, received) -> None:
        header = received.header
        key = (header.spi_i, header.message_id, header.exchange_type, received.header.from_initiator)
        if not header.response:
            self.asked[(*key[:3], not key[3])] = (sender.role, sent, received)
            if header.exchange_type == ike.Exchange.IKE_AUTH and not self.signed:
                receiver.sa_of(header).check_proof(received)
            return
        asker, question, seen = self.asked[key]
        if header.exchange_type == ike.Exchange.IKE_AUTH:
            self._auth(self.sides[asker].sa_of(header), sender.sa_of(header), question, sent, seen, received)
        elif header.exchange_type == ike.Exchange.CREATE_CHILD_SA and received.first(PayloadType.SA):
            self._created(self.sides[asker], sender, question, sent, seen, received)

    def _auth(self, asking: IkeSa, answering: IkeSa, question, sent, seen, received) -> None:
        if not self.signed:
            assert answering.proof() == [received.first(PayloadType.AUTH)]
            assert asking.proof() == [seen.first(PayloadType.AUTH)]
        asking.child_spi, answering.child_spi = seen.proposals[0].spi, received.proposals[0].spi
        if self.signed:
            asking.check_proof = answering.check_proof = lambda _: None
        child = asking.take_auth(received, question)
        answering._first_child(child.choice, seen.proposals[0].spi, False)
        self._same_child_keys(0, child, answering.children[-1])

    def _created(self, asker: Side, answerer: Side, question, sent, seen, received) -> None:
        asking, answering = asker.sa_of(seen.header), answerer.sa_of(seen.header)
        private = asker.private(seen.first(PayloadType.KE))
        answer_private = answerer.private(received.first(PayloadType.KE))
        spi, own = seen.proposals[0].spi, received.proposals[0].spi
        if received.proposals[0].protocol == Protocol.IKE:
            new = RekeyOffer(asking, question.payloads, spi, private).take(received)
            other = Reply(answering, seen, sent.payloads, own, answer_private).ike_sa()
            asker.sas.append(new)
            answerer.sas.append(other)
            self._same_ike_keys(len(asker.sas) - 1, new, other)
            return
        child = ChildOffer(asking, question.payloads, spi, private).take(received)
        other_child = Reply(answering, seen, sent.payloads, own, answer_private).child()
        self.children = getattr(self, "children", 0) + 1
        self._same_child_keys(self.children, child, other_child)

    def _same_ike_keys(self, number: int, *sides: IkeSa) -> None:
        stated = self.test["ikeSas"][number]
        for sa in sides:
            assert {name: value.hex() for name, value in sa.keymat.sk.items()} == \
                {name: stated[name] for name in derivation.IKE_KEYS}

    def _same_child_keys(self, number: int, *sides) -> None:
        stated = self.test["childSas"][number]
        for child in sides:
            for name in ("encryption_i", "integrity_i", "encryption_r", "integrity_r"):
                assert getattr(child.keys, name).hex() == stated[name], name
        assert (sides[0].key_out, sides[0].spi_out) == (sides[1].key_in, sides[1].spi_in)


@pytest.mark.parametrize("test", TESTS)
def test_the_very_octets_and_the_very_keys(test):
    Replay(test).run()

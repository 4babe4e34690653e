"""The one-line cause of what did not pass, from stories whose every packet is known."""

from __future__ import annotations

import pytest
import synthetic as syn
from ikelab.trace import Scene
from ikelab.trace.annotate import Event, Trace
from ikelab.trace.cause import cause
from ikelab.trace.cost import Cost
from ikelab.wire import ike
from test_trace import traced

MS = 10**6
NUMBERS = {"IKE_SA_INIT": 34, "IKE_AUTH": 35, "CREATE_CHILD_SA": 36, "INFORMATIONAL": 37}


def message(at_ms, exchange, number, source="client", response=False, notify="", again=0, lost=False):
    target = "gateway" if source == "client" else "client"
    from_initiator = source == "client"
    flags = (0x20 if response else 0) | (0x08 if from_initiator else 0)
    header = ike.Header(b"i" * 8, b"r" * 8, 0, 0x20, NUMBERS[exchange], flags, number, 28)
    octets = f"{exchange}{number}{source}{response}".encode()
    payloads = [ike.NotifyPayload(kind=41, critical=False, body=b"", protocol=0, spi=b"", notify_type=kind, data=b"")
                for kind in ([{"NO_PROPOSAL_CHOSEN": 14, "UPDATE_SA_ADDRESSES": 16400, "INVALID_KE_PAYLOAD": 17}[notify]]
                             if notify else [])]
    made = ike.Message(header=header, octets=octets, outer=payloads)
    side = "response" if response else "request"
    return Event(at_ms * MS, "ike", source, target, f"{exchange} {side} {number}", end_ns=at_ms * MS, again=again,
                 lost=lost, message=made)


def esp(at_ms, source, spi, first, last, until_ms=None, lost=0):
    target = "gateway" if source == "client" else "client"
    return Event(at_ms * MS, "esp", source, target, f"ESP {spi:08x}", end_ns=(until_ms or at_ms) * MS, spi=spi,
                 packets=last - first + 1, first_sequence=first, last_sequence=last, lost_packets=lost)


def story(*events):
    events = sorted(events, key=lambda one: one.time_ns)
    return Trace(list(events), Cost(), Scene(), events[0].time_ns if events else 0)


UP = (message(0, "IKE_SA_INIT", 0), message(5, "IKE_SA_INIT", 0, "gateway", response=True),
      message(10, "IKE_AUTH", 1), message(15, "IKE_AUTH", 1, "gateway", response=True))


def test_nothing_was_seen():
    assert cause(story()) == "nothing of IKE or ESP was seen on the wire"


def test_where_all_went_well_there_is_none():
    both = esp(20, "client", 0x11, 1, 99, 900), esp(21, "gateway", 0x22, 1, 99, 890)
    assert cause(story(*UP, *both)) == ""


def test_a_refusal_is_named_with_who_refuses_what():
    refused = story(*UP[:3], message(15, "IKE_AUTH", 1, "gateway", response=True, notify="NO_PROPOSAL_CHOSEN"))
    assert cause(refused) == "gateway answered IKE_AUTH request 1 with NO_PROPOSAL_CHOSEN"


def test_a_step_is_no_refusal():
    assert cause(story(UP[0], message(5, "IKE_SA_INIT", 0, "gateway", response=True, notify="INVALID_KE_PAYLOAD"))) == ""


def test_copies_of_what_nobody_answers_are_counted():
    asked = [message(100 + 500 * n, "CREATE_CHILD_SA", 2, again=n, lost=n < 2) for n in range(5)]
    assert cause(story(*UP, *asked)) == \
        "no answer to CREATE_CHILD_SA request 2 of client, sent 5 times, 2 of them lost on the way"


def test_the_last_request_had_no_time():
    assert cause(story(*UP, message(100, "INFORMATIONAL", 2))) == ""


@pytest.mark.parametrize("words, told", [("is killed and forgets everything", False), ("starts again", True)])
def test_silence_that_the_scenario_ordered_is_none(words, told):
    dead = Event(50 * MS, "mark", "gateway", meaning="is killed and forgets everything")
    mark = Event(60 * MS, "mark", "gateway", meaning=words)
    asked = [message(100 + 1500 * n, "INFORMATIONAL", 2, again=n) for n in range(3)]
    assert bool(cause(story(*UP, dead, mark, *asked))) == told


def test_esp_to_which_nothing_comes_back_since_a_message():
    found = cause(story(*UP, esp(20, "client", 0x11, 1, 9, 90), esp(21, "gateway", 0x22, 1, 9, 95),
                        message(100, "INFORMATIONAL", 2, notify="UPDATE_SA_ADDRESSES"),
                        message(101, "INFORMATIONAL", 2, "gateway", response=True),
                        esp(110, "client", 0x11, 23, 1021, 5000, lost=4)))
    assert found == ("client's ESP 00000011 seq 23..1021 unanswered, 4 lost on the way since INFORMATIONAL response 2 "
                     "of gateway")
    assert cause(story(*UP, esp(20, "client", 0x11, 1, 99, 900))).endswith("unanswered: no ESP came back at all")


def test_the_end_of_a_flow_is_not_unanswered():
    assert cause(story(*UP, esp(20, "client", 0x11, 1, 9, 90), esp(21, "gateway", 0x22, 1, 20, 150))) == ""


def test_esp_ahead_of_the_response_that_makes_its_sa():
    found = cause(story(*UP, message(100, "CREATE_CHILD_SA", 2), esp(110, "gateway", 0x33, 1, 9, 200),
                        message(160, "CREATE_CHILD_SA", 2, "gateway", response=True),
                        esp(170, "client", 0x44, 1, 9, 200)))
    assert found == "gateway's ESP 00000033 50 ms ahead of CREATE_CHILD_SA response 2, which makes that SA"


def test_the_first_two_are_told_in_order():
    found = cause(story(*UP[:3], message(15, "IKE_AUTH", 1, "gateway", response=True, notify="NO_PROPOSAL_CHOSEN"),
                        *[message(100 + 900 * n, "INFORMATIONAL", 2, again=n) for n in range(4)],
                        message(5000, "INFORMATIONAL", 7, "gateway", notify="NO_PROPOSAL_CHOSEN")))
    assert found == ("gateway answered IKE_AUTH request 1 with NO_PROPOSAL_CHOSEN; then no answer to INFORMATIONAL "
                     "request 2 of client, sent 4 times")


def test_keys_that_are_not_known_are_told_last():
    sealed = story(*UP)
    sealed.unopened_ike = 3
    assert cause(sealed) == "3 IKE messages could not be opened: their keys are not known"


def test_a_real_trace_goes_through(tmp_path):
    """Its flow goes one way, so that is all there is to say."""
    assert cause(traced(syn.demo(), tmp_path)).startswith("client's ESP c0ffee01 74 packets unanswered")

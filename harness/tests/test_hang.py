"""Who hangs, from stories whose every packet is known."""

from __future__ import annotations

import pytest
from ikelab.trace.annotate import Event
from ikelab.trace.hang import hang
from test_cause import MS, UP, message, story


def asked(times, **words):
    return [message(at, "INFORMATIONAL", 2, again=number, **words) for number, at in enumerate(times)]


def test_who_lets_every_copy_go_unanswered_hangs():
    assert hang(story(*UP, *asked([100, 600, 1500, 3300]))) == \
        "the gateway hangs: no answer to INFORMATIONAL request 2, which reached it 4 times in 3.2 s"


@pytest.mark.parametrize("others", [
    asked([100, 600, 1500, 3000]),  # not for long enough
    asked([100, 600, 1500, 3300], lost=True),  # nothing reached it
    [*asked([100, 600, 1500, 3300]), message(3300, "INFORMATIONAL", 0, "gateway")],  # it asks, at least
    [*asked([100, 600, 1500, 3300]), message(3400, "INFORMATIONAL", 2, "gateway", response=True)],
    [*asked([100, 600, 1500, 3300]), Event(50 * MS, "mark", "gateway", meaning="is killed and forgets everything")],
], ids=["short", "lost", "speaks", "answers", "killed"])
def test_who_may_have_a_reason_does_not(others):
    assert hang(story(*UP, *others)) == ""


def test_what_it_said_before_the_first_copy_is_no_sign_of_life():
    """The moment matters from which on it is silent: copies before its last message do not count."""
    spoke = message(1000, "CREATE_CHILD_SA", 0, "gateway")
    assert hang(story(*UP, spoke, *asked([100, 600, 1500, 3300]))) == ""
    assert hang(story(*UP, spoke, *asked([100, 600, 1500, 3300, 4600])))

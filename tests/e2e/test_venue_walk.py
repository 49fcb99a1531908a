"""Random trouble over HTTP and websockets; hours of it are a part of `make soak`."""

import asyncio

from tests.e2e.venue_troubles import Forgetful
from tests.e2e.venue_walk import walked

SEED, MINUTES = 1, 20


def test_after_random_trouble_over_http_venue_and_journal_are_the_same() -> None:
    """No order is an orphan, nothing differs; one end each, and a stop each."""
    walk, findings = asyncio.run(walked(SEED, MINUTES))

    assert findings == []
    assert walk.struck >= 8
    assert walk.opened() >= 1


def test_a_lost_answer_that_is_taken_for_a_refusal_is_found() -> None:
    """The same trouble with one fault planted: else nothing above would mean anything."""
    _, findings = asyncio.run(walked(SEED, MINUTES, Forgetful))

    assert any("POSITION_EXTRA" in finding for finding in findings), findings
    assert any("has no stop" in finding for finding in findings), findings

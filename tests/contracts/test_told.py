"""Whether an outcome was published, asked of every raw bus."""

from __future__ import annotations

from dataclasses import replace

from bridge_patch.adapters import told
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.streams import EXECUTION_RESULT
from bridge_patch.adapters.told import BusTold
from bridge_patch.domain.intent import IntentId
from bridge_patch.services.messages import Settlement
from tests.contracts.sites import BusSite, run
from tests.contracts.test_inbox import inbox, settled
from tests.wire.outcomes import EXPIRED


def told_of(site: BusSite, name: str) -> bool:
    return run(BusTold(site.connect()).told(IntentId(name)))


def test_an_outcome_that_was_published_is_found_however_many_there_are(
    site: BusSite,
) -> None:
    assert not told_of(site, "i-0")
    many = 2 * told._BATCH + 1
    outcomes = tuple(settled(f"i-{n}") for n in range(many))
    run(inbox(site).settle(Settlement(acknowledged=(), results=outcomes)))

    assert told_of(site, "i-0")
    assert told_of(site, f"i-{many - 1}")
    assert not told_of(site, f"i-{many}")


def test_a_bulk_expiry_tells_of_all_that_it_names(site: BusSite) -> None:
    bulk = replace(EXPIRED, intent_ids=(IntentId("late-1"), IntentId("late-2")))
    run(inbox(site).settle(Settlement(acknowledged=(), results=(bulk,))))

    assert told_of(site, "late-2")
    assert not told_of(site, "late-3")


def test_an_entry_that_is_no_outcome_tells_of_nothing(site: BusSite) -> None:
    junk = Envelope((("payload", "i-1"),))
    run(site.connect().publish([Post(EXECUTION_RESULT, junk)]))
    run(inbox(site).settle(Settlement(acknowledged=(), results=(settled("i-2"),))))

    assert not told_of(site, "i-1")
    assert told_of(site, "i-2")

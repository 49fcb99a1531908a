"""What every Journal must do. A new adapter adds one entry to `conftest.journal_site`."""

from __future__ import annotations

from decimal import Decimal
from hashlib import blake2b
from typing import cast

import pytest

from bridge_patch.adapters import codec
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import Book, EquityMarked, Event
from bridge_patch.domain.intent import IntentId, UnixMs
from bridge_patch.services.ports import Journal
from tests.contracts.samples import seen, set_aside
from tests.contracts.sites import JOURNAL_ID, NOON_MS, JournalSite, run


def equity(usd: str) -> Event:
    return EquityMarked(
        book=Book.ACCOUNT,
        at_ms=NOON_MS,
        equity_usd=Decimal(usd),
        peak_usd=Decimal(10_000),
        day_start_usd=Decimal(10_000),
    )


def test_entries_come_back_oldest_first_with_their_numbers(journal: Journal) -> None:
    run(journal.append([seen("a"), set_aside()]))
    run(journal.append([seen("b")]))

    found = list(journal.read())
    assert [entry.seq for entry in found] == [1, 2, 3]
    assert [entry.event for entry in found] == [seen("a"), set_aside(), seen("b")]


def test_an_entry_says_which_run_wrote_it_and_when(journal_site: JournalSite) -> None:
    journal = journal_site.open("run-7")
    journal_site.clock.set(UnixMs(NOON_MS + 5))
    run(journal.append([seen("a", 1)]))

    (entry,) = journal.read()
    assert (entry.run_id, entry.recorded_ms) == ("run-7", 1_746_360_000_005)


def test_reading_starts_behind_a_number(journal: Journal) -> None:
    """Projections follow the journal from where they were."""
    run(journal.append([seen("a", n) for n in range(1_500)]))

    assert [entry.seq for entry in journal.read(after_seq=1_498)] == [1_499, 1_500]
    assert list(journal.read(after_seq=1_500)) == []
    assert sum(1 for _ in journal.read()) == 1_500


def test_a_reader_sees_what_is_written_meanwhile(journal: Journal) -> None:
    run(journal.append([seen("a")]))
    reading = journal.read()
    assert next(reading).seq == 1
    run(journal.append([seen("b")]))

    assert next(reading).event == seen("b")


def test_history_is_of_one_intent_oldest_first(journal: Journal) -> None:
    run(journal.append([seen("a", 1), seen("b", 2), set_aside(), seen("a", 3)]))

    assert run(journal.history(IntentId("a"))) == (seen("a", 1), seen("a", 3))
    assert run(journal.history(IntentId("c"))) == ()


def test_what_is_about_no_intent_is_in_no_history(journal: Journal) -> None:
    """An empty id, from wherever it comes, must not look like an intent that is known."""
    run(journal.append([set_aside()]))

    assert run(journal.history(IntentId(""))) == ()


def test_an_intent_id_is_taken_literally(journal: Journal) -> None:
    """Ids come off the wire."""
    odd = "x' OR 1=1 --%_"
    run(journal.append([seen("a"), seen(odd)]))

    assert run(journal.history(IntentId(odd))) == (seen(odd),)


@pytest.mark.parametrize(
    "broken", [cast("Event", object()), equity("NaN"), set_aside("\ud800")]
)
def test_a_batch_is_written_whole_or_not_at_all(journal: Journal, broken: Event) -> None:
    run(journal.append([seen("a")]))
    with pytest.raises(BrokenPromiseError):
        run(journal.append([seen("b"), broken, seen("c")]))
    run(journal.append([seen("d")]))

    assert [entry.event for entry in journal.read()] == [seen("a"), seen("d")]
    assert [entry.seq for entry in journal.read()] == [1, 2]


def test_appending_nothing_writes_nothing(journal: Journal) -> None:
    run(journal.append([]))

    assert list(journal.read()) == []


def test_the_chain_is_the_one_that_is_documented(journal: Journal) -> None:
    """Anybody must be able to check a journal without this program."""
    run(journal.append([seen("a")]))
    run(journal.append([set_aside()]))

    link = blake2b(
        JOURNAL_ID.encode(), digest_size=32, person=b"bridge-genesis"
    ).hexdigest()
    links = []
    for seq, (about, event) in enumerate([("a", seen("a")), ("", set_aside())], 1):
        kind, body = codec.encode_event(event)
        texts = [str(seq), "run-1", "1746360000000", kind, about]
        parts = [*(text.encode() for text in texts), body]
        covered = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        digest = blake2b(link.encode() + covered, digest_size=32, person=b"bridge-journal")
        link = digest.hexdigest()
        links.append(link)
    assert [entry.link for entry in journal.read()] == links

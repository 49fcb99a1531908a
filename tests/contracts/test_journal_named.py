"""An intent that a bulk expiry names is found, in memory, in a run and after a restart."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bridge_patch.adapters import journal_named, name_runs
from bridge_patch.adapters.journal_sql import SqlJournal
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.store_sqlite import SqliteFile
from bridge_patch.domain.events import BulkExpired, Event
from bridge_patch.domain.intent import IntentId
from bridge_patch.services.ports import Journal
from tests.contracts.samples import NOON_MS, seen
from tests.contracts.sites import run


def bulk(first: int, count: int) -> BulkExpired:
    numbers = range(first, first + count)
    return BulkExpired(
        at_ms=NOON_MS,
        intent_ids=tuple(IntentId(f"late-{n}") for n in numbers),
        entry_ids=tuple(f"{n:015d}" for n in numbers),
        age_max_sec=60,
    )


def about(journal: Journal, name: str) -> list[Event]:
    return list(run(journal.history(IntentId(name))))


def test_a_bulk_expiry_is_about_each_intent_that_it_names(journal: Journal) -> None:
    """Else a second message of that name would be judged as a new one."""
    run(journal.append([bulk(0, 3), seen("late-1"), bulk(3, 2)]))

    assert about(journal, "late-0") == [bulk(0, 3)]
    assert about(journal, "late-1") == [bulk(0, 3), seen("late-1")]
    assert about(journal, "late-4") == [bulk(3, 2)]
    assert about(journal, "late-5") == []


def open_journal(path: Path) -> SqlJournal:
    return SqlJournal(
        SqliteFile(path), run_id="r", clock=ManualClock(NOON_MS), new_id=lambda: "id"
    )


def test_names_are_found_in_runs_and_after_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Memory holds the newest only; nothing is forgotten for that."""
    monkeypatch.setattr(journal_named, "NAMES_MAX", 1_000)
    bulks = [bulk(first, 300) for first in range(0, 3_000, 300)]
    known: list[BulkExpired] = []
    for part in (bulks[:5], bulks[5:], []):
        with closing(open_journal(tmp_path / "bridge.db")) as journal:
            for one in part:
                run(journal.append([seen("other"), one]))
            written = [entry.event for entry in journal.read()]
            known = [event for event in written if isinstance(event, BulkExpired)]
            for one in known:
                for name in (one.intent_ids[0], one.intent_ids[150], one.intent_ids[-1]):
                    assert about(journal, name) == [one]
            assert about(journal, "late-3000") == about(journal, "late-") == []
    assert known == bulks


def test_two_names_of_one_sum_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_named, "NAMES_MAX", 1)
    monkeypatch.setattr(name_runs, "crc32", lambda _: 7)
    with closing(open_journal(tmp_path / "bridge.db")) as journal:
        run(journal.append([bulk(0, 2)]))
        run(journal.append([bulk(2, 2)]))

        assert about(journal, "late-1") == [bulk(0, 2)]
        assert about(journal, "late-3") == [bulk(2, 2)]
        assert about(journal, "late-9") == []

"""Entries that are moved into segments stay part of the journal, on every database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bridge_patch.adapters.archive import Wish, plan_archive
from bridge_patch.adapters.dump import export_journal, read_manifest
from bridge_patch.adapters.dump_check import verify_dump
from bridge_patch.adapters.journal_lease import Claim, HeldError
from bridge_patch.adapters.journal_schema import ARCHIVED, SEGMENTS, Database
from bridge_patch.adapters.journal_search import JournalSearch
from bridge_patch.adapters.journal_segments import FOLDER
from bridge_patch.adapters.journal_sql import JournalReader
from bridge_patch.adapters.segment_notes import read_notes, verify_segment
from bridge_patch.app.commands.verify import verified
from bridge_patch.domain.errors import FencedError
from bridge_patch.domain.intent import IntentId
from tests.contracts.archived_journals import (
    entries,
    files,
    in_table,
    opened,
    parts,
    public,
    written,
)
from tests.contracts.half_archived import archived
from tests.contracts.samples import NOON_MS, seen, set_aside
from tests.contracts.sites import run
from tests.contracts.test_journal_named import bulk


def test_what_is_moved_is_still_read_and_proved(database: Database) -> None:
    written(database, *parts(5))
    before, checked = entries(database), verified(database, keys=public(database))
    done = archived(database, segment=25)

    assert (done.first_seq, done.ends, done.left) == (1, (20, 40), 10)
    assert sorted(in_table(database)) == list(range(41, 51))
    assert entries(database) == before
    assert verified(database, keys=public(database)) == checked
    assert checked.ok
    with closing(JournalReader(database)) as reader:
        for after in (0, 1, 19, 20, 21, 40, 41, 50):
            assert [one.seq for one in reader.read(after)] == list(range(after + 1, 51))


def test_each_segment_is_proved_by_its_file_and_a_key_alone(database: Database) -> None:
    written(database, *parts(5))
    archived(database, segment=20)
    found = [verify_segment(f, read_notes(f), public(database)) for f in files(database)]

    assert [one.faults for one in found] == [(), ()]
    assert [(one.entries, one.checkpoints) for one in found] == [(20, 2), (20, 2)]
    assert [one.signed_seq for one in found] == [20, 40]


def test_a_dump_of_an_archived_journal_is_the_same_dump(
    database: Database, tmp_path: Path
) -> None:
    written(database, *parts(5))
    export_journal(database, tmp_path / "whole", segment=15)
    archived(database, segment=20)
    done = export_journal(database, tmp_path / "whole", segment=15)
    export_journal(database, tmp_path / "anew", segment=15)

    assert done.written == 0
    assert read_manifest(tmp_path / "anew") == read_manifest(tmp_path / "whole")
    found = verify_dump(
        tmp_path / "anew", read_manifest(tmp_path / "anew"), public(database)
    )
    assert found == verified(database, keys=public(database))
    assert found.ok


def test_no_id_is_forgotten(database: Database) -> None:
    """Else a second message of that name would be traded."""
    late = [seen("x"), bulk(0, 300), seen("late-7", 3)]
    written(database, late, [bulk(300, 3)], [seen("x", 9)], [set_aside()])
    names = ("x", "late-7", "late-299", "late-301", "late-303", "")
    before = []
    with opened(database) as journal:
        before = [run(journal.history(IntentId(name))) for name in names]
    assert archived(database).ends == (5,)
    with opened(database) as journal:
        after = [run(journal.history(IntentId(name))) for name in names]
        run(journal.append([seen("x", 10), bulk(303, 1)]))
        again = run(journal.history(IntentId("x")))

        assert run(journal.history(IntentId("late-303"))) == (bulk(303, 1),)
    assert after == before
    assert before[1] == (bulk(0, 300), seen("late-7", 3))
    assert before[4] == before[5] == ()
    assert again == (seen("x"), seen("x", 9), seen("x", 10))


def test_an_archive_goes_on_where_it_ended(database: Database) -> None:
    everything = parts(6)
    written(database, *everything[:3])
    archived(database, segment=10)
    written(database, *everything[3:])
    done = archived(database, segment=10)

    assert (done.first_seq, done.ends) == (21, (30, 40, 50))
    assert [one.event for one in entries(database)] == [e for p in everything for e in p]
    assert verified(database, keys=public(database)).ok
    assert archived(database).count == 0


def test_what_is_young_or_newest_stays(database: Database) -> None:
    """And a look changes nothing."""
    written(database, *parts(5))

    assert plan_archive(database, Wish(before_ms=NOON_MS, newest=0)).count == 0
    assert plan_archive(database, Wish(before_ms=NOON_MS + 1)).count == 0
    assert plan_archive(database, Wish(before_ms=NOON_MS + 1, newest=15)).ends == (30,)
    assert len(in_table(database)) == 50
    assert not database.head_path.with_name(FOLDER).exists()


def test_nobody_archives_what_another_process_holds(database: Database) -> None:
    written(database, *parts(3))
    claim = Claim(holder="vps-9 1 unknown", ttl_ms=60_000)
    with opened(database, claim), pytest.raises(HeldError, match="stop that process first"):
        archived(database)

    assert len(in_table(database)) == 30
    assert archived(database).ends == (20,)


def test_whoever_held_it_before_an_archive_writes_no_more(database: Database) -> None:
    """A process that slept knows nothing of the files."""
    written(database, *parts(3))
    with opened(database, Claim(holder="archive 1 unknown", ttl_ms=60_000)) as slept:
        archived(database)
        with pytest.raises(FencedError, match="another process has taken over"):
            run(slept.append([seen("a")]))

    assert len(entries(database)) == 30


def test_questions_go_over_files_and_table(database: Database) -> None:
    everything = parts(5)
    everything[0] += [set_aside("old")]
    everything[4] += [set_aside("new"), seen("id-9")]

    def answers() -> list[object]:
        with closing(JournalSearch(database)) as search:
            return [
                search.about(IntentId("Id-3")),
                list(search.events({"DeadLettered"})),
                list(search.events({"DeadLettered"}, after_seq=11)),
                list(search.events({"DuplicateSeen"}, after_seq=15)),
                [search.tail(most) for most in (1, 10, 20, 100)],
                search.ids_beginning("Id-", 9),
                search.ids_beginning("Id-", 2),
                search.ids_containing("D-", 9),
                search.newest_ids(8),
                search.newest_ids(3),
                search.quick_check(),
            ]

    written(database, *everything)
    before = answers()
    assert archived(database, segment=12).count

    assert answers() == before


def test_questions_of_an_open_reader_outlive_an_archive(database: Database) -> None:
    """`status` may be reading while entries are moved."""
    written(database, *parts(5))
    with closing(JournalReader(database)) as reader, closing(JournalSearch(database)) as s:
        reading = reader.read()
        archived(database, segment=20)

        assert [one.seq for one in reading] == list(range(1, 51))
        assert len(reader.about(IntentId("Id-0"))) == len(s.about(IntentId("Id-0"))) == 8
        assert len(list(s.events({"DuplicateSeen"}))) == 50
        assert s.quick_check().fault == ""


def test_the_index_of_ids_is_small(database: Database) -> None:
    """Eight bytes for each entry that is about an intent."""
    written(database, *parts(3, each=100))
    archived(database)
    engine = database.engine(read_only=True)
    with engine.connect() as connection:
        size = connection.scalar(select(func.sum(func.length(ARCHIVED.c.names))))
        assert connection.scalar(select(func.count()).select_from(SEGMENTS)) == 1
    engine.dispose()

    assert size == 8 * 200

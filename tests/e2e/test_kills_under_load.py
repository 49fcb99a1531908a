"""`kill -9` while intents come in: a short loop; `make soak` runs the long one."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from bridge_patch.adapters.streams import EXECUTION_RESULT
from tests.e2e.harness import only_in_soak
from tests.e2e.kill_loop import Loop
from tests.e2e.places import Place

pytestmark = [pytest.mark.e2e, only_in_soak]

KILLS = 3
TWO = "SELECT id FROM bus_entry WHERE stream = ? AND fields LIKE '%k-%' ORDER BY id LIMIT 2"
AGAIN = "INSERT INTO bus_entry (stream, fields) SELECT stream, fields FROM bus_entry"


def test_killed_under_load_nothing_is_lost_and_nothing_is_doubled(tmp_path: Path) -> None:
    """Entries, closes and repetitions at 500/s, and orders in flight at every kill."""
    loop = Loop(Place(tmp_path / "state"), KILLS, seed=3, life_sec=1.0)
    found = loop.go()

    assert found.faults == []
    assert found.kills == KILLS
    assert found.published > 500
    assert min(found.counted[w] for w in ("FILLED", "REFUSED", "DuplicateSeen")) > 0

    with closing(sqlite3.connect(tmp_path / "state" / "bridge.db")) as file, file:
        one, other = file.execute(TWO, (EXECUTION_RESULT,))
        file.execute(f"{AGAIN} WHERE id = ?", one)
        file.execute("DELETE FROM bus_entry WHERE id = ?", other)
    assert loop.found().faults == ["1 lost", "1 doubled outcomes"]  # it can tell

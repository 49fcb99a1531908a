"""Checks of our own house, each with both outcomes; looking writes nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.adapters.journal_search import QuickCheck
from bridge_patch.app.doctor.finding import Finding, Mark
from bridge_patch.app.doctor.house import House, check_house, read_house
from bridge_patch.app.settings import load_settings
from bridge_patch.app.store import RESERVE_BYTES
from tests.unit.app.story_files import write_story

OK, FAULT, NOTE = Mark.OK, Mark.FAULT, Mark.NOTE
KEYS = {"VENUE_API_KEY": "k", "VENUE_API_SECRET": "s"}
WHOLE = QuickCheck(entries=39, head_seq=39, fault="")
HOUSE = House(
    journal_at="var/bridge.db",
    journal=WHOLE,
    ours=None,
    bus_at="in var/bridge.db",
    bus_begun=True,
    bus_fault="",
    health="",
    state_dir=Path(),
    state_fault="",
    room_bytes=100 * RESERVE_BYTES,
    has_keys=True,
    mode=0o100600,
)


def checked(house: House) -> dict[str, Finding]:
    return {f.check: f for f in check_house(house)}


def read(state: Path, env_file: Path | None = None, **env: str) -> House:
    return read_house(load_settings({"STATE_DIR": str(state), **env}), env_file)


def test_a_house_in_order_is_well_in_every_line() -> None:
    assert [f.mark for f in check_house(HOUSE)] == [OK] * 5


@pytest.mark.parametrize(
    ("changes", "check", "mark"),
    [
        ({"bus_begun": False}, "bus", NOTE),
        ({"bus_fault": "connection refused"}, "bus", FAULT),
        ({"journal": None}, "journal", NOTE),
        ({"journal": "not a database"}, "journal", FAULT),
        ({"journal": replace(WHOLE, fault="its end was cut off")}, "journal", FAULT),
        ({"health": "the disk is full"}, "journal", FAULT),
        ({"state_fault": "var may not be written"}, "state folder", FAULT),
        ({"room_bytes": None}, "disk", FAULT),
        ({"room_bytes": RESERVE_BYTES - 1}, "disk", FAULT),
        ({"room_bytes": RESERVE_BYTES}, "disk", NOTE),
        ({"mode": 0o100640}, "env file", FAULT),
        ({"mode": 0o100604}, "env file", FAULT),
    ],
)
def test_one_thing_that_is_wrong_is_one_line(
    changes: dict[str, Any], check: str, mark: Mark
) -> None:
    found = checked(replace(HOUSE, **changes))

    assert found[check].mark is mark
    assert [f.check for f in found.values() if f.mark is not OK] == [check]


def test_a_file_without_keys_may_be_read_by_all() -> None:
    assert "env file" not in checked(replace(HOUSE, has_keys=False, mode=0o100644))


def test_looking_at_a_new_folder_makes_nothing(tmp_path: Path) -> None:
    found = checked(read(tmp_path / "a" / "b"))

    assert found["journal"].mark is NOTE
    assert found["state folder"].mark is OK
    assert list(tmp_path.iterdir()) == []


def test_a_run_that_was_is_read_and_left_as_it_is(tmp_path: Path) -> None:
    write_story(tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    found = checked(read(tmp_path))

    assert found["journal"].mark is OK
    assert "39 entries" in found["journal"].found
    assert found["bus"].mark is OK
    assert {
        p.name: p.read_bytes() for p in tmp_path.iterdir() if p.name in before
    } == before


def test_a_file_that_is_no_journal_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "bridge.db").write_text("this is not a database" * 100)
    found = checked(read(tmp_path))

    assert (found["journal"].mark, found["bus"].mark) == (FAULT, FAULT)


def test_a_server_that_is_away_is_a_fault(tmp_path: Path) -> None:
    found = checked(read(tmp_path, BUS_URL="redis://127.0.0.1:1/0"))

    assert found["bus"].mark is FAULT


def test_a_file_where_the_folder_should_be_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("")

    assert checked(read(tmp_path / "var"))["state folder"].mark is FAULT


def test_the_mode_of_the_file_with_the_keys_is_read(tmp_path: Path) -> None:
    file = tmp_path / "keys.env"
    file.write_text("".join(f"{name}={value}\n" for name, value in KEYS.items()))
    file.chmod(0o644)
    house = read(tmp_path, file, **KEYS)

    assert checked(house)["env file"].mark is FAULT
    file.chmod(0o600)
    house = read(tmp_path, file, **KEYS)
    assert checked(house)["env file"].mark is OK


def test_a_file_without_keys_may_be_read_by_its_group(tmp_path: Path) -> None:
    """As it is installed: 0640, and the keys are credentials of systemd's."""
    file = tmp_path / "bridge-patch.env"
    file.write_text("VENUE_API_SECRET=none\nBUS_SIGNING_KEY=none\n")
    file.chmod(0o640)

    assert "env file" not in checked(read(tmp_path, file, **KEYS))

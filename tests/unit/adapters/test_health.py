"""M-85's other half: healthy is who makes progress, and a restart loop has a number."""

from pathlib import Path

import pytest

from bridge_patch.adapters.alerts import STALL_MAX_SEC, STARTS_MAX, STARTS_WITHIN_SEC
from bridge_patch.adapters.health_progress import Starts
from bridge_patch.adapters.health_starts import count_start, starts_path
from tests.unit.adapters.lines_samples import ACCEPTED
from tests.unit.adapters.monitored import Wound, sample, told
from tests.unit.adapters.test_metrics_page import asked, served

NOW = 1_746_403_200_000


def test_a_loop_that_stands_still_is_unhealthy_while_its_page_lives() -> None:
    clock = Wound()
    one = told(clock)
    with served(one) as url:
        well = asked(f"{url}/healthz")
        clock.sec += STALL_MAX_SEC + 1
        ill = asked(f"{url}/healthz")
        page = asked(f"{url}/metrics")

    assert well[0] == 200
    assert ill[0] == 503
    assert "STALLED: no progress for 31 s, limit 30" in ill[1]
    assert page[0] == 200
    assert "bridge_patch_healthy 0.0" in page[1]


def test_what_becomes_durable_is_progress_within_a_long_piece_of_work() -> None:
    clock = Wound()
    one = told(clock)
    for _ in range(10):
        clock.sec += STALL_MAX_SEC - 1
        one.tell(ACCEPTED)

    assert one.health().is_well


def test_each_reason_is_told_and_the_account_s_own_alarms_are_not_among_them() -> None:
    """A halted account is no reason to restart a process."""
    one = told(sample=sample(naked={"BTCUSDT": 0}), outage=lambda: "disk full")
    one.starts = Starts(total=70, ages_sec=(0.0,) * (STARTS_MAX + 1))
    health = one.health()

    assert [reason.partition(":")[0] for reason in health.reasons] == [
        "OUTAGE",
        "RESTARTING",
    ]
    assert "6 starts within 600 s, 70 in all" in health.text()
    assert any(note.startswith("alarm NAKED BTCUSDT") for note in health.notes)


def test_starts_are_counted_over_restarts_and_only_the_late_ones_make_a_loop(
    tmp_path: Path,
) -> None:
    for number in range(STARTS_MAX):
        count_start(tmp_path, "execution", NOW + number)
    loop = count_start(tmp_path, "execution", NOW + STARTS_MAX)
    later = count_start(tmp_path, "execution", NOW + STARTS_WITHIN_SEC * 1000 + 100)

    assert (loop.total, loop.lately(0.0)) == (STARTS_MAX + 1, STARTS_MAX + 1)
    assert (later.total, later.lately(0.0)) == (STARTS_MAX + 2, 1)
    assert count_start(tmp_path, "engine", NOW) == Starts()


def test_a_process_that_stays_up_behind_a_loop_of_starts_is_well_again(
    tmp_path: Path,
) -> None:
    """Ten minutes on, or an upgrade with six starts would page for as long as it runs."""
    for number in range(STARTS_MAX):
        count_start(tmp_path, "execution", NOW + number)
    clock = Wound()
    one = told(clock, starts=count_start(tmp_path, "execution", NOW + STARTS_MAX))
    with served(one) as url:
        loop = asked(f"{url}/healthz")
        clock.sec += STARTS_WITHIN_SEC + 1
        one.progress.turned()
        later, page = asked(f"{url}/healthz"), asked(f"{url}/metrics")

    assert loop[0] == 503
    assert later[0] == 200
    assert "bridge_patch_starts_lately 0.0" in page[1]
    assert "bridge_patch_starts_total 6.0" in page[1]


@pytest.mark.parametrize("text", ["", "-1 x", "9" * 10_000, "\x00", "1 2 ٣"])
def test_a_file_that_was_damaged_counts_anew_and_stops_nothing(
    tmp_path: Path, text: str
) -> None:
    starts_path(tmp_path, "execution").write_text(text)

    assert count_start(tmp_path, "execution", NOW).lately(0.0) == 1


def test_a_folder_that_cannot_be_written_stops_nothing(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")

    assert count_start(blocked, "execution", NOW) == Starts()

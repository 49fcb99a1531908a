"""Funding files: the settlements that were recorded, at their own times, or a refusal."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge_patch.adapters.feeds.files import BadMarketDataError
from bridge_patch.adapters.feeds.replay import replay
from bridge_patch.adapters.feeds.series import Window
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Funding
from tests.unit.adapters.bars import BTC, MINUTE, NAME, SOL, START_MS, columns, write

D = Decimal
FUNDING = "BTC_USDT_USDT-8h-funding_rate.feather"
HOUR = 60 * MINUTE


def settled(*times_ms: int, rates: tuple[float, ...] = ()) -> dict[str, Any]:
    """Settlements as the recorded files have them: the open is the rate, the rest zero."""
    given = rates or tuple(0.0001 for _ in times_ms)
    zeros = [0.0] * len(times_ms)
    empty = dict.fromkeys(("high", "low", "close", "volume"), zeros)
    return {"date": list(times_ms), "open": np.array(given, dtype=float), **empty}


def rates(folder: Path) -> list[list[Funding]]:
    feed = replay(folder, [BTC])
    return [list(tick.fundings) for tick in feed]


def test_a_settlement_stands_in_the_tick_of_the_bar_it_fell_into(tmp_path: Path) -> None:
    """At the open or in the minute behind it; the bar before knows nothing of it."""
    write(tmp_path / NAME, columns(4))
    times = (START_MS - 1, START_MS, START_MS + MINUTE + 5, START_MS + 4 * MINUTE)
    write(tmp_path / FUNDING, settled(*times, rates=(0.5, 0.0001, -0.00000818, 0.5)))

    first, second, third, fourth = rates(tmp_path)
    assert first == [Funding(symbol=BTC, at_ms=UnixMs(START_MS), rate_fraction=D("0.0001"))]
    (late,) = second
    assert (late.at_ms, late.rate_fraction) == (START_MS + MINUTE + 5, D("-0.00000818"))
    assert third == fourth == []


def test_the_interval_is_that_of_the_data_not_of_the_name(tmp_path: Path) -> None:
    """The name says 8h; four hours, then one."""
    write(tmp_path / NAME, columns(7 * 60))
    hours = (0, 4, 5, 6)
    write(tmp_path / FUNDING, settled(*(START_MS + n * HOUR for n in hours)))
    times = [f.at_ms for one in rates(tmp_path) for f in one]

    assert times == [START_MS + n * HOUR for n in hours]


def test_a_window_takes_the_settlements_of_its_bars(tmp_path: Path) -> None:
    write(tmp_path / NAME, columns(4))
    write(tmp_path / FUNDING, settled(*(START_MS + n * MINUTE for n in range(4))))
    window = Window(
        start_ms=UnixMs(START_MS + MINUTE), end_ms=UnixMs(START_MS + 3 * MINUTE)
    )

    for feed in (replay(tmp_path, [BTC], window), replay(tmp_path, [BTC]).within(window)):
        times = [[f.at_ms for f in tick.fundings] for tick in feed]
        assert times == [[START_MS + MINUTE], [START_MS + 2 * MINUTE]]


def test_settlements_of_one_instant_come_in_the_order_of_the_symbols(
    tmp_path: Path,
) -> None:
    for name in ("BTC", "SOL"):
        write(tmp_path / f"{name}_USDT_USDT-1m-futures.feather", columns(3))
        times = settled(START_MS + MINUTE, START_MS + 2 * MINUTE)
        write(tmp_path / f"{name}_USDT_USDT-8h-funding_rate.feather", times)
    ticks = list(replay(tmp_path, [SOL, BTC]))

    assert [[f.symbol for f in t.fundings] for t in ticks] == [[], [SOL, BTC], [SOL, BTC]]


def test_the_label_says_what_funding_there_is(tmp_path: Path) -> None:
    """A run that charged none, or not to the end, must not look like one that did."""
    for name in ("BTC", "SOL"):
        write(tmp_path / f"{name}_USDT_USDT-1m-futures.feather", columns(180))
    hours = settled(START_MS + HOUR, START_MS + 2 * HOUR)
    early = settled(START_MS - HOUR, START_MS)

    def told() -> str:
        return replay(tmp_path, [BTC, SOL]).info.label.rpartition("; ")[2]

    assert told() == "no funding on record, none is charged"
    write(tmp_path / FUNDING, hours)
    assert told() == "no funding of SOLUSDT on record, none is charged"
    write(tmp_path / "SOL_USDT_USDT-8h-funding_rate.feather", hours)
    assert told() == "funding as recorded"
    write(tmp_path / FUNDING, early)
    assert told() == "funding as recorded, last 2025-05-05 00:00 UTC"


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no rate": ({"date": [START_MS]}, "expected columns open, found date"),
    "no rows": (settled(), "at least one row"),
    "twice": (settled(START_MS, START_MS), "row 2: expected a settlement later than"),
    "disorder": (settled(START_MS + HOUR, START_MS), "row 2: .* found 2025-05-05 00:00"),
    "a percentage": (
        settled(START_MS, START_MS + 1, rates=(0.01, 1.0)),
        "row 2: expected a rate between -1 and 1, found 1.0 .* as a fraction",
    ),
    "no number": (settled(START_MS, rates=(float("nan"),)), "row 1: .* found nan"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_funding_file_is_refused(name: str, tmp_path: Path) -> None:
    """A fault in a folder that was named is never papered over by charging nothing."""
    write(tmp_path / NAME, columns(3))
    data, message = BAD[name]
    write(tmp_path / FUNDING, data)

    with pytest.raises(BadMarketDataError, match=f"^{FUNDING}.*{message}"):
        replay(tmp_path, [BTC])


def test_what_is_no_funding_file_of_the_symbols_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / NAME, columns(3))
    (tmp_path / "SOL_USDT_USDT-8h-funding_rate.feather").write_bytes(b"of another symbol")
    (tmp_path / "BTC-funding_rate.feather").write_bytes(b"of another form")

    assert rates(tmp_path) == [[], [], []]


def test_two_funding_files_of_one_symbol_are_one_too_many(tmp_path: Path) -> None:
    write(tmp_path / NAME, columns(3))
    for name in (FUNDING, FUNDING.replace("8h", "4h")):
        write(tmp_path / name, settled(START_MS))

    with pytest.raises(BadMarketDataError, match="one funding file of BTCUSDT"):
        replay(tmp_path, [BTC])

"""Files of bars: what is written is read again; what is bad is named to the row."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bridge_patch.adapters.feeds.files import (
    BadMarketDataError,
    BarFile,
    read_series,
    write_series,
)
from bridge_patch.adapters.feeds.replay import replay
from tests.unit.adapters.bars import BTC, NAME, START_MS, columns, series, write


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    made = series(5)
    write_series(tmp_path / NAME, made)
    file = BarFile(path=tmp_path / NAME, symbol=BTC, interval="1m")

    assert list(read_series(file).bars()) == list(made.bars())
    assert [path.name for path in tmp_path.iterdir()] == [NAME], "no temporary file stays"


def changed(name: str, row: int, value: float) -> dict[str, Any]:
    data = columns(10)
    data[name][row] = value
    return data


def without_rows(*rows: int) -> dict[str, Any]:
    return {name: np.delete(column, rows) for name, column in columns(10).items()}


def renamed(old: str, new: str) -> dict[str, Any]:
    data = columns(10)
    data[new] = data.pop(old)
    return data


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "one bar missing": (
        without_rows(4),
        r"row 5: expected the bar of 2025-05-05 00:04, found 2025-05-05 00:05, a gap of 1",
    ),
    "three bars missing": (without_rows(4, 5, 6), r"row 5: .* a gap of 3 bars"),
    "reversed": (
        {name: column[::-1] for name, column in columns(10).items()},
        r"row 2: .* later than the row before, found 2025-05-05 00:08; sort",
    ),
    "a row twice": (
        {name: np.insert(column, 3, column[3]) for name, column in columns(10).items()},
        r"row 5: .*drop repeated rows",
    ),
    "off the grid": (
        columns(10, start_ms=START_MS + 1),
        r"row 1: expected an open time on the 1-minute grid",
    ),
    "NaN": (changed("close", 6, np.nan), r"row 7: expected close .*, found close nan"),
    "infinite": (changed("high", 6, np.inf), r"row 7: expected high .*, found high inf"),
    "zero": (changed("low", 6, 0.0), r"row 7: expected low to be a positive number"),
    "negative": (changed("open", 6, -1.0), r"row 7: expected open .*, found open -1.0"),
    "high below the close": (changed("high", 2, 95_000.0), r"row 3: expected high >="),
    "low above the open": (changed("low", 2, 95_002.2), r"row 3: expected low <="),
    "volume negative": (changed("volume", 2, -0.5), r"row 3: expected volume .*-0.5"),
    "volume NaN": (changed("volume", 2, np.nan), r"row 3: expected volume .*nan"),
    "no decimal price": (
        changed("close", 2, 95_002.623456789),
        r"row 3: expected close to have at most 8 decimal places",
    ),
    "column missing": (renamed("close", "last"), r"expected columns close, found .*last"),
    "prices as text": (
        columns(10) | {"open": [str(n) for n in range(10)]},
        r"expected open to be a number, found string",
    ),
    "a hole": (
        columns(10) | {"open": [1.0] * 3 + [None] + [1.0] * 6},
        r"row 4: expected open to have a value, found none",
    ),
    "no rows": (columns(0), r"expected at least one row, found none"),
}


def test_the_sane_file_is_played(tmp_path: Path) -> None:
    """Guards the table: each row of it is this file with one thing wrong."""
    write(tmp_path / NAME, columns(10))

    assert replay(tmp_path, [BTC]).info.ticks == 10


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_naming_file_row_and_remedy(
    name: str, tmp_path: Path
) -> None:
    data, message = BAD[name]
    write(tmp_path / NAME, data)

    with pytest.raises(BadMarketDataError, match=message) as refused:
        replay(tmp_path, [BTC])
    assert str(refused.value).startswith(NAME)
    assert ";" in str(refused.value), "the remedy follows"


@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "+02:00"])
def test_times_that_are_not_utc_are_refused(zone: str | None, tmp_path: Path) -> None:
    """Bars shifted by an hour look sane in every other way."""
    write(tmp_path / NAME, columns(10), zone=zone)

    with pytest.raises(BadMarketDataError, match="date to be a timestamp in UTC"):
        replay(tmp_path, [BTC])


def test_milliseconds_are_as_good_as_nanoseconds(tmp_path: Path) -> None:
    write(tmp_path / NAME, columns(10), unit="ms")

    assert replay(tmp_path, [BTC]).info.ticks == 10


def truncated(whole: bytes) -> bytes:
    return whole[: len(whole) // 2]


def flipped(whole: bytes) -> bytes:
    middle = len(whole) // 3
    return (
        whole[:middle]
        + bytes(255 - b for b in whole[middle : middle + 64])
        + (whole[middle + 64 :])
    )


@pytest.mark.parametrize(
    "damage", [truncated, lambda _: b"", lambda _: b"not a feather file"]
)
def test_a_damaged_file_is_refused(
    damage: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    path = write(tmp_path / NAME, columns(5000))
    path.write_bytes(damage(path.read_bytes()))

    with pytest.raises(BadMarketDataError, match="expected a readable feather file") as no:
        replay(tmp_path, [BTC])
    assert "fetch it again" in str(no.value)


def test_flipped_bytes_never_get_past_as_an_accident(tmp_path: Path) -> None:
    """Whatever the damage hits, the answer is a refusal and no other exception."""
    path = write(tmp_path / NAME, columns(5000))
    path.write_bytes(flipped(path.read_bytes()))

    with pytest.raises(BadMarketDataError):
        replay(tmp_path, [BTC])

"""Bars in feather files: read whole, checked whole, refused with the row and the remedy.

A file is `BASE_QUOTE_QUOTE-INTERVAL-futures.feather` (Arrow IPC) with the columns `date`
(bar open time, UTC), `open`, `high`, `low`, `close` and `volume`. Rows are counted from 1.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NoReturn, final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from pyarrow import feather

from bridge_patch.adapters.feeds.series import Series, interval_ms, utc
from bridge_patch.adapters.feeds.settlements import Numbers, Times
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Symbol

_NAME: Final = re.compile(
    r"(?P<base>[A-Z0-9]+)_(?P<quote>[A-Z0-9]+)_(?P=quote)-(?P<every>\d+[mhd])-futures"
    r"\.feather"
)
_NUMBERS: Final = ("open", "high", "low", "close", "volume")
_UTC_NAMES: Final = frozenset({"UTC", "Etc/UTC", "+00:00"})
_REFETCH: Final = "delete the file and fetch it again, or leave the symbol out"
_PLACES_MAX: Final = 8


class BadMarketDataError(InvalidValueError):
    """A data file that cannot be played; the message names file, row and remedy."""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BarFile:
    """A file of bars, by its name alone."""

    path: Path
    symbol: Symbol
    interval: str


def bar_file(path: Path) -> BarFile | None:
    """Return what a file's name says, or None where it is no file of bars."""
    found = _NAME.fullmatch(path.name)
    if found is None:
        return None
    symbol = Symbol(found["base"] + found["quote"])
    return BarFile(path=path, symbol=symbol, interval=found["every"])


def bar_file_name(symbol: Symbol, interval: str) -> str:
    """Return the name under which bars of a USDT contract are kept.

    >>> bar_file_name(Symbol("BTCUSDT"), "1m")
    'BTC_USDT_USDT-1m-futures.feather'
    """
    if not symbol.endswith("USDT"):
        msg = f"bars are kept for contracts settled in USDT, was {symbol}"
        raise InvalidValueError(msg)
    return f"{symbol.removesuffix('USDT')}_USDT_USDT-{interval}-futures.feather"


def read_series(file: BarFile) -> Series:
    """Read a file and check every row of it, or refuse it."""
    times, columns = read_columns(file.path, _NUMBERS)
    series = Series(
        symbol=file.symbol,
        interval_ms=interval_ms(file.interval),
        open_ms=times,
        **columns,
    )
    check(file.path, series)
    return series


def read_columns(path: Path, names: Sequence[str]) -> tuple[Times, dict[str, Numbers]]:
    """Return the times of a feather file and its columns of these names, or refuse it."""
    try:
        table = feather.read_table(path)
    except (pa.ArrowException, OSError) as e:
        refuse(path, None, "a readable feather file", str(e).splitlines()[0])
    _check_columns(path, table, names)
    if table.num_rows == 0:
        refuse(path, None, "at least one row", "none")
    return _times(path, table), {name: _numbers(path, table, name) for name in names}


def check(path: Path, series: Series) -> None:
    """Refuse gaps, disorder, and bars that no market can have made."""
    _check_times(path, series)
    for name in _NUMBERS:
        column = getattr(series, name)
        sane = np.isfinite(column) & ((column > 0) | (name == "volume")) & (column >= 0)
        least = "a finite number, zero or more" if name == "volume" else "a positive number"
        _check_rows(path, series, sane, f"{name} to be {least}", name)
    _check_rows(
        path, series, series.low <= np.minimum(series.open, series.close), "low <=", "low"
    )
    _check_rows(
        path,
        series,
        series.high >= np.maximum(series.open, series.close),
        "high >=",
        "high",
    )
    scale = 10.0**_PLACES_MAX
    for name in _NUMBERS[:4]:
        column = getattr(series, name)
        told = np.rint(column * scale) / scale == column
        places = f"{name} to have at most {_PLACES_MAX} decimal places"
        _check_rows(path, series, told, places, name)


def write_series(path: Path, series: Series) -> None:
    """Write a file so that there is either the whole of it or what was there before."""
    dates = pa.array(series.open_ms * 1_000_000, type=pa.timestamp("ns", tz="UTC"))
    table = pa.table({"date": dates, **{name: getattr(series, name) for name in _NUMBERS}})
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.stem}-")
    try:
        with os.fdopen(handle, "wb") as out:
            feather.write_feather(table, out, compression="zstd")
            out.flush()
            os.fsync(out.fileno())
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _check_columns(path: Path, table: pa.Table, names: Sequence[str]) -> None:
    missing = [name for name in ("date", *names) if name not in table.column_names]
    if missing:
        found = ", ".join(table.column_names) or "no columns"
        refuse(path, None, f"columns {', '.join(missing)}", found, "rename the columns")
    kind = table.schema.field("date").type
    if not pa.types.is_timestamp(kind) or kind.tz not in _UTC_NAMES:
        remedy = "convert the column to UTC times and say so in its type"
        refuse(path, None, "date to be a timestamp in UTC", str(kind), remedy)
    for name in names:
        kind = table.schema.field(name).type
        if not (pa.types.is_floating(kind) or pa.types.is_integer(kind)):
            remedy = "store the column as 64-bit numbers"
            refuse(path, None, f"{name} to be a number", str(kind), remedy)
    for name in ("date", *names):
        nulls = table.column(name).is_null().to_numpy()
        if nulls.any():
            refuse(
                path, int(nulls.argmax()) + 1, f"{name} to have a value", "none", _REFETCH
            )


def _times(path: Path, table: pa.Table) -> Times:
    exact = table.column("date").to_numpy()
    times: Times = exact.astype("datetime64[ms]").astype(np.int64)
    fractions = times.astype("datetime64[ms]") != exact
    if fractions.any():
        row = int(fractions.argmax())
        refuse(path, row + 1, "a time in whole milliseconds", str(exact[row]))
    return times


def _numbers(path: Path, table: pa.Table, name: str) -> Numbers:
    try:
        return np.ascontiguousarray(table.column(name).to_numpy(), dtype=np.float64)
    except (pa.ArrowException, ValueError) as e:
        refuse(path, None, f"{name} to be readable", str(e).splitlines()[0])


def _check_times(path: Path, series: Series) -> None:
    times, length = series.open_ms, series.interval_ms
    if times[0] % length:
        whole = f"an open time on the {length // 60_000}-minute grid"
        refuse(path, 1, whole, utc(int(times[0])))
    steps = np.diff(times)
    wrong = steps != length
    if not wrong.any():
        return
    at = int(wrong.argmax())
    due, came = utc(int(times[at]) + length), utc(int(times[at + 1]))
    if steps[at] <= 0:
        remedy = "sort the file by date and drop repeated rows"
        refuse(path, at + 2, f"the bar of {due}, later than the row before", came, remedy)
    lost = int(steps[at]) // length - 1
    refuse(path, at + 2, f"the bar of {due}", f"{came}, a gap of {lost} bars")


def _check_rows(
    path: Path, series: Series, sane: NDArray[np.bool_], expected: str, name: str
) -> None:
    if sane.all():
        return
    row = int((~sane).argmax())
    if expected.endswith("="):
        pair = f"{series.open[row]} and {series.close[row]}"
        expected = f"{expected} open and close ({pair})"
    found = (
        f"{name} {float(getattr(series, name)[row])!r} at {utc(int(series.open_ms[row]))}"
    )
    refuse(path, row + 1, expected, found)


def refuse(
    path: Path, row: int | None, expected: str, found: str, remedy: str = _REFETCH
) -> NoReturn:
    """Refuse a file: where it is wrong, what was expected and found, what to do."""
    where = path.name if row is None else f"{path.name}, row {row}"
    msg = f"{where}: expected {expected}, found {found}; {remedy}"
    raise BadMarketDataError(msg)

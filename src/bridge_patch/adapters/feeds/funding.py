"""Funding settlements in feather files that lie beside the bars.

A file is `BASE_QUOTE_QUOTE-ANY-funding_rate.feather`; its column `date` has the instants of
the settlements (UTC) and `open` the rates. The interval in the name is a name and no more:
the true one is in the data, and it may change.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from bridge_patch.adapters.feeds.files import read_columns, refuse
from bridge_patch.adapters.feeds.series import utc
from bridge_patch.adapters.feeds.settlements import Settlements
from bridge_patch.domain.intent import Symbol

_NAME: Final = re.compile(
    r"(?P<base>[A-Z0-9]+)_(?P<quote>[A-Z0-9]+)_(?P=quote)-\d+[mhd]-funding_rate\.feather"
)


def settlements(folder: Path, symbols: Sequence[Symbol]) -> tuple[Settlements, ...]:
    """Read and check what the folder knows of these symbols' funding; it may be nothing."""
    found: dict[Symbol, Path] = {}
    for path in sorted(folder.iterdir()):
        name = _NAME.fullmatch(path.name)
        symbol = Symbol(name["base"] + name["quote"]) if name else None
        if symbol is None or symbol not in symbols:
            continue
        if symbol in found:
            other = found[symbol].name
            refuse(path, None, f"one funding file of {symbol}", other, "remove one of them")
        found[symbol] = path
    return tuple(_read(found[symbol], symbol) for symbol in symbols if symbol in found)


def _read(path: Path, symbol: Symbol) -> Settlements:
    times, columns = read_columns(path, ("open",))
    rates = columns["open"]
    late = np.diff(times) <= 0
    if late.any():
        at = int(late.argmax())
        remedy = "sort the file by date and drop repeated rows"
        due = f"a settlement later than {utc(int(times[at]))}"
        refuse(path, at + 2, due, utc(int(times[at + 1])), remedy)
    odd = ~(np.abs(rates) < 1)
    if odd.any():
        at = int(odd.argmax())
        remedy = "store the rate as a fraction: 0.0001 is 0.01 %"
        found = f"{float(rates[at])!r} at {utc(int(times[at]))}"
        refuse(path, at + 1, "a rate between -1 and 1", found, remedy)
    return Settlements(symbol=symbol, at_ms=times, rate_fraction=rates)

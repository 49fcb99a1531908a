"""Files of bars for tests, sane until one thing is changed."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import feather

from bridge_patch.adapters.feeds.series import Series
from bridge_patch.domain.intent import Symbol

START_MS = 1_746_403_200_000  # 2025-05-05 00:00 UTC
MINUTE = 60_000
BTC, SOL = Symbol("BTCUSDT"), Symbol("SOLUSDT")
NAME = "BTC_USDT_USDT-1m-futures.feather"


def columns(
    bars: int = 10, start_ms: int = START_MS, every_ms: int = MINUTE
) -> dict[str, Any]:
    """Quiet bars: each opens at 95,000.1 plus its number and closes half a dollar up."""
    number = np.arange(bars)
    return {
        "date": start_ms + every_ms * number,
        "open": np.round(95_000.1 + number, 1),
        "high": np.round(95_001.0 + number, 1),
        "low": np.round(94_999.5 + number, 1),
        "close": np.round(95_000.6 + number, 1),
        "volume": 1.25 + number,
    }


def write(
    path: Path, data: dict[str, Any], *, zone: str | None = "UTC", unit: str = "ns"
) -> Path:
    """Write columns as they are, sane or not; `date` is in milliseconds."""
    scale = {"ns": 1_000_000, "ms": 1}[unit]
    table: dict[str, Any] = {}
    for name, column in data.items():
        if name == "date":
            times = (np.asarray(column) * scale).astype(np.int64)
            table[name] = pa.array(times, type=pa.timestamp(unit, tz=zone))
        else:
            table[name] = pa.array(column)
    path.parent.mkdir(parents=True, exist_ok=True)
    feather.write_feather(pa.table(table), str(path), compression="zstd")
    return path


def series(bars: int = 10, symbol: Symbol = BTC) -> Series:
    made = columns(bars)
    return Series(
        symbol=symbol,
        interval_ms=MINUTE,
        open_ms=made["date"],
        **{name: made[name] for name in ("open", "high", "low", "close", "volume")},
    )

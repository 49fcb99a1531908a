"""A market from a script: four positions, two that are harvested and two that run out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.feeds.files import bar_file_name, write_series
from bridge_patch.adapters.feeds.series import Series
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.adapters.wire.instants import iso_of
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Side, Symbol, UnixMs

Floats: TypeAlias = NDArray[np.float64]
START_MS: Final = UnixMs(1_746_403_200_000)
MINUTE_MS: Final = 60_000
#: More than the two hours that volatility needs, and a wobble of about 50 % a year.
CALM: Final = 130
WOBBLE: Final = 0.0007
HOLD_MIN: Final = 8
#: Closes as multiples of the entry: 1 % and the part, a trail that follows, and its end.
HARVESTED: Final = (1.002, 1.005, 1.012, 1.016, 1.02, 1.021, 1.01)
#: Bars after the entry at which the part is due, the stop is first moved, and moved again.
PART, MOVE, AGAIN = 3, 4, 6
#: The extreme of the bar at which the part is due: the trail begins from there, and whoever
#: forgets it trails from less.
WICK: Final = 1.018
BARS: Final = CALM + 24


@dataclass(frozen=True)
class Act:
    """One entry and what the market does to it; `n` is the bar at whose close it is."""

    name: str
    symbol: Symbol
    side: Side
    n: int
    usd: float
    path: tuple[float, ...]
    policy: dict[str, Any]

    @property
    def intent(self) -> dict[str, Any]:
        """The entry as a proposer writes it."""
        return entry(self.name, self.symbol, self.side, self.n, self.policy)

    def closes(self) -> list[float]:
        """Closes of all bars: calm, the script, and calm again; a short's are mirrored."""
        factors = [1 + WOBBLE * ((self.n - k) % 2) for k in range(1, self.n + 1)]
        factors += self.path
        last, left = factors[-1], BARS - len(factors)
        factors += [last * (1 + WOBBLE * (k % 2)) for k in range(1, left + 1)]
        return [self.usd * f**self.side.sign for f in factors]


SCALPER: Final = {"mode": "scalper"}
TIMED: Final = {"mode": "swing", "max_time_sec": HOLD_MIN * 60}
_LONG, _SHORT = CALM, CALM + 10
ACTS: Final = (
    Act("long", Symbol("BTCUSDT"), Side.BUY, _LONG, 95_000, HARVESTED, SCALPER),
    Act("short", Symbol("SOLUSDT"), Side.SELL, _SHORT, 150, HARVESTED, SCALPER),
    Act("long-timed", Symbol("ETHUSDT"), Side.BUY, _LONG + 1, 2_500, (), TIMED),
    Act("short-timed", Symbol("BNBUSDT"), Side.SELL, _SHORT + 2, 600, (), TIMED),
)
SYMBOLS: Final = tuple(act.symbol for act in ACTS)


def _extremes(
    act: Act, open_: Floats, close: Floats, per_usd: int
) -> tuple[Floats, Floats]:
    """Highs and lows: of the bodies, and of the one wick, on its position's good side."""
    high, low = np.maximum(open_, close), np.minimum(open_, close)
    if act.path:
        peak = np.rint(act.usd * WICK**act.side.sign * per_usd)
        (high if act.side is Side.BUY else low)[act.n + PART - 1] = peak
    return high, low


def minute(n: int) -> UnixMs:
    """The close of the n-th bar."""
    return UnixMs(START_MS + n * MINUTE_MS)


def entry(
    name: str, symbol: Symbol, side: Side, n: int, policy: dict[str, Any]
) -> dict[str, Any]:
    """An entry of 1,000 USD notional, made at the close of the n-th bar."""
    return {
        "schema": "1.2",
        "intent_id": name,
        "symbol": symbol,
        "action": side.value,
        "confidence": 0.9,
        "timestamp": iso_of(minute(n)),
        "position_size_usd": 100,
        "leverage": 10,
        "stop_loss_pct": 2,
        "harvest_policy": policy,
    }


def post_of(intent: dict[str, Any]) -> Post:
    """The message on the bus, as any proposer writes it."""
    fields = {
        "event_type": TRADE_INTENT.rsplit(":", 1)[-1],
        "timestamp": str(intent["timestamp"]),
        "source": "script",
        "payload": json.dumps(intent),
    }
    return Post(TRADE_INTENT, Envelope(tuple(fields.items())))


def write_script(folder: Path, acts: Sequence[Act] = ACTS) -> Path:
    """Write the bars of the script into a folder."""
    folder.mkdir()
    for act in acts:
        series = _series(act)
        write_series(folder / bar_file_name(act.symbol, "1m"), series)
    return folder


def _series(act: Act) -> Series:
    instrument = ListedInstruments().find(act.symbol)
    assert isinstance(instrument, Instrument)
    per_usd = round(Decimal(1) / instrument.price_tick)
    close = np.rint(np.array(act.closes()) * per_usd)
    open_ = np.concatenate((close[:1], close[:-1]))
    high, low = _extremes(act, open_, close, per_usd)
    return Series(
        symbol=act.symbol,
        interval_ms=MINUTE_MS,
        open_ms=START_MS + MINUTE_MS * np.arange(BARS, dtype=np.int64),
        open=open_ / per_usd,
        high=high / per_usd,
        low=low / per_usd,
        close=close / per_usd,
        volume=np.full(BARS, 1_000_000.0),
    )

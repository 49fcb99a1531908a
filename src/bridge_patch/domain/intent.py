"""What is asked of the system: entries, live or shadow, and reductions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, NewType, TypeAlias, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.money import Leverage, Margin, Price, Quantity

IntentId = NewType("IntentId", str)
Symbol = NewType("Symbol", str)
#: Milliseconds since 1970-01-01 UTC; on a replay this is data time.
UnixMs = NewType("UnixMs", int)

_SYMBOL: Final = re.compile(r"[A-Z0-9]{2,24}")


def parse_symbol(text: str) -> Symbol:
    """Return the symbol if it has the form of one; whether it is listed the venue decides.

    >>> parse_symbol("1000PEPEUSDT")
    '1000PEPEUSDT'
    """
    if not _SYMBOL.fullmatch(text):
        msg = f"symbol must be 2 to 24 of A-Z and 0-9, was {text!r}"
        raise InvalidValueError(msg)
    return Symbol(text)


def _finite(name: str, value: Decimal) -> None:
    if not isinstance(value, Decimal):
        msg = f"{name} must be a Decimal, was {type(value).__name__}"
        raise InvalidValueError(msg)
    if not value.is_finite():
        msg = f"{name} must be finite, was {value}"
        raise InvalidValueError(msg)


class Side(StrEnum):
    """Direction of a trade."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def sign(self) -> int:
        """+1 for a long, -1 for a short."""
        return 1 if self is Side.BUY else -1

    @property
    def opposite(self) -> Side:
        """The side that closes a position opened on this one."""
        return Side.SELL if self is Side.BUY else Side.BUY


class Mode(StrEnum):
    """Whether an intent may become an order at the venue."""

    SHADOW = "shadow"
    LIVE = "live"


@final
@dataclass(frozen=True, slots=True)
class Unknown:
    """A reading or a field that could not be had, and why; never a default."""

    why: str


@final
@dataclass(frozen=True, slots=True, order=True)
class Confidence:
    """The model's belief in its own signal, in [0, 1]."""

    value: Decimal

    def __post_init__(self) -> None:
        _finite("confidence", self.value)
        if not 0 <= self.value <= 1:
            msg = f"confidence must be in [0, 1], was {self.value}"
            raise InvalidValueError(msg)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A margin and a leverage, not yet allowed by anyone."""

    margin: Margin
    leverage: Leverage


@final
@dataclass(frozen=True, slots=True)
class StopDistance:
    """The hard stop, as an adverse price move from the entry (0.02 = 2 %)."""

    fraction: Decimal

    def __post_init__(self) -> None:
        _finite("stop distance", self.fraction)
        if not 0 < self.fraction < 1:
            msg = f"stop distance must be between 0 and 1, was {self.fraction}"
            raise InvalidValueError(msg)


@final
@dataclass(frozen=True, slots=True)
class RiskBudget:
    """The most an intent says it may lose, in USD; zero allows nothing."""

    usd: Decimal

    def __post_init__(self) -> None:
        _finite("risk budget", self.usd)
        if self.usd < 0:
            msg = f"risk budget must not be negative, was {self.usd}"
            raise InvalidValueError(msg)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What every entry carries, whoever asked and whatever mode it is in.

    `proposal` and `stop` are Unknown where the message states none; `risk_budget` is None
    where the intent sets itself no budget; `reference_price` is the asker's idea of the
    price, recorded and never used to value an order. `limits_hash` names the limits it was
    sized under, "" where the asker does not say.
    """

    id: IntentId
    symbol: Symbol
    side: Side
    confidence: Confidence
    proposal: Proposal | Unknown
    stop: StopDistance | Unknown
    risk_budget: RiskBudget | None
    policy: HarvestPolicy | None
    reference_price: Price | None
    created_ms: UnixMs
    valid_until_ms: UnixMs | None
    source: str
    limits_hash: str = ""


@final
@dataclass(frozen=True, slots=True)
class LiveIntent:
    """An entry that may become an order, if the Governor allows it."""

    entry: Entry


@final
@dataclass(frozen=True, slots=True)
class ShadowIntent:
    """An entry to be judged and recorded, which no code path can trade."""

    entry: Entry


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ReduceIntent:
    """A wish to shrink a position; it can never open, enlarge or flip one.

    `side` is None for CLOSE, which takes the side opposite to the position, and stated for
    a reduce-only BUY or SELL. `quantity` None means all of it. With `stop_at` the reduction
    rests at the venue as a close-all stop at that price and replaces the stop before it.
    `simulate` is true where the message itself asked for shadow: the venue is not touched.
    """

    id: IntentId
    symbol: Symbol
    side: Side | None
    quantity: Quantity | None
    stop_at: Price | None
    simulate: bool
    reason: str
    created_ms: UnixMs
    source: str


Intent: TypeAlias = LiveIntent | ShadowIntent | ReduceIntent

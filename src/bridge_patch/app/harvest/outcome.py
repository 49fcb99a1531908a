"""What one entry into a crash is, and what the journal says came of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.events import (
    Book,
    Event,
    Filled,
    FillKind,
    Judged,
    Sending,
    StopArmed,
    VenueEvent,
)
from bridge_patch.domain.harvest import HarvestMode
from bridge_patch.domain.intent import Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.evidence.trade_fold import TradesFold, Verdicts
from bridge_patch.evidence.trades import Trade

#: How an answer begins that is an abstention.
SIZER: Final = "sizer: "
_BP: Final = 10_000


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class StopFill:
    """A stop that fired: beyond its trigger by so much, in basis points of the trigger."""

    trigger_usd: Decimal
    price_usd: Decimal
    beyond_bp: float


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One entry that is to be tried."""

    crash: str
    symbol: Symbol
    side: Side
    mode: HarvestMode
    at_ms: UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One entry that was tried. `said` is why there was none, or how it ended.

    `forced` is an entry that the sizer had abstained from. `toward_liquidation` is the
    share of the way from the entry to the liquidation price that the market went in the
    bars the position lived in, the last one counted whole. `naked_ticks` counts ticks after
    which it had no stop over all of it.
    """

    asked: Asked
    forced: bool
    opened: bool
    said: str
    leverage: float = 0.0
    net_pct: float = 0.0
    toward_liquidation: float = 0.0
    naked_ticks: int = 0
    liquidated: bool = False
    flat: bool = True
    stops: tuple[StopFill, ...] = ()


def trades_of(events: Iterable[Event]) -> list[Trade]:
    """Return the account's positions, as its journal tells them."""
    verdicts = Verdicts()
    fold = TradesFold(verdicts)
    for event in events:
        if isinstance(event, Judged):
            verdicts.take(event)
        elif isinstance(event, Sending) or (
            isinstance(event, VenueEvent) and event.book is Book.ACCOUNT
        ):
            fold.take(event)
    return fold.trades


def why_not(events: Iterable[Event], abstained: Sequence[str]) -> str:
    """Return who refused, and with which code; `abstained` is what the sizer said."""
    judged = [event for event in events if isinstance(event, Judged)]
    codes = [judged[0].codes[0]] if judged else list(abstained[:1])
    who = "Governor: " if judged else SIZER
    return f"{who}{codes[0]}" if codes else "no answer"


def stop_fills(events: Iterable[Event]) -> Iterator[StopFill]:
    """Yield what each stop at the venue filled at, beside the trigger it rested at."""
    triggers: dict[ClientOrderId, Decimal] = {}
    for event in events:
        match event:
            case StopArmed(book=Book.ACCOUNT):
                triggers[event.order_id] = event.stop_price_usd
            case Filled(book=Book.ACCOUNT, kind=FillKind.STOP):
                trigger = triggers[event.order_id]
                beyond = event.side.sign * (event.price_usd - trigger) / trigger
                yield StopFill(
                    trigger_usd=trigger,
                    price_usd=event.price_usd,
                    beyond_bp=float(beyond * _BP),
                )
            case _:
                pass

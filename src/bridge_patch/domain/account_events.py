"""What happens to an account as a whole: its state, its equity, what a person decided."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import final

from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.venue_events import Book


class TradingState(StrEnum):
    """What the account may do; reducing is allowed in all of them."""

    RUNNING = "RUNNING"
    REDUCING = "REDUCING"
    HALTED = "HALTED"


@final
@dataclass(frozen=True, slots=True)
class Hold:
    """One cause for which an account is kept from RUNNING, and how far."""

    cause: str
    state: TradingState


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LatchSet:
    """The account's state was tightened or, by a person or the next day, released.

    `state` and `cause` are what stands after it, the tightest of all that holds; `beside`
    is whatever else holds, and `adds` the cause that it pulls, "" for none. `command_id`
    names the message by which a person asked for it, "" where nobody did: a command that is
    delivered again changes nothing.
    """

    book: Book
    at_ms: UnixMs
    state: TradingState
    cause: str
    who: str
    why: str
    command_id: str = ""
    adds: str = ""
    beside: tuple[Hold, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """Money was paid in, or taken out (negative); neither a gain nor a loss."""

    book: Book
    at_ms: UnixMs
    amount_usd: Decimal


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Rearmed:
    """A person allowed entries again on a symbol that had only lost."""

    book: Book
    at_ms: UnixMs
    symbol: Symbol
    who: str
    why: str
    command_id: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class EquityMarked:
    """Equity with what is unrealised, its peak, and where the UTC day began, in USD.

    `jump_usd` is the part that nothing explains. `unexplained_usd` is equity less our own
    cash flows and gains, `baseline_usd` what that was when the day began.
    """

    book: Book
    at_ms: UnixMs
    equity_usd: Decimal
    peak_usd: Decimal
    day_start_usd: Decimal
    jump_usd: Decimal = Decimal(0)
    unexplained_usd: Decimal | None = None
    baseline_usd: Decimal | None = None

"""What travels between the services; the codec turns each of these into bytes and back."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias, final

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Book, BulkExpired, Settled
from bridge_patch.domain.harvest import HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import (
    Confidence,
    Intent,
    IntentId,
    Mode,
    Proposal,
    RiskBudget,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
    parse_symbol,
)
from bridge_patch.domain.money import ZERO
from bridge_patch.services.named_order import NAME_MAX, Grant, NamedOrder


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An entry the engine wants to publish; the codec writes it as a trade.intent.

    `blunder` names a fault that the example AI plants on purpose ("" for none);
    `limits_hash` the limits it was sized under, `build` the program that sized it.
    """

    id: IntentId
    symbol: Symbol
    side: Side
    confidence: Confidence
    mode: Mode
    proposal: Proposal
    policy: HarvestPolicy
    stop: StopDistance
    created_ms: UnixMs
    source: str
    reason: str
    risk_budget: RiskBudget | None = None
    blunder: str = ""
    limits_hash: str = ""
    build: str = ""


#: Why a message is set aside whose sender is trusted and whose content is no intent.
NOT_UNDERSTOOD: Final = "not_understood"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Poison:
    """A message that is no intent, with every fault found; set aside, never guessed."""

    faults: tuple[str, ...]
    reason: str = NOT_UNDERSTOOD


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One message handed to a consumer, understood or not.

    `entry_id` is the bus's own id and orders deliveries; `payload` is the text as it came.
    `notes` names what was accepted and should not be relied upon: an old field name;
    `source` is who the message itself says sent it, where that can be read.
    """

    entry_id: str
    content: Intent | Poison
    payload: str
    notes: tuple[str, ...] = ()
    source: str = ""


@final
@dataclass(frozen=True, slots=True)
class LateEntry:
    """A message that is plainly an entry which comes too late; no more of it was read."""

    entry_id: str
    intent_id: IntentId
    payload: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """What goes to the dead-letter stream: reason, faults, and the bytes as they came."""

    entry_id: str
    reason: str
    faults: tuple[str, ...]
    payload: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class LateLetter:
    """Entries that came too late, set aside in one record that keeps the bytes of each."""

    reason: str
    faults: tuple[str, ...]
    entries: tuple[LateEntry, ...]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionUpdate:
    """A position after a change, and what the exit brain needs to harvest it.

    `quantity_base` zero is flat. `first_base` is what the entry filled; `stop_price_usd` is
    None while NAKED. `cost_usd` is what the open part has cost, entry fees and funding;
    `exit_fraction` what closing it will, fee and expected slippage, of the price.
    `partial_asked` tells that its partial close was asked for, whatever came of it. The
    three are absent in what was published before they were known.
    """

    at_ms: UnixMs
    symbol: Symbol
    side: Side
    quantity_base: Decimal
    first_base: Decimal
    entry_price_usd: Decimal
    opened_ms: UnixMs
    stop_price_usd: Decimal | None
    policy: HarvestPolicy
    intent_id: IntentId
    cost_usd: Decimal = ZERO
    exit_fraction: Decimal = ZERO
    partial_asked: bool = False


@final
@dataclass(frozen=True, slots=True)
class Unreadable:
    """A position was stated, and cannot be read; `symbol` None: not even of which."""

    symbol: Symbol | None


#: Who gave a command that was not understood, or that nobody proved to have given.
NOBODY: Final = "nobody who can be named"
_WHY_MAX: Final = 2000


class Wish(StrEnum):
    """What a person orders. All but FLATTEN leave open positions stops and harvests."""

    HALT = "halt"
    FLATTEN = "flatten"
    REDUCE = "reduce"
    RESUME = "resume"
    REARM = "rearm"
    ADOPT = "adopt"
    CLOSE = "close"
    ADOPT_POSITION = "adopt_position"
    PROMOTE = "promote"
    DEMOTE = "demote"


#: What a person may say of an order of which nobody knows.
WORDS: Final = frozenset({Wish.ADOPT, Wish.CLOSE})


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The hold that the author of a resume saw: of which book, why, and since when."""

    book: Book
    cause: str
    since_ms: UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """An order of a person to the execution service.

    `symbol` is for a re-arm, and for a position to be adopted, under `policy` if one is
    named. `named` is for a word about an order of which nobody knows, to adopt or close it,
    `grant` for a promotion.

    `at_ms` is when it was given, by the clock of whoever gave it. `entry_id` is the bus's
    own, "" where it was not on one. A resume `answers` the hold that its author saw: it
    lets go of that one and of what a person had ordered, and of nothing that came since.
    """

    at_ms: UnixMs
    id: str
    wish: Wish
    who: str
    why: str
    symbol: Symbol | None = None
    entry_id: str = ""
    answers: Answered | None = None
    named: NamedOrder | None = None
    policy: HarvestMode | None = None
    grant: Grant | None = None

    def __post_init__(self) -> None:
        lacking = [name for name in ("id", "who", "why") if not getattr(self, name).strip()]
        if lacking:
            msg = f"a command must say {' and '.join(lacking)}"
            raise InvalidValueError(msg)
        if max(len(self.id), len(self.who)) > NAME_MAX or len(self.why) > _WHY_MAX:
            msg = f"id and who may have {NAME_MAX} characters, why {_WHY_MAX}"
            raise InvalidValueError(msg)
        if self.symbol is not None:
            parse_symbol(self.symbol)
        if (self.symbol is None) == (self.wish in {Wish.REARM, Wish.ADOPT_POSITION}):
            msg = f"a symbol goes with rearm and adopt_position only, was {self.symbol}"
            raise InvalidValueError(msg)
        if self.policy is not None and self.wish is not Wish.ADOPT_POSITION:
            msg = f"a policy goes with adopt_position only, was {self.policy}"
            raise InvalidValueError(msg)
        if (self.named is None) == (self.wish in WORDS):
            msg = "an order goes with adopt and close, and with nothing else"
            raise InvalidValueError(msg)
        if (self.grant is None) == (self.wish is Wish.PROMOTE):
            msg = "what a promotion is for goes with promote, and with nothing else"
            raise InvalidValueError(msg)
        if self.wish is Wish.CLOSE and self.named and self.named.quantity_base is not None:
            msg = "what never came has neither quantity nor price"
            raise InvalidValueError(msg)


Result: TypeAlias = Settled | BulkExpired


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Everything that ends a batch, in one transaction: acknowledge, publish, set aside.

    A crash leaves either all of it or none.
    """

    acknowledged: tuple[str, ...]
    results: tuple[Result, ...] = ()
    positions: tuple[PositionUpdate, ...] = ()
    dead_letters: tuple[DeadLetter | LateLetter, ...] = ()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """Everything a tick caused is complete; the feed may go on.

    `equity_usd` is what the account is worth then, None where that could not be read.
    """

    at_ms: UnixMs
    equity_usd: Decimal | None

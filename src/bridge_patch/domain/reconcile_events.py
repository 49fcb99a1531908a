"""What the journal keeps of comparing itself with the venue, and of a person's word."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final, TypeAlias, final

from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_events import Filled

#: How the one trade of an adopted order is named: the venue has no such id.
ADOPTED: Final = "adopted"


class DifferenceKind(StrEnum):
    """In what journal and venue do not agree. The first word names what it is about."""

    POSITION_MISSING = "POSITION_MISSING"
    POSITION_EXTRA = "POSITION_EXTRA"
    POSITION_SIDE = "POSITION_SIDE"
    POSITION_MORE = "POSITION_MORE"
    POSITION_LESS = "POSITION_LESS"
    STOP_MISSING = "STOP_MISSING"
    STOP_EXTRA = "STOP_EXTRA"
    STOP_CHANGED = "STOP_CHANGED"
    FOREIGN_ORDER = "FOREIGN_ORDER"
    LEVERAGE = "LEVERAGE"
    HEDGE_MODE = "HEDGE_MODE"
    CROSS_MARGIN = "CROSS_MARGIN"
    MULTI_ASSETS = "MULTI_ASSETS"
    WALLET = "WALLET"


#: What a difference is about: the same one, however it changes.
Subject: TypeAlias = tuple[str, Symbol | None, ClientOrderId | None]


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One thing on which journal and venue do not agree, with both sides as text.

    `amount_usd` is the venue's wallet less ours; None of anything else.
    """

    kind: DifferenceKind
    ours: str
    theirs: str
    symbol: Symbol | None = None
    order_id: ClientOrderId | None = None
    amount_usd: Decimal | None = None

    @property
    def subject(self) -> Subject:
        """What it is about; a position has one difference, whichever kind it is."""
        return self.kind.partition("_")[0], self.symbol, self.order_id

    @property
    def said(self) -> str:
        """Both sides, on one line."""
        where = f" on {self.symbol}" if self.symbol else ""
        return f"{self.kind}{where}: ours {self.ours}, the venue's {self.theirs}"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceFound:
    """Journal and venue did not agree for too long to be a reading that lags.

    Told again where it changes. Nothing follows the venue because of it.
    """

    at_ms: UnixMs
    difference: Difference


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class DifferenceGone:
    """What was found is there no more; `difference` is as it was told last."""

    at_ms: UnixMs
    difference: Difference


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class WalletCounted:
    """The venue's wallet as it was first read; from there on every change is explained.

    `opening_usd` is the wallet less what our own trades had made of it: what was paid in.
    """

    at_ms: UnixMs
    wallet_usd: Decimal
    opening_usd: Decimal


class Word(StrEnum):
    """What came of a person's word about an order, which counts while that is UNKNOWN.

    Or about a position that somebody else opened: ADOPTED or REFUSED.
    """

    ADOPTED = "ADOPTED"
    CLOSED = "CLOSED"
    REFUSED = "REFUSED"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OrderVouched:
    """A person said what became of an order of which nobody knew, or was refused.

    ADOPTED: it filled, `quantity_base` at `price_usd`. CLOSED: it never came and never
    will. `detail` says why a word was refused, or where an adoption's numbers are from.
    """

    at_ms: UnixMs
    order_id: ClientOrderId
    intent_id: IntentId
    symbol: Symbol | None
    word: Word
    who: str
    why: str
    command_id: str
    detail: str = ""
    quantity_base: Decimal | None = None
    price_usd: Decimal | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionVouched:
    """A person said that a position which we never opened is ours now, or was refused.

    ADOPTED: the numbers are the venue's own of that moment, `gain_usd` is what is
    unrealised then at our mark, and a fill of all of it follows, without a fee: its age
    begins with that. `detail` says why a word was refused, and `intent_id` is "" then.
    """

    at_ms: UnixMs
    symbol: Symbol
    word: Word
    who: str
    why: str
    command_id: str
    intent_id: IntentId
    detail: str = ""
    side: Side | None = None
    quantity_base: Decimal | None = None
    entry_price_usd: Decimal | None = None
    leverage: int | None = None
    gain_usd: Decimal | None = None
    harvest_policy: HarvestPolicy | None = None


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FilledLate:
    """The venue told a trade of an order that a word had ended.

    A person's word, or the venue's own that it never had it. `counted_base` of the trade
    was in what was adopted already, and is not counted again; the rest follows as a fill of
    its own.
    """

    at_ms: UnixMs
    symbol: Symbol
    order_id: ClientOrderId
    intent_id: IntentId
    trade_id: str
    quantity_base: Decimal
    price_usd: Decimal
    fee_usd: Decimal
    counted_base: Decimal


def is_adopted(fill: Filled) -> bool:
    """Tell whether a trade is a person's word, not the venue's."""
    return fill.trade_id == f"{ADOPTED}-{fill.order_id}"


def uncounted(fill: Filled, counted_base: Decimal) -> Filled:
    """Return the part of a trade that was in no adoption."""
    if counted_base == 0:
        return fill
    share = (fill.quantity_base - counted_base) / fill.quantity_base
    return replace(
        fill,
        quantity_base=fill.quantity_base - counted_base,
        fee_usd=fill.fee_usd * share,
        realised_usd=fill.realised_usd * share,
        margin_usd=fill.margin_usd * share,
    )

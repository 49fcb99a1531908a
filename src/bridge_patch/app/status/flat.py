"""What a person's order to close everything came to: a fold of the journal, pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import StrEnum
from typing import Final, final

from bridge_patch.domain.events import (
    Book,
    DifferenceFound,
    DifferenceGone,
    Event,
    Filled,
    FilledLate,
    FundingPaid,
    LatchSet,
    OrderEnded,
    OrderRefused,
    OrderVouched,
    PositionVouched,
    Resolved,
    RunStarted,
    Sending,
)
from bridge_patch.domain.intent import Mode, Side, Symbol
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, Leg, OrderState
from bridge_patch.domain.reconcile_events import DifferenceKind, Subject
from bridge_patch.services.ledger import Ledger

#: What this fold looks at; the rest need not be read.
FLAT_KINDS: Final = frozenset(
    kind.__name__
    for kind in (
        RunStarted,
        Sending,
        Resolved,
        Filled,
        FundingPaid,
        OrderEnded,
        OrderRefused,
        OrderVouched,
        PositionVouched,
        FilledLate,
        LatchSet,
        DifferenceFound,
        DifferenceGone,
    )
)


class FlatState(StrEnum):
    """How far a position is from flat."""

    FLAT = "FLAT"
    TRYING = "TRYING"
    UNKNOWN = "UNKNOWN"
    REFUSED = "REFUSED"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class FlatView:
    """One position that was to be closed, and how it stands; `why` is "" where it is flat.

    `closed_base` was closed since the order, at `price_usd` on average (None: nothing);
    `left_base` is open. `code` is the venue's, or ours, where it is REFUSED.
    """

    symbol: Symbol
    side: Side
    state: FlatState
    closed_base: Decimal
    price_usd: Decimal | None
    left_base: Decimal
    closes_sent: int
    order_id: ClientOrderId | None = None
    code: str = ""
    why: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class _Closing:
    """What was done about one position since the order."""

    side: Side
    closed_base: Decimal = ZERO
    paid_usd: Decimal = ZERO
    orders: tuple[ClientOrderId, ...] = ()
    refusal: OrderRefused | None = None


@final
@dataclass(slots=True)
class FlatFold:
    """Follows every position from the order `command_id` on, oldest entries first."""

    command_id: str
    ledger: Ledger = field(default_factory=Ledger)
    latch: LatchSet | None = None
    mode: Mode | None = None
    _closings: dict[Symbol, _Closing] = field(default_factory=dict)
    _foreign: dict[Subject, str] = field(default_factory=dict)

    def apply(self, event: Event) -> None:
        """Fold one entry."""
        if self.latch is not None:
            self._follow(event)
        self.ledger.apply(event)
        match event:
            case RunStarted():
                self.mode = event.mode
            case LatchSet() if event.command_id == self.command_id:
                self.latch = event
            case DifferenceFound(difference=found) if _is_foreign(found.kind):
                self._foreign[found.subject] = found.said
            case DifferenceFound(difference=found) | DifferenceGone(difference=found):
                self._foreign.pop(found.subject, None)
            case _:
                pass
        if self.latch is not None:
            for symbol, position in self.ledger.positions.items():
                self._closings.setdefault(symbol, _Closing(side=position.side))

    def views(self) -> tuple[FlatView, ...]:
        """State every position that was or may be open since; what is not flat first."""
        entries = {
            doubt.order.symbol: doubt.order.side
            for doubt in self.ledger.in_doubt.values()
            if doubt.order.leg is Leg.ENTRY
        }
        sides = entries | {symbol: one.side for symbol, one in self._closings.items()}
        views = (self._view(symbol, side) for symbol, side in sorted(sides.items()))
        return tuple(sorted(views, key=lambda view: view.state is FlatState.FLAT))

    def left_alone(self) -> tuple[str, ...]:
        """Say what the venue states that is not ours, and that nobody closes here."""
        return tuple(self._foreign.values())

    def _follow(self, event: Event) -> None:
        """Note what an event closes, or why it closed nothing."""
        match event:
            case Filled(book=Book.ACCOUNT):
                before = self.ledger.positions.get(event.symbol)
                closing = self._closings.get(event.symbol)
                if before is None or closing is None or before.side is event.side:
                    return
                base = min(event.quantity_base, before.quantity_base)
                self._closings[event.symbol] = replace(
                    closing,
                    closed_base=closing.closed_base + base,
                    paid_usd=closing.paid_usd + base * event.price_usd,
                )
            case Sending(leg=Leg.FLATTEN) if event.symbol in self._closings:
                closing = self._closings[event.symbol]
                self._closings[event.symbol] = replace(
                    closing, orders=(*closing.orders, event.order_id), refusal=None
                )
            case OrderRefused(book=Book.ACCOUNT) if event.symbol in self._closings:
                closing = self._closings[event.symbol]
                if event.order_id in closing.orders:
                    self._closings[event.symbol] = replace(closing, refusal=event)
            case _:
                pass

    def _view(self, symbol: Symbol, side: Side) -> FlatView:
        closing = self._closings.get(symbol) or _Closing(side=side)
        position, closed_base = self.ledger.positions.get(symbol), closing.closed_base
        state, code, why = self._standing(symbol, closing)
        return FlatView(
            symbol=symbol,
            side=side,
            state=state,
            closed_base=closed_base,
            price_usd=closing.paid_usd / closed_base if closed_base else None,
            left_base=position.quantity_base if position else ZERO,
            closes_sent=len(closing.orders),
            order_id=closing.orders[-1] if closing.orders else None,
            code=code,
            why=why,
        )

    def _standing(self, symbol: Symbol, closing: _Closing) -> tuple[FlatState, str, str]:
        """Return how a position stands, the code of a refusal, and why it is not flat."""
        entry = next(self.ledger.doubts(symbol, Leg.ENTRY), None)
        if entry is not None:
            why = f"nobody knows whether {entry.order_id} opened something: it is looked up"
            return FlatState.UNKNOWN, "", why
        if symbol not in self.ledger.positions:
            return FlatState.FLAT, "", ""
        close = next(self.ledger.doubts(symbol, Leg.FLATTEN), None)
        if close is not None:
            sending = self.ledger.in_doubt[close.order_id].state is OrderState.SENDING
            state = FlatState.TRYING if sending else FlatState.UNKNOWN
            said = (
                "is on its way" if sending else "has no answer: looked up, not sent again"
            )
            return state, "", f"{close.order_id} {said}"
        refusal = closing.refusal
        if refusal is not None:
            return FlatState.REFUSED, refusal.code, f"{refusal.message}; it is tried again"
        sent = "some is left open: another close follows" if closing.orders else ""
        return FlatState.TRYING, "", sent or "no close was sent yet"


def _is_foreign(kind: DifferenceKind) -> bool:
    return kind in {DifferenceKind.POSITION_EXTRA, DifferenceKind.POSITION_MORE}

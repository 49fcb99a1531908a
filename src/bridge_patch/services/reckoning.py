"""What the journal makes of the wallet, of leverages, and of what differed so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.account_events import LatchSet, TradingState, Transferred
from bridge_patch.domain.events import Event, PositionVouched, Resolved, Sending
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent
from bridge_patch.domain.position import wallet_change
from bridge_patch.domain.reconcile_events import (
    Difference,
    DifferenceFound,
    DifferenceGone,
    DifferenceKind,
    Subject,
    WalletCounted,
)
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    FillKind,
    FundingPaid,
    InsuranceCleared,
)
from bridge_patch.services.holds import GOVERNOR, WALLET_DIFFERS

_OPEN: Final = frozenset({OrderEvent.ACCEPTED, OrderEvent.TIMED_OUT})


@final
@dataclass(slots=True)
class Reckoning:
    """A fold of the journal, the same after every restart.

    `standing` is what was found to differ and is not gone. `leverages` are those that the
    venue may have in force: of the last entry that filled, and of those sent since.
    """

    standing: dict[Subject, DifferenceFound] = field(default_factory=dict)
    leverages: dict[Symbol, tuple[int, ...]] = field(default_factory=dict)
    cash_usd: Decimal = ZERO
    _opening_usd: Decimal | None = None
    _asked: dict[ClientOrderId, int] = field(default_factory=dict)
    _wallet_holds: set[Book] = field(default_factory=set)

    @property
    def wallet_usd(self) -> Decimal | None:
        """What was paid in and all that was realised since; None before it was counted."""
        return None if self._opening_usd is None else self._opening_usd + self.cash_usd

    def apply(self, event: Event) -> None:
        """Fold one journaled event; what is not about the account changes nothing."""
        match event:
            case Filled(book=Book.ACCOUNT):
                self._filled(event)
            case FundingPaid(book=Book.ACCOUNT) | InsuranceCleared(book=Book.ACCOUNT):
                self.cash_usd += event.amount_usd
            case Transferred(book=Book.ACCOUNT):
                self.cash_usd += event.amount_usd
            case Sending(leg=Leg.ENTRY):
                self._announced(event)
            case Resolved() if event.event not in _OPEN:
                self._asked.pop(event.order_id, None)
            case PositionVouched(leverage=int() as leverage):
                self.leverages[event.symbol] = (leverage,)
            case WalletCounted():
                self._opening_usd = event.opening_usd
            case DifferenceFound() | DifferenceGone():
                self._compared(event)
            case LatchSet():
                self._latched(event)
            case _:
                pass

    def told(self, subject: Subject) -> Difference | None:
        """Return how a difference was told last; None where it is not standing."""
        found = self.standing.get(subject)
        return found.difference if found else None

    def _compared(self, event: DifferenceFound | DifferenceGone) -> None:
        if isinstance(event, DifferenceFound):
            self.standing[event.difference.subject] = event
        else:
            self.standing.pop(event.difference.subject, None)

    def _filled(self, fill: Filled) -> None:
        self.cash_usd += wallet_change(fill)
        leverage = self._asked.get(fill.order_id)
        if leverage is not None and fill.kind is FillKind.ENTRY:
            self.leverages[fill.symbol] = (leverage,)

    def _announced(self, order: Sending) -> None:
        """Note the leverage that an entry sets, also where it is refused after that."""
        if order.leverage is None:
            return
        self._asked[order.order_id] = order.leverage
        known = self.leverages.get(order.symbol, ())
        if order.leverage not in known:
            self.leverages[order.symbol] = (*known, order.leverage)

    def _latched(self, latch: LatchSet) -> None:
        """Who lets go of a wallet's hold takes what it was set for as money that moved."""
        stands = {(hold.cause, hold.state) for hold in latch.beside}
        stands.add((latch.cause, latch.state))
        holds = any(
            cause == WALLET_DIFFERS and state is not TradingState.RUNNING
            for cause, state in stands
        )
        if holds:
            self._wallet_holds.add(latch.book)
        elif latch.book in self._wallet_holds:
            self._wallet_holds.discard(latch.book)
            if latch.who != GOVERNOR:
                self._accept()

    def _accept(self) -> None:
        found = self.told((DifferenceKind.WALLET, None, None))
        if found is not None and self._opening_usd is not None:
            self._opening_usd += found.amount_usd or ZERO

"""What the journal says about the venue account: a fold, the same after every restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, final

from bridge_patch.domain.early_exits import EarlyExits
from bridge_patch.domain.events import (
    Book,
    DeadLettered,
    DuplicateSeen,
    Event,
    Filled,
    FilledLate,
    FundingPaid,
    Judged,
    OrderEnded,
    OrderRefused,
    OrderVouched,
    PositionVouched,
    Resolved,
    Sending,
    Settled,
    StopArmed,
)
from bridge_patch.domain.harvest import POLICY_FALLBACK
from bridge_patch.domain.intent import IntentId, Symbol
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent, OrderState, after
from bridge_patch.domain.position import Position, apply_funding
from bridge_patch.domain.reconcile_events import Word
from bridge_patch.governor.budget import Budget, Reservation
from bridge_patch.services.doubt import Doubt
from bridge_patch.services.endings import Endings
from bridge_patch.services.exit_ids import is_partial
from bridge_patch.services.plans import Plan, RestingStop, View, adopted
from bridge_patch.services.refusals import remember

#: How many set-aside messages are remembered: more than one unsettled batch can hold.
COUNTED_MAX: Final = 2048
_NOBODY: Final = IntentId("")
_ENDED: Final = frozenset({OrderState.FILLED, OrderState.REJECTED, OrderState.CANCELLED})


@final
@dataclass(slots=True)
class Ledger:
    """Positions, their plans, and the orders whose fate is open.

    An order is in doubt from `Sending` until its end is known; a stop, until it rests. For
    an entry in doubt the budget holds what was approved, as if it had filled. `inherited`
    names what was in doubt at the start. `unsettled` holds the newest order of each intent
    that asked for one and has no outcome yet. `closed` keeps the last position of a symbol
    that is flat; `counted` the newest messages that were set aside. `endings` holds the
    orders that a word has ended, a person's or the venue's that it never had it: the venue
    may tell of one yet. `early` is what reductions took of an entry that is not told yet.
    """

    positions: dict[Symbol, Position] = field(default_factory=dict)
    closed: dict[Symbol, Position] = field(default_factory=dict)
    plans: dict[Symbol, Plan] = field(default_factory=dict)
    in_doubt: dict[ClientOrderId, Doubt] = field(default_factory=dict)
    inherited: frozenset[ClientOrderId] = frozenset()
    unsettled: dict[IntentId, Sending] = field(default_factory=dict)
    budget: Budget = field(default_factory=Budget)
    counted: dict[str, None] = field(default_factory=dict)
    endings: Endings = field(default_factory=Endings)
    early: EarlyExits = field(default_factory=EarlyExits)

    def apply(self, event: Event) -> None:
        """Fold one journaled event; what is not about the account changes nothing."""
        match event:
            case Sending():
                self._sending(event)
            case Resolved():
                self._resolved(event)
            case Settled() | Judged():
                self._decided(event)
            case Filled(book=Book.ACCOUNT):
                self._filled(event)
            case StopArmed(book=Book.ACCOUNT):
                self._armed(event)
            case OrderEnded(book=Book.ACCOUNT):
                self.endings.contradicted(event)
                self._doubted(event)
                self._unrest(event.symbol, event.order_id, event.reason)
            case FundingPaid(book=Book.ACCOUNT):
                self._funded(event)
            case OrderRefused(book=Book.ACCOUNT):
                kept = self._plan(event.symbol).refusals
                remember(kept, event, self.unsettled.values())
            case DeadLettered() | DuplicateSeen():
                self._count(event.entry_id)
            case _:
                self._word_about(event)

    def begin(self) -> None:
        """Note what was in doubt when this process began, once the journal is folded."""
        self.inherited = frozenset(self.in_doubt)

    def symbols(self) -> tuple[Symbol, ...]:
        """Return every symbol that is or was held, in one order for all runs."""
        return tuple(sorted({*self.positions, *self.closed}))

    def view(self, symbol: Symbol) -> View:
        """Return what stands on a symbol."""
        plan = self.plans.get(symbol)
        asked = plan is not None and plan.partial_asked
        return View(self.positions.get(symbol), self.stop_price_usd(symbol), asked)

    def stop_price_usd(self, symbol: Symbol) -> Decimal | None:
        """Return the price of the stop that fires first; None is NAKED, or flat."""
        stop = self.guard(symbol)
        return stop.price_usd if stop else None

    def naked(self) -> tuple[Symbol, ...]:
        """Return the symbols that have a position and no confirmed stop over all of it."""
        return tuple(s for s in self.positions if self.guard(s) is None)

    def stale_stops(self, symbol: Symbol) -> tuple[RestingStop, ...]:
        """Return the stops that a better one made needless, or a close left over.

        A stop over a part of a position is needed until one covers the whole; one that does
        not close it is left over from a position of the other side.
        """
        plan = self.plans.get(symbol)
        if plan is None:
            return ()
        kept, position = self.guard(symbol), self.positions.get(symbol)
        stale = [stop for stop in plan.stops if stop is not kept]
        if kept is None and position is not None:
            stale = [stop for stop in stale if not stop.closes(position)]
        return (*stale, *plan.orphans)

    def unknown(self, besides: ClientOrderId | None = None) -> tuple[Sending, ...]:
        """Return every order in doubt, oldest first, but for the one asked about."""
        orders = (doubt.order for doubt in self.in_doubt.values())
        return tuple(order for order in orders if order.order_id != besides)

    def unsent(self, order: Sending) -> bool:
        """Tell whether an intent's own order was written and nothing is known of it since.

        So it is after a crash between the record and the act.
        """
        doubt = self.in_doubt.get(order.order_id)
        if doubt is None or doubt.state is not OrderState.SENDING:
            return False
        plan = self.plans.get(order.symbol)
        return order.leg is Leg.ENTRY or plan is None or plan.intent_id != order.intent_id

    def doubts(self, symbol: Symbol, *legs: Leg) -> Iterator[Sending]:
        """Yield the orders in doubt of these legs, oldest first."""
        for doubt in self.in_doubt.values():
            if doubt.order.symbol == symbol and doubt.order.leg in legs:
                yield doubt.order

    def _sending(self, order: Sending) -> None:
        self.in_doubt[order.order_id] = Doubt(order, OrderState.SENDING)
        self.endings.sent(order)
        self.early.sent(order)
        self._reserve(order)
        before = self.plans.get(order.symbol)
        if order.leg is not Leg.ENTRY:
            if before is not None and before.intent_id != order.intent_id:
                self.unsettled[order.intent_id] = order
            self._plan(order.symbol, order.intent_id).attempts += 1
            return
        self.unsettled[order.intent_id] = order
        self.plans[order.symbol] = Plan(
            intent_id=order.intent_id,
            policy=order.harvest_policy or POLICY_FALLBACK,
            stop_fraction=order.stop_fraction,
            orphans=[*before.orphans, *before.stops] if before else [],
        )

    def _reserve(self, order: Sending) -> None:
        """Hold for an entry what was approved, as if it had filled."""
        if order.margin_usd is not None and order.leverage is not None:
            self.budget.reserve(
                Reservation(
                    order_id=order.order_id,
                    symbol=order.symbol,
                    side=order.side,
                    notional_usd=order.margin_usd * order.leverage,
                    margin_usd=order.margin_usd,
                    at_ms=order.at_ms,
                )
            )

    def _resolved(self, answer: Resolved) -> None:
        """Follow the order table; a market order that was only accepted has not ended."""
        doubt = self.in_doubt.get(answer.order_id)
        if doubt is None:
            return
        state = after(doubt.state, OrderEvent(answer.event))
        rests = state is OrderState.OPEN and doubt.order.leg is Leg.STOP
        if rests or state in _ENDED:
            del self.in_doubt[answer.order_id]
            self.endings.answered(answer, doubt)
            if not self.budget.holds(answer.order_id):
                return
            if state is OrderState.FILLED:
                self.budget.commit(answer.order_id)
            else:
                self.budget.void(answer.order_id)
        else:
            self.in_doubt[answer.order_id] = replace(doubt, state=state)

    def _doubted(self, event: Filled | OrderEnded) -> None:
        """Keep with an order in doubt what happened to it."""
        doubt = self.in_doubt.get(event.order_id)
        if doubt is not None:
            self.in_doubt[event.order_id] = doubt.after(event)

    def _word_about(self, event: Event) -> None:
        """Remember which orders a person's word ended, and what was told of them since."""
        if isinstance(event, PositionVouched) and event.word is Word.ADOPTED:
            self.plans[event.symbol] = adopted(event, self.plans.get(event.symbol))
        elif isinstance(event, OrderVouched):
            self.endings.vouched(event, self.in_doubt.get(event.order_id))
        elif isinstance(event, FilledLate):
            self.endings.late(event)

    def _filled(self, fill: Filled) -> None:
        self._reopen(fill)
        self._doubted(fill)
        self._unrest(fill.symbol, fill.order_id)
        symbol = fill.symbol
        for _, position in self.early.fold(self.positions.get(symbol), fill):
            if position is not None:
                self.positions[symbol] = position
            else:
                self.closed[symbol] = self.positions.pop(symbol)

    def _reopen(self, fill: Filled) -> None:
        """Doubt an order again that was to have never come: a trade of it has."""
        order = self.endings.contradicted(fill)
        if order is not None and order.order_id not in self.in_doubt:
            self.in_doubt[order.order_id] = Doubt(order, OrderState.UNKNOWN)
            self._reserve(order)

    def _decided(self, event: Settled | Judged) -> None:
        """Take in an outcome; and that a part was asked for, whatever becomes of it."""
        if isinstance(event, Settled):
            self.unsettled.pop(event.intent_id, None)
            return
        symbol = event.symbol
        position, plan = self.positions.get(symbol), self.plans.get(symbol)
        if position is None or plan is None:
            return
        if is_partial(event.intent_id, symbol, position.opened_ms):
            plan.partial_asked = True

    def _funded(self, paid: FundingPaid) -> None:
        position = self.positions.get(paid.symbol)
        if position is not None:
            self.positions[paid.symbol] = apply_funding(position, paid)

    def _armed(self, stop: StopArmed) -> None:
        self.endings.contradicted(stop)
        plan = self._plan(stop.symbol, stop.intent_id)
        plan.end(stop.order_id)  # one that was left over is seen again
        plan.stops.append(
            RestingStop(
                order_id=stop.order_id,
                side=stop.side,
                price_usd=stop.stop_price_usd,
                quantity_base=stop.quantity_base,
            )
        )

    def _unrest(self, symbol: Symbol, order_id: ClientOrderId, why: str = "") -> None:
        plan = self.plans.get(symbol)
        if plan is not None:
            plan.end(order_id, why)

    def guard(self, symbol: Symbol) -> RestingStop | None:
        """Return the stop over all that is held that fires first; of equal, the newest."""
        position, plan = self.positions.get(symbol), self.plans.get(symbol)
        if position is None or plan is None:
            return None
        covering = [stop for stop in reversed(plan.stops) if stop.covers(position)]
        sign = position.side.sign
        return max(covering, key=lambda stop: sign * stop.price_usd, default=None)

    def _plan(self, symbol: Symbol, intent_id: IntentId = _NOBODY) -> Plan:
        if symbol not in self.plans:
            self.plans[symbol] = Plan(intent_id=intent_id, policy=POLICY_FALLBACK)
        return self.plans[symbol]

    def _count(self, entry_id: str) -> None:
        self.counted[entry_id] = None
        while len(self.counted) > COUNTED_MAX:
            del self.counted[next(iter(self.counted))]

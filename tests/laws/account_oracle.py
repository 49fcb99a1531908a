"""A second opinion: the account as the journal tells it, folded by nobody's code but this.

It knows nothing of ledger, budget, gauge, activity or snapshots. For every verdict it says
what was open, reserved and approved lately, and which promise an approval would break.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from bridge_patch.domain.case_record import CaseRecord
from bridge_patch.domain.events import (
    Book,
    Event,
    Filled,
    FillKind,
    FundingPaid,
    InsuranceCleared,
    Judged,
    LatchSet,
    Resolved,
    Sending,
    TradingState,
    Verdict,
)
from bridge_patch.domain.intent import Mode, Symbol
from bridge_patch.domain.order import Leg
from bridge_patch.governor.limits import Limits
from bridge_patch.services.ports import PositionReading
from tests.laws.account_trades import Open, Trades

D = Decimal
NONE, WALLET = D(0), D(10_000)
Prices = Mapping[Symbol, Decimal]
ENDS = frozenset({"FILLED", "REJECTED", "CANCELLED", "FOUND_ABSENT"})
#: What may be said against a reduction: nothing that an entry is refused for.
NO_REDUCTION = frozenset({"NOTHING_TO_REDUCE", "REDUCE_WRONG_SIDE", "POSITION_UNKNOWN"})
WINDOWS = {"1m": 60_000, "1h": 3_600_000, "1d": 86_400_000}


@dataclass(frozen=True)
class Carried:
    """What an account carries at its worst, in USD of exposure and of margin."""

    long: Decimal
    short: Decimal
    firm_long: Decimal
    firm_short: Decimal
    on: Mapping[Symbol, Decimal]
    margin: Decimal
    symbols: frozenset[Symbol]


@dataclass
class Oracle:
    """The account so far. `moved_usd` is what was paid in or out of it, told or not."""

    limits: Limits
    wallet: Decimal = WALLET
    moved_usd: Decimal = NONE
    state: TradingState = TradingState.RUNNING
    trades: Trades = field(default_factory=Trades)
    sent: dict[str, Sending] = field(default_factory=dict)
    approved: list[Judged] = field(default_factory=list)
    strangers: list[PositionReading] = field(default_factory=list)

    @property
    def open(self) -> dict[Symbol, Open]:
        """What stands, by symbol."""
        return self.trades.open

    def take(self, event: Event, prices: Prices) -> None:
        """Check one event against all that came before it, then fold it."""
        match event:
            case Judged():
                faults = [*self._broken(event, prices)]
                assert not faults, (faults, event)
                if event.notional_usd is not None and event.mode is Mode.LIVE:
                    self.approved.append(event)
            case Filled(book=Book.ACCOUNT):
                self._filled(event)
            case Sending() | Resolved():
                self._ordered(event)
            case FundingPaid(book=Book.ACCOUNT):
                self.wallet += event.amount_usd
                self.open[event.symbol].margin += event.amount_usd
            case InsuranceCleared(book=Book.ACCOUNT):
                self.wallet += event.amount_usd
            case LatchSet(book=Book.ACCOUNT):
                self.state = event.state
            case _:
                pass

    def equity(self, prices: Prices) -> Decimal:
        """What the account is worth, with what is not realised yet."""
        gain = sum((o.base * (prices[s] - o.price) for s, o in self._held()), NONE)
        return self.wallet + self.moved_usd + gain

    def carried(self, prices: Prices) -> Carried:
        """Everything open or on its way, ours or not, each as if it had filled."""
        firm = {1: NONE, -1: NONE}
        on: dict[Symbol, Decimal] = {}
        margin = NONE
        own = [(s, o.base, o.margin) for s, o in self._held()]
        others = [
            (p.symbol, p.side.sign * p.quantity_base, p.margin_usd) for p in self.strangers
        ]
        for symbol, base, posted in (*own, *others):
            usd = abs(base) * prices[symbol]
            firm[1 if base > 0 else -1] += usd
            on[symbol] = on.get(symbol, NONE) + usd
            margin += posted
        worst = dict(firm)
        for order in (o for o in self.sent.values() if o.leg is Leg.ENTRY):
            usd = (order.margin_usd or NONE) * (order.leverage or 0)
            worst[order.side.sign] += usd
            on[order.symbol] = on.get(order.symbol, NONE) + usd
            margin += order.margin_usd or NONE
        return Carried(
            long=worst[1],
            short=worst[-1],
            firm_long=firm[1],
            firm_short=firm[-1],
            on=on,
            margin=margin,
            symbols=frozenset(on),
        )

    def _held(self) -> list[tuple[Symbol, Open]]:
        return [(symbol, o) for symbol, o in self.open.items() if o.base]

    def _ordered(self, event: Sending | Resolved) -> None:
        """Nothing opens without an approval; an order is in doubt until its end is told."""
        if isinstance(event, Sending):
            if event.leg is Leg.ENTRY:
                assert event.intent_id in {j.intent_id for j in self.approved}, event
            self.sent[event.order_id] = event
            return
        rests = event.leg is Leg.STOP and event.event == "ACCEPTED"
        if rests or event.event in ENDS:
            self.sent.pop(event.order_id, None)

    def _filled(self, fill: Filled) -> None:
        self.wallet += fill.realised_usd - fill.fee_usd
        if fill.kind is FillKind.ENTRY:
            known = self.sent.get(fill.order_id)
            assert known is not None, f"nobody sent {fill}"
            assert fill.quantity_base <= known.quantity_base, fill
        sent = self.sent.get(fill.order_id)
        # Our clock may be ahead of the venue's, by which its trades are stamped.
        since_ms = min(sent.at_ms, fill.at_ms) if sent else fill.at_ms
        self.trades.take(fill, early=bool(self._unsure(fill)), since_ms=since_ms)

    def _unsure(self, about: Filled | Judged) -> Decimal:
        """How much of an entry in doubt may be open, of which nothing was reduced yet."""
        entries = [
            order.quantity_base
            for order in self.sent.values()
            if order.leg is Leg.ENTRY and order.symbol == about.symbol
        ]
        taken = [e.quantity_base for e in self.trades.early if e.symbol == about.symbol]
        return sum(entries, NONE) - sum(taken, NONE)

    def _broken(self, judged: Judged, prices: Prices) -> Iterator[str]:
        """Name every promise that this verdict does not keep."""
        if judged.confidence is None:
            yield from self._reduction(judged)
            return
        if judged.case is not None:
            yield from self._misinformed(judged.case, prices)
        if judged.verdict is Verdict.REJECT:
            if judged.margin_usd is not None or judged.quantity_base is not None:
                yield "a refusal states a size"
            return
        yield from self._enlarged(judged)
        if judged.mode is Mode.SHADOW:
            return
        yield from self._order(judged, prices)
        yield from self._room(judged, prices)
        yield from self._lately(judged, prices)

    def _reduction(self, judged: Judged) -> Iterator[str]:
        held = self.open.get(judged.symbol, Open()).base
        if judged.verdict is Verdict.REJECT:
            if not NO_REDUCTION.issuperset(judged.codes):
                yield "a reduction is refused for an entry's reason"
            looser = judged.detail.startswith(
                "a stop at"
            )  # no close: a stop that risks more
            known = judged.codes[0] != "POSITION_UNKNOWN"
            if held and judged.action == "CLOSE" and known and not looser:
                yield "a close of what is open is refused"
        elif judged.quantity_base is None or not (
            0 < judged.quantity_base <= (abs(held) or self._unsure(judged))
        ):
            yield "a reduction is larger than what is open"

    def _misinformed(self, case: CaseRecord, prices: Prices) -> Iterator[str]:
        """Compare what the Governor was told with what the journal says."""
        if case.exposure is None or case.equity.value is None:
            return
        told, carried = case.exposure, self.carried(prices)
        pairs = {
            "long": (told.long_usd, carried.long),
            "short": (told.short_usd, carried.short),
            "net long": (told.net_long_usd, carried.long - carried.firm_short),
            "net short": (told.net_short_usd, carried.short - carried.firm_long),
            "on symbol": (told.symbol_usd, carried.on.get(case.symbol, NONE)),
            "margin": (told.margin_usd, carried.margin),
            "positions": (D(told.open_positions), D(len(carried.symbols))),
            "strangers": (D(told.foreign_positions), D(len(self.strangers))),
            "unknown": (D(told.unknown_orders), D(len(self.sent))),
        }
        for name, (said, is_) in pairs.items():
            # Beside an order in doubt the venue may state it as filled already.
            beyond = said > is_ and bool(self.sent) and not name.startswith("net")
            if said != is_ and not beyond and not (self.sent and name.startswith("net")):
                yield f"{name}: told {said}, is {is_}"
        if not self.sent and case.equity.value != self.equity(prices):
            yield f"equity: told {case.equity.value}, is {self.equity(prices)}"
        if case.state != self.state:
            yield f"state: told {case.state}, is {self.state}"

    def _enlarged(self, judged: Judged) -> Iterator[str]:
        """No approval is larger than what was asked for, in shadow as in live."""
        margin, leverage = judged.margin_usd or NONE, judged.leverage or NONE
        asked, times = judged.proposed_margin_usd, judged.proposed_leverage
        if asked is None or times is None or not (margin > 0 and leverage > 0):
            yield "an approval does not state its size"
        elif margin > asked or leverage > times:
            yield "an approval is larger than what was asked"

    def _order(self, judged: Judged, prices: Prices) -> Iterator[str]:
        """The order by itself is within its own bounds."""
        limits = self.limits
        margin, leverage = judged.margin_usd or NONE, judged.leverage or NONE
        quantity, notional = judged.quantity_base or NONE, judged.notional_usd or NONE
        sized = margin * leverage
        promises = {
            "exposure": 0 < notional <= sized,
            "quantity at the mark": quantity * prices[judged.symbol] == notional,
            "margin": limits.margin_min_usd <= margin <= limits.margin_max_usd,
            "leverage": limits.leverage_min <= leverage <= limits.leverage_max,
            "whole leverage": leverage == int(leverage),
            "notional": sized <= limits.notional_max_usd,
            "symbol named": judged.symbol in limits.symbols,
            "running": self.state is TradingState.RUNNING,
            "stop": judged.stop_fraction is not None,
            "nobody else": not self.strangers,
            "known": len(self.sent) <= limits.unknown_orders_max,
        }
        yield from (name for name, kept in promises.items() if not kept)

    def _room(self, judged: Judged, prices: Prices) -> Iterator[str]:
        """The account with the order in it, by what was open when it was approved."""
        limits, carried, case = self.limits, self.carried(prices), judged.case
        assert case is not None
        assert case.equity.value is not None
        margin, leverage = judged.margin_usd or NONE, judged.leverage or NONE
        adds, equity = margin * leverage, case.equity.value
        long = judged.action == "BUY"
        side = carried.long if long else carried.short
        firm = carried.firm_short if long else carried.firm_long
        gross = carried.long + carried.short + adds
        stop = (judged.stop_fraction or D(1)) + limits.round_trip_fraction
        most = {
            "order x equity": (adds, limits.order_notional_max_equity_multiple),
            "symbol x equity": (adds, limits.symbol_notional_max_equity_multiple),
            "side x equity": (side + adds, limits.side_notional_max_equity_multiple),
            "net x equity": (side - firm + adds, limits.net_notional_max_equity_multiple),
            "gross x equity": (gross, limits.gross_notional_max_equity_multiple),
            "margin % equity": (
                carried.margin + margin,
                limits.initial_margin_max_pct / 100,
            ),
            "risk % equity": (adds * stop, limits.risk_per_trade_max_pct / 100),
        }
        yield from (name for name, (is_, x) in most.items() if is_ > x * equity)
        if gross > limits.notional_max_usd:
            yield "total notional"
        if judged.symbol in carried.symbols:
            yield "the symbol is not flat"
        if len(carried.symbols) >= limits.open_positions_max:
            yield "open positions"

    def _lately(self, judged: Judged, prices: Prices) -> Iterator[str]:
        """What was approved within each window, this order included."""
        assert judged.case is not None
        equity = judged.case.equity.value or NONE
        adds = (judged.margin_usd or NONE) * (judged.leverage or NONE)
        for name, span_ms in WINDOWS.items():
            young = [j for j in self.approved if judged.at_ms - j.at_ms < span_ms]
            used = sum((j.notional_usd or NONE for j in young), adds)
            if used > equity * getattr(self.limits, f"notional_{name}_max_equity_multiple"):
                yield f"notional within {name}"
            own = sum(j.symbol == judged.symbol for j in young)
            if name == "1h" and own >= self.limits.symbol_entries_1h_max:
                yield "entries within the hour"

"""Looks at a session between two pieces of work, and writes down what a scrape may see.

The loop calls this about once a second. Nothing is read from a bus, a journal or a venue.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import final

from bridge_patch.adapters.metrics_sample import Ages, EquityKnown, ExposureKnown, Sample
from bridge_patch.app.venues import limits_used
from bridge_patch.domain.account import Activity
from bridge_patch.domain.intent import Mode, Side, Symbol, UnixMs, Unknown
from bridge_patch.domain.money import HUNDRED
from bridge_patch.domain.position import Position
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.snapshot import Known, Reading
from bridge_patch.services.exits_apart import ExitsApart
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.market import MarketView
from bridge_patch.services.session import Session


@final
@dataclass(slots=True)
class Sampler:
    """Takes samples of one session while that acts; `now_sec` is a steady clock."""

    session: Session
    now_sec: Callable[[], float]
    _unread_sec: float | None = None
    _exits_ms: UnixMs | None = None

    def take(self) -> Sample:
        """Return how things stand now."""
        trader = self.session.keeper.trader
        recorder, limits = trader.recorder, trader.limits
        now_ms = self.session.clock.now_ms()
        ledger, gauge = recorder.ledger, recorder.gauge
        doubts = tuple(sorted(d.order.at_ms for d in ledger.in_doubt.values()))
        symbols = tuple(map(Symbol, limits.symbols))
        activity = recorder.activity.at(Symbol(""), "", now_ms)
        return Sample(
            now_ms=now_ms,
            live=self.session.live,
            state=gauge.state,
            cause=gauge.holds.cause,
            equity=_equity(gauge, limits, *self._unread(gauge)),
            exposure=self._exposure(limits),
            ages=self._ages(symbols, limits, now_ms),
            unknown_ms=doubts,
            unknown_age_max_ms=limits.unknown_age_max_ms,
            naked={
                s: UnixMs(now_ms - recorder.nakedness.age_ms(s, now_ms))
                for s in recorder.nakedness.open
            },
            differences=tuple(f.difference for f in recorder.reckoning.standing.values()),
            orders=_orders(activity),
            orders_max={
                "10s": limits.venue_orders_10s_max,
                "1m": limits.venue_orders_1m_max,
            },
            limits_used=limits_used(self.session.keeper.venue),
        )

    def _unread(self, gauge: EquityGauge) -> tuple[str, float]:
        """Return why the account is unread, and for how long; 0 where it was read.

        In shadow that of the venue counts too, while something is open there.
        """
        read, left = gauge.equity, self.session.keeper.left.unread
        why = read.why if isinstance(read, Unknown) else left
        if not why:
            self._unread_sec = None
            return "", 0.0
        if self._unread_sec is None:
            self._unread_sec = self.now_sec()
        return why, self.now_sec() - self._unread_sec

    def _positions(self) -> tuple[Position, ...]:
        """Return what is open where the verdicts are about: in shadow, in a book."""
        trader = self.session.keeper.trader
        governed = trader.books.governed
        if trader.scribe.identity.mode is Mode.LIVE or governed is None:
            return tuple(trader.recorder.ledger.positions.values())
        return tuple(governed.exchange.positions.values())

    def _ages(self, symbols: tuple[Symbol, ...], limits: Limits, now_ms: UnixMs) -> Ages:
        market = self.session.keeper.trader.market
        marks = [market.mark(symbol) for symbol in symbols]
        known = [mark.at_ms for mark in marks if isinstance(mark, Known)]
        return Ages(
            mark_ms=min(known, default=None),
            mark_age_max_ms=limits.mark_age_max_ms,
            marks_missing=len(marks) - len(known),
            account_age_max_ms=limits.snapshot_age_max_ms,
            exits_ms=self._exits(now_ms),
            exits_silence_max_ms=limits.exits_silence_max_ms,
        )

    def _exits(self, now_ms: UnixMs) -> UnixMs | None:
        """Return since when the exit process is silent; one never heard, since we look.

        Who answered when it was asked last is not: it is asked with each bar, and where no
        bars come somebody else is at fault.
        """
        if not isinstance(self.session.brain, ExitsApart):
            return None
        if not self.session.brain.silent:
            return now_ms
        if self._exits_ms is None:
            self._exits_ms = now_ms
        heard_ms = self.session.brain.heard_ms
        return self._exits_ms if isinstance(heard_ms, Unknown) else heard_ms

    def _exposure(self, limits: Limits) -> ExposureKnown:
        trader = self.session.keeper.trader
        held = trader.recorder.ledger.budget.reserved()
        sides = {Side.BUY: held.long_usd, Side.SELL: held.short_usd}
        margin_usd, positions = held.margin_usd, self._positions()
        for position in positions:
            sides[position.side] += _worth_usd(position, trader.market)
            margin_usd += position.margin_usd
        long_usd, short_usd = sides[Side.BUY], sides[Side.SELL]
        equity = _value(trader.recorder.gauge.equity)
        return ExposureKnown(
            used_usd={
                "long": long_usd,
                "short": short_usd,
                "gross": long_usd + short_usd,
                "net": abs(long_usd - short_usd),
            },
            most_usd=_most_usd(equity, limits),
            margin_usd=margin_usd,
            margin_max_usd=equity and equity * limits.initial_margin_max_pct / HUNDRED,
            reserved_usd=held.long_usd + held.short_usd,
            positions=len(positions),
            positions_max=limits.open_positions_max,
        )


def _most_usd(equity: Decimal | None, limits: Limits) -> Mapping[str, Decimal]:
    """Return the limits in USD; those that hang on an equity, only where there is one."""
    if equity is None:
        return {"gross": limits.notional_max_usd}
    gross = min(equity * limits.gross_notional_max_equity_multiple, limits.notional_max_usd)
    side = equity * limits.side_notional_max_equity_multiple
    net = equity * limits.net_notional_max_equity_multiple
    return {"long": side, "short": side, "gross": gross, "net": net}


def _equity(gauge: EquityGauge, limits: Limits, why: str, unread_sec: float) -> EquityKnown:
    read = gauge.equity
    return EquityKnown(
        equity_usd=_value(read),
        at_ms=read.at_ms if isinstance(read, Known) else None,
        why=why,
        unread_sec=unread_sec,
        peak_usd=gauge.peak_usd,
        day_start_usd=gauge.day_start_usd,
        drawdown_pct=_value(gauge.drawdown_pct()),
        drawdown_max_pct=limits.drawdown_max_pct,
        day_loss_pct=_value(gauge.day_loss_pct()),
        day_loss_max_pct=limits.daily_loss_max_pct,
    )


def _orders(activity: Activity) -> Mapping[tuple[str, str], int]:
    return {
        ("10s", "all"): activity.orders_10s,
        ("1m", "all"): activity.orders_1m,
        ("10s", "entries"): activity.entries_10s,
        ("1m", "entries"): activity.entries_1m,
    }


def _worth_usd(position: Position, market: MarketView) -> Decimal:
    mark = market.mark(position.symbol)
    price_usd = position.entry_price_usd if isinstance(mark, Unknown) else mark.value
    return position.notional_usd(price_usd)


def _value(reading: Reading) -> Decimal | None:
    return reading.value if isinstance(reading, Known) else None

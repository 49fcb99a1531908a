"""From what the fold came to, to what is shown; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final

from bridge_patch.adapters.bus_look import Place
from bridge_patch.adapters.holder import is_gone, shown
from bridge_patch.adapters.journal_lease import Standing as Lease
from bridge_patch.adapters.journal_search import QuickCheck
from bridge_patch.app.in_force import fail_open_of, in_force, is_simulated, number
from bridge_patch.app.status.fold import Books, Counts, Doubt, StatusFold
from bridge_patch.app.status.view import (
    CountsView,
    DifferenceView,
    DoubtView,
    EquityView,
    ExposureView,
    JournalView,
    LeaseView,
    NakedView,
    PositionView,
    RunView,
    Standing,
    StateView,
)
from bridge_patch.domain.events import Book, DifferenceFound, RunStarted, TradingState
from bridge_patch.domain.intent import Mode, UnixMs
from bridge_patch.domain.money import HUNDRED, ZERO
from bridge_patch.services.backlog import Backlog

#: The cause of a state that no latch set: something open that no stop protects.
NAKED: Final = "NAKED"
GOVERNOR: Final = "governor"


def standing(
    fold: StatusFold,
    *,
    bus: tuple[Place, ...],
    streams: Mapping[str, int],
    journal: JournalView,
    backlog: Backlog,
    lease: LeaseView | None = None,
    outage: str = "",
) -> Standing:
    """State what the fold came to."""
    run, own = fold.run, fold.book(fold.own_book)
    settings = in_force(run.limits) if run else {}
    decided = fold.decided
    return Standing(
        fail_open=fail_open_of(run),
        outage=outage,
        run=None if run is None else _run(run),
        state=_state(fold, own),
        equity=_equity(fold.own_book, own, settings),
        exposure=_exposure(fold, own, settings),
        positions=tuple(_positions(fold)),
        naked=_naked(fold),
        in_doubt=doubts_of(fold),
        blind=fold.blind,
        compared=fold.compared,
        differences=tuple(_difference(d, fold.data_ms) for d in fold.differences.values()),
        this_run=_counts(fold.this_run),
        all_runs=_counts(fold.all_runs),
        data_ms=fold.data_ms,
        decided_ms=decided.event.at_ms if decided else None,
        decided_id=getattr(decided.event, "intent_id", None) if decided else None,
        bus=bus,
        backlog=backlog,
        streams=streams,
        lease=lease,
        journal=journal,
    )


def journal_view(
    path: str, check: QuickCheck, recorded_ms: int | None, now_ms: int
) -> JournalView:
    """State where a journal ends, and how long ago that was."""
    return JournalView(
        path=path,
        entries=check.entries,
        head_seq=check.head_seq,
        fault=check.fault,
        recorded_ms=recorded_ms,
        recorded_ago_ms=None if recorded_ms is None else now_ms - recorded_ms,
    )


def lease_view(lease: Lease | None, now_ms: int) -> LeaseView | None:
    """State which process acts; None where no process ever said so."""
    if lease is None:
        return None
    ago_ms = max(0, now_ms - lease.renewed_ms)  # it may be renewed while we look
    return LeaseView(
        holder=shown(lease.holder) if lease.holder else "",
        token=lease.token,
        renewed_ms=lease.renewed_ms,
        renewed_ago_ms=ago_ms,
        overdue=bool(lease.holder) and (ago_ms > lease.ttl_ms or is_gone(lease.holder)),
    )


def _run(run: RunStarted) -> RunView:
    return RunView(
        run_id=run.run_id,
        mode=run.mode,
        build=run.build,
        limits_hash=run.limits_hash,
        venue=run.venue,
        simulated=is_simulated(run),
        feed=run.feed,
        since_ms=run.at_ms,
        market=run.market,
        gate=run.gate if run.mode is Mode.LIVE else "",
    )


def _state(fold: StatusFold, own: Books) -> StateView:
    naked = fold.naked()
    if naked and own.state is TradingState.RUNNING:
        return StateView(
            state=TradingState.REDUCING,
            cause=NAKED,
            who=GOVERNOR,
            why=f"no stop protects {', '.join(naked)}",
            since_ms=None,
        )
    latch = own.latch
    return StateView(
        state=own.state,
        cause=latch.cause if latch else "",
        who=latch.who if latch else "",
        why=latch.why if latch else "",
        since_ms=latch.at_ms if latch else None,
    )


def _equity(book: Book, own: Books, settings: Mapping[str, str]) -> EquityView | None:
    if own.equity is None:
        return None
    equity, mark = own.equity, own.mark
    peak = max(mark.peak_usd, equity.usd) if mark else None
    begun = mark.day_start_usd if mark else None
    return EquityView(
        book=book,
        equity_usd=equity.usd,
        at_ms=equity.at_ms,
        peak_usd=peak,
        day_start_usd=begun,
        day_loss_pct=_fall_pct(begun, equity.usd),
        day_loss_max_pct=number(settings, "DAILY_LOSS_MAX_PCT"),
        drawdown_pct=_fall_pct(peak, equity.usd),
        drawdown_max_pct=number(settings, "DRAWDOWN_MAX_PCT"),
    )


def _exposure(fold: StatusFold, own: Books, settings: Mapping[str, str]) -> ExposureView:
    orders = [doubt.order for doubt in fold.doubts.values()]
    margins = [(o.margin_usd or ZERO, o.leverage or 0) for o in orders]
    reserved = sum((margin * leverage for margin, leverage in margins), ZERO)
    margin_usd = own.holdings.margin_usd() + sum((m for m, _ in margins), ZERO)
    equity = own.equity.usd if own.equity else None
    share = margin_usd / equity * HUNDRED + ZERO if equity and equity > 0 else None
    return ExposureView(
        notional_usd=own.holdings.notional_usd() + reserved,
        notional_max_usd=number(settings, "MAX_NOTIONAL_USD"),
        margin_usd=margin_usd,
        margin_pct=share,
        margin_max_pct=number(settings, "INITIAL_MARGIN_MAX_PCT"),
        reserved_notional_usd=reserved,
    )


def _positions(fold: StatusFold) -> Iterator[PositionView]:
    for name, book in fold.shown_books().items():
        held = book.holdings
        for symbol, position in sorted(held.positions.items()):
            intent_id = held.opened_by[symbol]
            yield PositionView(
                book=name,
                symbol=symbol,
                side=position.side,
                quantity_base=position.quantity_base,
                entry_price_usd=position.entry_price_usd,
                stop_price_usd=held.stop_price_usd(symbol),
                last_price_usd=held.price_usd(symbol),
                margin_usd=position.margin_usd,
                unrealised_usd=position.unrealised_usd(held.price_usd(symbol)),
                opened_ms=position.opened_ms,
                age_ms=fold.data_ms - position.opened_ms,
                policy=fold.policies.get(intent_id),
                intent_id=intent_id,
            )


def _naked(fold: StatusFold) -> NakedView:
    seen, now_ms = fold.nakedness, fold.data_ms
    ages = {str(s): _sec(seen.open[s].stretch_ms(now_ms)) for s in sorted(seen.open)}
    return NakedView(
        now_sec=ages, spells=seen.spells, total_sec=_sec(seen.total_ms(now_ms))
    )


def _sec(ms: int) -> Decimal:
    return Decimal(ms) / 1000


def doubts_of(fold: StatusFold) -> tuple[DoubtView, ...]:
    """State every order in doubt, oldest first."""
    return tuple(_doubt(doubt, fold.data_ms) for doubt in fold.doubts.values())


def _difference(found: DifferenceFound, now_ms: UnixMs) -> DifferenceView:
    difference = found.difference
    return DifferenceView(
        kind=difference.kind,
        symbol=difference.symbol,
        order_id=difference.order_id,
        ours=difference.ours,
        theirs=difference.theirs,
        since_ms=found.at_ms,
        age_ms=now_ms - found.at_ms,
    )


def _doubt(doubt: Doubt, now_ms: UnixMs) -> DoubtView:
    order = doubt.order
    margin_usd = order.margin_usd or ZERO
    return DoubtView(
        order_id=order.order_id,
        intent_id=order.intent_id,
        symbol=order.symbol,
        side=order.side,
        leg=order.leg,
        state=doubt.state,
        quantity_base=order.quantity_base,
        age_ms=now_ms - order.at_ms,
        reserved_notional_usd=margin_usd * (order.leverage or 0),
        reserved_margin_usd=margin_usd,
    )


def _counts(counts: Counts) -> CountsView:
    return CountsView(
        entries={str(v): n for v, n in counts.entries.items()},
        refusals=dict(counts.refusals.most_common()),
        reductions={str(v): n for v, n in counts.reductions.items()},
        dead_letters=dict(counts.dead_letters),
        expired=counts.expired,
        duplicates=counts.duplicates,
    )


def _fall_pct(start: Decimal | None, now: Decimal) -> Decimal | None:
    return None if start is None or start <= 0 else (start - now) * HUNDRED / start

"""Between a case and its record: what was judged can be judged again."""

from __future__ import annotations

from bridge_patch.domain.case_record import CaseRecord, ReadingRecord
from bridge_patch.domain.events import TradingState
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Proposal, RiskBudget, StopDistance, UnixMs, Unknown
from bridge_patch.domain.money import Leverage, Margin, Price
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.snapshot import Holding, Known, Reading, RiskSnapshot
from bridge_patch.governor.votes import Case


def record_of(case: Case) -> CaseRecord:
    """Flatten a case for the journal; the limits and the instrument are journaled apart."""
    snapshot, price = case.snapshot, case.reference_price
    holding = None if isinstance(snapshot.holding, Unknown) else snapshot.holding
    return CaseRecord(
        symbol=case.symbol,
        side=case.side,
        confidence=case.confidence,
        margin_usd=case.proposal.margin.usd,
        leverage=case.proposal.leverage.times,
        leverage_quantum=case.leverage_quantum,
        reference_price_usd=None if price is None else price.usd,
        stated_limits=case.stated_limits,
        hold_max_ms=case.hold_max_ms,
        stop_fraction=None if isinstance(case.stop, Unknown) else case.stop.fraction,
        stop_why=_why(case.stop),
        sigma_move=None if isinstance(case.sigma_move, Unknown) else case.sigma_move,
        sigma_why=_why(case.sigma_move),
        risk_budget_usd=None if case.risk_budget is None else case.risk_budget.usd,
        now_ms=case.now_ms,
        taken_ms=snapshot.taken_ms,
        state=snapshot.state,
        equity=_flat(snapshot.equity),
        available=_flat(snapshot.available),
        mark=_flat(snapshot.mark),
        index=_flat(snapshot.index),
        volatility=_flat(snapshot.volatility),
        shock_sigmas=_flat(snapshot.shock_sigmas),
        turnover_usd=_flat(snapshot.turnover_usd),
        day_loss_pct=_flat(snapshot.day_loss_pct),
        drawdown_pct=_flat(snapshot.drawdown_pct),
        equity_jump_pct=_flat(snapshot.equity_jump_pct),
        clock_skew_ms=_flat(snapshot.clock_skew_ms),
        funding=None if isinstance(snapshot.funding, Unknown) else snapshot.funding,
        funding_why=_why(snapshot.funding),
        instrument_why=_why(snapshot.instrument),
        filters_ms=snapshot.filters_ms,
        holding_side=holding.side if holding else None,
        holding_base=holding.quantity_base if holding else None,
        holding_why=_why(snapshot.holding),
        exposure=None if isinstance(snapshot.exposure, Unknown) else snapshot.exposure,
        exposure_why=_why(snapshot.exposure),
        activity=None if isinstance(snapshot.activity, Unknown) else snapshot.activity,
        activity_why=_why(snapshot.activity),
        exits_ms=None if isinstance(snapshot.exits_ms, Unknown) else snapshot.exits_ms,
        exits_why=_why(snapshot.exits_ms),
        journal_has_room=snapshot.journal_has_room,
        venues=snapshot.venues,
    )


def case_from(record: CaseRecord, limits: Limits, instrument: Instrument | None) -> Case:
    """Rebuild the case that `record_of` flattened, under the limits given.

    `instrument` is what the journal holds for the symbol; None where it was never listed.
    """
    stated = record.reference_price_usd
    return Case(
        symbol=record.symbol,
        side=record.side,
        confidence=record.confidence,
        proposal=Proposal(
            margin=Margin(record.margin_usd), leverage=Leverage(record.leverage)
        ),
        reference_price=None if stated is None else Price(stated),
        stated_limits=record.stated_limits,
        hold_max_ms=record.hold_max_ms,
        stop=Unknown(record.stop_why)
        if record.stop_fraction is None
        else StopDistance(record.stop_fraction),
        sigma_move=Unknown(record.sigma_why)
        if record.sigma_move is None
        else record.sigma_move,
        risk_budget=None
        if record.risk_budget_usd is None
        else RiskBudget(record.risk_budget_usd),
        snapshot=_snapshot_from(record, instrument),
        limits=limits,
        leverage_quantum=record.leverage_quantum,
        now_ms=record.now_ms,
    )


def _snapshot_from(record: CaseRecord, instrument: Instrument | None) -> RiskSnapshot:
    unlisted = instrument is None or bool(record.instrument_why)
    return RiskSnapshot(
        taken_ms=record.taken_ms,
        state=TradingState(record.state),
        equity=_reading(record.equity),
        available=_reading(record.available),
        mark=_reading(record.mark),
        index=_reading(record.index),
        volatility=_reading(record.volatility),
        shock_sigmas=_reading(record.shock_sigmas),
        turnover_usd=_reading(record.turnover_usd),
        day_loss_pct=_reading(record.day_loss_pct),
        drawdown_pct=_reading(record.drawdown_pct),
        equity_jump_pct=_reading(record.equity_jump_pct),
        clock_skew_ms=_reading(record.clock_skew_ms),
        funding=record.funding or Unknown(record.funding_why),
        instrument=Unknown(record.instrument_why)
        if unlisted or instrument is None
        else instrument,
        filters_ms=record.filters_ms,
        holding=Unknown(record.holding_why)
        if record.holding_base is None
        else Holding(side=record.holding_side, quantity_base=record.holding_base),
        exposure=record.exposure or Unknown(record.exposure_why),
        activity=record.activity or Unknown(record.activity_why),
        exits_ms=Unknown(record.exits_why) if record.exits_ms is None else record.exits_ms,
        journal_has_room=record.journal_has_room,
        venues=record.venues,
    )


def _why(thing: object) -> str:
    """Return why a thing is not known, and nothing where it is."""
    return (thing.why or "no reason given") if isinstance(thing, Unknown) else ""


def _flat(reading: Reading) -> ReadingRecord:
    match reading:
        case Known(value, at_ms):
            return ReadingRecord(value, at_ms, "")
        case Unknown(why):
            return ReadingRecord(None, UnixMs(0), why)


def _reading(record: ReadingRecord) -> Reading:
    return (
        Unknown(record.why) if record.value is None else Known(record.value, record.at_ms)
    )

"""Between a case and its record: what was judged can be judged again."""

from __future__ import annotations

from bridge_patch.domain.case_record import CaseRecord, ReadingRecord
from bridge_patch.domain.events import TradingState
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Proposal, RiskBudget, StopDistance, UnixMs, Unknown
from bridge_patch.domain.money import Leverage, Margin
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.snapshot import Exposure, Holding, Known, Reading, RiskSnapshot
from bridge_patch.governor.votes import Case


def record_of(case: Case) -> CaseRecord:
    """Flatten a case for the journal; the limits and the instrument are journaled apart."""
    snapshot = case.snapshot
    holding, exposure = snapshot.holding, snapshot.exposure
    held = None if isinstance(holding, Unknown) else holding
    exposed = None if isinstance(exposure, Unknown) else exposure
    return CaseRecord(
        side=case.side,
        confidence=case.confidence,
        margin_usd=case.proposal.margin.usd,
        leverage=case.proposal.leverage.times,
        leverage_quantum=case.leverage_quantum,
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
        volatility=_flat(snapshot.volatility),
        day_loss_pct=_flat(snapshot.day_loss_pct),
        drawdown_pct=_flat(snapshot.drawdown_pct),
        instrument_why=_why(snapshot.instrument),
        holding_side=held.side if held else None,
        holding_base=held.quantity_base if held else None,
        holding_why=_why(holding),
        exposure_notional_usd=exposed.notional_usd if exposed else None,
        exposure_margin_usd=exposed.margin_usd if exposed else None,
        exposure_unknown_orders=exposed.unknown_orders if exposed else 0,
        exposure_why=_why(exposure),
    )


def case_from(record: CaseRecord, limits: Limits, instrument: Instrument | None) -> Case:
    """Rebuild the case that `record_of` flattened, under the limits given.

    `instrument` is what the journal holds for the symbol; None where it was never listed.
    """
    return Case(
        side=record.side,
        confidence=record.confidence,
        proposal=Proposal(
            margin=Margin(record.margin_usd), leverage=Leverage(record.leverage)
        ),
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
        volatility=_reading(record.volatility),
        day_loss_pct=_reading(record.day_loss_pct),
        drawdown_pct=_reading(record.drawdown_pct),
        instrument=Unknown(record.instrument_why)
        if unlisted or instrument is None
        else instrument,
        holding=Unknown(record.holding_why)
        if record.holding_base is None
        else Holding(side=record.holding_side, quantity_base=record.holding_base),
        exposure=Unknown(record.exposure_why)
        if record.exposure_notional_usd is None or record.exposure_margin_usd is None
        else Exposure(
            notional_usd=record.exposure_notional_usd,
            margin_usd=record.exposure_margin_usd,
            unknown_orders=record.exposure_unknown_orders,
        ),
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

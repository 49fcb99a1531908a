"""Incidents of exits that were not let out, or let out too far.

Whatever gate is shut for entries, the judge of reductions approves, and the services take
the reduction to the venue, where it can only shrink.
"""

from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.app.contract.risk_governor import GovernorConfig, RiskGovernor
from bridge_patch.app.periods import (
    ACCOUNT_SEC,
    BAR_SEC,
    EXITS_LOOK_SEC,
    MARK_SEC,
    PERIODS_MIN,
    RULES_SEC,
    SETTLEMENT_SEC,
)
from bridge_patch.app.settings import SettingsError, load_settings
from bridge_patch.domain.events import Status, TradingState
from bridge_patch.domain.intent import IntentId, Side, UnixMs, Unknown
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position, apply_fill
from bridge_patch.domain.venue_events import Book, Filled, FillKind
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge_reduction
from bridge_patch.governor.ruling import Refused
from bridge_patch.governor.snapshot import Known, RiskSnapshot
from bridge_patch.services.messages import Wish
from tests.questions import (
    BTC_RULES,
    FINE,
    NOTHING_OPEN,
    NOW,
    Question,
    position,
    reasons,
    reduction,
)
from tests.simulation.rig import (
    BTC,
    CALM,
    MINUTE_MS,
    NOON_MS,
    SOL,
    World,
    ask,
    close,
    intent,
    run,
    tapped,
)
from tests.simulation.tap import Tap
from tests.unit.governor.disturbances import Disturb
from tests.unit.governor.refusals import REFUSED
from tests.unit.services.test_switch import order, send

D = Decimal
#: Rows that are no gate but a reading of the position itself.
NO_GATE = {"position unread", "position open"}
#: Readings that are renewed in their own time, and how often.
RENEWED_SEC = {
    "VOLATILITY_AGE_MAX_SEC": BAR_SEC,
    "FUNDING_AGE_MAX_SEC": SETTLEMENT_SEC,
    "EXITS_SILENCE_MAX_SEC": EXITS_LOOK_SEC,
    "MARK_AGE_MAX_SEC": MARK_SEC,
    "SNAPSHOT_AGE_MAX_SEC": ACCOUNT_SEC,
    "FILTERS_AGE_MAX_SEC": RULES_SEC,
}
GATES = {name: disturb for name, disturb, _ in REFUSED if name not in NO_GATE}


def reduced(question: Question, before: Position) -> ApprovedReduction | Refused:
    """Ask for a close as the services do: with what the question knows of the symbol."""
    return judge_reduction(reduction(), before, question.snapshot.instrument)


def after(before: Position, approved: ApprovedReduction) -> Position | None:
    return apply_fill(
        before,
        Filled(
            book=Book.ACCOUNT,
            at_ms=NOW,
            symbol=approved.symbol,
            side=approved.side,
            kind=FillKind.REDUCE,
            quantity_base=approved.quantity.base,
            price_usd=D(95_000),
            fee_usd=D(0),
            realised_usd=D(0),
            margin_usd=D(0),
            order_id=ClientOrderId("o"),
            trade_id="t",
            intent_id=IntentId("r-1"),
        ),
    )


def _can_be_recorded(question: Question) -> bool:
    """No record can hold a reading that is not finite; a venue adapter lets none in."""
    readings = (getattr(question.snapshot, f.name) for f in fields(RiskSnapshot))
    return all(r.value.is_finite() for r in readings if isinstance(r, Known))


@dataclass
class Shown:
    """Snapshots that show what the question knows, whoever asks."""

    snapshot: RiskSnapshot

    async def take(self, *_: object, **__: object) -> RiskSnapshot:
        return self.snapshot


async def _close_behind(world: World, shut: Question) -> Tap:
    """Hold a position, shut the gate, ask for an entry and for the close."""
    session, venue = await tapped(world)
    await ask(world, session, intent("open", CALM))
    trader = session.keeper.trader
    minutes = (NOW - NOON_MS) // MINUTE_MS
    session.clock.set(NOW)
    object.__setattr__(trader, "snapshots", Shown(shut.snapshot))
    object.__setattr__(trader, "limits", shut.limits)
    wish = intent("in", minutes, margin=450, leverage=15) | {"confidence": 0.85}
    await ask(world, session, wish, close("out", minutes))
    return venue


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_entry_gates_never_block_a_verified_reduction(gate: Disturb) -> None:
    """M-61: closes went through the entry gates: notional, confidence, rate limit,
    cooldown, margin, minimum notional and free balance each refused them.
    """
    shut = gate(FINE)
    assert isinstance(FINE.verdict(), Approved)
    assert isinstance(shut.verdict(), Refused)
    for before in (position("1"), position("-0.0005")):
        verdict = reduced(shut, before)
        assert isinstance(verdict, ApprovedReduction)
        assert after(before, verdict) is None

    strict = RiskGovernor(GovernorConfig(min_confidence=1, max_notional_usd=250))
    assert strict.evaluate("BTCUSDT", "CLOSE", 0.0, 60_000.0, 125.0)[0]
    if not _can_be_recorded(shut):
        return
    world = World()
    venue = run(_close_behind(world, shut))
    assert venue.kinds()[-1] == "reduce"
    assert isinstance(venue.calls[-1].asked, ApprovedReduction)  # reduce-only by its type
    assert world.outcome("out").status is Status.FILLED
    if shut.entry == FINE.entry:  # a gate of account, market or limits, not of the message
        assert world.outcome("in").status is Status.REFUSED


@pytest.mark.parametrize("state", [TradingState.HALTED, TradingState.REDUCING])
def test_halt_lets_verified_reductions_through(state: TradingState) -> None:
    """M-62: a halt denied a reduce-only sell; a safe mode nobody could explain blocked all
    exits; a lockdown and a rate limit stopped even emergency closes.
    """
    held = FINE.knowing(state=state)
    assert reasons(held.verdict()) == [f"TRADING_{state}"]
    assert isinstance(FINE.verdict(), Approved)
    for side, before in ((Side.SELL, position("1")), (Side.BUY, position("-1"))):
        verdict = judge_reduction(reduction(side, "0.4"), before, BTC_RULES)
        assert isinstance(verdict, ApprovedReduction)
        assert (verdict.side, verdict.quantity.base) == (side, D("0.4"))

    world = World()
    wishes = intent("in", CALM, symbol=SOL), close("out", CALM)
    venue = run(_asked_under(world, state, *wishes))
    assert world.outcome("in").status is Status.REFUSED
    assert world.outcome("out").status is Status.FILLED
    assert venue.kinds() == ["place", "stop", "reduce"]


async def _asked_under(world: World, state: TradingState, *messages: Any) -> Tap:
    """Hold a BTC position, let a person tighten the account, and ask."""
    session, venue = await tapped(world, (BTC, SOL))
    await ask(world, session, intent("open", CALM))
    wish = Wish.HALT if state is TradingState.HALTED else Wish.REDUCE
    await send(world, order("o-1", wish))
    await session.keeper.recover()
    assert session.recorder.gauge.state is state
    await ask(world, session, *messages)
    return venue


@pytest.mark.parametrize("base", ["0.001", "1", "-1", "9", "-9"])
def test_reducing_state_never_opens_enlarges_or_flips(base: str) -> None:
    """M-63: in the state "reducing" a buy from flat was filled, and a sell of 10 against a
    long of 1 flipped it to short 9; order lists ignored the state.

    A single order, and a list of reductions that together are far more than is open.
    """
    held = FINE.knowing(state=TradingState.REDUCING)
    for side in Side:
        assert reasons(held.asking(side=side).verdict()) == ["TRADING_REDUCING"]
        assert reasons(judge_reduction(reduction(side), None, BTC_RULES)) == [
            "NOTHING_TO_REDUCE"
        ]
    before = position(base)
    assert reasons(judge_reduction(reduction(before.side), before, BTC_RULES)) == [
        "REDUCE_WRONG_SIDE"
    ]
    for wanted in ("0.0001", "0.5", "10", "1000000", None):
        verdict = judge_reduction(
            reduction(before.side.opposite, wanted), before, BTC_RULES
        )
        assert isinstance(verdict, ApprovedReduction)
        left = after(before, verdict)
        assert left is None or 0 < left.signed_base / before.signed_base < 1

    world = World()
    sold: dict[str, Any] = {"action": "SELL", "reduce_only": True}
    many = [close(f"s-{n}", CALM, quantity=float(abs(D(base))), **sold) for n in range(4)]
    tries = [intent("in", CALM, symbol=SOL), intent("more", CALM), *many, close("c", CALM)]
    venue = run(_asked_under(world, TradingState.REDUCING, *tries))
    opened, *closed = (f for f in world.events(Filled) if f.book is Book.ACCOUNT)
    assert sum(f.quantity_base for f in closed) == opened.quantity_base
    assert {f.side for f in closed} == {Side.SELL}
    assert venue.kinds().count("place") == 1


def worse(question: Question, danger: int) -> Question:
    """The same world, `danger` steps worse in every respect at once."""
    lost = Known(D(10 * danger), UnixMs(NOW - 5_000 * danger))
    shaken = replace(lost, value=D("0.5") * danger)
    return question.bounded(confidence_min=min(D(danger) / 4, D(1))).knowing(
        state=TradingState.HALTED,
        taken_ms=UnixMs(NOW - 5_000 * danger),
        equity=Known(D(10_000) / 10**danger, UnixMs(NOW - 5_000 * danger)),
        available=Known(D(0), NOW) if danger < 4 else Unknown("timeout"),
        day_loss_pct=lost,
        drawdown_pct=lost,
        volatility=shaken,
        exposure=replace(
            NOTHING_OPEN,
            long_usd=D(10) ** (4 + danger),
            margin_usd=D(10_000),
            unknown_orders=danger,
            naked_positions=danger,
            foreign_positions=danger,
        ),
    )


@pytest.mark.parametrize("danger", range(1, 6))
def test_more_danger_never_forbids_reducing(danger: int) -> None:
    """M-68: an inverted gate refused closes once the danger score passed 0.65, so exits
    stopped when they were needed while equity fell from $8,100 to $4,150.

    The judge of reductions takes nothing that could be dangerous: that is a law beside.
    """
    assert isinstance(FINE.verdict(), Approved)
    assert isinstance(worse(FINE, danger).verdict(), Refused)
    before = position("1")
    calm, bad = reduced(FINE, before), reduced(worse(FINE, danger), before)
    assert isinstance(calm, ApprovedReduction)
    assert isinstance(bad, ApprovedReduction)

    assert (bad.side, bad.quantity) == (calm.side, calm.quantity)


@pytest.mark.parametrize("age_sec", [13, 60, 99, 3600])
def test_freshness_limits_gate_entries_only(age_sec: int) -> None:
    """M-69: a freshness limit of 10 seconds met snapshots aged 13 to 99 seconds, so
    everything including exits was denied.

    A limit that its reading reaches between two renewals does not start.
    """
    for name, period_sec in RENEWED_SEC.items():
        with pytest.raises(SettingsError, match=f"{name}.*it is read every {period_sec} s"):
            load_settings({name: str(PERIODS_MIN * period_sec)})
        enough = load_settings({name: str(PERIODS_MIN * period_sec + 1)})
        assert getattr(enough, name.lower()) > period_sec
    then = UnixMs(NOW - age_sec * 1000)
    old = FINE.knowing(
        taken_ms=then,
        equity=Known(D(10_000), then),
        available=Known(D(10_000), then),
        mark=Known(D(95_000), then),
        day_loss_pct=Known(D(0), then),
        drawdown_pct=Known(D(0), then),
    )
    assert {"SNAPSHOT_STALE", "MARK_STALE", "SNAPSHOT_INCOMPLETE"} == {
        *reasons(old.verdict())
    }
    assert isinstance(FINE.verdict(), Approved)

    assert isinstance(reduced(old, position("1")), ApprovedReduction)
    patient = old.bounded(
        snapshot_age_max_ms=age_sec * 1000, mark_age_max_ms=age_sec * 1000
    )
    assert isinstance(patient.verdict(), Approved)

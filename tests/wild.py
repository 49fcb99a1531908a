"""Questions that are made of anything at all, or have one absurd thing about them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from bridge_patch.domain.account import Exposure
from bridge_patch.domain.events import TradingState
from bridge_patch.domain.intent import (
    Confidence,
    Proposal,
    RiskBudget,
    StopDistance,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.money import Leverage, Margin
from bridge_patch.governor.snapshot import Holding, Known, RiskSnapshot
from tests.questions import FINE, NOW, PAPER, Question
from tests.rooms import between, usd
from tests.strategies import limits, sane_questions, sides, unit

D = Decimal

#: Anything a Decimal can be.
anything = st.decimals() | st.sampled_from(
    [D(t) for t in ("0", "-1", "NaN", "Infinity", "-Infinity", "1E+5000", "1E-5000")]
)
positive = st.decimals("1E-30", allow_nan=False, allow_infinity=False) | st.sampled_from(
    [D(t) for t in ("1", "100", "1E+5000", "1E+999999", "1E-5000", "1E-999999")]
)
ages = st.sampled_from([0, 1, 5_000, 10**9, -1])
wild_readings = st.builds(Unknown, st.just("timeout")) | st.builds(
    Known, anything, ages.map(lambda age: UnixMs(NOW - age))
)
unknowns = st.builds(Unknown, st.just("timeout"))
WILD_READINGS: dict[str, st.SearchStrategy[Any]] = {
    "taken_ms": ages.map(lambda age: UnixMs(NOW - age)),
    "state": st.sampled_from(TradingState),
    "equity": wild_readings,
    "available": wild_readings,
    "mark": wild_readings,
    "volatility": wild_readings,
    "index": wild_readings,
    "shock_sigmas": wild_readings,
    "turnover_usd": wild_readings,
    "equity_jump_pct": wild_readings,
    "clock_skew_ms": wild_readings,
    "funding": unknowns,
    "filters_ms": ages.map(lambda age: UnixMs(NOW - age)),
    "exits_ms": unknowns | ages.map(lambda age: UnixMs(NOW - age)),
    "journal_has_room": st.booleans(),
    "venues": st.sampled_from([PAPER, replace(PAPER, prices="binance")]),
    "activity": unknowns,
    "instrument": unknowns,
    "holding": unknowns
    | st.builds(Holding, side=sides | st.none(), quantity_base=anything),
    "exposure": unknowns
    | st.builds(
        Exposure,
        **dict.fromkeys(
            ("long_usd", "short_usd", "symbol_usd", "margin_usd"),
            st.decimals(0, allow_nan=False, allow_infinity=False),
        ),
        **dict.fromkeys(
            ("net_long_usd", "net_short_usd"),
            st.decimals(allow_nan=False, allow_infinity=False),
        ),
        **dict.fromkeys(
            (
                *("open_positions", "naked_positions", "foreign_positions"),
                *("unknown_orders", "unknown_on_symbol"),
                "unknown_at_start",
            ),
            st.integers(0, 3),
        ),
        unknown_since_ms=st.none() | ages.map(lambda age: UnixMs(NOW - age)),
    ),
    "day_loss_pct": wild_readings,
    "drawdown_pct": wild_readings,
}
WILD_WISHES: dict[str, st.SearchStrategy[Any]] = {
    "side": sides,
    "confidence": st.builds(Confidence, unit),
    "proposal": st.builds(
        Proposal,
        margin=st.builds(Margin, positive),
        leverage=st.builds(Leverage, positive),
    ),
    "stop": unknowns | st.builds(StopDistance, between("0.0001", "0.9999", 4)),
    "risk_budget": st.none() | st.builds(RiskBudget, usd("0", "1000")),
}


@st.composite
def edge_questions(draw: st.DrawFn) -> Question:
    """A sane question with one thing about it replaced by anything at all."""
    question = draw(sane_questions())
    what = draw(st.sampled_from([*WILD_READINGS, *WILD_WISHES, "limits"]))
    if what == "limits":
        return replace(question, limits=draw(limits()))
    if what in WILD_READINGS:
        return question.knowing(**{what: draw(WILD_READINGS[what])})
    return question.asking(**{what: draw(WILD_WISHES[what])})


@st.composite
def wild_questions(draw: st.DrawFn) -> Question:
    """Anything, about an instrument that is listed or not."""
    question = Question(
        entry=replace(FINE.entry, **draw(st.fixed_dictionaries(WILD_WISHES))),
        snapshot=RiskSnapshot(**draw(st.fixed_dictionaries(WILD_READINGS))),
        limits=draw(limits()),
    )
    if draw(st.booleans()):
        return question.knowing(instrument=FINE.snapshot.instrument)
    return question


questions = st.one_of(sane_questions(), edge_questions(), wild_questions())

"""What the default sizer promises for every input, over bounds of every kind."""

from decimal import Decimal

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from bridge_patch.domain.instrument import liquidation_distance
from bridge_patch.domain.intent import Side
from bridge_patch.policy.sizing import (
    AbstainCode,
    Abstained,
    Sized,
    SizingBounds,
    safe_distance,
    size,
)

D = Decimal
MMR = D("0.004")
DEFAULTS = SizingBounds(
    margin_min_usd=D(50),
    margin_max_usd=D(10_000),
    notional_max_usd=D(100_000),
    leverage_min=D(5),
    leverage_max=D(80),
)
QUANTUM, CENT = D("0.1"), D("0.01")


def decimals(low: str, high: str, places: int = 2) -> st.SearchStrategy[Decimal]:
    return st.decimals(D(low), D(high), places=places)


#: Mostly what is traded, and anything at all: laws about refusals alone are no laws.
confidences = decimals("0.6", "1", 4) | decimals("0.501", "1", 4) | decimals("0", "1", 4)
factors = decimals("0.25", "2", 4) | decimals("0.25", "4", 4)
equities = decimals("5000", "1000000") | decimals("1", "10000000")
#: Far apart, or neighbours: rounding shows between neighbours.
factor_pairs = st.one_of(
    st.tuples(factors, factors),
    decimals("0.25", "3.99", 4).map(lambda f: (f, f + D("0.0001"))),
)
sides = st.sampled_from([None, *Side])


@st.composite
def bounds(draw: st.DrawFn) -> SizingBounds:
    """Bounds as a person may set them; half of the time those that are shipped."""
    if draw(st.booleans()):
        return DEFAULTS
    margins = sorted(draw(st.tuples(decimals("1", "200"), decimals("1", "20000"))))
    leverages = sorted(draw(st.tuples(decimals("1", "10"), decimals("1", "125"))))
    return SizingBounds(
        margin_min_usd=margins[0],
        margin_max_usd=margins[1],
        notional_max_usd=margins[0] * leverages[0] + draw(decimals("0", "200000")),
        leverage_min=leverages[0],
        leverage_max=leverages[1],
        order_notional_max_equity_multiple=draw(decimals("0.1", "5")),
    )


def exposure(decided: Sized | Abstained) -> Decimal:
    """The notional proposed; not to trade is none."""
    event(type(decided).__name__)
    return decided.notional_usd if isinstance(decided, Sized) else D(0)


def test_the_laws_are_about_proposals_too() -> None:
    """Guards them: at least a third of what is drawn below must come to a proposal."""
    kinds: list[bool] = []

    @given(confidences, factors, equities, bounds(), sides)
    def draw(
        confidence: Decimal,
        factor: Decimal,
        equity: Decimal,
        limits: SizingBounds,
        side: Side | None,
    ) -> None:
        kinds.append(isinstance(size(confidence, factor, equity, limits, side=side), Sized))

    draw()
    assert sum(kinds) * 3 >= len(kinds) >= 100


@given(
    confidence=decimals("0.7", "1", 4),
    factor=decimals("0.25", "3", 4),
    equity=decimals("5000", "1000000"),
    side=sides,
)
def test_an_ordinary_signal_is_sized(
    confidence: Decimal, factor: Decimal, equity: Decimal, side: Side | None
) -> None:
    """Guards the other laws: an answer that is always no would keep them all."""
    assert isinstance(size(confidence, factor, equity, DEFAULTS, side=side), Sized)


@given(st.tuples(confidences, confidences), factors, equities, bounds(), sides)
def test_notional_never_falls_with_confidence(
    pair: tuple[Decimal, Decimal],
    factor: Decimal,
    equity: Decimal,
    limits: SizingBounds,
    side: Side | None,
) -> None:
    """Not to trade counts as nothing, so surer can also never turn a trade into none."""
    less, more = sorted(pair)
    small = size(less, factor, equity, limits, side=side)
    large = size(more, factor, equity, limits, side=side)

    assert exposure(small) <= exposure(large)
    if isinstance(small, Sized) and isinstance(large, Sized):
        assert small.proposal.margin <= large.proposal.margin


@given(confidences, factor_pairs, equities, bounds(), sides)
def test_higher_volatility_never_raises_exposure(
    confidence: Decimal,
    pair: tuple[Decimal, Decimal],
    equity: Decimal,
    limits: SizingBounds,
    side: Side | None,
) -> None:
    """M-14: size was multiplied by volatility.

    Leverage comes in steps of 0.1x. One step less can lift the margin of an order that was
    just too small over the minimum, by less than the step: that much is granted.
    """
    calm, wild = sorted(pair)
    before = size(confidence, calm, equity, limits, side=side)
    after = size(confidence, wild, equity, limits, side=side)

    if isinstance(before, Abstained) and before.code is AbstainCode.MARGIN_BELOW_MIN:
        if isinstance(after, Sized):
            leverage = after.proposal.leverage.times
            step = limits.margin_min_usd * QUANTUM / leverage
            assert after.proposal.margin.usd <= limits.margin_min_usd + step
    else:
        assert exposure(after) <= exposure(before)
    for unusable in ("NaN", "Infinity", "0.2499", "4.0001", "-1", "1000"):
        told = size(confidence, Decimal(unusable), equity, limits, side=side)
        assert isinstance(told, Abstained)


@given(confidences, factors, equities, bounds(), sides)
def test_every_proposal_is_inside_every_bound(
    confidence: Decimal,
    factor: Decimal,
    equity: Decimal,
    limits: SizingBounds,
    side: Side | None,
) -> None:
    decided = size(confidence, factor, equity, limits, side=side)
    event(type(decided).__name__)
    if isinstance(decided, Sized):
        margin, leverage = decided.proposal.margin, decided.proposal.leverage
        assert limits.margin_min_usd <= margin.usd <= limits.margin_max_usd
        assert limits.leverage_min <= leverage.times <= limits.leverage_max
        assert margin.usd % CENT == 0
        assert leverage.times % QUANTUM == 0

        notional = (margin * leverage).usd
        multiple = limits.order_notional_max_equity_multiple
        assert notional <= min(limits.notional_max_usd, multiple * equity)
        cut = decided.notional_usd - notional
        assert 0 <= cut < CENT * leverage.times


@given(confidences, factors, equities, bounds(), sides)
def test_liquidation_lies_beyond_stop_and_noise(
    confidence: Decimal,
    factor: Decimal,
    equity: Decimal,
    limits: SizingBounds,
    side: Side | None,
) -> None:
    """For the side that was asked for, and for both where none was."""
    decided = size(confidence, factor, equity, limits, side=side, mmr=MMR)
    event(type(decided).__name__)
    if isinstance(decided, Sized):
        needed = safe_distance(decided.stop.fraction, factor, decided.policy)
        assert needed >= 3 * decided.stop.fraction
        for each in Side if side is None else [side]:
            leverage = decided.proposal.leverage.times
            assert liquidation_distance(each, leverage, MMR) >= needed


@given(confidences, factors, equities, sides)
def test_leverage_is_the_largest_that_is_safe(
    confidence: Decimal, factor: Decimal, equity: Decimal, side: Side | None
) -> None:
    """One step more would bring liquidation too near, wherever no cap on notional binds."""
    wanted = equity * (2 * confidence - 1) / factor
    decided = size(confidence, factor, equity, DEFAULTS, side=side, mmr=MMR)
    event(type(decided).__name__)
    if isinstance(decided, Sized) and wanted <= min(D(100_000), D("1.5") * equity):
        more = decided.proposal.leverage.times + QUANTUM
        needed = safe_distance(decided.stop.fraction, factor, decided.policy)
        of_whom = Side if side is None else [side]
        assert min(liquidation_distance(each, more, MMR) for each in of_whom) < needed


@given(confidences, factors, equities, bounds(), sides)
def test_the_stop_never_costs_more_than_two_percent(
    confidence: Decimal,
    factor: Decimal,
    equity: Decimal,
    limits: SizingBounds,
    side: Side | None,
) -> None:
    """Of equity, whatever the confidence and however calm the market."""
    decided = size(confidence, factor, equity, limits, side=side)
    event(type(decided).__name__)
    if isinstance(decided, Sized):
        proposal = decided.proposal
        notional = (proposal.margin * proposal.leverage).usd
        assert notional * decided.stop.fraction <= equity * D("0.02")


anything = st.one_of(
    st.decimals(allow_nan=True, allow_infinity=True),
    st.just(D("sNaN")),
    st.floats(),
    st.integers(),
    st.text(),
    st.booleans(),
    st.none(),
)


@given(st.tuples(anything, anything, anything, anything), bounds())
def test_nothing_makes_the_sizer_raise(
    inputs: tuple[Decimal, Decimal, Decimal, Decimal], limits: SizingBounds
) -> None:
    confidence, factor, equity, mmr = inputs

    decided = size(confidence, factor, equity, limits, mmr=mmr)
    assert isinstance(decided, Sized | Abstained)


@pytest.mark.parametrize("place", range(4))
@given(value=anything)
def test_one_bad_input_never_ends_in_a_proposal(place: int, value: object) -> None:
    """Every proposal needs four usable numbers; a float is none, however plausible."""
    inputs: list[object] = [D("0.85"), D(1), D(10_000), MMR]
    lows, highs = (D("0.5"), D("0.25"), D(0), D(0)), (D(1), D(4), D("1E+12"), D(1))
    inputs[place] = value

    decided = size(*inputs[:3], DEFAULTS, mmr=inputs[3])  # type: ignore[arg-type, call-arg]
    if isinstance(decided, Sized):
        assert isinstance(value, Decimal)
        assert lows[place] <= value <= highs[place]

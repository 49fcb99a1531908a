"""The engine proposes what the sizer sized, once, under ids that a repetition gives too."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import bounds_of
from bridge_patch.domain.intent import (
    Confidence,
    IntentId,
    Mode,
    ReduceIntent,
    Side,
    Unknown,
)
from bridge_patch.domain.market import Tick
from bridge_patch.services.engine import Engine, Signal
from bridge_patch.services.market import MarketView
from bridge_patch.services.messages import Draft
from bridge_patch.services.ports import Telemetry
from tests.simulation.rig import BTC, CALM, WOBBLE, Silence, at, calm, minute, run

D = Decimal
RICH = D(10_000)


@dataclass
class Always:
    """A model that is sure of itself at every bar, and counts the bars it saw."""

    confidence: str = "0.85"
    seen: int = 0

    def signals(self, tick: Tick) -> tuple[Signal, ...]:
        self.seen += 1
        sure = Confidence(D(self.confidence))
        return (
            Signal(symbol=BTC, side=Side.BUY, confidence=sure, source="m", reason="up"),
        )


@dataclass
class Notes(Silence):
    """Telemetry that keeps what was noted, and can be made to raise."""

    notes: list[object] = field(default_factory=list)
    broken: bool = False

    def published(self, draft: Draft) -> None:
        if self.broken:
            raise OSError

    def note(self, area: str, message: str, **facts: object) -> None:
        self.notes.append(facts.get("code"))


@dataclass
class Out:
    """An outbox that keeps what it was given."""

    drafts: list[Draft] = field(default_factory=list)

    async def propose(self, *drafts: Draft) -> tuple[IntentId, ...]:
        self.drafts.extend(drafts)
        return tuple(draft.id for draft in drafts)

    async def reduce(self, intent: ReduceIntent) -> None:
        raise AssertionError("an engine reduces nothing")


class Purse:
    def __init__(self, worth: Decimal | Unknown) -> None:
        self.worth = worth

    async def equity_usd(self) -> Decimal | Unknown:
        return self.worth


def engine(
    *,
    source: Always | None = None,
    equity: Decimal | Unknown = RICH,
    telemetry: Telemetry | None = None,
) -> tuple[Engine, Out]:
    out = Out()
    one = Engine(
        source=source or Always(),
        outbox=out,
        equity=Purse(equity),
        telemetry=telemetry or Silence(),
        bounds=bounds_of(load_settings({})),
        mode=Mode.SHADOW,
    )
    for tick in calm():
        one.see(tick)
    return one, out


def test_a_signal_becomes_a_sized_proposal() -> None:
    """The worked case of the contract, at the volatility of this market."""
    one, out = engine()
    ids = run(one.on_tick(at(CALM + 1, {BTC: 95_000 * (1 + WOBBLE)})))

    (draft,) = out.drafts
    assert ids == (draft.id,)
    assert draft.created_ms == minute(CALM + 1)
    factor = one.market.factor(BTC)
    assert isinstance(factor, Decimal)
    assert draft.stop.fraction == D("0.02") * factor
    notional = draft.proposal.margin * draft.proposal.leverage
    wanted = D(10_000) * D("0.014") / draft.stop.fraction  # 2 % x (2 x 0.85 - 1)
    assert wanted - 16 < notional.usd <= wanted


def test_history_is_seen_and_nothing_proposed_about_it() -> None:
    source = Always()
    _, out = engine(source=source)

    assert source.seen == CALM
    assert out.drafts == []


def test_it_abstains_and_says_why() -> None:
    notes = Notes()
    for source, equity in ((Always("0.5"), D(10_000)), (Always(), Unknown("no reading"))):
        one, out = engine(source=source, equity=equity, telemetry=notes)
        assert run(one.on_tick(at(CALM + 1, {BTC: 95_000}))) == ()
        assert out.drafts == []

    assert notes.notes == ["CONFIDENCE_TOO_LOW", "EQUITY_UNKNOWN"]


def test_without_enough_bars_there_is_no_proposal() -> None:
    notes = Notes()
    one, _ = engine(telemetry=notes)
    one.market = MarketView()
    run(one.on_tick(at(CALM + 1, {BTC: 95_000})))

    assert notes.notes == ["VOLATILITY_UNKNOWN"]


def test_the_same_decision_has_the_same_id() -> None:
    """So that an engine which was killed after publishing only repeats itself."""
    again, later = at(CALM + 1, {BTC: 95_000}), at(CALM + 2, {BTC: 95_000})
    (one, out), (two, again_out) = engine(), engine()
    for each in (one, two):
        run(each.on_tick(again))
    run(one.on_tick(later))

    assert out.drafts[0] == again_out.drafts[0]
    assert len({draft.id for draft in out.drafts}) == 2


def test_a_line_that_cannot_be_shown_does_not_keep_an_intent_back() -> None:
    one, out = engine(telemetry=Notes(broken=True))

    assert len(run(one.on_tick(at(CALM + 1, {BTC: 95_000})))) == 1
    assert len(out.drafts) == 1


def test_our_own_view_of_the_market_is_our_feeds_alone() -> None:
    market = MarketView()
    assert isinstance(market.mark(BTC), Unknown)
    assert isinstance(market.volatility(BTC), Unknown)
    assert isinstance(market.default_stop(BTC), Unknown)
    for tick in calm():
        market.on_tick(tick)
    before = market.volatility(BTC)
    market.on_tick(at(CALM, {BTC: 1}))

    assert market.volatility(BTC) == before  # a bar that is delivered twice counts once
    assert market.at_ms == minute(CALM)

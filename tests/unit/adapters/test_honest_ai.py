"""The honest signal as the engine meets it."""

from decimal import Decimal

from bridge_patch.adapters.honest_ai import SOURCE, HonestAI, evaluate_signal, paper_costs
from bridge_patch.domain.intent import Symbol
from bridge_patch.policy.signal import Look
from bridge_patch.services.engine import Signal, SignalSource
from bridge_patch.sim.costs import Costs
from tests.laws.markets import market

D = Decimal
NAMES = ("BTCUSDT", "ETHUSDT", "SOLUSDT", "BNBUSDT")


def test_it_is_a_signal_source_that_says_what_it_knows_and_counts_what_it_does_not() -> (
    None
):
    silent: list[Look] = []
    honest = HonestAI(abstained=silent.append)
    source: SignalSource = honest
    signals: list[Signal] = []
    for tick in market(NAMES, 400, seed=1, drift=2):
        signals += source.signals(tick)

    report = honest.report()
    assert len(signals) == report.opinions > 50
    assert len(silent) == sum(report.abstained.values()) == report.looks - report.opinions
    assert {each.source for each in signals} == {SOURCE} == {"momentum-calibrated"}
    assert all(each.confidence.value > D("0.5") for each in signals)
    assert all(each.blunder == "" for each in signals)
    assert all(look.objections for look in silent)
    assert all("raw 0." in each.reason for each in signals)


def test_one_source_goes_on_where_an_earlier_run_left_it() -> None:
    """A demo's second phase warms up on a day that the first has played."""
    ticks = market(NAMES, 400, seed=1, drift=2)
    once, twice = HonestAI(), HonestAI()
    expected = [each for tick in ticks for each in once.signals(tick)]
    cut, day = 300 * 12, 24 * 12
    said = [each for tick in ticks[:cut] for each in twice.signals(tick)]
    said += [each for tick in ticks[cut - day :] for each in twice.signals(tick)]

    assert said == expected
    assert twice.report() == once.report()


def test_a_trial_pays_what_the_paper_venue_charges() -> None:
    """BTC: twice 0.05 % and twice the slippage of $10,000, which is 0.36 bp: 0.1072 %."""
    assert paper_costs(Symbol("BTCUSDT")).round_trip_fraction == D("0.001072")
    layer = paper_costs(Symbol("LAYERUSDT"))
    charged = Costs().slippage_fraction(Symbol("LAYERUSDT"), D(10_000))
    assert layer.slippage_fraction == charged
    assert charged > paper_costs(Symbol("BTCUSDT")).slippage_fraction


def test_an_evaluation_is_at_the_paper_venue_s_costs_and_states_them() -> None:
    report = evaluate_signal(market(("BTCUSDT", "LAYERUSDT"), 12, seed=1, drift=0))

    assert report.costs == {"BTCUSDT": D("0.001072"), "LAYERUSDT": D("0.0034")}
    assert report.looks == 24

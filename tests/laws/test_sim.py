"""The exchange's laws of money, over random orders, bars and funding with real costs."""

from collections import Counter
from decimal import Decimal

from hypothesis import event, given

from bridge_patch.domain.position import wallet_change
from bridge_patch.domain.venue_events import (
    Filled,
    FillKind,
    FundingPaid,
    InsuranceCleared,
    OrderEnded,
    OrderRefused,
    TrailingSet,
    VenueEvent,
)
from bridge_patch.sim.ledger import Ledger, evolve
from bridge_patch.sim.trades import REST_EXPIRED
from tests.laws.exchange_scripts import (
    FIRST,
    START,
    Step,
    World,
    played,
    scripts,
    some_scripts,
)

D = Decimal


def test_the_scripts_reach_everything_that_can_happen() -> None:
    """Guards the laws below: they would all hold on an exchange that never trades."""
    seen: Counter[str] = Counter()
    for script in some_scripts(150):
        for told in played(script).told:
            seen[told.kind if isinstance(told, Filled) else type(told).__name__] += 1
            match told:
                case OrderRefused(code=code):
                    seen[code] += 1
                case OrderEnded(reason=reason) if reason == REST_EXPIRED:
                    seen["rest expired"] += 1
                case TrailingSet(best_usd=best, activation_usd=begin):
                    seen["trail moved"] += best not in {None, begin}
                case _:
                    pass

    wanted = [*FillKind, "StopArmed", "OrderEnded", "FundingPaid"]
    wanted += ["TrailingSet", "InsuranceCleared", "rest expired", "trail moved"]
    wanted += ["-2019", "-2027", "-2021", "-2022", "-4161", "-2011", "-2020"]
    assert {what: seen[what] for what in wanted if seen[what] < 10} == {}


@given(script=scripts)
def test_the_state_is_the_fold_of_the_events(script: list[Step]) -> None:
    """What a journal holds is enough to go on: nothing is remembered elsewhere."""
    world = played(script)
    again = Ledger(wallet_usd=START)
    for told in world.told:
        evolve(again, told)

    assert again == world.exchange.ledger


def moved(told: VenueEvent) -> Decimal:
    """What an event adds to the wallet."""
    match told:
        case Filled():
            return wallet_change(told)
        case FundingPaid(amount_usd=amount) | InsuranceCleared(amount_usd=amount):
            return amount
        case _:
            return D(0)


@given(script=scripts)
def test_money_is_conserved(script: list[Step]) -> None:
    """Wallet = start + realised − fees + funding + insurance, to the last digit."""
    world = played(script)
    ledger = world.exchange.ledger

    assert ledger.wallet_usd == START + sum(map(moved, world.told), D(0))
    assert ledger.margin_usd == sum((p.margin_usd for p in ledger.positions.values()), D(0))


@given(script=scripts)
def test_what_is_free_is_never_negative(script: list[Step]) -> None:
    """No trade can take what another position, or nobody, has posted."""
    world = World()
    for step in (FIRST, *script):
        world.take(step)
        assert world.exchange.available_usd() >= 0
        assert all(p.margin_usd >= 0 for p in world.exchange.positions.values())


@given(script=scripts)
def test_no_close_costs_more_than_the_margin_it_releases(script: list[Step]) -> None:
    """A liquidation counts together with what the insurance fund makes of it."""
    told = played(script).told
    fills = [(at, e) for at, e in enumerate(told) if isinstance(e, Filled)]
    for at, fill in fills:
        assert fill.fee_usd >= 0
        event(fill.kind)
        if fill.kind is FillKind.ENTRY:
            continue
        after = told[at + 1] if at + 1 < len(told) else None
        squared = after.amount_usd if isinstance(after, InsuranceCleared) else D(0)
        assert wallet_change(fill) + squared >= fill.margin_usd
        assert squared <= 0 or wallet_change(fill) + squared == fill.margin_usd


@given(script=scripts)
def test_the_insurance_fund_follows_liquidations_only(script: list[Step]) -> None:
    told = played(script).told
    for at, one in enumerate(told):
        if isinstance(one, InsuranceCleared):
            before = told[at - 1]
            assert isinstance(before, Filled)
            assert (before.kind, before.order_id) == (FillKind.LIQUIDATION, one.order_id)


@given(script=scripts)
def test_funding_costs_at_most_the_margin_and_moves_nothing_else(
    script: list[Step],
) -> None:
    world = World()
    for step in (FIRST, *script):
        before, wallet = dict(world.exchange.positions), world.exchange.wallet_usd
        told = world.take(step)
        if step[0] != "fund" or not told:
            continue
        (paid,) = told
        assert isinstance(paid, FundingPaid)
        was, now = before[step[1]], world.exchange.positions[step[1]]
        assert now.margin_usd - was.margin_usd == paid.amount_usd >= -was.margin_usd
        assert world.exchange.wallet_usd - wallet == paid.amount_usd
        assert was.side.sign * paid.rate_fraction * paid.amount_usd < 0


@given(script=scripts)
def test_the_same_script_gives_the_same_events(script: list[Step]) -> None:
    assert played(script).told == played(script).told

"""The exchange's laws, over random orders and bars of two contracts with real costs."""

import random
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TypeAlias

from hypothesis import event, given
from hypothesis import strategies as st

from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.market import Bar
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position, wallet_change
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    FillKind,
    FundingPaid,
    OrderRefused,
    VenueEvent,
)
from bridge_patch.sim.commands import ArmStop, Cancel, Enter, Reduce
from bridge_patch.sim.exchange import Exchange
from bridge_patch.sim.ledger import Ledger, evolve
from tests.unit.sim.scenery import BTC, ETH, MINUTE, TwoContracts

D = Decimal
START = D(50_000)
TICK = D("0.1")

#: (what, symbol, side, two numbers in 0..1000), which every kind reads in its own way.
Step: TypeAlias = tuple[str, Symbol, Side, int, int]

KINDS = ("bar", "bar", "bar", "enter", "enter", "reduce", "stop", "stop", "cancel", "fund")
steps = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.sampled_from((BTC, BTC, ETH)),
        st.sampled_from(Side),
        st.integers(0, 1000),
        st.integers(0, 1000),
    ),
    max_size=40,
)


@dataclass
class World:
    """An exchange, everything it said, and what each single answer came to."""

    exchange: Exchange = field(
        default_factory=lambda: Exchange(
            book=Book.ACCOUNT, wallet_usd=START, instruments=TwoContracts()
        )
    )
    told: list[VenueEvent] = field(default_factory=list)
    minute: int = 0
    orders: int = 0

    def take(self, step: Step) -> tuple[VenueEvent, ...]:
        events = self._act(*step)
        self.told += events
        return events

    def _act(
        self, what: str, symbol: Symbol, side: Side, one: int, two: int
    ) -> tuple[VenueEvent, ...]:
        self.orders += 1
        order_id = ClientOrderId(f"o-{self.orders}")
        intent_id = IntentId(f"i-{self.orders}")
        match what:
            case "bar":
                return self.exchange.on_bar(self._bar(symbol, side, one, two))
            case "enter":
                return self.exchange.enter(
                    Enter(
                        symbol=symbol,
                        side=side,
                        quantity_base=(one + 1) * D("0.004"),
                        leverage=two % 125 + 1,
                        order_id=order_id,
                        intent_id=intent_id,
                    )
                )
            case "reduce":
                return self.exchange.reduce(
                    Reduce(
                        symbol=symbol,
                        side=side,
                        quantity_base=(one + 1) * D("0.002"),
                        order_id=order_id,
                        intent_id=intent_id,
                    )
                )
            case "stop":
                away = 1 + side.sign * D(one - 50) / 20_000
                level = self._price(symbol) * away // TICK * TICK
                return self.exchange.arm_stop(
                    ArmStop(
                        symbol=symbol,
                        side=side,
                        stop_price_usd=level,
                        order_id=order_id,
                        intent_id=intent_id,
                    )
                )
            case "cancel":
                resting = list(self.exchange.stops.get(symbol, {})) or [order_id]
                chosen = resting[one % len(resting)]
                return self.exchange.cancel(Cancel(symbol=symbol, order_id=chosen))
            case _:
                return self._fund(symbol, one)

    def _price(self, symbol: Symbol) -> Decimal:
        price = self.exchange.last_usd(symbol)
        return price if isinstance(price, Decimal) else D(60_000)

    def _bar(self, symbol: Symbol, side: Side, gap: int, width: int) -> Bar:
        """A gap of up to 5 % and a range of up to 4 %, closing at either end."""
        self.minute += 1
        far = side.sign * D(gap**3) / 10**9 / 20
        start = max(self._price(symbol) * (1 + far) // TICK * TICK, 100 * TICK)
        low = start * (1 - D(width**2) / 10**6 / 25) // TICK * TICK
        high = start * (1 + D(width**2) / 10**6 / 25) // TICK * TICK
        return Bar(
            symbol=symbol,
            open_ms=UnixMs((self.minute - 1) * MINUTE),
            close_ms=UnixMs(self.minute * MINUTE),
            open=start,
            high=high,
            low=low,
            close=low if gap % 2 else high,
            volume=D(1),
        )

    def _fund(self, symbol: Symbol, one: int) -> tuple[VenueEvent, ...]:
        """Funding is settled from outside: folded, not decided."""
        if symbol not in self.exchange.positions:
            return ()
        paid = FundingPaid(
            book=Book.ACCOUNT,
            at_ms=UnixMs(self.minute * MINUTE),
            symbol=symbol,
            amount_usd=D(one - 500) / 1000,
            rate_fraction=D("0.0001"),
        )
        self.exchange.restore([paid])
        return (paid,)


def played(script: list[Step]) -> World:
    world = World()
    world.take(("bar", BTC, Side.BUY, 0, 0))
    for step in script:
        world.take(step)
    return world


def some_scripts(count: int) -> list[list[Step]]:
    """Ordinary scripts without a search for trouble, the same ones every time."""
    rng = random.Random(7)
    return [
        [
            (
                rng.choice(KINDS),
                rng.choice((BTC, BTC, ETH)),
                rng.choice(list(Side)),
                rng.randint(0, 1000),
                rng.randint(0, 1000),
            )
            for _ in range(40)
        ]
        for _ in range(count)
    ]


def test_the_scripts_reach_everything_that_can_happen() -> None:
    """Guards the laws below: they would all hold on an exchange that never trades."""
    seen: Counter[str] = Counter()
    for script in some_scripts(150):
        for told in played(script).told:
            seen[told.kind if isinstance(told, Filled) else type(told).__name__] += 1
            if isinstance(told, OrderRefused):
                seen[told.code] += 1

    wanted = [*FillKind, "StopArmed", "OrderEnded", "FundingPaid"]
    wanted += ["-2019", "-2027", "-2021", "-2022", "-4161", "-2011"]
    assert {what: seen[what] for what in wanted if seen[what] < 10} == {}


@given(script=steps)
def test_the_state_is_the_fold_of_the_events(script: list[Step]) -> None:
    """What a journal holds is enough to go on: nothing is remembered elsewhere."""
    world = played(script)
    again = Ledger(wallet_usd=START)
    for told in world.told:
        evolve(again, told)

    assert again == world.exchange.ledger


@given(script=steps)
def test_money_is_conserved(script: list[Step]) -> None:
    """Wallet = start + what was realised − fees + funding, to the last digit."""
    world = played(script)
    moved = sum((wallet_change(e) for e in world.told if isinstance(e, Filled)), D(0))
    moved += sum((e.amount_usd for e in world.told if isinstance(e, FundingPaid)), D(0))
    ledger = world.exchange.ledger

    assert ledger.wallet_usd == START + moved
    assert ledger.margin_usd == sum((p.margin_usd for p in ledger.positions.values()), D(0))


@given(script=steps)
def test_what_is_free_is_never_negative(script: list[Step]) -> None:
    """No trade can take what another position, or nobody, has posted."""
    world = World()
    for step in (("bar", BTC, Side.BUY, 0, 0), *script):
        world.take(step)
        assert world.exchange.available_usd() >= 0


@given(script=steps)
def test_no_closing_trade_costs_more_than_the_margin_it_releases(
    script: list[Step],
) -> None:
    fills = [e for e in played(script).told if isinstance(e, Filled)]
    closing = [fill for fill in fills if fill.kind is not FillKind.ENTRY]

    for fill in closing:
        assert wallet_change(fill) >= fill.margin_usd
        assert fill.fee_usd >= 0
    for fill in fills:
        event(fill.kind)


@given(script=steps)
def test_only_an_entry_opens_enlarges_or_flips(script: list[Step]) -> None:
    """Reductions, stops and liquidations shrink; whatever the order of things."""
    world = World()
    for step in (("bar", BTC, Side.BUY, 0, 0), *script):
        before = dict(world.exchange.positions)
        world.take(step)
        if step[0] == "enter":
            continue
        for symbol, position in world.exchange.positions.items():
            was: Position = before[symbol]
            assert position.side is was.side
            assert position.quantity_base <= was.quantity_base


@given(script=steps)
def test_stops_rest_only_where_something_is_open(script: list[Step]) -> None:
    """An orphan would close the next position."""
    world = World()
    for step in (("bar", BTC, Side.BUY, 0, 0), *script):
        world.take(step)
        assert set(world.exchange.stops) <= set(world.exchange.positions)


@given(script=steps)
def test_a_stop_never_fills_better_than_its_level(script: list[Step]) -> None:
    world = World()
    for step in (("bar", BTC, Side.BUY, 0, 0), *script):
        levels = {
            order_id: stop
            for resting in world.exchange.stops.values()
            for order_id, stop in resting.items()
        }
        positions = dict(world.exchange.positions)
        for told in world.take(step):
            if not isinstance(told, Filled) or told.kind is not FillKind.STOP:
                continue
            sign, position = told.side.sign, positions[told.symbol]
            level = levels[told.order_id].stop_price_usd
            assert sign * told.price_usd >= sign * level or (
                wallet_change(told) == -position.margin_usd
            )


@given(script=steps)
def test_the_same_script_gives_the_same_events(script: list[Step]) -> None:
    assert played(script).told == played(script).told

"""Random scripts for the exchange's laws: orders, bars and funding of two contracts."""

import random
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final, TypeAlias

from hypothesis import strategies as st

from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.market import Bar, Funding
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_events import Book, VenueEvent
from bridge_patch.sim.commands import ArmStop, ArmTrailing, Cancel, Enter, Reduce
from bridge_patch.sim.exchange import Exchange
from tests.unit.sim.scenery import BTC, ETH, MINUTE, TwoContracts

D = Decimal
START: Final = D(50_000)
TICK: Final = D("0.1")

#: (what, symbol, side, two numbers in 0..1000), which every kind reads in its own way.
Step: TypeAlias = tuple[str, Symbol, Side, int, int]

KINDS: Final = (
    *("bar", "bar", "bar", "bar", "enter", "enter", "reduce"),
    *("stop", "stop", "trail", "trail", "cancel", "fund"),
)
SYMBOLS: Final = (BTC, BTC, ETH)
SIDES: Final = tuple(Side)
#: Without a first price nothing can be traded.
FIRST: Final[Step] = ("bar", BTC, Side.BUY, 0, 100)


def script_of(raw: bytes) -> list[Step]:
    """Read four bytes as a step: one draw of bytes is much quicker than five of values."""
    return [
        (
            KINDS[what % len(KINDS)],
            SYMBOLS[who % len(SYMBOLS)],
            SIDES[who // len(SYMBOLS) % len(SIDES)],
            one * 1000 // 255,
            two * 1000 // 255,
        )
        for what, who, one, two in zip(
            raw[::4], raw[1::4], raw[2::4], raw[3::4], strict=False
        )
    ]


scripts = st.binary(min_size=80, max_size=160).map(script_of)


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
            case "fund":
                return self.exchange.on_funding((self._funding(symbol, one, two),))
            case "stop" | "trail":
                return self._arm(what, symbol, side, one, two)
            case "cancel":
                return self._cancel(symbol, one)
            case "enter":
                return self.exchange.enter(
                    Enter(
                        symbol=symbol,
                        side=side,
                        quantity_base=(one + 1) * D("0.008"),
                        leverage=two % 125 + 1,
                        order_id=order_id,
                        intent_id=intent_id,
                    )
                )
            case _:
                return self.exchange.reduce(
                    Reduce(
                        symbol=symbol,
                        side=side,
                        quantity_base=(one + 1) * D("0.004"),
                        order_id=order_id,
                        intent_id=intent_id,
                    )
                )

    def _arm(
        self, what: str, symbol: Symbol, side: Side, one: int, two: int
    ) -> tuple[VenueEvent, ...]:
        """Near the price and now and then on its wrong side."""
        away = 1 + side.sign * D(one - 50) / 20_000
        level = self._price(symbol) * away // TICK * TICK
        order_id = ClientOrderId(f"o-{self.orders}")
        intent_id = IntentId(f"i-{self.orders}")
        if what == "stop":
            return self.exchange.arm_stop(
                ArmStop(
                    symbol=symbol,
                    side=side,
                    stop_price_usd=level,
                    order_id=order_id,
                    intent_id=intent_id,
                )
            )
        return self.exchange.arm_trailing(
            ArmTrailing(
                symbol=symbol,
                side=side,
                callback_pct=D(two + 50) / 250,
                activation_usd=None if one % 2 else 2 * self._price(symbol) - level,
                order_id=order_id,
                intent_id=intent_id,
            )
        )

    def _cancel(self, symbol: Symbol, one: int) -> tuple[VenueEvent, ...]:
        exchange = self.exchange
        resting = [*exchange.stops.get(symbol, {}), *exchange.trails.get(symbol, {})]
        chosen = resting[one % len(resting)] if resting else ClientOrderId("none")
        return exchange.cancel(Cancel(symbol=symbol, order_id=chosen))

    def _funding(self, symbol: Symbol, one: int, two: int) -> Funding:
        """Mostly small, up to 6 % either way, within the minute that follows."""
        return Funding(
            symbol=symbol,
            at_ms=UnixMs(self.minute * MINUTE + two),
            rate_fraction=D(one - 500) ** 3 / 10**9 / 2,
        )

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
            volume=D(width) / 20,
        )


def played(script: list[Step]) -> World:
    world = World()
    world.take(FIRST)
    for step in script:
        world.take(step)
    return world


def some_scripts(count: int) -> list[list[Step]]:
    """Ordinary scripts without a search for trouble, the same ones every time."""
    rng = random.Random(7)
    return [script_of(rng.randbytes(160)) for _ in range(count)]

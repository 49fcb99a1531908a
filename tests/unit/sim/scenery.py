"""A small exchange to test on: one contract, round prices, and costs that can be off."""

from dataclasses import dataclass
from decimal import Decimal

from bridge_patch.domain.instrument import Bracket, Instrument
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs, Unknown
from bridge_patch.domain.market import Bar, Funding
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.venue_events import Book, VenueEvent
from bridge_patch.sim.commands import ArmStop, ArmTrailing, Cancel, Enter, Reduce
from bridge_patch.sim.costs import Costs, Depth
from bridge_patch.sim.exchange import Exchange

D = Decimal
BTC = Symbol("BTCUSDT")
ETH = Symbol("ETHUSDT")
MINUTE = 60_000

#: The first three tiers of BTCUSDT, 2025-07-10, as the reference gives them.
TIERS = (
    Bracket(
        leverage_max=125,
        notional_floor=D(0),
        notional_cap=D(300_000),
        mmr=D("0.004"),
        cum=D(0),
    ),
    Bracket(
        leverage_max=100,
        notional_floor=D(300_000),
        notional_cap=D(800_000),
        mmr=D("0.005"),
        cum=D(300),
    ),
    Bracket(
        leverage_max=75,
        notional_floor=D(800_000),
        notional_cap=D(3_000_000),
        mmr=D("0.0065"),
        cum=D(1500),
    ),
)


def contract(symbol: Symbol = BTC, quantity_min: str = "0.001") -> Instrument:
    return Instrument(
        symbol=symbol,
        price_tick=D("0.1"),
        quantity_step=D("0.001"),
        quantity_min=D(quantity_min),
        quantity_max=D(120),
        notional_min=D(100),
        brackets=TIERS,
    )


@dataclass(frozen=True)
class TwoContracts:
    """Lists BTC and ETH, and nothing else."""

    quantity_min: str = "0.001"

    def find(self, symbol: Symbol) -> Instrument | Unknown:
        if symbol in {BTC, ETH}:
            return contract(symbol, self.quantity_min)
        return Unknown("not listed")


_FLAT = Depth(half_spread_bp=D(0), impact_bp=D(0))
#: Fees, but fills at exactly the last price: numbers that a person can check.
NO_SLIPPAGE = Costs(depths={}, depth_other=_FLAT, fast_tape_bp=D(0))


def bar(
    low: str,
    high: str | None = None,
    *,
    minute: int,
    open_: str = "",
    close: str = "",
    symbol: Symbol = BTC,
    volume: str = "100000",
) -> Bar:
    """The bar that closes at `minute`; what is not said is the low, or the high."""
    high = high or low
    start, end = open_ or high, close or low
    return Bar(
        symbol=symbol,
        open_ms=UnixMs((minute - 1) * MINUTE),
        close_ms=UnixMs(minute * MINUTE),
        open=D(start),
        high=D(high),
        low=D(low),
        close=D(end),
        volume=D(volume),
    )


class Trader:
    """Speaks to one exchange in few words, and keeps everything that it answered."""

    def __init__(
        self,
        price: str = "60000",
        *,
        wallet: str = "10000",
        costs: Costs = NO_SLIPPAGE,
        quantity_min: str = "0.001",
        volume: str = "100000",
    ) -> None:
        self.exchange = Exchange(
            book=Book.ACCOUNT,
            wallet_usd=D(wallet),
            instruments=TwoContracts(quantity_min),
            costs=costs,
        )
        self.told: list[VenueEvent] = []
        self._orders = 0
        self.bar(bar(price, minute=1, volume=volume))

    def bar(self, one: Bar) -> tuple[VenueEvent, ...]:
        return self._keep(self.exchange.on_bar(one))

    def enter(
        self,
        side: Side,
        quantity: str,
        leverage: int = 20,
        symbol: Symbol = BTC,
        order: str = "",
    ) -> tuple[VenueEvent, ...]:
        order_id = self._order(order)
        return self._keep(
            self.exchange.enter(
                Enter(
                    symbol=symbol,
                    side=side,
                    quantity_base=D(quantity),
                    leverage=leverage,
                    order_id=order_id,
                    intent_id=IntentId(f"intent of {order_id}"),
                )
            )
        )

    def reduce(self, side: Side, quantity: str, order: str = "") -> tuple[VenueEvent, ...]:
        order_id = self._order(order)
        return self._keep(
            self.exchange.reduce(
                Reduce(
                    symbol=BTC,
                    side=side,
                    quantity_base=D(quantity),
                    order_id=order_id,
                    intent_id=IntentId(f"intent of {order_id}"),
                )
            )
        )

    def stop(self, side: Side, price: str, order: str = "") -> tuple[VenueEvent, ...]:
        order_id = self._order(order)
        return self._keep(
            self.exchange.arm_stop(
                ArmStop(
                    symbol=BTC,
                    side=side,
                    stop_price_usd=D(price),
                    order_id=order_id,
                    intent_id=IntentId(f"intent of {order_id}"),
                )
            )
        )

    def trail(
        self, side: Side, callback: str, activation: str = "", order: str = ""
    ) -> tuple[VenueEvent, ...]:
        order_id = self._order(order)
        return self._keep(
            self.exchange.arm_trailing(
                ArmTrailing(
                    symbol=BTC,
                    side=side,
                    callback_pct=D(callback),
                    activation_usd=D(activation) if activation else None,
                    order_id=order_id,
                    intent_id=IntentId(f"intent of {order_id}"),
                )
            )
        )

    def fund(
        self, rate: str, *, at_ms: int, symbol: Symbol = BTC
    ) -> tuple[VenueEvent, ...]:
        funding = Funding(symbol=symbol, at_ms=UnixMs(at_ms), rate_fraction=D(rate))
        return self._keep(self.exchange.on_funding((funding,)))

    def cancel(self, order: str) -> tuple[VenueEvent, ...]:
        command = Cancel(symbol=BTC, order_id=ClientOrderId(order))
        return self._keep(self.exchange.cancel(command))

    def _order(self, name: str) -> ClientOrderId:
        self._orders += 1
        return ClientOrderId(name or f"o-{self._orders}")

    def _keep(self, events: tuple[VenueEvent, ...]) -> tuple[VenueEvent, ...]:
        self.told += events
        return events

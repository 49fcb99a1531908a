"""The exchange that is served trades as the paper venue does: one simulator, two faces.

Random scripts go to the pure exchange and, translated into signed requests, to the served
one. Limit orders and the like have no counterpart there; what has one must cost the same.
"""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, cast
from urllib.parse import urlencode

import msgspec
from hypothesis import given

from bridge_patch.app.binance_server.core import Core
from bridge_patch.app.binance_server.signing import signature_of
from bridge_patch.app.binance_server.wire import Request
from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Bar, Funding, Tick
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    FillKind,
    OrderRefused,
    StopArmed,
    TrailingSet,
    VenueEvent,
)
from bridge_patch.sim.commands import ArmStop, ArmTrailing, Cancel, Enter, Reduce
from bridge_patch.sim.exchange import Exchange
from tests.laws.exchange_scripts import (
    FIRST,
    START,
    Step,
    World,
    scripts,
    some_scripts,
)
from tests.unit.sim.scenery import BTC, ETH, TwoContracts

D = Decimal


@dataclass
class Twins:
    """Looks like the pure exchange, and does at the served one whatever it is told."""

    paper: Exchange = field(
        default_factory=lambda: Exchange(
            book=Book.ACCOUNT, wallet_usd=START, instruments=TwoContracts()
        )
    )
    served: Core = field(
        default_factory=lambda: Core(
            symbols=(BTC, ETH), wallet_usd=START, listing=TwoContracts()
        )
    )

    def __post_init__(self) -> None:
        self.served.venue.modes.crossed_default = False
        limits = self.served.limits
        limits.orders_max_10s = limits.orders_max_1m = 10_000

    def __getattr__(self, name: str) -> Any:
        return getattr(self.paper, name)

    def on_bar(self, bar: Bar) -> tuple[VenueEvent, ...]:
        self.served.tick(Tick(at_ms=bar.close_ms, bars=(bar,)))
        return self.paper.on_bar(bar)

    def on_funding(self, fundings: tuple[Funding, ...]) -> tuple[VenueEvent, ...]:
        at_ms = UnixMs(self.served.now_ms)
        self.served.tick(Tick(at_ms=at_ms, bars=(), fundings=fundings))
        return self.paper.on_funding(fundings)

    def enter(self, command: Enter) -> tuple[VenueEvent, ...]:
        self.served.venue.modes.leverages[command.symbol] = command.leverage
        told = self.paper.enter(command)
        self._market(command, told)
        return told

    def reduce(self, command: Reduce) -> tuple[VenueEvent, ...]:
        told = self.paper.reduce(command)
        self._market(command, told, reduceOnly="true")
        return told

    def _market(
        self, command: Enter | Reduce, told: tuple[VenueEvent, ...], **more: str
    ) -> None:
        answer = self._ask(
            "POST",
            "order",
            symbol=command.symbol,
            side=command.side,
            type="MARKET",
            quantity=str(command.quantity_base),
            **more,
        )
        refusal = [e.code for e in told if isinstance(e, OrderRefused)]
        assert bool(refusal) is ("code" in answer), (told, answer)

    def arm_stop(self, command: ArmStop) -> tuple[VenueEvent, ...]:
        told = self.paper.arm_stop(command)
        if isinstance(told[0], StopArmed):
            self._arm(
                command,
                type="STOP_MARKET",
                triggerPrice=str(command.stop_price_usd),
                closePosition="true",
            )
        return told

    def arm_trailing(self, command: ArmTrailing) -> tuple[VenueEvent, ...]:
        told = self.paper.arm_trailing(command)
        if isinstance(told[0], TrailingSet):
            self._arm(
                command,
                type="TRAILING_STOP_MARKET",
                callbackRate=str(command.callback_pct),
                quantity="120",
                reduceOnly="true",
                activatePrice=command.activation_usd,
            )
        return told

    def _arm(self, command: ArmStop | ArmTrailing, **more: Any) -> None:
        """Tied to the position, as the pure exchange's stops are."""
        answer = self._ask(
            "POST",
            "algoOrder",
            algoType="CONDITIONAL",
            symbol=command.symbol,
            side=command.side,
            timeInForce="GTE_GTC",
            clientAlgoId=command.order_id,
            **more,
        )
        assert "algoId" in answer, answer

    def cancel(self, command: Cancel) -> tuple[VenueEvent, ...]:
        self._ask("DELETE", "algoOrder", clientAlgoId=command.order_id)
        return self.paper.cancel(command)

    def _ask(self, method: str, path: str, **params: Any) -> Any:
        sent = {name: value for name, value in params.items() if value is not None}
        text = urlencode({**sent, "timestamp": self.served.now_ms})
        credentials = self.served.credentials
        text += f"&signature={signature_of(text, credentials.secret)}"
        request = Request(
            method=method,
            path=f"/fapi/v1/{path}",
            query=text,
            api_key=credentials.api_key,
        )
        return msgspec.json.decode(self.served.handle(request).body)


def rests(core: Core) -> set[str]:
    return {algo.client_id for algo in core.venue.records.open_algos()}


def known(exchange: Exchange) -> set[str]:
    kinds = exchange.stops, exchange.trails
    return {order_id for kind in kinds for orders in kind.values() for order_id in orders}


def both(script: list[Step]) -> tuple[Twins, list[Filled]]:
    twins = Twins()
    world = World(exchange=cast("Exchange", twins))
    world.take(FIRST)
    for step in script:
        world.take(step)
        assert rests(twins.served) == known(twins.paper), step
    return twins, [told for told in world.told if isinstance(told, Filled)]


def test_the_scripts_trade_in_every_way_on_both() -> None:
    """Guards the law below against scripts that never trade."""
    kinds = Counter(fill.kind for script in some_scripts(40) for fill in both(script)[1])

    assert min(kinds[kind] for kind in FillKind) >= 5


@given(script=scripts)
def test_every_fill_costs_there_what_it_costs_on_paper_and_the_same_rests(
    script: list[Step],
) -> None:
    twins, fills = both(script)
    ledger, served = twins.paper.ledger, twins.served.venue.exchange.ledger

    assert [
        (t.symbol, t.quantity_base, t.price_usd, t.fee_usd, t.realised_usd)
        for t in twins.served.venue.records.trades
    ] == [
        (f.symbol, f.quantity_base, f.price_usd, f.fee_usd, f.realised_usd) for f in fills
    ]
    assert (served.wallet_usd, served.margin_usd) == (ledger.wallet_usd, ledger.margin_usd)
    assert served.positions == ledger.positions

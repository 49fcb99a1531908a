"""Twenty positions at an exchange over HTTP that fails half of what it is asked."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Final, TypeAlias

from bridge_patch.adapters.instrument_facts import FACTS
from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.loopback import HOST
from bridge_patch.adapters.venue_ccxt.environment import environment_of
from bridge_patch.adapters.venue_ccxt.pace import Pace
from bridge_patch.adapters.venue_ccxt.venue import CcxtVenue
from bridge_patch.adapters.venue_ccxt.wire import open_wire
from bridge_patch.app.assembly import Ports, Run, assemble
from bridge_patch.app.binance_server.conditions import AccountSetting
from bridge_patch.app.binance_server.control import Control, set_account
from bridge_patch.app.binance_server.core import CREDENTIALS, Core
from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.app.binance_server.serve import serving
from bridge_patch.app.status.flat import FlatFold, FlatState, FlatView
from bridge_patch.app.venues import surroundings_of
from bridge_patch.domain.events import Book, Filled, Sending
from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.domain.order import Leg
from bridge_patch.domain.secret import Secret
from bridge_patch.domain.venue_records import VenueRecords
from bridge_patch.services.differences import differences
from bridge_patch.services.messages import Wish
from bridge_patch.services.reconcile import own_records
from bridge_patch.services.session import Session
from tests.e2e.venue_walk import RECV_WINDOW_MS, TIMEOUT_MS, Notes, brief_pause
from tests.simulation.rig import CALM, ROOMY, WOBBLE, World, ask, at, intent
from tests.unit.services.test_switch import order, send

D = Decimal
Traded: TypeAlias = tuple[Symbol, Side, Decimal, Decimal]
ORDER_ID: Final = "o-flat"
#: Coins that nobody knows, by the rules of one that is known.
NAMES: Final = tuple(Symbol(f"COIN{n:02}USDT") for n in range(20))
LISTED: Final = ListedInstruments(dict(FACTS) | dict.fromkeys(NAMES, FACTS["SOLUSDT"]))
PRICES: Final = {symbol: D(100 + 7 * n) for n, symbol in enumerate(NAMES)}
#: What half of all calls meet, each kind as often: refused at the door, carried out or not
#: and not answered, or answered with a word that says neither.
KINDS: Final = (
    Fault(kind=FaultKind.UNAVAILABLE_503),
    Fault(kind=FaultKind.CODE, code=-1006, status=500),
    Fault(kind=FaultKind.CODE, code=-1006, status=500, accepted=True),
    Fault(kind=FaultKind.LOST),
    Fault(kind=FaultKind.LOST, accepted=True),
    Fault(kind=FaultKind.RESET),
    Fault(kind=FaultKind.RESET, accepted=True),
    Fault(kind=FaultKind.UNKNOWN_503, accepted=True),
)


def half() -> list[Fault]:
    """Faults that strike every second call by chance, whichever call it is."""
    each = 0.5 / len(KINDS)
    return [endless(fault, each / (1 - n * each)) for n, fault in enumerate(KINDS)]


def endless(fault: Fault, probability: float) -> Fault:
    """The same fault without an end, met with a probability."""
    return Fault(
        kind=fault.kind,
        accepted=fault.accepted,
        code=fault.code,
        status=fault.status,
        count=None,
        probability=probability,
    )


@dataclass
class FlatScene:
    """One account with twenty positions, half of them short."""

    core: Core
    world: World
    session: Session
    venue: CcxtVenue
    notes: Notes
    n: int = CALM
    opened: dict[Symbol, Decimal] = field(default_factory=dict)

    async def open_all(self) -> None:
        """Show a calm market, and let twenty entries through."""
        for n in range(1, CALM + 1):
            up = (CALM - n) % 2
            wobbling = {s: price * (1 + up * WOBBLE) for s, price in PRICES.items()}
            rounded = {s: price.quantize(D("0.01")) for s, price in wobbling.items()}
            await self.session.on_tick(at(n, rounded))
        for first in range(0, len(NAMES), 5):
            asked = [
                intent(
                    f"in-{symbol}",
                    self.n,
                    symbol=symbol,
                    action=Side.BUY if number % 2 else Side.SELL,
                    margin=100,
                )
                for number, symbol in enumerate(NAMES[first : first + 5])
            ]
            await ask(self.world, self.session, *asked)
            await self.passes()
        self.opened = dict(self.held)

    @property
    def held(self) -> dict[Symbol, Decimal]:
        """What the exchange itself holds, signed."""
        positions = self.core.venue.exchange.positions
        return {symbol: one.signed_base for symbol, one in positions.items()}

    async def order_flat(self) -> None:
        """Put on the bus what `halt --flatten` puts there; nobody waits for it."""
        await send(self.world, order(ORDER_ID, Wish.FLATTEN))

    async def passes(self, ticks: int = 1) -> None:
        for _ in range(ticks):
            self.n += 1
            await self.session.on_tick(at(self.n, PRICES))
            await self.session.execution.drain()

    def report(self) -> tuple[FlatView, ...]:
        """What `halt --flatten` would say now: a fold of the journal alone."""
        fold = FlatFold(ORDER_ID)
        for stored in self.world.journal.read():
            fold.apply(stored.event)
        return fold.views()

    def disagreements(self) -> list[str]:
        """Say where the report and the exchange's own records are not of one mind.

        What is unknown may be flat; what is called flat, refused or still tried is so.
        """
        found = []
        for view in self.report():
            held = self.held.get(view.symbol, D(0))
            opened = abs(self.opened[view.symbol])
            traded = self._closed_at_venue(view.symbol)
            if view.state is FlatState.FLAT and (held or view.closed_base != opened):
                found.append(f"{view} is called flat, and {held} is held")
            if view.state is not FlatState.FLAT and not view.why:
                found.append(f"{view} does not say why")
            if view.state is FlatState.REFUSED and not view.code:
                found.append(f"{view} does not say by which code")
            known = view.state is not FlatState.UNKNOWN
            if known and (view.left_base != abs(held) or view.closed_base != traded):
                found.append(f"{view}, and {held} is held, {traded} closed there")
        return found

    def _closed_at_venue(self, symbol: Symbol) -> Decimal:
        opening = Side.BUY if self.opened[symbol] > 0 else Side.SELL
        trades = [t for t in self.core.venue.records.trades if t.symbol == symbol]
        return sum((t.quantity_base for t in trades if t.side is not opening), D(0))

    def closes_by_symbol(self) -> Counter[Symbol]:
        sent = self.world.events(Sending)
        return Counter(one.symbol for one in sent if one.leg is Leg.FLATTEN)

    def journaled(self) -> set[Traded]:
        """What the journal says was traded, trade by trade."""
        fills = (fill for fill in self.world.events(Filled) if fill.book is Book.ACCOUNT)
        return {(f.symbol, f.side, f.quantity_base, f.price_usd) for f in fills}

    def at_venue(self) -> set[Traded]:
        """What the exchange says was."""
        trades = self.core.venue.records.trades
        return {(t.symbol, t.side, t.quantity_base, t.price_usd) for t in trades}

    async def differences(self) -> list[str]:
        """Everything on which the exchange's statement and the journal do not agree."""
        stated = await self.venue.records()
        assert isinstance(stated, VenueRecords)
        own = own_records(self.session.recorder)
        return [one.said for one in differences(own, stated)]


@asynccontextmanager
async def flat_scene() -> AsyncIterator[FlatScene]:
    """Serve an exchange that lists the twenty, and start a process that trades there."""
    core, notes = Core(symbols=NAMES, wallet_usd=D(10_000), listing=LISTED), Notes()
    kinds = dict.fromkeys(NAMES, "ISOLATED")
    set_account(core, AccountSetting(margin_types=kinds))  # type: ignore[arg-type]
    venues: list[CcxtVenue] = []
    async with serving(Control(core)) as (_, port):
        url = f"http://{HOST}:{port}"

        def put_together(run: Run, ports: Ports) -> Session:
            keys = Secret(CREDENTIALS.api_key), Secret(CREDENTIALS.secret)
            venue = CcxtVenue(
                open_wire(environment_of("simulator", url), *keys, timeout_ms=TIMEOUT_MS),
                run.clock,
                run.telemetry,
                recv_window_ms=RECV_WINDOW_MS,
                pause=brief_pause,
                pace=Pace(url, Secret(CREDENTIALS.api_key)),
                symbols=NAMES,
            )
            venues.append(venue)
            return assemble(run, replace(ports, venue=venue, around=surroundings_of(venue)))

        env = ROOMY | {"VENUE": "simulator", "SIMULATOR_URL": url}
        world = World(env=env | {"SYMBOLS": ",".join(NAMES)}, assemble=put_together)
        session = world.start(telemetry=notes)
        try:
            yield FlatScene(core, world, session, venues[0], notes)
        finally:
            await venues[0].close()

"""Incidents of holds: gates that forbade the very thing that would have ended them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.account import Venues
from bridge_patch.domain.events import Book, Filled, FillKind, Status, Transferred
from bridge_patch.domain.intent import Side, Symbol, UnixMs, Unknown
from bridge_patch.services.conditions import Conditions
from bridge_patch.services.messages import Wish
from bridge_patch.services.ports import Account, AccountReading
from bridge_patch.services.session import Session
from tests.museum.test_services_foreign import Shared, standing
from tests.museum.test_services_limits import codes, paid
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    World,
    ask,
    at,
    close,
    intent,
    minute,
    run,
    tapped,
)
from tests.simulation.tap import Tap, Trouble
from tests.unit.services.test_switch import order, send

D = Decimal
FLAT: dict[Symbol, Any] = {BTC: 95_000, SOL: 150}
PAPER = Venues(orders="paper", account="paper", prices="paper")


@dataclass
class Stage:
    """A process with an open BTC position, and a clock that ticks."""

    world: World
    session: Session
    venue: Tap
    n: int = CALM

    async def tick(self, **prices: int) -> None:
        self.n += 1
        marks = {Symbol(name): price for name, price in prices.items()}
        await self.session.on_tick(at(self.n, FLAT | marks))

    async def enter(self, name: str, symbol: Symbol = SOL) -> None:
        asked = intent(name, self.n, symbol=symbol, margin=100)
        await ask(self.world, self.session, asked)

    async def out(self, name: str = "out", symbol: Symbol = BTC) -> None:
        await ask(self.world, self.session, close(name, self.n, symbol=symbol))

    async def order(self, wish: Wish, **more: Any) -> None:
        await send(self.world, order(f"o-{self.n}-{wish}", wish, **more))
        await self.tick()

    def reads(self, account: Account) -> None:
        for part in (self.session.keeper, self.session.keeper.trader.snapshots):
            object.__setattr__(part, "account", account)

    def knows(self, **conditions: Any) -> None:
        trader = self.session.keeper.trader
        made = Conditions(clock=trader.clock, venues=PAPER, **conditions)
        object.__setattr__(trader.snapshots, "conditions", made)


async def staged(world: World) -> Stage:
    session, venue = await tapped(world, (BTC, SOL))
    await ask(world, session, intent("open", CALM))
    return Stage(world, session, venue)


async def halted(s: Stage) -> None:
    await s.order(Wish.HALT)
    await s.enter("held")
    await s.out()
    await s.order(Wish.RESUME)


async def foreign(s: Stage) -> None:
    own = s.session.keeper.account
    s.reads(Shared(s.session.keeper.venue, (standing(SOL, Side.BUY, "2"),)))
    await s.tick()
    await s.enter("held")
    await s.out()
    s.reads(own)  # its owner took it away
    await s.order(Wish.RESUME)


async def occupied(s: Stage) -> None:
    await s.enter("held", BTC)
    await s.out()


async def full(s: Stage) -> None:
    await s.enter("held")
    await s.out()


async def naked(s: Stage) -> None:
    """A stop that is refused, and a close that is: then the next tick closes."""
    await s.out("first")
    s.venue.trouble("stop", Trouble.REFUSED)
    s.venue.trouble("reduce", Trouble.REFUSED)
    await s.enter("again", BTC)
    assert s.session.recorder.ledger.naked() == (BTC,)
    await s.enter("held")
    await s.tick()
    assert s.session.recorder.ledger.naked() == ()
    await s.enter("anew", BTC)
    await s.out()


async def unknown(s: Stage) -> None:
    s.venue.trouble("place", Trouble.REQUEST_LOST)
    s.venue.trouble("find", Trouble.RAISES)
    await s.enter("lost")
    await s.enter("held")
    await s.out()
    await s.tick()  # it is looked up, whatever is held
    await s.tick()


async def exits_silent(s: Stage) -> None:
    heard = {"ms": minute(s.n)}
    s.knows(exits=lambda: heard["ms"])
    await s.tick()
    await s.enter("held")
    await s.out()
    heard["ms"] = minute(s.n)


async def cramped(s: Stage) -> None:
    low = {"is": True}
    s.knows(cramped=lambda: low["is"])
    await s.enter("held")
    await s.out()
    low["is"] = False


async def only_lost(s: Stage) -> None:
    await s.out("first")  # both fees and the slippage: a loser
    await s.enter("held", BTC)
    await s.enter("more")
    await s.out("out", SOL)
    await s.order(Wish.REARM, symbol=BTC)
    await s.order(Wish.REARM, symbol=SOL)


async def jumped(s: Stage) -> None:
    await s.tick()
    account = paid(s.session, 1_000)
    await s.tick()
    await s.enter("held")
    await s.out()
    moved = Transferred(book=Book.ACCOUNT, at_ms=minute(s.n), amount_usd=account.amount_usd)
    await s.session.recorder.write(moved)
    await s.tick()


async def unread(s: Stage) -> None:
    own = s.session.keeper.account
    s.reads(Silent(own))
    await s.tick()
    await s.enter("held")
    await s.out()
    s.reads(own)
    await s.tick()


@dataclass
class Silent:
    """An account that gives no answer; or an old one, or none of the position."""

    inner: Account
    how: str = "unreadable"

    async def read(self) -> AccountReading | Unknown:
        said = await self.inner.read()
        assert isinstance(said, AccountReading)
        match self.how:
            case "raises":
                raise TimeoutError
            case "stale":
                return replace(said, at_ms=UnixMs(said.at_ms - 99_000))
            case "absent":
                return replace(said, positions=())
            case _:
                return Unknown("no answer")


Hold = Callable[[Stage], Awaitable[None]]
HOLDS: dict[str, tuple[Hold, str, dict[str, str]]] = {
    "halted": (halted, "TRADING_HALTED", {}),
    "foreign": (foreign, "FOREIGN_POSITION", {}),
    "occupied": (occupied, "POSITION_OPEN", {}),
    "full": (full, "OPEN_POSITIONS_EXCEEDED", {"OPEN_POSITIONS_MAX": "1"}),
    "crowded": (
        full,
        "GROSS_NOTIONAL_EXCEEDED",
        {"GROSS_NOTIONAL_MAX_EQUITY_MULTIPLE": "0.41"},
    ),
    "posted": (full, "INITIAL_MARGIN_EXCEEDED", {"INITIAL_MARGIN_MAX_PCT": "4.1"}),
    "naked": (naked, "POSITION_NAKED", {}),
    "unknown": (unknown, "ORDER_UNKNOWN", {}),
    "exits silent": (exits_silent, "EXITS_SILENT", {}),
    "cramped": (cramped, "JOURNAL_CRAMPED", {}),
    "only lost": (
        only_lost,
        "LOSERS_LATCHED",
        {"LOSERS_LATCH_MIN": "1", "LOSERS_PAUSE_MIN": "1", "LOSERS_PAUSE_SEC": "0"},
    ),
    "jumped": (jumped, "EQUITY_JUMPED", {}),
    "unread": (unread, "SNAPSHOT_INCOMPLETE", {}),
}


@pytest.mark.parametrize("name", HOLDS)
def test_no_gate_blocks_its_own_remedy(name: str) -> None:
    """M-66: a hold of the reconciler blocked the very close that would have ended it.

    The remedy of each hold is carried out while the hold is set: a close, a look-up, a
    stop, a reading, or a person's order. Afterwards an entry passes.
    """
    hold, code, env = HOLDS[name]
    world = World(env=env)

    async def scenario() -> Stage:
        stage = await staged(world)
        await hold(stage)
        await stage.enter("after", BTC if name == "occupied" else SOL)
        return stage

    run(scenario())

    assert code in codes(world, "held")
    assert world.outcome("out").status is Status.FILLED
    assert world.outcome("after").status is Status.FILLED, world.outcome("after").codes


@pytest.mark.parametrize("how", ["unreadable", "raises", "stale", "absent"])
@pytest.mark.parametrize("side", list(Side))
def test_exit_with_unknown_position_goes_out_reduce_only(how: str, side: Side) -> None:
    """M-65: every SELL was dropped when the position was flat or unknown.

    What the venue says of the position is not asked before a close: it goes out with what
    we know, reduce-only, and the venue takes as much as there is, or says no.
    """
    world = World()

    async def scenario() -> Stage:
        session, venue = await tapped(world, (BTC, SOL))
        stage = Stage(world, session, venue)
        await ask(world, session, intent("open", CALM, action=side))
        await ask(world, session, intent("gone", CALM, symbol=SOL, action=side))
        stage.reads(Silent(session.keeper.account, how))
        await stage.out("out")
        inner = venue.inner
        exchange = inner._exchange  # type: ignore[attr-defined]
        exchange.ledger.positions.pop(SOL)  # closed by hand, and nobody told us
        await stage.out("nothing-there", SOL)
        return stage

    stage = run(scenario())

    opened, _, closed = (f for f in world.events(Filled) if f.book is Book.ACCOUNT)
    assert (closed.kind, closed.side) == (FillKind.REDUCE, side.opposite)
    assert closed.quantity_base == opened.quantity_base
    assert stage.venue.kinds().count("reduce") == 2
    assert world.outcome("nothing-there").status is Status.VENUE_REFUSED

"""Incidents of state: limits that were shared, ids burnt, signs lost."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.events import (
    Book,
    DuplicateSeen,
    Filled,
    Judged,
    Sending,
    Settled,
    Status,
    Verdict,
)
from bridge_patch.domain.intent import Side, Symbol, Unknown
from bridge_patch.domain.order import Leg
from bridge_patch.services.exit_brain import exit_id
from bridge_patch.services.ports import Account, AccountReading
from bridge_patch.services.session import Session
from tests.simulation.chaos import (
    Chaos,
    ChaosBus,
    ChaosJournal,
    ChaosVenue,
    Crash,
    Survivor,
)
from tests.simulation.rig import (
    BTC,
    CALM,
    PRICES,
    ROOMY,
    SOL,
    World,
    ask,
    at,
    calm,
    close,
    intent,
    minute,
    play,
    ready,
    run,
)

D = Decimal
ETH, BNB, LTC = Symbol("ETHUSDT"), Symbol("BNBUSDT"), Symbol("LTCUSDT")
MANY = {ETH: D(2_500), BNB: D(600), LTC: D(90)}
PRICES.update(MANY)
SYMBOLS = (BTC, SOL, ETH, BNB, LTC)


@dataclass
class Lagging:
    """An account whose statement is a few seconds behind what was traded."""

    inner: Account
    said: AccountReading | Unknown | None = None

    async def read(self) -> AccountReading | Unknown:
        self.said = self.said or await self.inner.read()
        return self.said


async def lagging(world: World) -> Session:
    session = await ready(world, SYMBOLS)
    account = Lagging(session.keeper.account)
    object.__setattr__(session.keeper.trader.snapshots, "account", account)
    return session


@pytest.mark.parametrize("lags", [False, True])
def test_concurrent_intents_cannot_share_one_budget(lags: bool) -> None:
    """M-29: 19 positions under a limit of 10, and double quantity from one batch."""
    world = World(env={"MAX_NOTIONAL_USD": "4300"})

    async def scenario() -> None:
        session = await (lagging(world) if lags else ready(world, SYMBOLS))
        wanted = [intent(f"i-{s}", CALM, symbol=s) for s in SYMBOLS]
        again = [intent(f"j-{s}", CALM, symbol=s) for s in SYMBOLS]
        await ask(world, session, *wanted, *again)

    run(scenario())

    verdicts = [j.verdict for j in world.events(Judged)]
    assert len(verdicts) == 10
    assert verdicts.count(Verdict.REJECT) == 9
    assert len([e for e in world.events(Sending) if e.leg is Leg.ENTRY]) == 1


def test_total_exposure_is_bounded_across_trades() -> None:
    """M-30: a "maximum total" was applied per trade: 1,000 trades of $100,000 passed."""
    world = World(env={**ROOMY, "MAX_NOTIONAL_USD": "9000"})
    rng = random.Random(4)
    worst = D(0)

    async def scenario() -> None:
        nonlocal worst
        session = await ready(world, SYMBOLS)
        for n in range(120):
            symbol = rng.choice(SYMBOLS)
            asked = intent(f"i-{n}", CALM, symbol=symbol, margin=rng.choice((90, 300, 500)))
            if rng.random() < 0.3:
                asked = close(f"i-{n}", CALM, symbol=symbol)
            await ask(world, session, asked)
            open_ = session.recorder.ledger.positions.values()
            worst = max(worst, sum((p.notional_usd(PRICES[p.symbol]) for p in open_), D(0)))
        await _order_does_not_matter(session)

    run(scenario())

    assert 8_000 < worst <= 9_000
    codes = {code for j in world.events(Judged) for code in j.codes}
    assert "TOTAL_NOTIONAL_EXCEEDED" in codes


async def _order_does_not_matter(session: Session) -> None:
    snapshots = session.keeper.trader.snapshots
    read = await session.keeper.account.read()
    assert isinstance(read, AccountReading)
    seen = set()
    for positions in (read.positions, read.positions[::-1]):
        object.__setattr__(read, "positions", positions)
        object.__setattr__(snapshots, "account", Lagging(session.keeper.account, read))
        seen.add((await snapshots.take(BTC)).exposure)
    assert len(seen) == 1


@dataclass
class Once(Chaos):
    """Dies at one step, counted from the start of the trouble, and never again."""

    step: int = 0

    def point(self, where: str) -> None:
        self.step -= 1
        if self.armed and self.step == 0:
            self.counted["crash"] += 1
            raise Crash(where)


def life(world: World, chaos: Chaos, there: Survivor | None = None) -> Session:
    return world.start(
        bus=lambda bus: ChaosBus(bus, chaos),
        journal=lambda journal: ChaosJournal(journal, chaos),
        venue=lambda paper: ChaosVenue(there or paper, chaos),
    )


@pytest.mark.parametrize("survives", [False, True])
def test_crash_at_any_step_burns_no_intent_and_no_lock(survives: bool) -> None:
    """M-34: the mark was set before the work, so a crash lost the intent for ever."""
    step = crashes = 0
    while True:
        step += 1
        world, chaos = World(), Once(random.Random(0), armed=False)
        there = Survivor(world.venue(), world.journal) if survives else None
        if not run(_killed_at(world, chaos, there, step)):
            break
        crashes += 1

        assert world.outcome("a").status is Status.FILLED, step
        entries = [e for e in world.events(Sending) if e.leg is Leg.ENTRY]
        opened = [f for f in world.events(Filled) if f.book is Book.ACCOUNT]
        assert len(entries) == len(opened) == 1, step
        assert run(world.unfinished()) == 0
        assert run(_next(world)).status is Status.FILLED, step

    assert crashes > 12


async def _killed_at(world: World, chaos: Once, there: Survivor | None, step: int) -> bool:
    session = life(world, chaos, there)
    await play(session, calm((BTC, SOL)))
    await session.recorder.mark_tick()  # a proposer of ours speaks at a time we know of
    await world.send(intent("a", CALM))
    chaos.armed, chaos.step = True, step
    try:
        await session.execution.drain()
    except Crash:
        session = life(world, chaos, there)
        await play(session, calm((BTC, SOL)))
        await session.execution.drain()
        return True
    return False


async def _next(world: World) -> Settled:
    """Nothing is locked: the symbol's next intent, and another's, go through."""
    session = world.start()
    await play(session, calm((BTC, SOL)))
    await ask(world, session, close("out", CALM), intent("b", CALM))
    return world.outcome("b")


def test_intent_ids_are_mandatory_stable_and_distinct() -> None:
    """M-35: the opposite side was a duplicate, and so was every message without an id."""
    world = World()

    async def scenario() -> None:
        session = await ready(world, (BTC, SOL))
        nameless = {k: v for k, v in intent("", CALM).items() if k != "intent_id"}
        other = nameless | {"symbol": SOL}
        await ask(world, session, nameless, nameless | {"action": "SELL"}, other)
        await ask(world, session, intent("", CALM))
        await ask(world, session, nameless)

    run(scenario())

    ids = [j.intent_id for j in world.events(Judged)]
    assert len(ids) == len(set(ids)) == 3
    assert all(ids)
    assert [letter.reason for letter in world.dead()] == ["not_understood"]
    assert [e.intent_id for e in world.events(DuplicateSeen)] == [ids[0]]
    assert exit_id(BTC, minute(1), minute(2), "TRAIL") == (
        f"x-BTCUSDT-{minute(1)}-{minute(2)}-trail"
    )


@pytest.mark.parametrize("how", ["unreadable", "raises", "stale"])
def test_absent_position_snapshot_is_not_flat(how: str) -> None:
    """M-36: a failed read was flat: phantoms appeared, real positions were deleted."""
    world = World()

    class Bad:
        def __init__(self, inner: Account, said: AccountReading | Unknown) -> None:
            self.inner, self.said = inner, said

        async def read(self) -> AccountReading | Unknown:
            if how == "raises":
                raise ConnectionError
            return Unknown("no answer") if how == "unreadable" else self.said

    async def scenario() -> tuple[Session, Any]:
        session = await ready(world, (BTC, SOL))
        await ask(world, session, intent("a", CALM))
        before = session.recorder.ledger.view(BTC)
        bad = Bad(session.keeper.account, await session.keeper.account.read())
        for part in (session.keeper, session.keeper.trader.snapshots):
            object.__setattr__(part, "account", bad)
        await session.on_tick(at(CALM + 1, {BTC: 95_000, SOL: 150}))
        asked = [intent(f"b-{s}", CALM + 1, symbol=s) for s in (BTC, SOL)]
        await ask(world, session, *asked)
        assert session.recorder.ledger.view(BTC) == before
        await ask(world, session, close("out", CALM + 1))
        return session, before

    session, before = run(scenario())

    assert before.stop_price_usd is not None
    for symbol in (BTC, SOL):
        refused = world.outcome(f"b-{symbol}")
        assert refused.status is Status.REFUSED
        told = "SNAPSHOT_STALE" if how == "stale" else "POSITION_UNKNOWN"
        assert told in refused.codes
    assert world.outcome("out").status is Status.FILLED
    assert session.recorder.ledger.positions == {}


@pytest.mark.parametrize("side", list(Side))
def test_net_position_keeps_its_sign_and_refuses_opposites(side: Side) -> None:
    """M-37: an absolute value turned shorts into longs in the ledger."""
    world = World()

    async def scenario() -> list[Decimal]:
        session = await ready(world)
        other = intent("other", CALM, action=side.opposite)
        await ask(world, session, intent("a", CALM, action=side), other)
        signed = [session.recorder.ledger.positions[BTC].signed_base]
        session = world.start()
        await play(session, calm())
        signed.append(session.recorder.ledger.positions[BTC].signed_base)
        return signed

    lived, reloaded = run(scenario())

    assert lived == reloaded == side.sign * abs(lived) != 0
    assert world.positions()[0].side is side
    assert world.outcome("other").codes == ("POSITION_OPEN",)
    assert world.outcome("a").action == side

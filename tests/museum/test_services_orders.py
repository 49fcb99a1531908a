"""Incidents between the verdict and the venue: what was sent was not what was judged."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Sequence
from dataclasses import FrozenInstanceError
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import (
    Book,
    Event,
    Filled,
    FillKind,
    Judged,
    LatchSet,
    Sending,
    Settled,
    Status,
    TradingState,
)
from bridge_patch.domain.harvest import POLICY_FALLBACK
from bridge_patch.domain.intent import Mode
from bridge_patch.domain.order import Leg
from bridge_patch.governor.judge import Approved
from bridge_patch.services.desk import LiveDesk
from bridge_patch.services.messages import Wish
from bridge_patch.services.session import Session
from tests.contracts.approvals import entry_approval
from tests.simulation.chaos import Crash
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
    ready,
    run,
    tapped,
)
from tests.simulation.tap import Tap, Trouble
from tests.simulation.test_one_number import Wire
from tests.unit.services.test_switch import order, send

D = Decimal


def placed(venue: Tap) -> list[Approved]:
    return [call.asked for call in venue.calls if isinstance(call.asked, Approved)]


async def after(world: World, *messages: Any) -> tuple[Session, Tap]:
    """A process that was asked these things."""
    session, venue = await tapped(world, (BTC, SOL))
    await ask(world, session, *messages)
    return session, venue


def test_order_is_built_from_the_verdict_alone() -> None:
    """M-18: $60,000 was clamped to $10,000 and logged so, and $60,000 was sent."""
    world = World(env={"MAX_POSITION_USD": "300"})
    session = run(ready(world, (BTC, SOL), venue=Wire))
    venue = session.keeper.venue
    assert isinstance(venue, Wire)
    more = intent("a", CALM, margin=700, leverage=10, quantity=9)
    run(ask(world, session, more))

    (judged,), (sent,) = world.events(Judged), placed(venue)
    assert judged.margin_usd == 300
    assert (sent.symbol, sent.side) == (judged.symbol, judged.action)
    assert sent.quantity.base == judged.quantity_base == D("0.031")  # 3,000 / 95,000
    assert sent.notional.usd == judged.notional_usd
    assert sent.leverage == judged.leverage == 10
    command, announced = venue.sent[judged.intent_id], world.events(Sending)[0]
    for order_ in (command, announced):
        assert (order_.symbol, order_.side) == (judged.symbol, judged.action)
        assert order_.quantity_base == judged.quantity_base
        assert order_.leverage == judged.leverage


@pytest.mark.parametrize("mode", list(Mode))
def test_judged_fields_are_the_ordered_fields(mode: Mode) -> None:
    """M-19: the AI's $100 at 5x was approved, the legacy $60,000 at 10x was sent."""
    world = World(mode)
    both = intent("a", CALM, margin=400, leverage=10, ai_size_usd=200, ai_leverage=8)
    _, venue = run(after(world, both))

    (judged,) = world.events(Judged)
    wanted = (D(400), D(10)) if mode is Mode.LIVE else (D(200), D(8))
    assert (judged.margin_usd, judged.leverage) == wanted
    (fill,) = [f for f in world.events(Filled) if f.book in {Book.ACCOUNT, Book.GOVERNED}]
    steps = wanted[0] * wanted[1] / 95_000 // D("0.001") * D("0.001")
    assert fill.quantity_base == steps
    assert len(placed(venue)) == (mode is Mode.LIVE)


def test_no_path_to_the_venue_skips_the_governor() -> None:
    """M-24: bypass flags, unlisted actions, a magic size and a forged approval passed."""
    world = World()
    magic = {"bypass": True, "force": True, "skip_risk": True, "governor": "off"}
    tries = [
        intent("m1", CALM, margin=50, leverage=10) | magic,
        intent("m2", CALM, reduce_only=True, quantity=1) | magic,
        close("m3", CALM, quantity=5, position_size_usd=400, leverage=10),
        intent("m4", CALM, action="SWAP"),
        intent("m5", CALM, quantity=1) | {"position_size_usd": None},
        {"intent_id": "m6", "approved": True, "symbol": BTC, "quantity": 1},
    ]

    async def scenario() -> Tap:
        session, venue = await tapped(world)
        await session.recorder.write(_halted())
        await ask(world, session, *tries)
        assert placed(venue) == []
        return venue

    venue = run(scenario())

    assert venue.calls == []
    approval = entry_approval()
    for forge in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError):
            forge(approval)
    with pytest.raises(TypeError):
        Approved(
            intent_id=approval.intent_id,
            symbol=approval.symbol,
            side=approval.side,
            margin=approval.margin,
            leverage=125,
            quantity=approval.quantity,
            notional=approval.notional,
            stop=approval.stop,
            ruling=approval.ruling,
            mint=None,
        )
    with pytest.raises(FrozenInstanceError):
        approval.leverage = 125  # type: ignore[misc]
    run(_used_once())


async def _used_once() -> None:
    """An approval that was sent opens nothing a second time, whoever sends it again."""
    world = World()
    session, venue = await after(world, intent("good", CALM))
    (approval,) = placed(venue)
    desk = session.keeper.trader.desk
    assert isinstance(desk, LiveDesk)
    with pytest.raises(BrokenPromiseError, match="good for one order"):
        await desk.open(approval, POLICY_FALLBACK)
    assert venue.kinds() == ["place", "stop"]
    entries = [f for f in _account(world) if f.kind is FillKind.ENTRY]
    assert [f.quantity_base for f in entries] == [approval.quantity.base]


def _halted() -> LatchSet:
    return LatchSet(
        book=Book.ACCOUNT,
        at_ms=minute(CALM),
        state=TradingState.HALTED,
        cause="OPERATOR",
        who="ann",
        why="stop",
    )


@pytest.mark.parametrize(
    "shadow",
    [{}, {"ai_size_usd": 5}, {"ai_size_usd": 90_000, "ai_leverage": 125}],
    ids=["none", "crumb", "absurd"],
)
def test_shadow_values_never_change_a_live_verdict(shadow: dict[str, Any]) -> None:
    """M-71: an AI's shadow proposal refused or replaced a live order's own values."""
    plain, more = World(), World()
    _, one = run(after(plain, intent("a", CALM)))
    _, two = run(after(more, intent("a", CALM) | shadow))

    assert plain.events(Judged) == more.events(Judged)
    assert plain.events(Judged)[0].verdict == "ACCEPT"
    assert [a.quantity for a in placed(one)] == [a.quantity for a in placed(two)]


def test_one_kill_switch_is_read_at_the_last_step() -> None:
    """M-97: seven switches existed, and the execution service read none of them.

    The order to halt comes over the control stream, between the verdict and the send.
    """
    world = World()

    async def scenario() -> Tap:
        session, venue = await tapped(world, (BTC, SOL))
        append = world.journal.append

        async def flipping(events: Sequence[Event]) -> None:
            await append(events)
            if any(isinstance(e, Sending) and e.symbol == SOL for e in events):
                await send(world, order("o-1", Wish.HALT))

        world.journal.append = flipping  # type: ignore[method-assign]
        await ask(world, session, intent("a", CALM), intent("b", CALM, symbol=SOL))
        return venue

    venue = run(scenario())

    assert [a.intent_id for a in placed(venue)] == ["a"]
    assert world.outcome("a").status is Status.FILLED
    assert world.outcome("b").codes == ("PASS", "TRADING_HALTED")


def test_no_new_risk_after_stop_even_from_queued_intents() -> None:
    """M-100: the bot was told to stop, and went on sending orders."""
    world = World()

    async def scenario() -> tuple[Session, Tap]:
        session, venue = await tapped(world, (BTC, SOL))
        venue.trouble("place", Trouble.REQUEST_LOST)
        await ask(world, session, intent("in-flight", CALM))
        await world.send(intent("queued", CALM, symbol=SOL))
        await send(world, order("o-1", Wish.HALT))
        await session.execution.drain()
        await session.on_tick(at(CALM + 1, {BTC: 95_000, SOL: 150}))
        await ask(world, session, intent("later", CALM + 1, symbol=SOL))
        return session, venue

    session, venue = run(scenario())

    assert [a.intent_id for a in placed(venue)] == ["in-flight"]
    assert session.recorder.ledger.positions == {}
    assert world.outcome("in-flight").status is Status.VENUE_REFUSED
    for name in ("queued", "later"):
        assert "TRADING_HALTED" in world.outcome(name).codes
    assert run(world.unfinished()) == 0


@pytest.mark.parametrize("failure", [BrokenPromiseError("the disk is full"), Crash()])
def test_no_order_without_a_durable_record(failure: BaseException) -> None:
    """M-104: 90 % of decision logs were dropped after an upgrade, by design when full."""
    world = World()

    async def scenario() -> Tap:
        session, venue = await tapped(world)
        append = world.journal.append

        async def failing(events: Sequence[Event]) -> None:
            if any(isinstance(e, Judged) for e in events):
                raise failure
            await append(events)

        world.journal.append = failing  # type: ignore[method-assign]
        with pytest.raises(type(failure)):
            await ask(world, session, intent("a", CALM))
        return venue

    assert run(scenario()).calls == []
    assert world.events(Sending) == []
    assert world.results() == []
    assert run(after(World(), intent("a", CALM)))[1].kinds() == ["place", "stop"]


def test_records_state_what_was_sent_and_measured() -> None:
    """M-105: the clamped size of what was judged, fee and slippage always zero, the
    intent's leverage instead of the one that was set."""
    world = World(env={"MAX_POSITION_USD": "300"})
    session, venue = run(
        after(
            world,
            intent("a", CALM, margin=500, leverage=12.7),
            intent("b", CALM, symbol=SOL, margin=5),
            close("c", CALM),
        )
    )

    exchange = session.keeper.venue.inner._exchange  # type: ignore[attr-defined]
    outcome, (entry, _exit) = world.outcome("a"), _account(world)
    assert (outcome.proposed_margin_usd, outcome.proposed_leverage) == (D(500), D("12.7"))
    assert (outcome.approved_margin_usd, outcome.approved_leverage) == (D(300), D(12))
    assert placed(venue)[0].leverage == 12
    assert outcome.filled_quantity_base == entry.quantity_base
    assert outcome.filled_price_usd == entry.price_usd != 95_000
    assert outcome.fee_usd == entry.fee_usd > 0
    results = [r for r in world.results() if isinstance(r, Settled)]
    assert sum(r.status is Status.FILLED for r in results) == exchange.ledger.trades == 2
    assert [e.leg for e in world.events(Sending)] == [Leg.ENTRY, Leg.STOP, Leg.REDUCE]


def _account(world: World) -> list[Filled]:
    return [f for f in world.events(Filled) if f.book is Book.ACCOUNT]

"""Incidents of identity: mixed venues, and records that named neither mode nor build."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.adapters.bus import Bus
from bridge_patch.app.assembly import Run, build_id
from bridge_patch.app.settings import load_settings
from bridge_patch.app.wiring import (
    AccountEquity,
    engine_side,
    start_events,
)
from bridge_patch.domain.account import Venues
from bridge_patch.domain.events import (
    Book,
    IntentReceived,
    Judged,
    RunStarted,
    Sending,
    Settled,
    Status,
)
from bridge_patch.domain.intent import Confidence, Mode, Side
from bridge_patch.domain.market import Tick
from bridge_patch.services.account_fold import AccountFold
from bridge_patch.services.conditions import Conditions
from bridge_patch.services.engine import Engine, Signal
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    SOL,
    Silence,
    World,
    ask,
    at,
    calm,
    close,
    intent,
    play,
    run,
    tapped,
)
from tests.simulation.tap import Tap

D = Decimal
PAPER = {"orders": "paper", "account": "paper", "prices": "paper"}


@pytest.mark.parametrize("other", [None, "orders", "account", "prices"])
def test_every_process_asserts_one_venue_before_sending(other: str | None) -> None:
    """M-73: production keys beside testnet services, mainnet prices for testnet orders.

    Nothing is sent while one of the three is of another venue, but for a reduction.
    """
    world = World()

    async def scenario() -> Tap:
        session, venue = await tapped(world, (BTC, SOL))
        trader = session.keeper.trader
        named = trader.snapshots.conditions.venues
        assert named == Venues(**PAPER)
        await ask(world, session, intent("one", CALM))
        mixed = Venues(**PAPER | ({other: "binance"} if other else {}))
        conditions = Conditions(clock=trader.clock, venues=mixed)
        object.__setattr__(trader.snapshots, "conditions", conditions)
        await ask(world, session, intent("mixed", CALM, symbol=SOL), close("out", CALM))
        return venue

    venue = run(scenario())

    assert world.outcome("one").status is world.outcome("out").status is Status.FILLED
    if other is None:
        assert world.outcome("mixed").status is Status.FILLED
    else:
        assert world.outcome("mixed").codes == ("VENUE_MISMATCH",)
        assert venue.kinds() == ["place", "stop", "reduce"]


class Sure:
    """A model that wants to buy once."""

    def signals(self, tick: Tick) -> tuple[Signal, ...]:
        if tick.at_ms < at(CALM, {}).at_ms:
            return ()
        return (
            Signal(
                symbol=BTC,
                side=Side.BUY,
                confidence=Confidence(D("0.9")),
                source="sure",
                reason="because",
            ),
        )


@pytest.mark.parametrize("mode", list(Mode))
def test_mode_limits_hash_and_build_are_in_every_record(mode: Mode) -> None:
    """M-78: sizer and governor read the same variables apart and could disagree.

    A reduction is sized under no limits and names none; its verdict and result do.
    """
    world = World(mode)
    ours = load_settings(world.env).limits().digest()

    async def scenario() -> Session:
        session = world.start(engine=_engine)
        await play(session, calm((BTC, SOL)))
        await ask(world, session, close("out", CALM))
        stated = intent("same", CALM, symbol=SOL, limits_hash=ours)
        other = intent("other", CALM, symbol=SOL, limits_hash="0123456789ab")
        await ask(world, session, other, stated, intent("silent", CALM))
        return session

    run(scenario())

    who = (mode, ours, build_id())
    proposed = [r for r in world.events(IntentReceived) if r.source == "sure"]
    assert len(proposed) == 1
    said = json.loads(proposed[0].payload)
    assert (Mode(said["mode"]), said["limits_hash"], said["build"]) == who
    judged, results = world.events(Judged), world.results()
    assert len(judged) == len(results) == 5
    assert {(j.mode, j.limits_hash, j.build) for j in judged} == {who}
    assert {(r.mode, r.limits_hash, r.build) for r in _settled(results)} == {who}

    assert world.outcome("other").codes == ("LIMITS_MISMATCH",)
    for name in ("same", "silent"):
        assert world.outcome(name).status is not Status.REFUSED
    sent = {s.intent_id for s in world.events(Sending)}
    assert "other" not in sent


def _settled(results: list[Any]) -> list[Settled]:
    assert all(isinstance(r, Settled) for r in results)
    return results


def _engine(session: Session, bus: Bus) -> Engine:
    """The engine as it is wired, with a model that speaks up."""
    settings = load_settings({})
    mode = session.keeper.trader.scribe.identity.mode
    told = Run(settings=settings, mode=mode, feed="scripted", telemetry=Silence())
    store = _store(bus)
    equity = AccountEquity(session.keeper.account)
    return engine_side(told, store, equity, Sure())


def _store(bus: Bus) -> Any:
    class Kept:
        run_id = "run-1"

    kept = Kept()
    kept.bus = bus  # type: ignore[attr-defined]
    return kept


def test_the_start_says_who_judges() -> None:
    """What each record names in short, the start of its run has in full."""
    settings = load_settings({"MAX_POSITION_USD": "123"})
    told = Run(settings=settings, mode=Mode.LIVE, feed="scripted", telemetry=Silence())
    fresh = AccountFold.of(Book.ACCOUNT)
    (started,) = (
        e
        for e in start_events(told, _store(None), fresh, at(1, {}).at_ms)  # type: ignore[arg-type]
        if isinstance(e, RunStarted)
    )

    assert started.limits_hash == settings.limits().digest()
    assert "margin_max_usd=123" in started.limits.splitlines()
    assert (started.mode, started.build, started.venue) == (Mode.LIVE, build_id(), "paper")

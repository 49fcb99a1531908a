"""Incidents of drawdown: measured on the wrong base, forgotten, or let go by itself."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from bridge_patch.domain.events import (
    Book,
    EquityMarked,
    Filled,
    Judged,
    LatchSet,
    Status,
    TradingState,
    Transferred,
)
from bridge_patch.domain.market import Tick
from bridge_patch.governor.snapshot import Known
from bridge_patch.services.holds import DRAWDOWN, OPERATOR
from bridge_patch.services.ports import AccountReading
from bridge_patch.services.session import Session
from tests.museum.test_services_limits import (
    ETH,
    MIDNIGHT,
    SYMBOLS,
    again,
    codes,
    paid,
    wobbling,
)
from tests.simulation.rig import (
    BTC,
    CALM,
    ROOMY,
    SOL,
    World,
    ask,
    at,
    close,
    intent,
    minute,
    play,
    ready,
    run,
)

D = Decimal


def fall_pct(session: Session) -> Decimal:
    reading = session.recorder.gauge.drawdown_pct()
    assert isinstance(reading, Known)
    return reading.value


@pytest.mark.parametrize("flat", [False, True])
def test_drawdown_is_measured_on_account_equity_on_a_timer(flat: bool) -> None:
    """M-32: ratios of small trades summed to 22 % when the account lost 0.2 %; another
    divided by the exposure, was zero when flat, and looked only when a trade closed.

    By hand: 10,000 less the fee; then 0.042 BTC times what the price moved since the fill.
    """
    world = World(env={**ROOMY, "DRAWDOWN_MAX_PCT": "0.6"})

    async def scenario() -> Session:
        session = await ready(world, (BTC,))
        await ask(world, session, intent("won", CALM))
        await session.on_tick(at(CALM + 1, {BTC: 95_700}))
        await ask(world, session, close("out", CALM + 1))  # a winner, and nothing fires
        await session.on_tick(at(CALM + 2, {BTC: 95_700}))
        assert fall_pct(session) < D("0.1")
        await ask(world, session, intent("a", CALM + 2))
        (*_, entry) = accounts(world)
        peak = session.recorder.gauge.peak_usd
        assert peak is not None
        before = await equity(session) - (95_700 - entry.price_usd) * entry.quantity_base
        await session.on_tick(at(CALM + 3, {BTC: 94_700}))
        now = before + (94_700 - entry.price_usd) * entry.quantity_base
        assert fall_pct(session) == (peak - now) / peak * 100 < D("0.6")
        assert session.recorder.gauge.state is TradingState.RUNNING
        if flat:
            await ask(world, session, close("b", CALM + 3))
            await session.on_tick(at(CALM + 4, {BTC: 99_000}))
            (*_, left) = accounts(world)
            now = before + (left.price_usd - entry.price_usd) * entry.quantity_base
            assert (
                fall_pct(session) == (peak - (now - left.fee_usd)) / peak * 100 > D("0.4")
            )
            return session
        for n, price in enumerate((94_300, 94_060)):  # nobody asks, and nothing closes
            await session.on_tick(at(CALM + 4 + n, {BTC: price}))
        return session

    session = run(scenario())

    latches = [e.cause for e in world.events(LatchSet)]
    assert latches == ([] if flat else [DRAWDOWN])
    assert session.recorder.gauge.state is (
        TradingState.RUNNING if flat else TradingState.HALTED
    )
    assert bool(session.recorder.ledger.positions) is not flat


def accounts(world: World) -> list[Filled]:
    return [f for f in world.events(Filled) if f.book is Book.ACCOUNT]


async def equity(session: Session) -> Decimal:
    read = await session.keeper.account.read()
    assert isinstance(read, AccountReading)
    return read.equity_usd


def _moved(amount_usd: int, n: int) -> Transferred:
    return Transferred(book=Book.ACCOUNT, at_ms=minute(n), amount_usd=D(amount_usd))


def flat_at(n: int, price: int) -> Tick:
    return at(n, {BTC: price, SOL: 150, ETH: 2_500})


async def lost(world: World, name: str, session: Session, n: int) -> Sequence[Tick]:
    """Lose some 42 USD between two ticks, at the market."""
    await ask(world, session, intent(f"{name}-in", n))
    ticks = [flat_at(n + 1, 94_000), flat_at(n + 2, 95_000)]
    await session.on_tick(ticks[0])
    await ask(world, session, close(f"{name}-out", n + 1))
    await session.on_tick(ticks[1])
    return ticks


def test_peak_and_tripped_stop_survive_restart_and_transfers() -> None:
    """M-33: one peak was reset by its own firing, one began at zero after a restart, and
    one mixed two windows with a balance that somebody had set by hand.
    """
    world = World(env={**ROOMY, "DRAWDOWN_MAX_PCT": "0.7"})

    async def scenario() -> Session:
        session = await ready(world, SYMBOLS)
        account = paid(session, 0)
        shown = list(await lost(world, "a", session, CALM))
        gauge = session.recorder.gauge
        peak, fell = gauge.peak_usd, fall_pct(session)
        assert peak is not None
        assert D("0.4") < fell < D("0.7")
        for n, amount in ((3, 5_000), (4, -8_000)):  # neither a gain nor a loss
            account.amount_usd += amount
            await session.recorder.write(_moved(amount, CALM + n))
            shown.append(flat_at(CALM + n, 95_000))
            await session.on_tick(shown[-1])
            peak += amount
            assert gauge.peak_usd == peak
            assert gauge.state is TradingState.RUNNING
        assert fall_pct(session) == (peak - await equity(session)) / peak * 100

        session = await again(world, *shown, moved_usd=-3_000)
        gauge = session.recorder.gauge
        assert gauge.peak_usd == peak
        shown += await lost(world, "b", session, CALM + 4)
        assert (gauge.state, gauge.holds.cause) == (TradingState.HALTED, DRAWDOWN)
        assert gauge.peak_usd == peak
        return await _rearmed(world, shown, peak)

    session = run(scenario())

    assert "TRADING_HALTED" in codes(world, "tripped")
    assert "TRADING_HALTED" in codes(world, "next-day")
    assert world.outcome("rearmed").status is Status.FILLED
    marks = [m for m in world.events(EquityMarked) if m.book is Book.ACCOUNT]
    assert session.recorder.gauge.peak_usd == marks[-1].peak_usd
    assert len([j for j in world.events(Judged) if j.intent_id == "rearmed"]) == 1


async def _rearmed(world: World, shown: list[Tick], peak: Decimal) -> Session:
    """Neither a restart nor a better day nor a new one lets it go; a person does."""
    session = await again(world, *shown, moved_usd=-3_000)
    gauge = session.recorder.gauge
    assert (gauge.state, gauge.holds.cause, gauge.peak_usd) == (
        TradingState.HALTED,
        DRAWDOWN,
        peak,
    )
    await ask(world, session, intent("tripped", CALM + 6, symbol=SOL))
    prices = {BTC: D(95_000), SOL: D(150), ETH: D(2_500)}
    await play(session, wobbling(CALM + 7, MIDNIGHT, prices))
    await ask(world, session, intent("next-day", MIDNIGHT, symbol=SOL))
    await session.on_tick(flat_at(MIDNIGHT + 1, 95_000))
    assert gauge.state is TradingState.HALTED
    await session.recorder.write(
        LatchSet(
            book=Book.ACCOUNT,
            at_ms=minute(MIDNIGHT + 1),
            state=TradingState.RUNNING,
            cause=OPERATOR,
            who="ann",
            why="looked into it",
        )
    )
    await session.on_tick(flat_at(MIDNIGHT + 2, 95_000))
    assert gauge.peak_usd == await equity(session)
    await ask(world, session, intent("rearmed", MIDNIGHT + 2, symbol=SOL))
    await session.on_tick(flat_at(MIDNIGHT + 3, 95_000))
    return session

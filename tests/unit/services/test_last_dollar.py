"""Two intents of one batch: what one was given, the other cannot be given again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.app.settings import load_settings
from bridge_patch.domain.events import Judged, Verdict
from bridge_patch.domain.intent import Mode
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    ROOMY,
    SOL,
    World,
    close,
    intent,
    ready,
    reserved_usd,
    run,
    tapped,
)
from tests.simulation.tap import Tap, Trouble

D = Decimal
#: Limits on one order and one trade that hold nothing back either.
WIDE = ROOMY | {
    "MAX_NOTIONAL_USD": "1000000",
    "ORDER_NOTIONAL_MAX_EQUITY_MULTIPLE": "125",
    "RISK_PER_TRADE_MAX_PCT": "100",
    "INITIAL_MARGIN_MAX_PCT": "100",
}


@dataclass(frozen=True)
class Room:
    """An account-wide limit in which one whole intent and a part of another fit.

    `of` is what it limits: exposure, margin, or what was approved lately.
    """

    rule: str
    env: dict[str, str]
    of: str
    most: Decimal
    asks: Mapping[str, Any] = field(default_factory=dict)


def share(rule: str, *names: str) -> Room:
    """60 % of equity: 6,000 USD, less the fee that the first entry has paid by then."""
    names = names or (f"{rule.upper()}_MAX_EQUITY_MULTIPLE",)
    of = "approved" if rule.startswith("notional_") else "exposure"
    return Room(rule, dict.fromkeys(names, "0.6"), of, D(6_000))


MINUTE, HOUR = "NOTIONAL_1M_MAX_EQUITY_MULTIPLE", "NOTIONAL_1H_MAX_EQUITY_MULTIPLE"
DAY = "NOTIONAL_1D_MAX_EQUITY_MULTIPLE"
ROOMS = [
    Room("total_notional", {"MAX_NOTIONAL_USD": "6000"}, "exposure", D(6_000)),
    share("side_notional"),
    share("gross_notional"),
    share("net_notional"),
    share("notional_1m", MINUTE),
    share("notional_1h", MINUTE, HOUR),
    share("notional_1d", MINUTE, HOUR, DAY),
    Room("initial_margin", {"INITIAL_MARGIN_MAX_PCT": "6"}, "margin", D(600)),
    Room(
        "available_balance",
        {},
        "margin",
        D(10_000),
        asks={"margin": 6_000, "leverage": 5},
    ),
]
rooms = pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.rule)
modes = pytest.mark.parametrize("mode", list(Mode))


async def one_batch(world: World, session: Session, *messages: dict[str, Any]) -> None:
    """All of them are waiting before the first is read."""
    for message in messages:
        await world.send(message)
    assert await session.execution.step(0) == len(messages)


def verdicts(world: World) -> list[Judged]:
    return world.events(Judged)


def used(world: World, session: Session, room: Room) -> Decimal:
    """What the first intent holds, open or reserved, and what the second was given."""
    first, second = verdicts(world)
    held = session.keeper.trader.snapshots.held().get(BTC)
    reserved_notional, reserved_margin = reserved_usd(session)
    margin, leverage = second.margin_usd or D(0), second.leverage or D(0)
    match room.of:
        case "approved":
            return (first.notional_usd or D(0)) + (second.notional_usd or D(0))
        case "margin":
            return (held.margin_usd if held else reserved_margin) + margin
        case _:
            open_usd = held.notional_usd(D(95_000)) if held else reserved_notional
            return open_usd + margin * leverage


def told(world: World, room: Room, *names: str) -> Session:
    """Put intents, each on a symbol of its own, into one batch."""
    symbols = {"a": BTC, "b": SOL}

    async def scenario() -> Session:
        session = await ready(world, (BTC, SOL))
        asked = [intent(n, CALM, symbol=symbols[n], **room.asks) for n in names]
        await one_batch(world, session, *asked)
        return session

    return run(scenario())


@modes
@rooms
def test_two_intents_of_one_batch_cannot_share_the_last_dollar(
    room: Room, mode: Mode
) -> None:
    """Alone each of them is given all of it; together the second gets what is left."""
    for name in "ab":
        alone = World(mode, env=WIDE | room.env)
        told(alone, room, name)
        assert [j.verdict for j in verdicts(alone)] == [Verdict.ACCEPT]
    world = World(mode, env=WIDE | room.env)
    session = told(world, room, "a", "b")
    first, second = verdicts(world)

    assert first.verdict is Verdict.ACCEPT
    assert second.verdict is Verdict.CLAMP
    assert room.rule in second.binding.split()
    assert room.most * D("0.98") < used(world, session, room) <= room.most


@modes
@rooms
def test_where_less_than_a_minimum_is_left_the_second_is_refused(
    room: Room, mode: Mode
) -> None:
    """The minimum is raised until what is left is below it."""
    asked = int(room.asks.get("margin", 400))
    env = WIDE | room.env | {"MIN_ORDER_USD": str(asked - 1)}
    world = World(mode, env=env)
    told(world, room, "a", "b")
    first, second = verdicts(world)

    assert first.verdict is Verdict.ACCEPT
    assert second.verdict is Verdict.REJECT
    assert room.rule in [v.rule for v in second.votes if v.vote == "DENY"]


@rooms
def test_an_order_whose_fate_nobody_knows_keeps_its_dollar(room: Room) -> None:
    """It is reserved as if it had filled, and the next intent of the batch sees it."""
    world = World(env=WIDE | room.env)

    async def scenario() -> Session:
        session, venue = await tapped(world, (BTC, SOL))
        assert isinstance(venue, Tap)
        venue.trouble("place", Trouble.REQUEST_LOST)
        venue.trouble("find", *[Trouble.REQUEST_LOST] * 9)
        asked = [
            intent(n, CALM, symbol=s, **room.asks) for n, s in (("a", BTC), ("b", SOL))
        ]
        await one_batch(world, session, *asked)
        return session

    session = run(scenario())
    first, second = verdicts(world)

    assert reserved_usd(session)[1] == first.margin_usd
    assert second.verdict is Verdict.CLAMP
    assert room.rule in second.binding.split()
    assert room.most * D("0.98") < used(world, session, room) <= room.most


COUNTS: dict[str, tuple[dict[str, str], str]] = {
    "open_positions": ({"OPEN_POSITIONS_MAX": "1"}, "OPEN_POSITIONS_EXCEEDED"),
    "entry_rate of 10 s": ({"VENUE_ORDERS_10S_MAX": "7"}, "ENTRY_RATE_EXCEEDED"),
    "entry_rate of a minute": (
        {"VENUE_ORDERS_10S_MAX": "7", "VENUE_ORDERS_1M_MAX": "7"},
        "ENTRY_RATE_EXCEEDED",
    ),
}


@modes
@pytest.mark.parametrize("count", COUNTS)
def test_two_intents_of_one_batch_cannot_share_the_last_of_a_count(
    count: str, mode: Mode
) -> None:
    env, reason = COUNTS[count]
    world = World(mode, env=WIDE | env)
    told(world, ROOMS[0], "a", "b")
    first, second = verdicts(world)

    assert first.verdict is Verdict.ACCEPT
    assert second.codes == (reason,)


def test_what_is_kept_for_exits_is_not_used_by_the_second_entry() -> None:
    """The first one has sent an entry and its stop: two of the four that are not kept."""
    env = {"VENUE_ORDERS_10S_MAX": "8", "EXIT_ORDERS_RESERVE_PCT": "70"}
    world = World(env=WIDE | env)
    told(world, ROOMS[0], "a", "b")
    first, second = verdicts(world)

    assert first.verdict is Verdict.ACCEPT
    assert second.codes == ("EXIT_RESERVE_TOUCHED",)


@modes
def test_a_symbol_is_not_entered_twice_by_a_close_in_between(mode: Mode) -> None:
    """In, out and in again in one batch: the second entry is the hour's second."""
    world = World(mode, env=WIDE | {"SYMBOL_ENTRIES_1H_MAX": "1"})

    async def scenario() -> None:
        session = await ready(world)
        await one_batch(
            world, session, intent("a", CALM), close("c", CALM), intent("b", CALM)
        )

    run(scenario())
    first, out, second = verdicts(world)

    assert first.verdict is out.verdict is Verdict.ACCEPT
    assert second.codes == ("SYMBOL_ENTRIES_EXCEEDED",)


@modes
@pytest.mark.parametrize("action", ["BUY", "SELL"])
def test_one_symbol_holds_one_position_however_many_ask_at_once(
    action: str, mode: Mode
) -> None:
    world = World(mode, env=WIDE)

    async def scenario() -> None:
        session = await ready(world)
        await one_batch(world, session, intent("a", CALM), intent("b", CALM, action=action))

    run(scenario())
    first, second = verdicts(world)

    assert first.verdict is Verdict.ACCEPT
    assert second.codes == ("POSITION_OPEN",)


@modes
@pytest.mark.parametrize("count", [7, 40])
def test_splitting_an_order_gains_nothing(count: int, mode: Mode) -> None:
    """In and out again, many times over: the minute's notional is the minute's notional."""
    world = World(mode, env=WIDE | {MINUTE: "0.3", "MIN_ORDER_USD": "5"})

    async def scenario() -> None:
        session = await ready(world)
        batch = []
        for n in range(count):
            batch += [intent(f"i{n}", CALM, margin=100), close(f"c{n}", CALM)]
        await one_batch(world, session, *batch)

    run(scenario())
    entries = [j for j in verdicts(world) if j.confidence is not None and j.margin_usd]

    assert 2_700 < sum(j.notional_usd or 0 for j in entries) <= 3_000
    assert load_settings(world.env).limits().margin_min_usd == 5

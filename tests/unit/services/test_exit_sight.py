"""What the exit brain lacks of an open position is said aloud, once, and ends."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.inbox import BusOutcomes
from bridge_patch.adapters.memory import ManualClock, MemoryBus, MemoryStreams
from bridge_patch.adapters.streams import POSITION_UPDATE
from bridge_patch.domain.harvest import POLICIES, HarvestMode
from bridge_patch.domain.intent import IntentId, Side, UnixMs
from bridge_patch.services.exit_sight import SILENT_MAX_MS, UNNAMED, Sight
from bridge_patch.services.messages import PositionUpdate, Unreadable
from tests.simulation.rig import BTC, NOON_MS, SOL, Silence, bar, minute, run

OPEN = PositionUpdate(
    at_ms=minute(1),
    symbol=BTC,
    side=Side.BUY,
    quantity_base=Decimal("0.04"),
    first_base=Decimal("0.04"),
    entry_price_usd=Decimal(100_000),
    opened_ms=minute(1),
    stop_price_usd=Decimal(98_000),
    policy=POLICIES[HarvestMode.SWING],
    intent_id=IntentId("a"),
)


@dataclass
class Heard(Silence):
    """Telemetry that keeps what was noted."""

    notes: list[tuple[str, dict[str, object]]] = field(default_factory=list)

    def note(self, area: str, message: str, **facts: object) -> None:
        self.notes.append((message, facts))


def sight(*updates: PositionUpdate | Unreadable) -> tuple[Sight, Heard]:
    heard = Heard()
    one = Sight(heard)
    for update in updates:
        one.told(update)
    return one, heard


def test_a_position_with_its_bars_is_seen() -> None:
    one, heard = sight(OPEN)
    for n in range(2, 20):
        one.saw(bar(BTC, n, 100_000))
        one.at(minute(n))

    assert one.blind() == ()
    assert heard.notes == []


def test_no_bar_for_three_minutes_blinds_once_and_ends_with_the_next() -> None:
    one, heard = sight(OPEN)
    one.at(UnixMs(minute(1) + SILENT_MAX_MS))
    assert one.blind() == ()
    one.at(UnixMs(minute(1) + SILENT_MAX_MS + 1))
    one.at(minute(9))
    assert one.blind() == (BTC,)
    assert [message[:6] for message, _ in heard.notes] == ["ALARM:"]

    one.saw(bar(BTC, 10, 100_000))
    one.at(minute(10))
    assert one.blind() == ()
    assert [message for message, _ in heard.notes][-1] == "its bars are there again"


def test_bars_that_are_missing_since_the_entry_are_named() -> None:
    """A trimmed stream, a feed that had a hole: the stop says how far it had come."""
    one, heard = sight(OPEN)
    one.saw(bar(BTC, 2, 100_000))
    one.saw(bar(BTC, 6, 100_000))
    one.saw(bar(BTC, 7, 100_000))

    (told,) = heard.notes
    assert "bars since the entry are missing" in told[0]
    assert told[1] == {"symbol": BTC, "from_ms": minute(2), "to_ms": minute(5)}


def test_a_fill_between_two_bars_misses_none() -> None:
    """The bar in which it was entered is not one of its own."""
    midway = replace(OPEN, opened_ms=UnixMs(minute(1) + 20_000))
    one, heard = sight(midway)
    one.saw(bar(BTC, 2, 100_000))
    one.saw(bar(BTC, 3, 100_000))

    assert heard.notes == []


def test_what_is_flat_is_not_missed() -> None:
    one, heard = sight(OPEN, replace(OPEN, quantity_base=Decimal(0)))
    one.at(minute(60))

    assert (one.blind(), heard.notes) == ((), [])


def test_a_statement_that_cannot_be_read_blinds_until_the_next_that_can() -> None:
    one, heard = sight(OPEN, Unreadable(SOL), Unreadable(SOL))
    assert one.blind() == (SOL,)
    assert len(heard.notes) == 1
    one.told(OPEN)
    assert one.blind() == (SOL,)

    one.told(replace(OPEN, symbol=SOL))
    assert one.blind() == ()


def test_one_that_does_not_even_say_of_what_ends_with_any_that_does() -> None:
    """After a restart of the execution every symbol is stated again."""
    one, _ = sight(OPEN, Unreadable(None))
    assert one.blind() == (UNNAMED,)

    one.told(OPEN)
    assert one.blind() == ()


def test_what_cannot_be_read_comes_off_the_bus_as_such() -> None:
    """It was passed over, and with it whatever it had to say of a position."""
    bus = MemoryBus(MemoryStreams(), ManualClock(NOON_MS))
    good = codec.encode_position(OPEN)
    spoilt = [
        Envelope((("event_type", "position.update"), ("payload", payload)))
        for payload in ('{"symbol":"SOLUSDT","side":"UP"}', "{", '{"symbol":"no such"}')
    ]

    async def read() -> tuple[PositionUpdate | Unreadable, ...]:
        posts = [Post(POSITION_UPDATE, one) for one in (good, *spoilt)]
        await bus.publish(tuple(posts))
        return await BusOutcomes(bus, Silence()).positions(wait_ms=0)

    assert run(read()) == (
        OPEN,
        Unreadable(SOL),
        Unreadable(None),
        Unreadable(None),
    )

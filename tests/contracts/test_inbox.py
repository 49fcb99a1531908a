"""What Inbox, Outbox and Outcomes must do, over every raw bus, with the real codec."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pytest

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Bus, Post
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.inbox import BusInbox, BusOutbox, BusOutcomes
from bridge_patch.adapters.streams import (
    DEAD_LETTER,
    EXECUTION_GROUP,
    EXECUTION_RESULT,
    POSITION_UPDATE,
    TRADE_INTENT,
)
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.events import Event, Settled
from bridge_patch.domain.intent import (
    IntentId,
    LiveIntent,
    Mode,
    ReduceIntent,
    ShadowIntent,
    UnixMs,
)
from bridge_patch.services.messages import Delivery, Draft, Poison, Result, Settlement
from tests.contracts.sites import NOON_MS, BusSite, followed, run
from tests.wire.outcomes import DEAD, EXPIRED, POSITION, SETTLED
from tests.wire.samples import draft, exit_at_market


@dataclass
class Notes:
    """A telemetry that remembers what it was told."""

    told: list[dict[str, object]] = field(default_factory=list)

    def tell(self, event: Event) -> None: ...

    def published(self, draft: Draft) -> None: ...

    def note(self, area: str, message: str, **facts: object) -> None:
        self.told.append(facts)


def inbox(site: BusSite, mode: Mode = Mode.LIVE, consumer: str = "one") -> BusInbox:
    return BusInbox(
        site.connect(), consumer=consumer, mode=mode, clock=site.clock, age_max_ms=60_000
    )


def take(inbox: BusInbox, count: int = 100) -> tuple[Delivery, ...]:
    found = run(inbox.read(count, 0))
    return tuple(one if isinstance(one, Delivery) else inbox.whole(one) for one in found)


def raw(bus: Bus, *fields: tuple[str, str]) -> None:
    run(bus.publish([Post(TRADE_INTENT, Envelope(fields))]))


def settled(about: str) -> Settled:
    return replace(SETTLED, intent_id=IntentId(about))


def results(outcomes: BusOutcomes) -> list[Result]:
    return list(run(outcomes.results(0)))


def test_a_proposal_arrives_as_what_was_proposed(site: BusSite) -> None:
    """First of all, the path is open."""
    wish = draft(mode=Mode.LIVE)
    (travels_as,) = run(BusOutbox(site.connect()).propose(wish))
    (delivery,) = take(inbox(site))

    assert isinstance(delivery.content, LiveIntent)
    entry = delivery.content.entry
    assert entry.id == travels_as == wish.id
    assert (entry.symbol, entry.side) == (wish.symbol, wish.side)
    assert entry.proposal == wish.proposal


def test_a_reduction_arrives_as_one(site: BusSite) -> None:
    wish = exit_at_market()
    run(BusOutbox(site.connect()).reduce(wish))
    (delivery,) = take(inbox(site))

    assert isinstance(delivery.content, ReduceIntent)
    assert delivery.content.id == wish.id


def test_a_message_waits_until_it_is_settled(site: BusSite) -> None:
    """Not only until it is handed out: who drains asks what is left."""
    box, outbox = inbox(site), BusOutbox(site.connect())
    assert run(box.left()) == 0

    run(
        outbox.propose(
            replace(draft(), id=IntentId("a")), replace(draft(), id=IntentId("b"))
        )
    )
    assert run(box.left()) == 2
    first, _ = take(box)
    assert run(box.left()) == 2
    run(box.settle(Settlement(acknowledged=(first.entry_id,))))
    assert run(box.left()) == 1


def test_shadow_wins(site: BusSite) -> None:
    """Whatever a message asks for, a service in shadow reads no live intent."""
    run(BusOutbox(site.connect()).propose(draft(mode=Mode.LIVE)))
    (delivery,) = take(inbox(site, Mode.SHADOW))

    assert isinstance(delivery.content, ShadowIntent)


def test_age_is_measured_on_the_clock_that_was_given(site: BusSite) -> None:
    """A message from the future is poison; on a replay the future begins at data time."""
    ahead = replace(draft(), created_ms=UnixMs(NOON_MS + 3_600_000))
    run(BusOutbox(site.connect()).propose(ahead))
    early = take(inbox(site))
    site.clock.set(ahead.created_ms)
    late = take(inbox(site))

    assert isinstance(early[0].content, Poison)
    assert isinstance(late[0].content, LiveIntent)


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (("data", "{}"),),
        (("event_type", "trade.intent"), ("payload", "not json")),
        (("event_type", "trade.intent"), ("payload", "[" * 100_000)),
        (("event_type", "trade.intent"), ("payload", "\udcff\udcfe")),
        (("event_type", "trade.intent"), ("payload", "x" * 5_000_000)),
        (("event_type", "trade.intent"), ("payload", '{"symbol": "\x00"}')),
    ],
    ids=["empty", "data", "not json", "deep", "bytes", "5 MB", "NUL"],
)
def test_poison_is_delivered_and_can_be_set_aside(
    site: BusSite, fields: tuple[tuple[str, str], ...]
) -> None:
    """It must not block what is behind it, and its bytes are kept as they came."""
    bus = site.connect()
    raw(bus, *fields)
    run(BusOutbox(bus).propose(draft()))
    reading = inbox(site)
    poison, sound = take(reading)
    assert isinstance(poison.content, Poison)
    assert isinstance(sound.content, LiveIntent)
    letter = replace(DEAD, entry_id=poison.entry_id, payload=poison.payload)
    run(reading.settle(Settlement(acknowledged=(poison.entry_id,), dead_letters=(letter,))))

    (kept,) = followed(bus, DEAD_LETTER)
    assert codec.decode_dead_letter(kept.envelope) == letter
    assert take(inbox(site)) == (sound,)


def test_unsettled_deliveries_come_first_after_a_restart(site: BusSite) -> None:
    out = BusOutbox(site.connect())
    for name in ("a", "b", "c"):
        run(out.propose(replace(draft(), id=IntentId(name))))
    before = inbox(site)
    handed = take(before, 2)
    run(before.settle(Settlement(acknowledged=(handed[0].entry_id,), results=(SETTLED,))))
    after = inbox(site)

    assert take(after) == handed[1:]
    assert [
        d.content.entry.id for d in take(after) if isinstance(d.content, LiveIntent)
    ] == ["c"]


def test_a_settlement_publishes_each_thing_where_it_belongs(site: BusSite) -> None:
    bus = site.connect()
    run(BusOutbox(bus).propose(draft()))
    reading = inbox(site)
    (delivery,) = take(reading)
    everything = Settlement(
        acknowledged=(delivery.entry_id,),
        results=(SETTLED, EXPIRED),
        positions=(POSITION,),
        dead_letters=(DEAD,),
    )
    run(reading.settle(everything))

    assert [codec.decode_result(m.envelope) for m in followed(bus, EXECUTION_RESULT)] == [
        SETTLED,
        EXPIRED,
    ]
    assert [codec.decode_position(m.envelope) for m in followed(bus, POSITION_UPDATE)] == [
        POSITION
    ]
    assert [codec.decode_dead_letter(m.envelope) for m in followed(bus, DEAD_LETTER)] == [
        DEAD
    ]
    depth = run(bus.depth(TRADE_INTENT, EXECUTION_GROUP))
    assert (depth.lag, depth.pending) == (0, 0)


def test_a_settlement_that_fails_settles_nothing(site: BusSite) -> None:
    bus = site.connect()
    run(BusOutbox(bus).propose(draft()))
    reading = inbox(site)
    (delivery,) = take(reading)
    wrong = Settlement(acknowledged=(delivery.entry_id, "nonsense"), results=(SETTLED,))
    with pytest.raises((ValueError, BrokenPromiseError)):
        run(reading.settle(wrong))

    assert followed(bus, EXECUTION_RESULT) == ()
    assert take(inbox(site)) == (delivery,)


def test_outcomes_are_read_once_and_in_order(site: BusSite) -> None:
    reading, outcomes = inbox(site), BusOutcomes(site.connect(), Notes())
    run(reading.settle(Settlement(acknowledged=(), results=(settled("a"), settled("b")))))
    first = results(outcomes)
    run(reading.settle(Settlement(acknowledged=(), results=(settled("c"),))))

    assert first == [settled("a"), settled("b")]
    assert results(outcomes) == [settled("c")]
    assert results(outcomes) == []


def test_every_follower_sees_every_outcome(site: BusSite) -> None:
    """The engine and the exit brain both read them; neither takes them from the other."""
    update = Settlement(acknowledged=(), results=(SETTLED,), positions=(POSITION,))
    run(inbox(site).settle(update))

    for _ in range(2):
        outcomes = BusOutcomes(site.connect(), Notes())
        assert results(outcomes) == [SETTLED]
        assert run(outcomes.positions(0)) == (POSITION,)


def test_a_follower_may_start_at_the_end(site: BusSite) -> None:
    bus, reading = site.connect(), inbox(site)
    run(reading.settle(Settlement(acknowledged=(), results=(settled("old"),))))
    end = run(bus.depth(EXECUTION_RESULT, EXECUTION_GROUP)).last_id
    outcomes = BusOutcomes(bus, Notes(), results_after=end)
    run(reading.settle(Settlement(acknowledged=(), results=(settled("new"),))))

    assert results(outcomes) == [settled("new")]


def test_garbage_among_the_outcomes_is_told_and_passed_over(site: BusSite) -> None:
    """Anybody may write to a stream; nobody may stop the exit brain with it."""
    bus, notes = site.connect(), Notes()
    (bad,) = run(bus.publish([Post(EXECUTION_RESULT, Envelope((("payload", "{"),)))]))
    run(inbox(site).settle(Settlement(acknowledged=(), results=(SETTLED,))))
    outcomes = BusOutcomes(bus, notes)

    assert results(outcomes) == [SETTLED]
    assert [(fact["stream"], fact["entry"]) for fact in notes.told] == [
        (EXECUTION_RESULT, bad)
    ]
    assert results(outcomes) == []

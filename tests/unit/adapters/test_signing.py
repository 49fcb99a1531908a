"""With a key on the bus, nothing that anybody else wrote is taken for anything."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bridge_patch.adapters import codec
from bridge_patch.adapters.bus import Message, Post, StoredBus
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.adapters.inbox import BusCommands, BusInbox, BusOutbox, BusOutcomes
from bridge_patch.adapters.market_bus import TickReader
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.adapters.signing import MISSING, WRONG, SignedBus, Signer, signed
from bridge_patch.adapters.streams import (
    CONTROL,
    DEAD_LETTER,
    MARKET_TICK,
    POSITION_UPDATE,
    REPLAY_BARRIER,
    TRADE_INTENT,
)
from bridge_patch.domain.intent import LiveIntent, Mode, UnixMs
from bridge_patch.domain.market import Tick
from bridge_patch.domain.secret import Secret
from bridge_patch.services.messages import Command, Delivery, Poison, Wish
from tests.contracts.sites import NOON_MS, followed, run
from tests.contracts.test_inbox import Notes
from tests.wire.outcomes import POSITION
from tests.wire.samples import draft

OURS, THEIRS = Secret("0123456789abcdef" * 2), Secret("fedcba9876543210" * 2)
FIELDS = st.lists(st.tuples(st.text(max_size=8), st.text(max_size=20)), max_size=5)
RESUME = Command(at_ms=NOON_MS, id="o-1", wish=Wish.RESUME, who="eve", why="go on")


def bare(post: Post) -> Post:
    """Written by somebody who knows of no signatures."""
    return post


def with_their_key(post: Post) -> Post:
    return Signer(THEIRS).signed(post)


def for_another_stream(post: Post) -> Post:
    """Copied from where it was good."""
    elsewhere = Signer(OURS).signed(Post("another", post.envelope))
    return Post(post.stream, elsewhere.envelope)


def changed(post: Post) -> Post:
    (*fields, proof) = Signer(OURS).signed(post).envelope.fields
    return Post(post.stream, Envelope((*fields, ("more", "x"), proof)))


Forge: TypeAlias = Callable[[Post], Post]
FORGERIES: dict[Forge, str] = {
    bare: MISSING,
    with_their_key: WRONG,
    for_another_stream: WRONG,
    changed: WRONG,
}
every_forgery = pytest.mark.parametrize("forge", FORGERIES, ids=lambda f: f.__name__)


def as_message(post: Post) -> Message:
    return Message(post.stream, "1", post.envelope)


@given(fields=FIELDS, stream=st.text(max_size=8))
def test_what_was_signed_is_read_as_it_was_written(
    fields: list[tuple[str, str]], stream: str
) -> None:
    """First of all, the path is open."""
    post = Post(stream, Envelope(tuple(fields)))
    read = Signer(OURS).checked(as_message(Signer(OURS).signed(post)))

    assert (read.distrusted, read.envelope) == (None, post.envelope)


@given(fields=FIELDS, stream=st.text(max_size=8), data=st.data())
def test_any_change_of_any_part_is_noticed(
    fields: list[tuple[str, str]], stream: str, data: st.DataObject
) -> None:
    """One character more, less or other, a field moved, a border moved, another stream."""
    post = Signer(OURS).signed(Post(stream, Envelope(tuple(fields))))
    texts = [post.stream, *(text for pair in post.envelope.fields for text in pair)]
    at = data.draw(st.integers(0, len(texts) - 1))
    how = data.draw(st.sampled_from(["replace", "cut", "swap"]))
    if how == "replace":
        texts[at] = data.draw(st.text(max_size=70))
    elif how == "cut":
        texts[at] = texts[at][:-1]
    else:
        other = data.draw(st.integers(0, len(texts) - 1))
        texts[at], texts[other] = texts[other], texts[at]
    names, values = texts[1::2], texts[2::2]
    other_post = Post(texts[0], Envelope(tuple(zip(names, values, strict=True))))
    assume(other_post != post)
    read = Signer(OURS).checked(as_message(other_post))

    assert read.distrusted is not None
    assert read.envelope == Envelope(())
    assert read.as_it_came == other_post.envelope


@given(fields=FIELDS, data=st.data())
def test_the_order_of_the_fields_is_signed(
    fields: list[tuple[str, str]], data: st.DataObject
) -> None:
    post = Signer(OURS).signed(Post("s", Envelope(tuple(fields))))
    other = tuple(data.draw(st.permutations(post.envelope.fields)))
    assume(other != post.envelope.fields)

    assert Signer(OURS).checked(as_message(Post("s", Envelope(other)))).distrusted


def test_a_new_key_is_brought_in_without_a_gap() -> None:
    """Everybody learns to accept the new one, then to use it, then to forget the old."""
    old, new = OURS.reveal(), THEIRS.reveal()
    post = Post("s", Envelope((("payload", "{}"),)))
    stages = [Secret(text) for text in (old, f"{old},{new}", f"{new},{old}", new)]
    for before, after in itertools.pairwise(stages):
        for writes, reads in ((before, after), (after, before)):
            sent = Signer(writes).signed(post)
            assert Signer(reads).checked(as_message(sent)).distrusted is None

    sent = Signer(stages[0]).signed(post)
    assert Signer(stages[-1]).checked(as_message(sent)).distrusted


def handed(bus: StoredBus) -> tuple[Delivery, ...]:
    """What the execution's inbox makes of what waits there, none of which is late."""
    clock = ManualClock(NOON_MS)
    inbox = BusInbox(bus, consumer="one", mode=Mode.LIVE, clock=clock, age_max_ms=60_000)
    found = run(inbox.read(9, 0))
    return tuple(one for one in found if isinstance(one, Delivery))


@every_forgery
def test_a_forged_intent_is_dead_lettered_with_the_reason(
    plain: StoredBus, forge: Forge
) -> None:
    """And what a holder of the key wrote behind it passes."""
    ours = signed(plain, OURS)
    wish = Post(TRADE_INTENT, codec.encode_draft(draft(mode=Mode.LIVE)))
    run(plain.publish([forge(wish)]))
    run(BusOutbox(ours).propose(draft(mode=Mode.LIVE)))
    poison, good = handed(ours)

    assert isinstance(poison.content, Poison)
    assert poison.content.reason == FORGERIES[forge]
    assert poison.payload == wish.envelope.payload
    assert isinstance(good.content, LiveIntent)


@every_forgery
@pytest.mark.parametrize("wish", [Wish.HALT, Wish.REDUCE, Wish.RESUME])
def test_a_forged_command_can_only_tighten(
    plain: StoredBus, forge: Forge, wish: Wish
) -> None:
    """Whoever cries halt without a key is better believed; nobody else releases."""
    ours = signed(plain, OURS)
    said = Post(CONTROL, codec.encode_command(replace(RESUME, wish=wish)))
    run(plain.publish([forge(said)]))
    (command,) = run(BusCommands(ours, consumer="one").ordered())
    (letter,) = followed(ours, DEAD_LETTER)

    assert command.wish is Wish.REDUCE
    assert command.id != RESUME.id
    kept = codec.decode_dead_letter(letter.envelope)
    assert (kept.reason, kept.payload) == (FORGERIES[forge], said.envelope.payload)


def test_a_signed_command_is_what_it_says(plain: StoredBus) -> None:
    ours = signed(plain, OURS)
    run(ours.publish([Post(CONTROL, codec.encode_command(RESUME))]))
    (command,) = run(BusCommands(ours, consumer="one").ordered())

    assert replace(command, entry_id="") == RESUME


@every_forgery
def test_the_exit_brain_never_sees_a_forged_position(
    plain: StoredBus, forge: Forge
) -> None:
    """Also where nothing else comes for a while, and each is told once."""
    notes = Notes()
    ours = SignedBus(plain, OURS, notes)
    outcomes = BusOutcomes(ours, Notes())
    wrong = [Post(POSITION_UPDATE, codec.encode_position(POSITION)) for _ in range(3)]
    run(plain.publish(list(map(forge, wrong))))
    assert run(outcomes.positions(0)) == ()
    assert run(outcomes.positions(0)) == ()
    run(ours.publish([Post(POSITION_UPDATE, codec.encode_position(POSITION))]))
    run(plain.publish([forge(wrong[0])]))

    assert run(outcomes.positions(0)) == (POSITION,)
    assert run(outcomes.positions(0)) == ()
    assert {fact["why"] for fact in notes.told} == {FORGERIES[forge]}
    assert [fact["count"] for fact in notes.told] == [3, 1]


def test_any_number_of_forged_entries_hides_nothing_behind_them(plain: StoredBus) -> None:
    """Who follows without waiting stops at what is empty; it must not look empty."""
    ours = signed(plain, OURS)
    forged = Post(POSITION_UPDATE, codec.encode_position(POSITION))
    run(plain.publish([forged] * 1_100))
    run(ours.publish([forged]))
    found = run(ours.follow(POSITION_UPDATE, "", count=512, wait_ms=0))

    assert len(found) == 1
    assert run(ours.follow(POSITION_UPDATE, found[0].entry_id, count=9, wait_ms=0)) == ()


def test_a_forged_tick_is_set_aside_and_the_next_one_played(plain: StoredBus) -> None:
    ours = signed(plain, OURS)
    run(
        plain.publish(
            [Post(MARKET_TICK, codec.encode_tick(Tick(at_ms=UnixMs(1), bars=())))]
        )
    )
    run(
        ours.publish([Post(MARKET_TICK, codec.encode_tick(Tick(at_ms=UnixMs(2), bars=())))])
    )
    reader = TickReader(ours, consumer="one")

    assert run(reader.next_tick(0)) is None
    assert run(reader.next_tick(0)) == Tick(at_ms=UnixMs(2), bars=())
    (letter,) = followed(ours, DEAD_LETTER)
    assert codec.decode_dead_letter(letter.envelope).reason == MISSING


def test_what_is_published_behind_a_forged_entry_does_not_believe_it(
    plain: StoredBus,
) -> None:
    ours, seen = signed(plain, OURS), []

    def make(newest: Message | None) -> Post:
        seen.append(newest)
        return Post(TRADE_INTENT, Envelope((("payload", "{}"),)))

    run(plain.publish([Post(REPLAY_BARRIER, Envelope((("payload", "{}"),)))]))
    run(ours.publish_behind(REPLAY_BARRIER, make))
    run(ours.publish([Post(REPLAY_BARRIER, Envelope((("payload", "[]"),)))]))
    run(ours.publish_behind(REPLAY_BARRIER, make))

    assert seen[0] is None
    assert seen[1] is not None
    assert seen[1].envelope.payload == "[]"
    assert len(followed(ours, TRADE_INTENT)) == 2


def test_without_a_key_signed_messages_are_read_all_the_same(plain: StoredBus) -> None:
    """A key can be taken away again without losing what is under way."""
    run(BusOutbox(signed(plain, OURS)).propose(draft(mode=Mode.LIVE)))
    (delivery,) = handed(plain)

    assert isinstance(delivery.content, LiveIntent)
    assert signed(plain, None) is plain


def test_the_page_shows_how_an_ai_of_ones_own_signs() -> None:
    """The very lines of the page, against what the bus accepts."""
    page = (Path(__file__).parents[3] / "docs" / "security.md").read_text()
    (lines,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    shown: dict[str, Callable[..., str]] = {}
    exec(lines, shown)  # noqa: S102 - our own page
    fields = (("event_type", "trade.intent"), ("payload", '{"a": "é"}'))
    proof = shown["signature"](OURS.reveal(), TRADE_INTENT, list(fields))
    message = Message(TRADE_INTENT, "1", Envelope((*fields, ("signature", proof))))

    assert Signer(OURS).checked(message).distrusted is None

"""What every raw bus must do. A new adapter adds one line to `sites.BUS_SITES`."""

from __future__ import annotations

import time
from typing import Final

import pytest

from bridge_patch.adapters.bus import Ack, Bus, Depth, Post, Reader
from bridge_patch.adapters.envelope import Envelope
from bridge_patch.domain.errors import InvalidValueError
from tests.contracts.sites import (
    ABANDONED_MS,
    INTENTS,
    ONE,
    RESULTS,
    TICKS,
    TWO,
    BusSite,
    acks,
    commit,
    followed,
    post,
    publish,
    read,
    run,
    texts,
)

#: A server orders its streams among each other by its clock, which counts milliseconds.
A_MOMENT_SEC: Final = 0.002


def test_entries_come_in_order_under_their_ids(bus: Bus) -> None:
    ids = publish(bus, "a", "b") + publish(bus, "c")
    found = read(bus)

    assert texts(found) == ["a", "b", "c"]
    assert tuple(message.entry_id for message in found) == ids
    assert list(ids) == sorted(set(ids)), "ids are distinct and in order"


def test_the_same_message_twice_is_two_entries(bus: Bus) -> None:
    """A duplicate is the reader's to recognise; the bus must not swallow it."""
    first, second = publish(bus, "a", "a")

    assert first != second
    assert texts(read(bus)) == ["a", "a"]


def test_an_envelope_comes_back_as_it_went(bus: Bus) -> None:
    """Whatever somebody wrote by hand must reach the dead letters unchanged."""
    odd = (("b", "2"), ("a", "1"), ("a", "é ✅ \x00 \n"), ("", ""), ("raw", "\udcff\udc80"))
    for fields in (odd, ()):
        run(bus.publish([Post(INTENTS, Envelope(fields))]))

    assert [m.envelope.fields for m in read(bus)] == [odd, ()]


def test_a_large_message_is_carried(bus: Bus) -> None:
    """Five megabytes are set aside by the codec, so the bus must hand them over."""
    publish(bus, "x" * 5_000_000, "next")

    assert [len(text or "") for text in texts(read(bus))] == [5_000_000, 4]


def test_several_streams_are_read_in_one_order(bus: Bus) -> None:
    """A tick published before an intent must be seen before it, also in separate reads."""
    for n in range(6):
        publish(bus, str(n), stream=(TICKS, INTENTS, INTENTS)[n % 3])
        time.sleep(A_MOMENT_SEC)

    both = (INTENTS, TICKS)
    assert texts(read(bus, count=4, streams=both)) == ["0", "1", "2", "3"]
    assert texts(read(bus, count=4, streams=both)) == ["4", "5"]


def test_an_entry_is_handed_out_once(site: BusSite) -> None:
    """Two consumers share the work; neither sees what the other has in hand."""
    one, two = site.connect(), site.connect()
    publish(one, "a", "b", "c")

    assert texts(read(one, ONE, count=2)) == ["a", "b"]
    assert texts(read(two, TWO)) == ["c"]
    assert read(one, ONE) == read(two, TWO) == ()


def test_every_group_sees_everything(bus: Bus) -> None:
    publish(bus, "a")

    assert texts(read(bus, ONE)) == ["a"]
    assert texts(read(bus, Reader(group="audit", consumer="one"))) == ["a"]


def test_a_late_group_starts_at_the_beginning(site: BusSite) -> None:
    """An intent published before the execution service first started must not be lost."""
    publish(site.connect(), "early")

    assert texts(read(site.connect())) == ["early"]


def test_unfinished_entries_come_back_first_after_a_restart(site: BusSite) -> None:
    """A crash between read and commit: same entries, ids and order, before new ones."""
    before = site.connect()
    publish(before, "a", "b", "c", "d")
    handed = read(before, count=3)
    commit(before, handed[1:2])
    after = site.connect()
    publish(after, "e")

    assert read(after, count=1) == handed[:1]
    assert read(after, count=5) == handed[2:]
    assert texts(read(after)) == ["d", "e"]
    assert read(after) == ()


def test_unfinished_entries_come_back_again_and_again(site: BusSite) -> None:
    publish(site.connect(), "a")

    assert [texts(read(site.connect())) for _ in range(3)] == [["a"]] * 3


def test_unfinished_entries_of_several_streams_keep_their_order(site: BusSite) -> None:
    before, both = site.connect(), (INTENTS, TICKS)
    for n in range(6):
        publish(before, str(n), stream=both[n % 2])
        time.sleep(A_MOMENT_SEC)
    handed = read(before, streams=both)
    after = site.connect()

    assert read(after, count=4, streams=both) == handed[:4]
    assert read(after, count=4, streams=both) == handed[4:]


def test_what_a_rival_of_the_same_name_took_comes_back(site: BusSite) -> None:
    """A process that lost its lease, slept, and took an entry before it noticed."""
    ours, rival = site.connect(), site.connect()
    publish(ours, "1")
    commit(ours, read(ours))
    assert read(rival) == ()
    publish(ours, "2", "3")
    assert texts(read(rival, count=1)) == ["2"]

    assert [*texts(read(ours)), *texts(read(ours))] == ["2", "3"]
    assert read(ours) == ()


def test_what_is_committed_never_comes_back(site: BusSite) -> None:
    bus = site.connect()
    publish(bus, "a", "b")
    commit(bus, read(bus))

    assert read(bus) == read(site.connect()) == ()


def test_a_dead_consumers_work_is_taken_over(site: BusSite) -> None:
    """Under another name, after a time that a living consumer never needs, and once."""
    one, two = site.connect(), site.connect()
    publish(one, "a", "b")
    handed = read(one, ONE)
    site.pass_ms(ABANDONED_MS - site.slack_ms)
    assert read(two, TWO) == ()
    site.pass_ms(site.slack_ms)

    assert read(two, TWO, count=1) == handed[:1]
    assert read(two, TWO) == handed[1:]
    assert read(two, TWO) == ()
    assert read(site.connect(), ONE) == (), "what was taken over is gone for the first"


def test_publications_go_out_with_the_acknowledgement(site: BusSite) -> None:
    bus = site.connect()
    publish(bus, "a")
    commit(bus, read(bus), post("r", RESULTS), post("again"))

    assert texts(followed(bus, RESULTS)) == ["r"]
    assert texts(read(bus)) == ["again"]


def test_a_commit_that_fails_does_nothing(site: BusSite) -> None:
    """A result without its acknowledgement, or the reverse, would break exactly once."""
    bus = site.connect()
    publish(bus, "a")
    handed = read(bus)
    wrong = (*acks(handed), Ack(INTENTS, "not an id"))
    with pytest.raises(InvalidValueError):
        run(bus.commit(ONE.group, wrong, [post("r", RESULTS)]))

    assert followed(bus, RESULTS) == ()
    assert read(site.connect()) == handed


def test_acknowledging_twice_is_harmless(bus: Bus) -> None:
    publish(bus, "a")
    handed = read(bus)
    commit(bus, handed)
    commit(bus, handed)

    assert run(bus.depth(INTENTS, ONE.group)).pending == 0


def test_an_acknowledgement_is_for_one_group(site: BusSite) -> None:
    bus, audit = site.connect(), Reader(group="audit", consumer="one")
    publish(bus, "a")
    handed = read(bus, audit)
    commit(bus, read(bus, ONE))

    assert read(site.connect(), audit) == handed


def test_a_follower_keeps_its_own_place(bus: Bus) -> None:
    first, *_ = publish(bus, "a", "b", stream=RESULTS)
    publish(bus, "x", stream=TICKS)

    assert texts(followed(bus, RESULTS)) == texts(followed(bus, RESULTS)) == ["a", "b"]
    assert texts(followed(bus, RESULTS, first)) == ["b"]
    assert texts(run(bus.follow(RESULTS, "", count=1, wait_ms=0))) == ["a"]


def test_one_look_ahead_hands_out_nothing(bus: Bus) -> None:
    first, second = publish(bus, "a", "b", stream=RESULTS)
    publish(bus, "x", stream=TICKS)
    ahead = run(bus.peek(RESULTS, first))

    assert ahead is not None
    assert (ahead.entry_id, texts((ahead,))) == (second, ["b"])
    assert run(bus.peek(RESULTS, second)) is None
    assert run(bus.peek("nothing there", "")) is None


def test_depth_tells_what_waits_and_what_is_in_hand(bus: Bus) -> None:
    assert run(bus.depth(INTENTS, "judge")) == Depth(last_id="", lag=0, pending=0)
    *_, last = publish(bus, "a", "b", "c", "d", "e")
    commit(bus, read(bus, count=3)[:1])

    assert run(bus.depth(INTENTS, "judge")) == Depth(last_id=last, lag=2, pending=2)
    assert run(bus.depth(INTENTS, "audit")) == Depth(last_id=last, lag=5, pending=0)

"""Alarms: what stands, what people are told of it, and that telling disturbs nothing."""

import threading
import time
from dataclasses import replace
from decimal import Decimal

import pytest

from bridge_patch.adapters.alerts import (
    ALARMS,
    BARS_MAX_SEC,
    DEAD_LETTERS_MAX,
    ONCE_SEC,
    STALL_MAX_SEC,
    UNREAD_MAX_SEC,
    Alarm,
    Cause,
    Standing,
)
from bridge_patch.adapters.alerts_apprise import notifiers_of
from bridge_patch.adapters.alerts_fold import APART_MAX
from bridge_patch.adapters.alerts_herald import REPEAT_SEC, Herald, Word
from bridge_patch.adapters.alerts_sender import QUEUE_MAX, Sender
from bridge_patch.adapters.health_progress import Starts
from bridge_patch.adapters.metrics_sample import BusSeen
from bridge_patch.adapters.metrics_told import Told
from bridge_patch.domain.account_events import TradingState
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Book, CloseForced, DeadLettered, FillKind
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs
from bridge_patch.domain.protection_events import CloseCause
from bridge_patch.domain.reconcile_events import Difference, DifferenceKind
from bridge_patch.domain.secret import Secret
from tests.unit.adapters.lines_samples import ACCEPTED, AT, FILLED
from tests.unit.adapters.monitored import NOW_MS, Wound, sample, told

OUTAGE = Cause(Alarm.OUTAGE)
LETTER = DeadLettered(at_ms=AT, entry_id="1-0", reason="not_understood", faults=())
FORCED = CloseForced(
    at_ms=AT,
    intent_id=IntentId("i-1"),
    symbol=Symbol("BTCUSDT"),
    cause=CloseCause.NAKED_TOO_LONG,
    why="no stop could be set",
)
GONE = Difference(
    kind=DifferenceKind.STOP_MISSING, ours="a stop", theirs="none", symbol=Symbol("BTCUSDT")
)


def disturbed(alarm: Alarm) -> Told:  # noqa: C901, PLR0912 - a table of scenes
    """A process in which exactly one thing is wrong."""
    clock = Wound()
    one = told(clock, sample=sample())
    match alarm:
        case Alarm.HALTED:
            one.sample = sample(state=TradingState.HALTED, cause="DRAWDOWN")
        case Alarm.REDUCING:
            one.sample = sample(state=TradingState.REDUCING, cause="DAILY_LOSS")
        case Alarm.NAKED:
            one.sample = sample(naked={Symbol("BTCUSDT"): NOW_MS - 5_001})
        case Alarm.CLOSE_FORCED:
            one.tell(FORCED)
        case Alarm.LIQUIDATED:
            one.tell(replace(FILLED, book=Book.ACCOUNT, kind=FillKind.LIQUIDATION))
        case Alarm.ORDER_UNKNOWN:
            one.sample = sample(unknown_ms=(NOW_MS - 60_001,))
        case Alarm.DIFFERENCE:
            one.sample = sample(differences=(GONE,))
        case Alarm.ACCOUNT_UNREAD:
            unread = replace(
                sample().equity, equity_usd=None, unread_sec=UNREAD_MAX_SEC + 1
            )
            one.sample = sample(equity=unread)
        case Alarm.MARK_OLD:
            one.sample = sample(ages=replace(sample().ages, mark_ms=UnixMs(NOW_MS - 8_001)))
        case Alarm.BARS_MISSING:
            one.progress.barred()
            one.sample, clock.sec = None, clock.sec + BARS_MAX_SEC + 1
            one.progress.turned()
        case Alarm.EXITS_SILENT:
            one.sample = sample(
                ages=replace(sample().ages, exits_ms=UnixMs(NOW_MS - 90_001))
            )
        case Alarm.STALLED:
            one.sample, clock.sec = None, clock.sec + STALL_MAX_SEC + 1
        case Alarm.OUTAGE:
            one.outage = lambda: "no space left on device"
        case Alarm.RESTARTING:
            one.starts = Starts(total=9, ages_sec=(0.0,) * 6)
        case Alarm.BACKLOG:
            one.bus = BusSeen(lag=5_000, pending=0, alarm="5000 intents wait, limit 1000")
        case Alarm.BUS_UNREAD:
            one.bus = BusSeen(away="connection refused")
        case Alarm.INTENTS_UNREAD:
            one.acts, one.sample = False, None
            one.bus = BusSeen(lag=3, pending=0, alarm="waiting for 90 s, limit 60")
        case Alarm.DEAD_LETTERS:
            for _ in range(DEAD_LETTERS_MAX):
                one.tell(LETTER)
        case Alarm.RULE_FAILED:
            one.tell(replace(ACCEPTED, codes=("RULE_FAILED",)))
    return one


def test_all_is_well_where_nothing_is_wrong() -> None:
    """Otherwise every alarm below would prove nothing."""
    assert told(sample=sample()).standing() == {}


@pytest.mark.parametrize("alarm", Alarm)
def test_every_alarm_can_stand_and_is_told_with_its_page(alarm: Alarm) -> None:
    one = disturbed(alarm)

    assert {cause.alarm for cause in one.standing()} == {alarm}
    (word,) = one.herald.due(one.standing(), 0.0)
    assert f"docs/runbook.md#alarm-{alarm.lower().replace('_', '-')}" in word.body
    assert f"[{ALARMS[alarm].severity}]" in word.title


def test_what_happened_once_stands_for_a_while_and_ends() -> None:
    clock = Wound()
    one = told(clock)
    one.tell(replace(ACCEPTED, codes=("RULE_FAILED",)))
    clock.sec += ONCE_SEC + 1
    one.progress.turned()

    assert one.standing() == {}


def test_what_a_person_had_closed_is_no_alarm() -> None:
    one = told()
    one.tell(replace(FORCED, cause=CloseCause.OPERATOR))

    assert one.standing() == {}


def test_letters_that_trickle_in_are_no_flood() -> None:
    clock = Wound()
    one = told(clock)
    for _ in range(3 * DEAD_LETTERS_MAX):
        clock.sec += 10
        one.tell(LETTER)

    assert one.standing() == {}


def test_a_crowd_of_one_kind_is_one_message_with_its_number() -> None:
    naked = {Symbol(f"A{n}USDT"): NOW_MS - 60_000 for n in range(APART_MAX + 1)}
    one = told(sample=sample(naked=naked))
    ((cause, text),) = one.standing().items()

    assert cause == Cause(Alarm.NAKED)
    assert text.startswith(f"{APART_MAX + 1} of them")


def titles(words: tuple[Word, ...]) -> list[str]:
    return [word.title.partition(": ")[2] for word in words]


def test_an_alarm_is_told_once_and_again_only_after_its_time() -> None:
    herald, standing = Herald("execution"), {OUTAGE: "disk full"}
    first = [titles(herald.due(standing, float(sec))) for sec in range(int(REPEAT_SEC))]
    (again,) = herald.due(standing, REPEAT_SEC)

    assert first[0] == ["OUTAGE [page]"]
    assert not any(first[1:])
    assert f"it has stood for {REPEAT_SEC:.0f} s" in again.body


def test_an_alarm_that_comes_and_goes_is_held_back_and_counted() -> None:
    herald, said = Herald("execution"), []
    for sec in range(100):
        standing: Standing = {OUTAGE: "disk full"} if sec % 2 == 0 else {}
        said += titles(herald.due(standing, float(sec)))
    (late,) = herald.due({OUTAGE: "disk full"}, REPEAT_SEC)

    assert said == ["OUTAGE [page]", "all clear, OUTAGE"]
    assert "held back meanwhile: 49" in late.body
    assert herald.raised[Alarm.OUTAGE] == 51


def test_the_end_of_an_alarm_is_told_if_its_beginning_was() -> None:
    herald = Herald("execution")
    herald.due({OUTAGE: "disk full"}, 0.0)
    (clear,) = herald.due({}, 42.0)

    assert clear.over
    assert clear.body == "it stood for 42 s"
    assert herald.due({}, 43.0) == ()


class Kept:
    """Keeps what it is asked to send."""

    def __init__(self) -> None:
        self.titles: list[str] = []
        self.got = threading.Event()

    def send(self, title: str, body: str) -> bool:
        self.titles.append(title)
        self.got.set()
        return True


class Hanging:
    """Never comes back, until it is let go."""

    def __init__(self) -> None:
        self.asked, self.free = threading.Event(), threading.Event()

    def send(self, title: str, body: str) -> bool:
        self.asked.set()
        self.free.wait()
        return True


class Raising:
    """Fails in the worst way there is, and counts how often."""

    def __init__(self) -> None:
        self.tries = 0

    def send(self, title: str, body: str) -> bool:
        self.tries += 1
        raise RuntimeError(title)


WORD = Word(cause=OUTAGE, title="OUTAGE", body="disk full")


def test_a_message_goes_out_on_another_thread() -> None:
    kept = Kept()
    sender = Sender(kept)
    sender.begin()
    sender.say(WORD)

    assert kept.got.wait(10)
    sender.end(10)
    assert kept.titles == ["OUTAGE"]
    assert sender.outcomes == {"sent": 1}


def test_a_notifier_that_hangs_keeps_nobody_waiting() -> None:
    """The queue has a bound: what does not fit is dropped, and counted."""
    hanging = Hanging()
    sender = Sender(hanging)
    sender.begin()
    sender.say(WORD)
    assert hanging.asked.wait(10)
    for _ in range(QUEUE_MAX + 7):
        sender.say(WORD)
    sender.end(0)

    assert sender.outcomes["dropped"] == 7
    hanging.free.set()


def test_a_notifier_that_raises_is_tried_again_and_then_given_up() -> None:
    raising = Raising()
    sender = Sender(raising, pause_sec=0)
    sender.begin()
    sender.say(WORD)
    for _ in range(1_000):
        if sender.outcomes["failed"]:
            break
        time.sleep(0.01)
    sender.end(10)

    assert raising.tries == 3
    assert sender.outcomes == {"failed": 1}


def test_an_address_that_is_not_understood_is_named_by_its_number_alone() -> None:
    urls = Secret("json://127.0.0.1:1/ nonsense://token-that-is-secret")

    with pytest.raises(InvalidValueError, match="number 2") as caught:
        notifiers_of(urls)
    assert "token" not in str(caught.value)


def test_a_service_that_is_not_there_is_a_failure_and_says_nothing(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What apprise logs of a failure could hold what an address holds."""
    (notifier,) = notifiers_of(Secret("json://user:secret@127.0.0.1:1/path"))

    assert not notifier.send("title", "body")
    assert capfd.readouterr() == ("", "")


def test_a_limit_and_what_it_is_measured_by_may_be_equal() -> None:
    """An alarm begins behind its limit, not at it."""
    edge = replace(sample().ages, mark_ms=UnixMs(NOW_MS - 8_000))
    one = told(sample=sample(ages=edge, unknown_ms=(NOW_MS - 60_000,)))

    assert one.standing() == {}
    assert one.sample is not None
    assert one.sample.equity.equity_usd == Decimal(9_000)

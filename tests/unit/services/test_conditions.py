"""What has to hold around an entry: who says so, and what is assumed where nobody can."""

from __future__ import annotations

from decimal import Decimal

import pytest

from bridge_patch.adapters.memory import ManualClock
from bridge_patch.domain.account import Venues
from bridge_patch.domain.events import Judged, Status
from bridge_patch.domain.intent import IntentId, Mode, UnixMs, Unknown
from bridge_patch.governor.snapshot import Known
from bridge_patch.services.conditions import Conditions
from bridge_patch.services.session import Session
from tests.questions import PAPER
from tests.simulation.rig import CALM, SOL, World, ask, close, intent, ready, run

D = Decimal
AT = UnixMs(1_746_360_000_000)


def test_exits_decided_in_this_very_process_are_alive_whenever_it_asks() -> None:
    clock = ManualClock(AT)
    conditions = Conditions(clock=clock, venues=PAPER)
    clock.set(UnixMs(AT + 5))

    assert conditions.exits_ms() == AT + 5


@pytest.mark.parametrize("says", [UnixMs(AT - 9_000), Unknown("never heard of")])
def test_exits_decided_elsewhere_are_as_alive_as_was_last_heard(
    says: UnixMs | Unknown,
) -> None:
    """Asked each time: what was heard at the start says nothing about now."""
    heard: list[UnixMs | Unknown] = [says]
    conditions = Conditions(clock=ManualClock(AT), venues=PAPER, exits=lambda: heard[-1])
    assert conditions.exits_ms() == says
    heard.append(AT)

    assert conditions.exits_ms() == AT


def test_a_simulated_venue_has_our_own_clock_and_a_real_one_is_asked() -> None:
    clock = ManualClock(AT)
    ours = Conditions(clock=clock, venues=PAPER)
    skewed = Conditions(clock=clock, venues=PAPER, skew=lambda: Known(D(700), AT))
    silent = Conditions(clock=clock, venues=PAPER, skew=lambda: Unknown("no answer"))

    assert ours.clock_skew_ms() == Known(D(0), AT)
    assert skewed.clock_skew_ms() == Known(D(700), AT)
    assert silent.clock_skew_ms() == Unknown("no answer")


WORSE: dict[str, tuple[dict[str, object], str]] = {
    "exits silent": ({"exits": lambda: UnixMs(AT)}, "EXITS_SILENT"),
    "exits unheard of": ({"exits": lambda: Unknown("never")}, "EXITS_SILENT"),
    "clock ahead": ({"skew": "ahead"}, "CLOCK_SKEWED"),
    "clock unknown": ({"skew": lambda: Unknown("no answer")}, "CLOCK_SKEWED"),
    "journal cramped": ({"cramped": lambda: True}, "JOURNAL_CRAMPED"),
    "prices of elsewhere": (
        {"venues": Venues(orders="paper", account="paper", prices="live")},
        "VENUE_MISMATCH",
    ),
}


def worsen(session: Session, **changes: object) -> None:
    """Let another condition hold around the entries of a running process."""
    snapshots = session.keeper.trader.snapshots
    clock = session.clock
    if changes.get("skew") == "ahead":
        changes["skew"] = lambda: Known(D(501), clock.now_ms())
    conditions = snapshots.conditions
    fields = {
        name: getattr(conditions, name)
        for name in ("clock", "venues", "exits", "skew", "cramped")
    }
    object.__setattr__(snapshots, "conditions", Conditions(**(fields | changes)))


@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize("what", WORSE)
def test_a_condition_that_fails_refuses_entries_and_lets_reductions_pass(
    what: str, mode: Mode
) -> None:
    world, (changes, reason) = World(mode), WORSE[what]

    async def scenario() -> None:
        session = await ready(world)
        await ask(world, session, intent("a", CALM))
        worsen(session, **changes)
        await ask(world, session, intent("b", CALM, symbol=SOL))
        await ask(world, session, close("c", CALM))

    run(scenario())
    verdicts = {j.intent_id: j for j in world.events(Judged)}
    done = Status.FILLED if mode is Mode.LIVE else Status.SIMULATED

    assert world.outcome("a").status is world.outcome("c").status is done
    assert reason in verdicts[IntentId("b")].codes

"""The time of one verdict: `judge` on a sane live case, all rules asked and votes kept.

Its reference is ten plain checks of the same order, as a script would have them. Beside the
ratio stand the slopes: over open symbols and over past decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from decimal import Decimal
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from bench.account import BTC, LIMITS, now_ms, sane_entry, snapshots_with
from bench.checks import Bounds, N, Order, ten_checks
from bench.measuring import (
    MICRO,
    Figure,
    Lot,
    Outcome,
    at_once,
    in_turns,
    tell,
    wants_json,
)
from bench.past import PAST as PAST_DECISIONS
from bench.past import over_past
from bridge_patch.app.wiring import open_store
from bridge_patch.domain.events import IntentReceived
from bridge_patch.domain.intent import IntentId
from bridge_patch.governor.judge import Approved, judge
from bridge_patch.governor.rules import BOUNDS, CHECKS
from bridge_patch.governor.snapshot import RiskSnapshot
from bridge_patch.services.ports import Journal
from bridge_patch.services.snapshots import Snapshots

#: The architecture's 60 µs, on the machine where ten float checks took it 1.2 µs.
GOAL: Final = 50.0
#: And where the same checks took 2.9 µs with decimals.
GOAL_DECIMAL: Final = 20.7
PAST: Final = 100_000
ROUNDS: Final = 20_000
OPEN: Final = (0, 1, 10, 100, 1_000)
_RULES: Final = len(BOUNDS) + len(CHECKS)
_APPEND: Final = 4_096


def main(size: int = PAST, *, rounds: int = ROUNDS, as_json: bool = False) -> None:
    """Print the ratio; `size` is how many decisions the journal holds for its lookups."""
    took = in_turns(
        {
            "judge": Lot(_judging(_taken(snapshots_with(1)))),
            "floats": Lot(_checking(float), 20),
            "decimals": Lot(_checking(Decimal), 20),
        },
        rounds,
    )
    judged, floats, decimals = took["judge"], took["floats"], took["decimals"]
    note = f"goal {GOAL_DECIMAL}"
    figures = (
        Figure(f"judge, {_RULES} rules, votes recorded", judged * MICRO, "µs", "goal 60"),
        Figure("ten checks with floats", floats * MICRO, "µs"),
        Figure("ten checks with decimals", decimals * MICRO, "µs"),
        Figure("judge / ten checks with decimals", judged / decimals, "times", note),
        *_over_symbols(rounds),
        *_over_history(size, rounds),
        *over_past(PAST_DECISIONS if size == PAST else size, rounds),
    )
    tell(
        Outcome(
            name="judge / ten float checks",
            ratio=judged / floats,
            wanted="at most",
            goal=GOAL,
            figures=figures,
        ),
        as_json=as_json,
    )


def _judging(snapshot: RiskSnapshot) -> Callable[[], object]:
    """Return the call that is timed, once it has been seen to approve."""
    intent, limits, now = sane_entry(), LIMITS, now_ms()
    verdict = judge(intent, snapshot, limits, now)
    assert isinstance(verdict, Approved), verdict
    assert len(verdict.ruling.votes) == _RULES
    return lambda: judge(intent, snapshot, limits, now)


def _checking(number: Callable[[str], N]) -> Callable[[], object]:
    order, bounds = _order(number), _bounds(number)
    assert ten_checks(order, bounds)[0]
    return lambda: ten_checks(order, bounds)


def _over_symbols(rounds: int) -> Iterator[Figure]:
    """Time judging and reading beside so many open symbols, in turns."""
    services = {held: snapshots_with(held) for held in OPEN}
    judging = {
        f"{held}": Lot(_judging(_taken(service))) for held, service in services.items()
    }
    few, many = OPEN[1], OPEN[-1]
    judged = in_turns(judging, max(1, rounds // 10))
    slope = judged[f"{many}"] / judged[f"{few}"]
    yield Figure(f"judge, {many:,} open symbols / {few}", slope, "times", "goal 1: flat")
    reading = {f"{held}": Lot(_reading(service)) for held, service in services.items()}
    for held, took in in_turns(reading, max(1, rounds // 100)).items():
        yield Figure(f"taking the snapshot, {held} open", took * MICRO, "µs")


def _taken(service: Snapshots) -> RiskSnapshot:
    return at_once(service.take(BTC))


def _reading(service: Snapshots) -> Callable[[], object]:
    return lambda: at_once(service.take(BTC))


def _over_history(size: int, rounds: int) -> Iterator[Figure]:
    """Time the question whether an intent is known, beside one other and beside `size`."""
    with ExitStack() as opened:
        young = opened.enter_context(_journal_of(1))
        old = opened.enter_context(_journal_of(size))
        lots = {"young": Lot(_asking(young)), "old": Lot(_asking(old))}
        took = in_turns(lots, max(1, rounds // 10))
    note = "goal 1: flat"
    yield Figure("asking for a new id, 1 past decision", took["young"] * MICRO, "µs")
    yield Figure(f"asking for a new id, {size:,} past", took["old"] * MICRO, "µs")
    yield Figure("the second / the first", took["old"] / took["young"], "times", note)


@contextmanager
def _journal_of(past: int) -> Iterator[Journal]:
    """Open a journal that holds so many intents."""
    with TemporaryDirectory() as folder, ExitStack() as opened:
        store = open_store(Path(folder), journal=True)
        opened.callback(store.close)
        assert store.journal is not None
        for start in range(0, past, _APPEND):
            numbers = range(start, min(start + _APPEND, past))
            at_once(store.journal.append([_received(n) for n in numbers]))
        yield store.journal


def _received(number: int) -> IntentReceived:
    return IntentReceived(
        at_ms=now_ms(),
        intent_id=IntentId(f"e-BTCUSDT-buy-{number}"),
        entry_id=f"{number:015d}",
        source="bench",
        created_ms=now_ms(),
        payload="{}",
    )


def _asking(journal: Journal) -> Callable[[], object]:
    """Return the lookup of an id that nobody knows, as most are."""
    numbers = count()

    def ask() -> None:
        known = at_once(journal.history(IntentId(f"e-SOLUSDT-buy-{next(numbers)}")))
        assert known == ()

    return ask


def _order(number: Callable[[str], N]) -> Order[N]:
    """Return the sane entry and its account in the words of the plain checks."""
    return Order(
        margin=number("450"),
        leverage=number("15"),
        confidence=number("0.85"),
        stop=number("0.02"),
        equity=number("10000"),
        available=number("9999.9"),
        open_notional=number("1"),
        open_margin=number("0.1"),
        age_ms=0,
    )


def _bounds(number: Callable[[str], N]) -> Bounds[N]:
    return Bounds(
        margin_min=number("50"),
        margin_max=number("10000"),
        leverage_max=number("80"),
        confidence_min=number("0"),
        notional_max=number("100000"),
        equity_multiple=number("1.5"),
        margin_share=number("0.4"),
        risk_share=number("0.025"),
        cost=number("0.002"),
        age_max_ms=10_000,
    )


if __name__ == "__main__":
    main(as_json=wants_json(__doc__))

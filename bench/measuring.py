"""How a benchmark measures and what it prints: a ratio of one run, taken in turns.

Absolute times say more about the machine, and about who else uses it, than about the code.
So every benchmark times a reference beside its subject, alternating in one process; what
disturbs the one disturbs the other.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from time import perf_counter
from typing import Any, Literal, TypeVar, final

_T = TypeVar("_T")

MICRO = 1e6


@final
@dataclass(frozen=True, slots=True)
class Figure:
    """An absolute value behind the ratio; `note` says what it is compared with."""

    name: str
    value: float
    unit: str
    note: str = ""


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a benchmark found: its one ratio, the goal for it, and the figures behind it."""

    name: str
    ratio: float
    wanted: Literal["at most", "at least"]
    goal: float
    figures: tuple[Figure, ...]

    @property
    def is_met(self) -> bool:
        return (
            self.ratio <= self.goal if self.wanted == "at most" else self.ratio >= self.goal
        )


@final
@dataclass(frozen=True, slots=True)
class Lot:
    """A call, and how many of it make a lot that is long enough for the clock."""

    call: Callable[[], object]
    calls: int = 1


def in_turns(lots: Mapping[str, Lot], rounds: int) -> dict[str, float]:
    """Time one lot of each after the other, `rounds` times; return median seconds per call.

    The lots should take some ten or hundred microseconds: a machine that is busy for a
    moment is then busy for all of them.
    """
    taken: dict[str, list[float]] = {name: [] for name in lots}
    for _ in range(rounds):
        for name, lot in lots.items():
            repeats, call = range(lot.calls), lot.call
            begin = perf_counter()
            for _ in repeats:
                call()
            taken[name].append((perf_counter() - begin) / lot.calls)
    return {name: median(times) for name, times in taken.items()}


def seconds(work: Callable[[], object]) -> float:
    """Return how long `work` took by the wall, waiting for the disk included."""
    begin = perf_counter()
    work()
    return perf_counter() - begin


def at_once(coroutine: Coroutine[Any, Any, _T]) -> _T:
    """Return what a coroutine returns that never waits, without the cost of a loop."""
    try:
        coroutine.send(None)
    except StopIteration as returned:
        found: _T = returned.value
        return found
    msg = "this coroutine waits: run it in a loop"
    raise RuntimeError(msg)


def middle_ratio(pairs: Sequence[tuple[float, float]]) -> float:
    """Return the median over rounds of the first divided by the second."""
    return median(first / second for first, second in pairs)


def wants_json(description: str | None) -> bool:
    """Read the command line, which may say --json and nothing else."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return bool(parser.parse_args().json)


def tell(outcome: Outcome, *, as_json: bool) -> None:
    """Print what was found, as lines or as one JSON object."""
    if as_json:
        print(json.dumps(asdict(outcome) | {"met": outcome.is_met}))
        return
    print("\n".join(lines_of(outcome)))


def lines_of(outcome: Outcome) -> list[str]:
    """Return the figures and, last, the one line with the ratio."""
    figures = [
        f"  {one.name:<48}{one.value:>12,.2f} {one.unit:<10}{one.note}".rstrip()
        for one in outcome.figures
    ]
    verdict = "met" if outcome.is_met else "missed"
    bound = f"{outcome.wanted} {outcome.goal:g}: {verdict}"
    return [*figures, f"ratio {outcome.name}: {outcome.ratio:.3f} ({bound})"]


def outcome_of(text: str) -> Outcome:
    """Return the outcome that a benchmark told as JSON."""
    told = json.loads(text)
    return Outcome(
        name=told["name"],
        ratio=told["ratio"],
        wanted=told["wanted"],
        goal=told["goal"],
        figures=tuple(Figure(**one) for one in told["figures"]),
    )

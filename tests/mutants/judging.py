"""Mutants before the tests: each in a process of its own, in which it is imported."""

import importlib
import random
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Protocol

from tests.mutants import suite
from tests.mutants.bench import Bench, Seen
from tests.mutants.forks import Forks
from tests.mutants.package import SRC, Planted
from tests.mutants.planting import Mutant
from tests.mutants.suite import Suite

SURVIVED: Final = ""
TIMED_OUT: Final = "no answer in time"
#: Asks for no mutant at all, which has to survive.
NONE: Final = -1
BASELINE_SEC: Final = 1800
#: What tests import from elsewhere, imported once for all processes.
LIBRARIES: Final = (
    "hypothesis.stateful",
    "numpy",
    "pyarrow.parquet",
    "rich.table",
    "sqlalchemy",
    "structlog",
    "typer",
)


class RedSuiteError(RuntimeError):
    """The tests fail with no fault planted, so they cannot judge one."""


class Progress(Protocol):
    """Someone who wants to know how far it is."""

    def stage(self, name: str, total: int) -> None:
        """Begin a stage of so many mutants."""

    def one(self, mutant: Mutant, by: str) -> None:
        """Count one more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Court:
    """All mutants, and the session in which they are put to the tests."""

    mutants: Sequence[Mutant]
    tests: Suite
    jobs: int
    progress: Progress

    def bench(self) -> Bench:
        """Run the tests with no fault planted."""
        once = Forks[str, Seen](
            jobs=1, work=self._seen, answer=Seen, seconds=lambda _: BASELINE_SEC
        )
        ((_, seen),) = once.run([suite.QUICK])
        if seen is None or not seen.seconds:
            raise RedSuiteError("the tests do not come to an end")
        if seen.failed:
            raise RedSuiteError("\n".join(seen.failed))
        return Bench(seen)

    def verdicts(
        self, numbers: Sequence[int], bench: Bench, profile: str
    ) -> Iterator[tuple[int, str]]:
        """Put mutants to the tests; yield which test noticed each, if one did.

        At first to those that run what is wrong, with few examples; then to all.
        """
        if not numbers:
            return
        times = 1 if profile == suite.QUICK else suite.EXAMPLES_FULL / suite.EXAMPLES
        limit = bench.limit(times)

        def work(number: int) -> str:
            suite.set_profile(profile)
            if number == NONE:
                return self.tests.notice(reversed(bench.seen.seconds))
            mutant = self.mutants[number]
            with mutant.edit.made():
                planted = Planted(mutant.tree, mutant.file)
            planted.install()
            order = bench.near if profile == suite.QUICK else bench.all
            return self.tests.notice(order(mutant))

        forks = Forks[int, str](
            jobs=self.jobs, work=work, answer=str, seconds=lambda _: limit
        )
        self.progress.stage(profile, len(numbers))
        mixed = random.Random(0).sample(list(numbers), len(numbers))  # an even pace
        for number, answer in forks.run([NONE, *mixed]):
            by = TIMED_OUT if answer is None else answer
            if number == NONE:
                if by != SURVIVED:
                    raise RedSuiteError(by)
                continue
            bench.note(self.mutants[number], by)
            self.progress.one(self.mutants[number], by)
            yield number, by

    def _seen(self, profile: str) -> Seen:
        suite.set_profile(profile)
        return suite.baseline(self.tests)


def warm_up() -> None:
    """Import what no fault of the package can change: libraries, and the layer below."""
    below = [f"bridge_patch.domain.{p.stem}" for p in SRC.glob("bridge_patch/domain/*.py")]
    for name in [*LIBRARIES, *sorted(below)]:
        with suppress(ImportError):
            importlib.import_module(name)

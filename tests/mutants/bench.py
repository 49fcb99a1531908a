"""What is known of the tests, and from that in which order a mutant is put to them."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from tests.mutants.planting import Mutant

#: Computing time: many times what the tests took, and what it takes to begin.
ROOM: Final = 3
START_SEC: Final = 15
#: What takes longer than this waits until all others near have had their turn.
SLOW_SEC: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One run of all tests with no fault planted."""

    seconds: dict[str, float]  # by the name of the test
    failed: list[str]
    tests_at: dict[str, dict[int, list[str]]]  # which tests run a line, by file


@dataclass(frozen=True, slots=True)
class Bench:
    """Knows which tests run the code of a mutant, and which have been quick to notice."""

    seen: Seen
    noticed: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def note(self, mutant: Mutant, by: str) -> None:
        """Remember which test noticed a mutant."""
        if by in self.seen.seconds:
            self.noticed[mutant.file][by] += 1
            self.noticed[f"{mutant.file}:{mutant.function}"][by] += 1

    def near(self, mutant: Mutant) -> list[str]:
        """Return the tests that run what is wrong, likely and quick ones first.

        What no test runs is run by importing it: then all of them may notice.
        """
        at = self.seen.tests_at.get(mutant.file, {})
        there = {test for line in mutant.lines for test in at.get(line, ())}
        near = there or {test for line in mutant.body for test in at.get(line, ())}
        return self._sorted(mutant, near or self.seen.seconds)

    def all(self, mutant: Mutant) -> list[str]:
        """Return every test, first those near."""
        near = self.near(mutant)
        return [*near, *self._sorted(mutant, self.seen.seconds.keys() - set(near))]

    def limit(self, times: float) -> int:
        """Return how many seconds of computing a mutant is given."""
        return START_SEC + int(ROOM * times * sum(self.seen.seconds.values()))

    def _sorted(self, mutant: Mutant, tests: Collection[str]) -> list[str]:
        here = self.noticed[f"{mutant.file}:{mutant.function}"]
        around = self.noticed[mutant.file]
        seconds = self.seen.seconds
        # A file of tests costs something to import, so its quick ones run together.
        takes: Counter[str] = Counter()
        for test in tests:
            takes[file_of(test)] += round(1000 * seconds[test])

        def unlikely(test: str) -> tuple[int, int, bool, int, str, float]:
            file, slow = file_of(test), seconds[test] > SLOW_SEC
            return (-here[test], -around[test], slow, takes[file], file, seconds[test])

        return sorted(tests, key=unlikely)


def file_of(test: str) -> str:
    """Return the file a test stands in."""
    return test.partition("::")[0]

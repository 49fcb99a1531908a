"""The tests that have to notice, run by pytest's own hooks inside one process.

Laws run with few examples first, always the same ones and without shrinking; what outlives
that is looked at again with as many as `make test` takes.
"""

import functools
import gc
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Final

import pytest
from coverage import Coverage
from hypothesis import Phase, settings

from tests.mutants.bench import Seen, file_of
from tests.mutants.package import HOME, ROOT

#: Who judges the Governor. `tests/proofs` is not here: `make proofs` plants its own faults.
SUITE: Final = (
    "tests/unit/governor/test_*.py",
    "tests/laws/test_governor*.py",
    "tests/museum/test_verdict*.py",
    "tests/museum/test_sizing*.py",
    "tests/unit/app/test_risk_governor.py",
    "tests/unit/app/test_governor_*.py",
    "tests/unit/app/test_limit*.py",
    "tests/unit/app/test_why_rules.py",
)
QUICK: Final = "mutants"
FULL: Final = "ci"
EXAMPLES: Final = 10
EXAMPLES_FULL: Final = 200
OPTIONS: Final = (
    *("-s", "-m", "not e2e", "-p", "no:cacheprovider"),
    # As in pyproject.toml, but with nothing said.
    *("-p", "no:terminal", "-p", "no:faulthandler"),
    *("-o", "addopts=--strict-markers --strict-config --import-mode=importlib"),
    # What is imported before pytest starts is not rewritten, and need not be.
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)


@dataclass(slots=True, eq=False)
class Suite:
    """A pytest session, and the first thing in it that failed."""

    session: pytest.Session | None = None
    failed: str = ""
    files: dict[str, dict[str, pytest.Item]] = field(default_factory=dict)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what could not be imported."""
        if report.failed and not self.failed:
            self.failed = f"the import of {report.nodeid}"

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what failed, in its set-up, its call or its clearing away."""
        if report.failed and not self.failed:
            self.failed = report.nodeid

    def collect(self, *files: str) -> list[pytest.Item]:
        """Import files of tests, and with them what they test."""
        if self.session is None:
            raise RuntimeError("no session is open")
        found = self.session.perform_collect(files)
        return list(found)

    def run(self, items: Sequence[pytest.Item]) -> str:
        """Run tests until one fails; return its name, or nothing."""
        for item, after in zip_longest(items, items[1:]):
            if self.failed:
                break
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=after)
        return self.failed

    def notice(self, order: Iterable[str]) -> str:
        """Run tests by their names until one fails; return its name, or nothing.

        A name that a fault has made away with is left out; one that it has made runs too.
        """
        names = list(order)
        known = set(names)
        for file, group in groupby(names, key=file_of):
            items = []
            if file not in self.files:
                self.files[file] = {item.nodeid: item for item in self.collect(file)}
                items = [i for name, i in self.files[file].items() if name not in known]
            there = self.files[file]
            if self.run([*(there[name] for name in group if name in there), *items]):
                break
        return self.failed


@dataclass(slots=True, eq=False)
class _Opening:
    """Takes over where pytest would run what it has collected, which is nothing yet."""

    suite: Suite
    then: Callable[[Suite], None]
    broken: Exception | None = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> bool:
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        # One folder for all children; each would otherwise clear it away for itself.
        session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        self.suite.session = session
        try:
            self.then(self.suite)
        except Exception as e:  # noqa: BLE001 - pytest would keep it to itself
            self.broken = e
        return True


def opened(then: Callable[[Suite], None], scratch: Path) -> None:
    """Open a pytest session in this process and hand it over."""
    suite = Suite()
    opening = _Opening(suite, then)
    where = [f"--rootdir={ROOT}", f"--basetemp={scratch}", str(ROOT / "tests/mutants")]
    pytest.main([*OPTIONS, *where], plugins=[suite, opening])
    if opening.broken:
        raise opening.broken


def files() -> list[str]:
    """Return the files of the suite that there are."""
    found = [path for pattern in SUITE for path in sorted(ROOT.glob(pattern))]
    return [path.relative_to(ROOT).as_posix() for path in found]


def set_profile(name: str) -> None:
    """Set how many examples a law takes, before laws are imported."""
    if name == QUICK:
        settings.register_profile(
            QUICK,
            settings.get_profile(FULL),
            max_examples=EXAMPLES,
            phases=(Phase.explicit, Phase.generate),
        )
    settings.load_profile(name)


def baseline(suite: Suite) -> Seen:
    """Run every test once with no fault planted: how long it takes, and what it runs."""
    tracer = Coverage(data_file=None, config_file=False, include=[f"{HOME}/*"])
    tracer.start()
    items = suite.collect(*files())
    failed, seconds = [suite.failed] if suite.failed else [], {}
    caches = _caches()
    for item in items:
        for cache in caches:
            cache.cache_clear()
        tracer.switch_context(item.nodeid)
        started = time.process_time()
        suite.failed = ""
        if suite.run([item]):
            failed.append(item.nodeid)
        seconds[item.nodeid] = time.process_time() - started
    tracer.stop()
    data = tracer.get_data()
    tests_at = {
        Path(path).relative_to(HOME).as_posix(): {
            line: [name for name in names if name]
            for line, names in data.contexts_by_lineno(path).items()
        }
        for path in data.measured_files()
    }
    return Seen(seconds=seconds, failed=failed, tests_at=tests_at)


def _caches() -> Sequence["functools._lru_cache_wrapper[object]"]:
    """Return every cache that could hide a call from the tracer."""
    return [
        found
        for found in gc.get_objects()
        if type(found) is functools._lru_cache_wrapper  # some tests lie about their class
        and found.__module__.startswith(("bridge_patch.", "tests."))
    ]

"""Plant every small fault in the Governor, one at a time, and see whether a test notices.

    python -m tests.mutants [--only FILE[:LINE]] [--jobs N] [--json FILE] [--quick]

Ends with 0 where every mutant was noticed or is listed in `equivalents.toml`, with the
reason why none can be; with 1 where one lives or the list is wrong; with 2 where the tests
could not judge. The libraries that do this leave out what stands outside of functions,
which is where the rules of the Governor are listed, and have no place for a reason.
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path

from tests.mutants import equivalents, suite
from tests.mutants.forks import BrokenChildError
from tests.mutants.judging import SURVIVED, Court, RedSuiteError, warm_up
from tests.mutants.package import HOME, ROOT, is_ours, sources
from tests.mutants.planting import Mutant, mutants_of
from tests.mutants.report import Line, as_entry, as_json, clock, survivor, write_json

Reasons = Mapping[equivalents.Key, str]


def main(arguments: Sequence[str]) -> int:
    """Run it all; return the exit code."""
    asked = _asked(arguments)
    os.chdir(ROOT)
    if not is_ours():
        return _cannot(f"bridge_patch is imported from elsewhere than {ROOT / 'src'}")
    before, started = _state(), time.monotonic()
    texts = sources()
    reasons = equivalents.load(equivalents.LIST.read_text())
    mutants = [
        mutant
        for file, text in texts.items()
        for mutant in mutants_of(file, text)
        if _is_wanted(mutant, asked.only)
    ]
    try:
        verdicts = _judged(mutants, reasons, asked)
    except (RedSuiteError, BrokenChildError) as e:
        return _cannot(f"the tests cannot judge: {e}")
    if _state() != before:
        return _cannot("files changed meanwhile: this run means nothing")
    if asked.json:
        write_json(as_json(mutants, verdicts, reasons), asked.json)
    out = sys.stderr if asked.json == "-" else sys.stdout
    good = _told(mutants, verdicts, reasons, texts, asked)
    out.write(f"{clock(time.monotonic() - started)} in all\n")
    return 0 if good else 1


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--only", metavar="FILE[:LINE]", help="a file below governor/, or a line of it")
    add("--jobs", type=int, default=os.cpu_count() or 1, help="processes at a time")
    add("--json", metavar="FILE", help="what became of every mutant; - is stdout")
    add("--quick", action="store_true", help="no second look at what lives")
    add("--entries", action="store_true", help="show what lives as entries of the list")
    return parser.parse_args(arguments)


def _cannot(why: str) -> int:
    sys.stderr.write(f"{why}\n")
    return 2


def _is_wanted(mutant: Mutant, only: str | None) -> bool:
    if not only:
        return True
    file, _, line = only.partition(":")
    return mutant.file == file and (not line or int(line) in mutant.lines)


def _judged(
    mutants: Sequence[Mutant], reasons: Reasons, asked: argparse.Namespace
) -> dict[int, str]:
    """Return which test noticed each mutant, or that none did."""
    verdicts: dict[int, str] = {}

    def judge(tests: suite.Suite) -> None:
        line = Line(sys.stderr, listed=reasons)
        court = Court(mutants=mutants, tests=tests, jobs=asked.jobs, progress=line)
        bench = court.bench()
        verdicts.update(court.verdicts(range(len(mutants)), bench, suite.QUICK))
        if not asked.quick:
            alive = [
                number
                for number, by in sorted(verdicts.items())
                if by == SURVIVED and mutants[number].key not in reasons
            ]
            verdicts.update(court.verdicts(alive, bench, suite.FULL))

    warm_up()
    with tempfile.TemporaryDirectory() as scratch:
        suite.opened(judge, Path(scratch) / "tests")
    return verdicts


def _told(
    mutants: Sequence[Mutant],
    verdicts: Mapping[int, str],
    reasons: Reasons,
    texts: Mapping[str, str],
    asked: argparse.Namespace,
) -> bool:
    """Say what lived and what is wrong with the list; return whether all is well."""
    noticed = {mutants[n].key: by for n, by in verdicts.items() if by != SURVIVED}
    scope = {mutant.key for mutant in mutants}
    listed = [key for key in reasons if not asked.only or key in scope]
    alive = [m for m in mutants if m.key not in noticed and m.key not in reasons]
    wrong = equivalents.faults(listed, mutants, noticed)
    out = sys.stderr if asked.json == "-" else sys.stdout
    home = HOME.relative_to(ROOT).as_posix()
    for mutant in alive:
        shown = survivor(mutant, texts[mutant.file], home)
        out.write(f"\n{as_entry(mutant) if asked.entries else shown}\n")
    for fault in wrong:
        out.write(f"\n{fault}\n")
    equal = len(mutants) - len(noticed) - len(alive)
    out.write(
        f"\n{len(mutants)} mutants: {len(noticed)} noticed, "
        f"{equal} equivalent and listed, {len(alive)} alive\n"
    )
    return not alive and not wrong


def _state() -> bytes:
    """Return a digest of all code, to tell whether it stood still."""
    digest = blake2b()
    for folder in ("src", "compat", "tests"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.digest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

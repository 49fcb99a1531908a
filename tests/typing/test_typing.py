"""What must not type-check, does not: the type checker is part of the safety case.

Each file in `cases/` is wrong on purpose. A line that must be an error carries the code
it must produce, as in `place(intent, order_id)  # E: arg-type`; several codes are
separated by commas. An error without a mark fails, and so does a mark without an error.
"""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
CASES = sorted(Path(__file__).parent.glob("cases/*.py"))

Error = tuple[str, int, str]


def errors_found(files: Sequence[Path]) -> tuple[set[Error], str]:
    """What mypy, set up as in pyproject.toml, says about exactly these files."""
    config = ["--config-file", str(ROOT / "pyproject.toml"), "--no-pretty"]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", *config, "--no-color-output", *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode in {0, 1}, done.stdout + done.stderr
    names = {file.name for file in files}
    pattern = re.compile(r"^(.+?):(\d+)(?::\d+)?: error: .*\[([\w-]+)\]$", re.MULTILINE)
    lines = pattern.findall(done.stdout)
    found = {(Path(path).name, int(line), code) for path, line, code in lines}
    return {error for error in found if error[0] in names}, done.stdout


def errors_marked(files: Sequence[Path]) -> set[Error]:
    return {
        (file.name, number, code)
        for file in files
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if (mark := re.search(r"# E: ([\w-]+(?:, [\w-]+)*)\s*$", line))
        for code in mark[1].split(", ")
    }


def test_every_marked_line_is_an_error_and_nothing_else_is() -> None:
    marked = errors_marked(CASES)
    assert marked, "no marked line in tests/typing/cases: nothing would be tested"
    found, said = errors_found(CASES)

    assert found == marked, said


def test_the_harness_sees_both_kinds_of_difference(tmp_path: Path) -> None:
    """Guards the test above: an unmarked error and an empty mark are both told."""
    case = tmp_path / "case.py"
    case.write_text(
        '"""Three lines: rightly marked, unmarked, and marked without an error."""\n'
        'one: int = "1"  # E: assignment\n'
        'two: int = "2"\n'
        "three: int = 3  # E: assignment\n"
    )
    found, said = errors_found([case])

    assert found == {("case.py", 2, "assignment"), ("case.py", 3, "assignment")}, said
    assert errors_marked([case]) == {
        ("case.py", 2, "assignment"),
        ("case.py", 4, "assignment"),
    }

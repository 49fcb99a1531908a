"""The house rules that a linter does not know. Each is first shown to fire."""

import ast
import fnmatch
import io
import re
import sys
import tokenize
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = "src/bridge_patch"
CORE = rf"^{PACKAGE}/(domain|governor|policy|sim|evidence)/"
OURS = r"^(src|compat|bench)/"
ANYWHERE = r"."

ROOT_ENTRIES_MAX = 15
FILE_LINES_MAX = 300
FUNCTION_LINES_MAX = 60


@dataclass(frozen=True, kw_only=True)
class Ban:
    """A spelling we do without, and what to write instead."""

    name: str
    pattern: str
    instead: str
    scope: str  # where it is banned, as a pattern over the path
    exempt: str | None = None  # a file, or a folder with its slash
    sample: str  # a line that must be caught
    at: str  # and where
    prose: bool = False  # also in strings, comments and files that are not Python


BANS = (
    Ban(
        name="mock",
        pattern=r"unittest\.mock|unittest import mock|\bMagicMock\b",
        instead="write a fake that passes the port's contract suite",
        scope=ANYWHERE,
        exempt="tests/e2e/",
        sample="from unittest.mock import Mock",
        at="tests/unit/services/test_execution.py",
    ),
    Ban(
        name="forged approval",
        pattern=r"object\.__new__\(\s*Approved",
        instead="ask governor.judge",
        scope=ANYWHERE,
        sample="object.__new__(ApprovedReduction)",
        at="tests/unit/governor/test_approved.py",
    ),
    Ban(
        name="mint",
        pattern=r"\b_MINT\b",
        instead="only the judge approves",
        scope=ANYWHERE,
        exempt=f"{PACKAGE}/governor/judge.py",
        sample="Approved(proposal=proposal, mint=_MINT)",
        at=f"{PACKAGE}/services/execution.py",
    ),
    Ban(
        name="ambient time and chance",
        pattern=r"datetime\.now\(|\butcnow\b|\btime\.time\(|\buuid4\b|\brandom\.",
        instead="take `now`, the id or the seeded generator as an argument",
        scope=CORE,
        sample="now = datetime.now(tz=UTC)",
        at=f"{PACKAGE}/governor/rules.py",
    ),
    Ban(
        name="waiting core",
        pattern=r"\basync\s+(def|for|with)\b|\bawait\b",
        instead="decide here, wait in services/",
        scope=CORE,
        sample="async def weigh(case): ...",
        at=f"{PACKAGE}/governor/judge.py",
    ),
    Ban(
        name="inexact number",
        pattern=r"\bfloat\b",
        instead="money, sizes and shares are Decimal",
        scope=rf"^{PACKAGE}/(domain|governor|sim)/",
        sample="def notional(margin: float) -> float: ...",
        at=f"{PACKAGE}/domain/money.py",
    ),
    Ban(
        name="environment",
        pattern=r"\bos\.environ|\bgetenv\b|\bimport environ\b",
        instead="take the value from app/settings.py, the one reader",
        scope=r"^(src|compat)/",
        exempt=f"{PACKAGE}/app/settings.py",
        sample='url = os.environ["BUS_URL"]',
        at=f"{PACKAGE}/adapters/bus_redis.py",
    ),
    Ban(
        name="pickle",
        pattern=r"\bpickle\b|\bmarshal\b|\bshelve\b|\bjoblib\b",
        instead="store data in a format that cannot run code",
        scope=OURS,
        sample="import pickle",
        at=f"{PACKAGE}/adapters/signals.py",
    ),
    Ban(
        name="machine path",
        pattern=r"(?<![\w.])/(?:work|farm|tmp|home|root|Users)/\w",
        instead="take the path as a setting, or tmp_path in a test",
        scope=ANYWHERE,
        sample="journal = '/" + "tmp/journal.db'",
        at="docs/runbook.md",
        prose=True,
    ),
    Ban(
        name="registry host",
        pattern=r"python[h]osted|pypi[.]org|registry[.]npm|deb[.]debian",
        instead="where packages come from is the installing machine's business",
        scope=ANYWHERE,
        sample="--index-url https://pypi" + ".org/simple",
        at="requirements/runtime.txt",
        prose=True,
    ),
)


def code_only(text: str) -> str:
    """Blank out strings and comments, keeping every line where it was."""
    lines = [list(line) for line in text.splitlines()]
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type in {tokenize.STRING, tokenize.COMMENT}:
            (top, left), (bottom, right) = token.start, token.end
            for row in range(top, bottom + 1):
                start = left if row == top else 0
                stop = right if row == bottom else len(lines[row - 1])
                lines[row - 1][start:stop] = " " * (stop - start)
    return "\n".join("".join(line) for line in lines)


def breaches(ban: Ban, path: str, text: str) -> Iterator[str]:
    if not re.search(ban.scope, path) or (ban.exempt and path.startswith(ban.exempt)):
        return
    if not (ban.prose or path.endswith(".py")):
        return
    read = text if ban.prose else code_only(text)
    for number, line in enumerate(read.splitlines(), 1):
        if found := re.search(ban.pattern, line):
            yield f"{path}:{number}: {found[0]!r}: {ban.instead}"


def shape_faults(path: str, text: str) -> Iterator[str]:
    """A module says what it is for, is called after it, and fits in one reading."""
    lines, tree = len(text.splitlines()), ast.parse(text)
    if lines > FILE_LINES_MAX:
        yield f"{path}: {lines} lines: a module has one reason to change; split it"
    if text and not ast.get_docstring(tree):
        yield f"{path}: say in a sentence what this module is for"
    if re.search(r"(^|[_/])(utils?|common|helpers?|managers?|misc)([_/.]|$)", path):
        yield f"{path}: name a module after what it holds"
    if path.startswith("tests/"):
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES_MAX:
                yield f"{path}:{node.lineno}: {node.name}: {length} lines: split it"


def name_faults(path: str) -> Iterator[str]:
    """No status documents, and nothing in tests/ that hides the standard library.

    `python tests/test_trade_intent_schema.py` puts tests/ first on the path: a
    tests/typing/__init__.py would be imported in place of `typing`.
    """
    parts = path.split("/")
    if re.search(r"COMPLETE|FINAL|PROOF|STATUS|SUMMARY|DONE|REPORT", parts[-1]):
        yield f"{path}: progress lives in CHANGELOG.md, evidence in tests"
    top = parts[1].removesuffix(".py") if len(parts) > 1 else ""
    shadow = len(parts) == 2 or parts[2:] == ["__init__.py"]
    if parts[0] == "tests" and shadow and top in sys.stdlib_module_names:
        yield f"{path}: hides the standard library's {top!r} from scripts in tests/"


def root_faults(entries: set[str], ignored: list[str]) -> Iterator[str]:
    kept = {
        entry
        for entry in entries - {".git"}
        if not any(fnmatch.fnmatch(entry, pattern) for pattern in ignored)
    }
    if len(kept) > ROOT_ENTRIES_MAX:
        yield f"{len(kept)} entries in the root, at most {ROOT_ENTRIES_MAX}: {sorted(kept)}"


IGNORED = [
    line.strip("/")
    for line in (ROOT / ".gitignore").read_text().splitlines()
    if line and not line.startswith("#")
]


def tree() -> dict[str, str]:
    """Every text file that git would take, by its path from the root."""
    found: dict[str, str] = {}
    for path in sorted(ROOT.rglob("*")):
        name = path.relative_to(ROOT).as_posix()
        parts = name.split("/")
        hidden = any(fnmatch.fnmatch(p, pattern) for p in parts for pattern in IGNORED)
        if parts[0] == ".git" or hidden or not path.is_file():
            continue
        try:
            found[name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
    return found


TREE = tree()
PYTHON = {
    name: text
    for name, text in TREE.items()
    if re.match(r"(src|compat|tests|bench)/.*\.py$", name)
}


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: ban.name)
def test_no_file_has_a_banned_spelling(ban: Ban) -> None:
    found = [b for path, text in TREE.items() for b in breaches(ban, path, text)]

    assert found == []


@pytest.mark.parametrize("ban", BANS, ids=lambda ban: ban.name)
def test_a_ban_fires_on_its_sample_and_not_where_exempt(ban: Ban) -> None:
    assert list(breaches(ban, ban.at, ban.sample + "\n"))
    if ban.exempt:
        where = ban.exempt if ban.exempt.endswith(".py") else f"{ban.exempt}test_demo.py"
        assert not list(breaches(ban, where, ban.sample + "\n"))


def test_a_ban_reads_code_and_not_what_is_said_about_it() -> None:
    ban = next(ban for ban in BANS if ban.name == "mock")
    said = '"""Not unittest.mock."""\n# unittest.mock\nx = "unittest.mock"\n'

    assert not list(breaches(ban, "tests/unit/test_a.py", said))
    assert list(breaches(ban, "tests/unit/test_a.py", said + "import unittest.mock\n"))


def test_every_module_is_in_shape() -> None:
    assert PYTHON
    assert [f for path, text in PYTHON.items() for f in shape_faults(path, text)] == []


@pytest.mark.parametrize(
    ("path", "text", "fault"),
    [
        ("src/a.py", '"""A."""\n' + "x = 1\n" * 300, "301 lines"),
        ("src/a.py", "x = 1\n", "what this module is for"),
        ("src/order_utils.py", '"""A."""\n', "name a module"),
        ("src/helpers/a.py", '"""A."""\n', "name a module"),
        ("src/a.py", '"""A."""\ndef f():\n' + "    x = 1\n" * 60, "f: 61 lines"),
    ],
)
def test_a_shape_rule_fires_on_its_sample(path: str, text: str, fault: str) -> None:
    (found,) = shape_faults(path, text)

    assert fault in found


def test_every_file_has_a_good_name() -> None:
    assert [fault for path in TREE for fault in name_faults(path)] == []


@pytest.mark.parametrize(
    "path", ["docs/PROOF.md", "IMPLEMENTATION_COMPLETE.md", "tests/typing/__init__.py"]
)
def test_a_name_rule_fires_on_its_sample(path: str) -> None:
    assert list(name_faults(path))
    assert not list(name_faults("docs/proofs.md"))
    assert not list(name_faults("tests/typing/test_typing.py"))


def test_the_root_can_be_read_at_a_glance() -> None:
    assert list(root_faults({p.name for p in ROOT.iterdir()}, IGNORED)) == []


def test_the_root_rule_fires_on_its_sample() -> None:
    many = {f"entry-{n}" for n in range(ROOT_ENTRIES_MAX + 1)}

    assert list(root_faults(many, []))
    assert not list(root_faults(many - {"entry-0"} | {".git", ".venv"}, [".venv"]))

"""The docs are part of the program: links lead somewhere, snippets run, pages agree."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DECISIONS = sorted(ROOT.glob("docs/adr/[0-9]*.md"))
HEADINGS = ["Context", "Decision", "Consequences", "Alternatives", "Enforced by"]


def section(page: str, heading: str) -> str:
    found = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", page, re.MULTILINE | re.DOTALL)
    assert found, f"no section {heading!r}"
    return found[1].strip()


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)[^)]*\)", page.read_text())

    assert [link for link in links if not (page.parent / link).exists()] == []


@pytest.mark.parametrize("page", DECISIONS, ids=lambda p: p.stem)
def test_a_decision_has_its_headings_and_an_enforcer_that_exists(page: Path) -> None:
    """A decision that no test or contract holds is a wish."""
    text = page.read_text()
    enforcers = re.findall(r"`(tests/[\w/.]+)`", section(text, "Enforced by"))

    assert text.startswith(f"# {page.stem[:4]} ")
    assert re.search(
        r"^Status: (accepted|superseded by \[\d{4}\]\(.+\))$", text, re.MULTILINE
    )
    assert re.findall(r"^## (.+)$", text, re.MULTILINE) == HEADINGS
    assert enforcers
    assert [path for path in enforcers if not (ROOT / path).exists()] == []


def test_every_decision_stands_in_the_index() -> None:
    index = (ROOT / "docs/adr/README.md").read_text()

    assert [page.name for page in DECISIONS] == re.findall(r"\((\d{4}-.+?\.md)\)", index)


def test_the_changelog_states_package_and_wire_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    compat = tomllib.loads((ROOT / "compat/pyproject.toml").read_text())["project"][
        "version"
    ]
    newest = re.search(
        r"Package (\S+) · wire schema (\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text()
    )

    assert newest
    assert version == compat == newest[1]


def test_the_readme_snippet_runs_as_it_stands_and_approves() -> None:
    """What users copy is what runs: the block is executed in a fresh interpreter."""
    (snippet,) = re.findall(
        r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL
    )
    done = subprocess.run(
        [sys.executable, "-c", snippet], capture_output=True, text=True, check=False, env={}
    )

    assert done.returncode == 0, done.stderr
    assert "Policy: trend_runner" in done.stdout
    assert "Approved: True, Reason: PASS" in done.stdout


def test_every_make_target_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.+)$", makefile, re.MULTILINE)
    assert phony
    targets = {target for target in phony[1].split() if not target.startswith(".")}

    assert targets == set(re.findall(r"^([a-z]+):.* ## \S", makefile, re.MULTILINE))

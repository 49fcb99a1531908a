"""The page about commands shows what they print, and leaves none out."""

from pathlib import Path

import pytest

from tests.unit.app.cli_page import PAGE, names, page, run
from tests.unit.app.cli_sections import SECTIONS

ROOT = Path(__file__).parents[3]
AGAIN = "run `python -m tests.unit.app.cli_page` in the root and read what changed"


def test_the_page_shows_what_the_commands_print(tmp_path: Path) -> None:
    text = (ROOT / PAGE).read_text()

    assert text == page(text, tmp_path), AGAIN


def test_every_command_has_its_section() -> None:
    groups = {name.split()[0] for name in names() if " " in name}

    assert {section.name for section in SECTIONS} == set(names()) - groups


@pytest.mark.parametrize("name", list(names()))
def test_every_command_has_help_with_an_example(name: str) -> None:
    said = run(f"{name} --help")

    assert f"Example: bridge-patch {name}" in said
    assert "exit code" not in said.splitlines()[-1]

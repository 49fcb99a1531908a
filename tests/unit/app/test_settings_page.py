"""The page and the shipped env file say what the code says."""

import re
from pathlib import Path

from bridge_patch.app.envfile import read_env_file
from bridge_patch.app.settings import ROWS, load_settings
from bridge_patch.app.settings_page import ENV_FILE, PAGE, env_file, page_with_table

ROOT = Path(__file__).parents[3]
AGAIN = "run `python -m bridge_patch.app.settings_page` in the root and read what changed"


def test_the_page_lists_every_setting_once_as_it_is() -> None:
    page = (ROOT / PAGE).read_text()

    assert re.findall(r"^\| `([A-Z0-9_]+)` \|", page, re.MULTILINE) == [
        r.name for r in ROWS
    ]
    assert page == page_with_table(page), AGAIN


def test_the_shipped_env_file_is_current() -> None:
    assert (ROOT / ENV_FILE).read_text() == env_file(), AGAIN


def test_the_shipped_env_file_loads_as_it_is_and_changes_nothing() -> None:
    assert read_env_file(ROOT / ENV_FILE).faults == ()
    assert load_settings({}, ROOT / ENV_FILE) == load_settings({})


def test_every_setting_stands_uncommented_below_a_comment() -> None:
    """`sed` on a commented line would change nothing and say nothing."""
    lines = (ROOT / ENV_FILE).read_text().splitlines()
    above = {line.partition("=")[0]: lines[n - 1] for n, line in enumerate(lines) if line}

    assert [row.name for row in ROWS if not above[row.name].startswith("# ")] == []


def test_the_documented_sed_goes_live(tmp_path: Path) -> None:
    path = tmp_path / "bridge-patch.env"
    text = (ROOT / ENV_FILE).read_text()
    path.write_text(text.replace("AI_SIZING_MODE=shadow", "AI_SIZING_MODE=live"))

    assert text.count("AI_SIZING_MODE=shadow") == 1
    assert load_settings({}, path).ai_sizing_mode == "live"

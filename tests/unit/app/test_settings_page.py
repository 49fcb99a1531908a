"""The page and the shipped env file say what the code says."""

import re
from pathlib import Path

import pytest

from bridge_patch.app.credentials import CREDENTIALS
from bridge_patch.app.envfile import read_env_file
from bridge_patch.app.install.env_text import DEPLOYED
from bridge_patch.app.settings import ROWS, load_settings, read_settings
from bridge_patch.app.settings_page import ENV_FILE, PAGE, deployed, page_with_table

ROOT = Path(__file__).parents[3]
AGAIN = "run `python -m bridge_patch.app.settings_page` in the root and read what changed"


def test_the_page_lists_every_setting_once_as_it_is() -> None:
    page = (ROOT / PAGE).read_text()

    assert re.findall(r"^\| `([A-Z0-9_]+)` \|", page, re.MULTILINE) == [
        r.name for r in ROWS
    ]
    assert page == page_with_table(page), AGAIN


@pytest.mark.parametrize("path", deployed(), ids=str)
def test_what_is_shipped_is_current(path: Path) -> None:
    assert (ROOT / path).read_text() == deployed()[path], AGAIN


def test_the_shipped_env_file_loads_and_differs_only_where_a_deployment_must() -> None:
    loaded = read_settings({}, ROOT / ENV_FILE)
    plain = read_settings({})

    assert read_env_file(ROOT / ENV_FILE).faults == ()
    assert dict(loaded.origins) == {
        row.name: f"{ROOT / ENV_FILE}:{n}"
        for row in ROWS
        for n, line in enumerate((ROOT / ENV_FILE).read_text().splitlines(), 1)
        if line.startswith(f"{row.name}=")
    }
    differing = {
        row.name
        for row in ROWS
        if getattr(loaded.settings, row.name.lower())
        != getattr(plain.settings, row.name.lower())
    }
    assert differing == set(DEPLOYED)
    ports = {"METRICS_PORT_ENGINE", "METRICS_PORT_EXECUTION", "METRICS_PORT_EXITS"}
    assert differing - ports == {"MARKET_FEED", "EXITS_PROCESS", "STATE_DIR"}
    assert loaded.settings.limits().digest() == plain.settings.limits().digest()


def test_a_secret_stands_as_none_and_names_its_credential() -> None:
    text = (ROOT / ENV_FILE).read_text()

    for credential, name in CREDENTIALS.items():
        comment = text.partition(f"\n{name}=none\n")[0].rpartition("\n\n")[2]
        assert f"/etc/quantum/credentials/{credential}" in comment.replace("\n# ", " ")


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

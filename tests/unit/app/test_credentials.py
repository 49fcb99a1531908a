"""Secrets from systemd's credentials: read where they are, shown nowhere."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from bridge_patch.app.commands.check import check
from bridge_patch.app.commands.options import CheckOptions
from bridge_patch.app.credentials import CREDENTIALS
from bridge_patch.app.settings import ROWS, load_settings, read_settings
from tests.unit.app.told import faults

KEY = "fedcba9876543210fedcba9876543210"
OTHER = "0123456789abcdef0123456789abcdef"
#: What a credential holds that is not a key.
SECRETS = {"alert_urls": f"ntfys://{KEY}"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in CREDENTIALS:
        (tmp_path / name).write_text(f"{SECRETS.get(name, KEY)}\n")
    return tmp_path


def given(folder: Path, **more: str) -> dict[str, str]:
    return {"CREDENTIALS_DIRECTORY": str(folder), **more}


def test_every_secret_is_taken_from_its_credential(folder: Path) -> None:
    loaded = read_settings(given(folder))

    for credential, name in CREDENTIALS.items():
        secret = getattr(loaded.settings, name.lower())
        assert secret.reveal() == SECRETS.get(credential, KEY)
        assert loaded.origins[name] == f"credential {credential}"
    assert set(CREDENTIALS.values()) == {
        row.name for row in ROWS if row.form.secret and row.default == "none"
    }


def test_without_systemd_nothing_changes(folder: Path) -> None:
    assert load_settings({}) == load_settings(given(folder / "nowhere"))
    assert load_settings({"VENUE_API_KEY": KEY}).venue_api_key is not None


@pytest.mark.parametrize("text", ["none", "none\n"])
def test_a_credential_that_says_none_leaves_the_word_to_the_others(
    folder: Path, text: str
) -> None:
    """So is it shipped: a unit whose credential is missing would not start."""
    (folder / "venue_api_key").write_text(text)

    assert load_settings(given(folder)).venue_api_key is None
    told = load_settings(given(folder, VENUE_API_KEY=OTHER)).venue_api_key
    assert told is not None
    assert told.reveal() == OTHER


def test_the_env_file_may_say_none_or_the_same_and_nothing_else(folder: Path) -> None:
    path = folder / "x.env"
    for said in ("none", KEY):
        path.write_text(f"VENUE_API_KEY={said}\n")
        key = load_settings(given(folder), path).venue_api_key
        assert key is not None
        assert key.reveal() == KEY

    path.write_text(f"VENUE_API_KEY={OTHER}\n")
    (fault,) = faults(given(folder), path)
    assert fault.startswith(
        "VENUE_API_KEY: expected one value, found one in the credential"
    )
    assert KEY not in fault
    assert OTHER not in fault


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "an empty value (credential bus_signing_key)"),
        (b"too-short-" + KEY[:9].encode(), "a value that is not shown"),
        (f"{KEY}\n\n".encode(), "a value that is not shown"),
        (b"\xff\xfe", "not utf-8"),
    ],
)
def test_a_credential_that_is_no_key_stops_the_start_unshown(
    folder: Path, content: bytes, says: str
) -> None:
    (folder / "bus_signing_key").write_bytes(content)
    (fault,) = faults(given(folder))

    assert fault.startswith("BUS_SIGNING_KEY: ")
    assert says in fault
    assert KEY[:9] not in fault


def test_a_credential_that_cannot_be_read_is_a_fault(folder: Path) -> None:
    (folder / "venue_api_secret").unlink()
    (folder / "venue_api_secret").mkdir()
    (fault,) = faults(given(folder))

    assert fault.startswith("VENUE_API_SECRET: expected the credential venue_api_secret")
    assert "is a directory" in fault


def test_no_screen_shows_a_credential(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    shown = io.StringIO()
    for as_json in (False, True):
        assert check(CheckOptions(env_file=None, as_json=as_json)) == 0
        shown.write(capsys.readouterr().out)

    assert "credential venue_api_secret" in shown.getvalue()
    assert "Secret(***)" in shown.getvalue()
    assert KEY not in shown.getvalue()

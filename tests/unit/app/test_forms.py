"""What is written is read exactly, and a secret is read and never shown."""

from decimal import Decimal
from pathlib import Path

import pytest

from bridge_patch.app import settings
from bridge_patch.app.envfile import read_env_file
from bridge_patch.app.forms import folder_or_none, secret, written, zero_or
from bridge_patch.app.settings import ROWS, Row, SettingsError, load_settings
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.secret import Secret

KEY = Row(name="BUS_KEY", default="none", form=secret(), unit="", meaning="a key")


def test_a_secret_is_read_whole() -> None:
    assert secret().read("abc 123") == Secret("abc 123")


@pytest.mark.parametrize("text", [" abc123", "abc123\n", "abc\x1b123", ""])
def test_a_fault_in_a_secret_does_not_show_it(text: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        settings._parse(KEY, text, "environment")

    assert "abc" not in str(caught.value)
    assert "BUS_KEY: expected a secret" in str(caught.value)


def test_two_values_of_a_secret_are_told_without_showing_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "ROWS", (KEY,))
    monkeypatch.setattr(settings, "_KNOWN", {KEY.name: KEY})
    path = tmp_path / "x.env"
    path.write_text("BUS_KEY=abc123\n")
    _, _, conflicts = settings._gather({"BUS_KEY": "abc456"}, read_env_file(path), "x.env")

    assert len(conflicts) == 1
    assert "BUS_KEY: expected one value, found another value" in conflicts[0]
    assert "abc" not in conflicts[0]


@pytest.mark.parametrize(
    ("text", "taken"),
    [
        ("a" * 32, True),
        ("a" * 31, False),
        (f"{'a' * 32},{'b' * 40}", True),
        (f"{'a' * 32},{'b' * 31}", False),
        (f"{'a' * 32},", False),
        (f"{'a' * 32}, {'b' * 32}", False),
        ("ä" * 32, False),
        ("a b" * 32, False),
    ],
)
def test_a_key_that_anybody_could_guess_is_no_key(text: str, *, taken: bool) -> None:
    if taken:
        assert load_settings({"BUS_SIGNING_KEY": text}).bus_signing_key == Secret(text)
        return
    with pytest.raises(SettingsError) as caught:
        load_settings({"BUS_SIGNING_KEY": text})

    assert "openssl rand -hex 32" in str(caught.value)
    assert text not in str(caught.value)


def test_every_value_is_written_as_it_is_read() -> None:
    """What `check` prints can be put into an env file."""
    shipped = load_settings({})

    for row in ROWS:
        value = getattr(shipped, row.name.lower())
        assert row.form.read(written(value)) == value
        assert written(value) == row.default


@pytest.mark.parametrize(
    ("text", "taken"), [("0.01", True), ("100", True), ("0.009", False), ("100.01", False)]
)
def test_bounds_are_inclusive(text: str, taken: bool) -> None:
    env = {"INITIAL_MARGIN_MAX_PCT": text}
    if taken:
        assert load_settings(env).initial_margin_max_pct == Decimal(text)
    else:
        with pytest.raises(SettingsError, match=r"a number from 0\.01 to 100"):
            load_settings(env)


def test_no_folder_is_a_word_not_an_empty_value() -> None:
    assert folder_or_none().read("none") is None
    assert folder_or_none().read("None") == Path("None")


def test_minus_zero_is_no_number() -> None:
    with pytest.raises(SettingsError, match="MIN_CONFIDENCE"):
        load_settings({"MIN_CONFIDENCE": "-0"})


@pytest.mark.parametrize("text", ["0", "50", "99"])
def test_none_at_all_or_a_number_within_its_bounds(text: str) -> None:
    assert zero_or(50, 99).read(text) == int(text)


@pytest.mark.parametrize("text", ["1", "49", "100", "00", "-0", "0.0", "", "none"])
def test_what_is_neither_is_a_fault(text: str) -> None:
    row = Row(name="KEEP", default="0", form=zero_or(50, 99), unit="", meaning="-")
    with pytest.raises(InvalidValueError, match="expected 0 or a whole number from 50"):
        settings._parse(row, text, "environment")

"""Every error becomes one message and an exit code; a trace only with --debug."""

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

from bridge_patch.app import cli
from bridge_patch.app.faults import SettingsError
from bridge_patch.app.settings import ROWS
from bridge_patch.app.settings_page import ENV_FILE
from bridge_patch.domain.errors import BrokenPromiseError, InvalidValueError

ROOT = Path(__file__).parents[3]
COMMANDS = (
    "demo",
    "run",
    "engine",
    "execution",
    "check",
    "decisions",
    "trace",
    "verify",
    "report",
)


def raising(error: BaseException) -> Callable[[object], int]:
    def command(_options: object) -> int:
        raise error

    return command


def left_with(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    """Run the command line in this process, without settings from outside."""
    for name in {row.name for row in ROWS} & os.environ.keys():
        monkeypatch.delenv(name)
    monkeypatch.setattr(sys, "argv", ["bridge-patch", *words])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(str(left.value.code))


def outcome(
    command: Callable[[object], int], monkeypatch: pytest.MonkeyPatch, *words: str
) -> int:
    module = ModuleType("bridge_patch.app.commands.check")
    module.check = command  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return left_with(monkeypatch, "check", *words)


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (SettingsError(("A: wrong", "B: wrong")), 2, "2 faults in the settings"),
        (InvalidValueError("symbol must be"), 2, "symbol must be"),
        (BrokenPromiseError("the journal cannot write"), 1, "the journal cannot write"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (ZeroDivisionError("oops"), 1, "this should not happen: ZeroDivisionError: oops"),
    ],
)
def test_an_error_is_one_message_with_its_exit_code(
    error: BaseException,
    code: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert outcome(raising(error), monkeypatch) == code
    plain = capsys.readouterr().err
    assert plain.startswith(f"bridge-patch: {says}")
    assert "Traceback" not in plain

    assert outcome(raising(error), monkeypatch, "--debug") == code
    assert "Traceback" in capsys.readouterr().err


@pytest.mark.parametrize("code", [0, 1, 2])
def test_a_command_chooses_its_exit_code(
    code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert outcome(lambda _options: code, monkeypatch) == code


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert left_with(monkeypatch, command, "--help") == 0
    assert f"Example: bridge-patch {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["decisions"], "var/bridge.db is no file"),
        (["decisions", "--verdict", "maybe"], "--verdict must be accept, clamp or reject"),
        (["decisions", "--symbol", "btc usdt"], "symbol must be"),
        (["trace", "i-9", "--journal", "none.db"], "none.db is no file"),
        (["verify", "--journal", "none.db"], "none.db is no file"),
        (["run", "--from", "tomorrow"], "a time must read like 2025-05-05"),
        (["demo", "--quiet", "--verbose"], "exclude each other"),
        (["demo", "--symbols", "BTCUSDT,"], "symbol must be"),
    ],
)
def test_bad_input_is_one_message_and_exit_code_2(
    words: list[str],
    says: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert left_with(monkeypatch, *words) == 2
    told = capsys.readouterr()

    assert told.out == ""
    assert told.err.startswith("bridge-patch: ")
    assert says in told.err
    assert len(told.err.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_unknown_command_or_option_is_exit_code_2(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert left_with(monkeypatch, "nonsense") == 2
    assert left_with(monkeypatch, "check", "--nonsense") == 2


def test_an_unknown_key_in_an_env_file_is_exit_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.env"
    path.write_text("AI_SIZING_MODE=shadow\nTURBO=1\n")

    assert left_with(monkeypatch, "check", "--env-file", str(path)) == 2
    assert "TURBO: expected the name of a setting" in capsys.readouterr().err


def test_the_shipped_env_file_is_accepted_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert left_with(monkeypatch, "check", "--env-file", str(ROOT / ENV_FILE)) == 0


def test_debug_may_stand_anywhere(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["--debug", "verify"], ["verify", "--debug"]):
        assert left_with(monkeypatch, *words, "--journal", "none.db") == 2
        assert "Traceback" in capsys.readouterr().err

"""The command that serves the simulated exchange: what it refuses before it serves."""

import socket
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from bridge_patch.adapters.loopback import HOST
from bridge_patch.app.cli import app
from bridge_patch.app.commands.exchange import ServerNotInstalledError
from bridge_patch.domain.errors import InvalidValueError
from tests.unit.adapters.bars import NAME, columns, write


def exchange(*words: str) -> Result:
    return CliRunner().invoke(app, ["exchange", *words])


def test_the_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)
    done = exchange()

    assert isinstance(done.exception, ServerNotInstalledError)
    assert "bridge-patch[exchange]" in str(done.exception)


@pytest.mark.parametrize("wallet", ["0", "-5", "NaN", "Infinity", "much"])
def test_a_wallet_that_is_no_money_is_refused(wallet: str) -> None:
    done = exchange("--wallet", wallet)

    assert isinstance(done.exception, InvalidValueError)
    assert "--wallet" in str(done.exception)


def test_a_port_that_is_taken_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / NAME, columns())
    with socket.create_server((HOST, 0)) as taken:
        port = str(taken.getsockname()[1])
        done = exchange("--data", str(tmp_path), "--symbols", "BTCUSDT", "--port", port)

    assert isinstance(done.exception, InvalidValueError)
    assert f"--port {port}" in str(done.exception)


def test_the_core_and_the_command_need_no_server() -> None:
    """The core drives tests in process; the command has to name what is missing."""
    code = (
        "import sys; import bridge_patch.app.binance_server.control;"
        " import bridge_patch.app.commands.exchange; print('aiohttp' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "False"

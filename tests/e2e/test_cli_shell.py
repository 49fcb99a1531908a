"""What the shell sees: completion, exit codes, one message on the right stream."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.e2e.harness import COMMAND, clean_env, run

pytestmark = pytest.mark.e2e

BASH = shutil.which("bash")


def test_a_wrong_signal_is_exit_code_2_with_every_fault(tmp_path: Path) -> None:
    wrong = ("--symbol", "b t c", "--side", "up", "--leverage", "NaN")
    done = run("signal", *wrong, cwd=tmp_path)

    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.startswith("bridge-patch: 4 faults in the intent, nothing was sent")
    for name in ("symbol", "action", "leverage", "confidence"):
        assert f" {name}: " in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_fetching_offline_is_exit_code_1_with_one_clear_message(tmp_path: Path) -> None:
    period = ("--from", "2025-05-05", "--to", "2025-05-06", "--symbols", "BTCUSDT")
    done = run(
        *("data", "fetch", *period),
        cwd=tmp_path,
        https_proxy="http://127.0.0.1:9",
        HTTPS_PROXY="http://127.0.0.1:9",
        no_proxy="",
        NO_PROXY="",
    )

    assert done.returncode == 1
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("bridge-patch: BTCUSDT bars of 2025-05-05 00:00 UTC from https:")
    assert "run the same command again" in line
    assert "Traceback" not in line


@pytest.mark.skipif(BASH is None, reason="no bash on this machine")
def test_the_shell_completes_commands_and_options(tmp_path: Path) -> None:
    """What --install-completion puts into a shell's start file is this script."""
    script = """
eval "$("$0" --show-completion)"
complete -p bridge-patch
COMP_WORDS=(bridge-patch "$1" $2); COMP_CWORD=$3
_bridge_patch_completion "$0"
echo "${COMPREPLY[@]}"
"""

    def completed(*words: str) -> list[str]:
        done = subprocess.run(
            [str(BASH), "-c", script, str(COMMAND), *words],
            capture_output=True,
            text=True,
            check=True,
            cwd=tmp_path,
            env=clean_env(),
        )
        function, *found = done.stdout.splitlines()
        assert "-F _bridge_patch_completion bridge-patch" in function
        return " ".join(found).split()

    assert completed("de", "", "1") == ["demo", "decisions", "demote"]
    assert completed("why", "--jo", "2") == ["--journal"]
    assert completed("data", "f", "2") == ["fetch"]

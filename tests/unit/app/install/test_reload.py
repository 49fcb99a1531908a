"""What an installation that was broken off left unread, systemd reads at the next one."""

from pathlib import Path

import pytest

from bridge_patch.app.install import plan
from bridge_patch.app.install.actions import Action
from bridge_patch.app.install.places import Places


def reloads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, says: str) -> list[Action]:
    """Plan the reloads of an installation and of its end, no unit being to change."""
    systemctl = tmp_path / "systemctl"
    systemctl.write_text(f'#!/bin/sh\n[ "$1" = show ] && echo "{says}"\n')
    systemctl.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    gone = plan.uninstall_plan(Places(), purge=False)
    return [
        plan._reload(()),
        next(step for step in gone if step.what == "run systemctl daemon-reload"),
    ]


def test_units_that_were_written_and_not_read_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the old unit would run on, and installing again would say `kept` of all."""
    steps = reloads(tmp_path, monkeypatch, "NeedDaemonReload=yes")

    assert [step.needed() for step in steps] == [True, True]


def test_units_that_were_read_are_not_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = reloads(tmp_path, monkeypatch, "NeedDaemonReload=no")

    assert [step.needed() for step in steps] == [False, False]

"""What an installation that was broken off, or somebody, left behind is put right."""

from pathlib import Path
from typing import NoReturn

import pytest

from bridge_patch.app.install import plan
from bridge_patch.app.install.actions import Access, Action, Removal, TextFile
from bridge_patch.app.install.places import Places
from bridge_patch.app.install.release import Build, Release


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


def test_a_file_that_is_no_text_any_more_is_written_anew(tmp_path: Path) -> None:
    """A unit that a disk or an editor spoiled must not keep from mending it."""
    path = tmp_path / "quantum-execution.service"
    path.write_bytes(b"[Unit]\n\xff\x00")
    path.chmod(0o644)
    file = TextFile(path=path, text="[Unit] ✅\n", access=Access(mode=0o644))
    spoiled = file.needed()
    file.do()

    assert spoiled
    assert path.read_text(encoding="utf-8") == "[Unit] ✅\n"
    assert not file.needed()


def test_a_release_that_is_half_removed_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An uninstall that was killed, then an installation: it must not be `kept`."""
    release = tmp_path / "releases" / "0.1.0-x"
    release.mkdir(parents=True)
    build = Build(Release("0.1.0-x", ()), release)
    removal = Removal(path=tmp_path / "releases")

    def killed(_: Path) -> NoReturn:
        raise KeyboardInterrupt

    with monkeypatch.context() as broken:
        broken.setattr("bridge_patch.app.install.actions.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            removal.do()
    assert build.needed()
    assert removal.needed()
    removal.do()
    assert list(tmp_path.iterdir()) == []
    assert not removal.needed()

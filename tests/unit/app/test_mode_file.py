"""The mode in an env file is changed, and nothing else of it."""

import os
import stat
from pathlib import Path

import pytest

from bridge_patch.app.mode_file import write_mode
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import Mode

TEXT = "# the mode\nAI_SIZING_MODE=shadow\n# AI_SIZING_MODE=x\nMIN_ORDER_USD=50\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "bridge-patch.env"
    path.write_text(TEXT, encoding="utf-8")
    path.chmod(0o640)
    return path


def test_one_line_changes_and_the_rights_stay(file: Path) -> None:
    held = file.stat()

    assert write_mode(file, Mode.LIVE)
    assert file.read_text(encoding="utf-8") == TEXT.replace("MODE=shadow", "MODE=live")
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    assert (file.stat().st_uid, file.stat().st_gid) == (held.st_uid, held.st_gid)
    assert [each.name for each in file.parent.iterdir()] == [file.name]


def test_what_stands_there_already_is_left_alone(file: Path) -> None:
    before = file.stat().st_ino

    assert not write_mode(file, Mode.SHADOW)
    assert file.stat().st_ino == before


@pytest.mark.parametrize(("before", "gap"), [("", ""), ("A=1\n", ""), ("A=1", "\n")])
def test_a_file_without_the_line_gets_one(file: Path, before: str, gap: str) -> None:
    file.write_text(before, encoding="utf-8")

    assert write_mode(file, Mode.SHADOW)
    after = file.read_text(encoding="utf-8")
    assert after == f"{before}{gap}AI_SIZING_MODE=shadow\n"


@pytest.mark.parametrize(
    "spelled",
    [
        "AI_SIZING_MODE=live\nAI_SIZING_MODE=live\n",
        " AI_SIZING_MODE=live\n",
        "export AI_SIZING_MODE=live\n",
        "AI_SIZING_MODE = live",
    ],
)
def test_however_it_is_spelled_one_plain_line_is_left(file: Path, spelled: str) -> None:
    file.write_text(f"A=1\n{spelled}", encoding="utf-8")
    write_mode(file, Mode.SHADOW)
    assert file.read_text(encoding="utf-8") == "A=1\nAI_SIZING_MODE=shadow\n"


def test_what_a_link_points_at_is_changed_and_the_link_stays(file: Path) -> None:
    link = file.with_name("link.env")
    link.symlink_to(file)

    assert write_mode(link, Mode.LIVE)
    assert link.is_symlink()
    assert "AI_SIZING_MODE=live" in file.read_text(encoding="utf-8")


def test_a_file_that_starts_nothing_is_not_called_done(file: Path) -> None:
    file.write_text("export A=1\nAI_SIZING_MODE=live\n", encoding="utf-8")

    with pytest.raises(InvalidValueError, match="nothing starts with it"):
        write_mode(file, Mode.SHADOW)
    assert "AI_SIZING_MODE=shadow" in file.read_text(encoding="utf-8")


def test_a_file_that_cannot_be_changed_says_what_to_write(tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="write AI_SIZING_MODE=shadow into it"):
        write_mode(tmp_path / "none.env", Mode.SHADOW)


def test_a_write_that_breaks_off_leaves_the_file_as_it_was(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InvalidValueError, match="No space left"):
        write_mode(file, Mode.LIVE)
    assert file.read_text(encoding="utf-8") == TEXT
    assert [each.name for each in file.parent.iterdir()] == [file.name]

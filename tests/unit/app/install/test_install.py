"""An installation: whole, repeatable, and gentle with what was there."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from bridge_patch.app.commands.install import install
from bridge_patch.app.commands.offline_options import InstallOptions
from bridge_patch.app.install import plan
from bridge_patch.app.install.actions import Command, InstallError, State, take
from bridge_patch.app.install.places import Places
from bridge_patch.app.install.release import Release
from bridge_patch.app.install.units import UNITS
from bridge_patch.app.settings import ROWS, read_settings
from bridge_patch.app.settings_page import deployed
from bridge_patch.domain.errors import InvalidValueError
from tests.unit.app.install.stage import CURRENT, ENV, Stage
from tests.unit.app.install.stage import UNITS as UNIT_FOLDER

JOURNAL = "var/lib/quantum/bridge.db"


def test_everything_is_in_its_place_with_its_mode(stage: Stage) -> None:
    assert stage.states() == {"done"}

    tree = stage.tree()
    assert {name: mode for name, (mode, _, _) in tree.items() if "etc/" in name} == {
        "etc/quantum": 0o750,
        ENV: 0o640,
        "etc/quantum/credentials": 0o700,
        "etc/quantum/credentials/alert_urls": 0o600,
        "etc/quantum/credentials/bus_signing_key": 0o600,
        "etc/quantum/credentials/venue_api_key": 0o600,
        "etc/quantum/credentials/venue_api_secret": 0o600,
        "etc/systemd": 0o755,
        UNIT_FOLDER: 0o755,
        **{f"{UNIT_FOLDER}/{unit.name}.service": 0o644 for unit in UNITS},
        "etc/sysusers.d": 0o755,
        "etc/sysusers.d/bridge-patch.conf": 0o644,
    }
    state, _, _ = tree["var/lib/quantum"]
    assert state == 0o750  # its owner asks and orders before the first start
    for shipped, text in deployed().items():
        folder = "etc/quantum" if shipped.suffix == ".env" else UNIT_FOLDER
        assert (stage.root / folder / shipped.name).read_text() == text


def test_what_is_installed_runs_from_anywhere(stage: Stage, tmp_path: Path) -> None:
    stage.install()
    command_ = stage.root / CURRENT / "bin/bridge-patch"
    done = subprocess.run(
        [command_, "check", "--env-file", stage.root / ENV],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(tmp_path)},
    )

    assert done.returncode == 0, done.stderr
    assert "settings are complete" in done.stdout


def test_a_second_time_changes_nothing(stage: Stage) -> None:
    stage.install()
    before = stage.tree()

    assert stage.states() == {"kept"}
    assert stage.tree() == before


def test_a_dry_run_names_every_step_and_changes_nothing(stage: Stage) -> None:
    dry = stage.install(dry_run=True)
    assert stage.tree() == {}
    assert {step["state"] for step in dry["steps"]} == {"would"}

    wet = stage.install()
    assert [s["what"] for s in dry["steps"]] == [s["what"] for s in wet["steps"]]

    before = stage.tree()
    (stage.root / UNIT_FOLDER / "quantum-execution.service").unlink()
    (step,) = [s for s in stage.install(dry_run=True)["steps"] if s["state"] != "kept"]
    assert "quantum-execution.service" in step["what"]
    assert stage.tree().keys() < before.keys()


def test_an_upgrade_keeps_settings_secrets_and_journal_and_turns_the_rest(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.install()
    old = (stage.root / CURRENT).readlink()
    mine = {
        ENV: "AI_SIZING_MODE=live\nMAX_POSITION_USD=123\n",
        "etc/quantum/credentials/venue_api_key": "key-of-mine\n",
        JOURNAL: "a journal\n",
        f"{JOURNAL}.head": "its head\n",
    }
    for name, text in mine.items():
        (stage.root / name).parent.mkdir(parents=True, exist_ok=True)
        (stage.root / name).write_text(text)
    unit = stage.root / UNIT_FOLDER / "quantum-execution.service"
    unit.write_text("[Service]\nExecStart=/an/older/one\n")
    next_ = Release("9.9.9-reused-next", ())
    monkeypatch.setattr("bridge_patch.app.commands.install.Release.reused", lambda: next_)
    told = stage.install()

    assert {name: (stage.root / name).read_text() for name in mine} == mine
    assert unit.read_text() == deployed()[Path("deploy") / unit.name]
    assert str((stage.root / CURRENT).readlink()) == "releases/9.9.9-reused-next"
    assert (stage.root / "opt/quantum" / old).is_dir(), "the one before stays"
    assert told["settings_missing"] == [
        row.name for row in ROWS if row.name not in {"AI_SIZING_MODE", "MAX_POSITION_USD"}
    ]
    loaded = read_settings({}, stage.root / ENV)
    assert loaded.settings.max_position_usd == 123


def test_of_older_releases_the_two_before_stay_and_no_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two upgrades without a restart between, the first removed nothing that runs."""
    releases = stage.root / "opt/quantum/releases"
    (releases / ".5.new").mkdir(parents=True)  # one that was half built
    for built_sec, name in enumerate(("9", "8", "1", "2", "2")):
        release = Release(name, ())
        monkeypatch.setattr(
            "bridge_patch.app.commands.install.Release.reused",
            lambda release=release: release,
        )
        stage.install()
        os.utime(releases / name, (built_sec, built_sec))

    assert sorted(path.name for path in releases.iterdir()) == ["1", "2", "8"]


def test_missing_and_unknown_settings_are_told_with_the_lines_to_add(stage: Stage) -> None:
    stage.install()
    path = stage.root / ENV
    text = path.read_text()
    path.write_text(
        text.replace("EXITS_PROCESS=separate\n", "").replace("LOG_FORMAT", "LOG_FROMAT")
    )
    told = stage.install()
    assert told["settings_missing"] == ["EXITS_PROCESS", "LOG_FORMAT"]
    assert told["settings_unknown"] == ["LOG_FROMAT"]

    stage.capsys.readouterr()
    assert install(replace(stage.options, as_json=False)) == 0
    said = stage.capsys.readouterr().out
    assert "fault: LOG_FROMAT is no setting" in said
    _, _, lines = said.partition(f"add to /{ENV}:\n")
    path.write_text(path.read_text().replace("LOG_FROMAT=console\n", "") + lines)
    assert stage.install()["settings_missing"] == []
    assert read_settings({}, path).settings.exits_process == "separate"


def test_uninstalling_keeps_settings_and_journal_unless_they_are_purged(
    stage: Stage,
) -> None:
    stage.install()
    journal = stage.root / JOURNAL
    journal.write_text("a journal\n")
    before = stage.tree()
    assert stage.states(uninstall=True, dry_run=True) == {"would"}
    assert stage.tree() == before

    told = stage.install(uninstall=True)
    assert len(told["notes"]) == 2
    files = {name for name, (*_, content) in stage.tree().items() if content}
    assert files == {
        ENV,
        JOURNAL,
        *(name for name in before if "credentials/" in name),
    }
    assert not (stage.root / "opt/quantum").exists()
    assert stage.states(uninstall=True) == {"kept"}

    stage.install(uninstall=True, purge=True)
    assert {name for name, (*_, content) in stage.tree().items() if content} == set()
    assert not (stage.root / "etc/quantum").exists()


def test_what_others_have_below_opt_and_etc_is_left_alone(stage: Stage) -> None:
    """Users keep code of their own under /opt/quantum."""
    theirs = [stage.root / "opt/quantum/model.py", stage.root / "etc/quantum/redis.conf"]
    for path in theirs:
        path.parent.mkdir(parents=True)
        path.write_text("mine")
    stage.install()
    stage.install(uninstall=True, purge=True)

    files = [path for path in stage.root.rglob("*") if path.is_file()]
    assert sorted(files) == sorted(theirs)


def machine(*, reuse: bool = False, purge: bool = False) -> InstallOptions:
    return InstallOptions(
        prefix=None,
        reuse=reuse,
        uninstall=False,
        purge=purge,
        dry_run=False,
        as_json=False,
    )


def test_what_cannot_be_done_says_what_to_do(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bridge_patch.app.commands.install.os.geteuid", lambda: 1000)
    with pytest.raises(InvalidValueError, match="needs root: say it with sudo"):
        install(machine())
    with pytest.raises(InvalidValueError, match="--purge goes with --uninstall"):
        install(machine(purge=True))
    with pytest.raises(InvalidValueError, match="reuse goes with --prefix"):
        install(machine(reuse=True))
    monkeypatch.setattr("bridge_patch.app.commands.install.os.geteuid", lambda: 0)
    monkeypatch.setattr("bridge_patch.app.commands.install.shutil.which", lambda _: None)
    with pytest.raises(InvalidValueError, match="no systemd here"):
        install(machine())
    monkeypatch.setattr("bridge_patch.app.commands.install.shutil.which", lambda _: "here")
    hidden = Path("/home") / "x/python3"
    monkeypatch.setattr("bridge_patch.app.commands.install.home_of_python", lambda: hidden)
    with pytest.raises(InvalidValueError, match="made by the system's own python3"):
        install(machine())

    (stage.root / "etc").write_text("a file where a folder has to be")
    with pytest.raises(InstallError, match=r"sysusers.d/bridge-patch.conf .*: .*install"):
        stage.install()


def test_on_a_machine_systemd_makes_the_user_first_and_reads_the_units_last() -> None:
    """What needs root is planned here and not run."""
    steps = [step.what for step in plan.install_plan(Places(), Release("r", ()))]
    assert steps[1] == "run systemd-sysusers /etc/sysusers.d/bridge-patch.conf"
    assert steps[-1] == "run systemctl daemon-reload"
    assert steps[-2] == "link /opt/quantum/current -> releases/r"

    gone = [step.what for step in plan.uninstall_plan(Places(), purge=True)]
    assert gone[:3] == [
        f"run systemctl disable --now {unit.name}.service" for unit in UNITS
    ]
    assert gone[-2:] == ["remove /var/lib/quantum", "run userdel quantum"]
    kept = plan.uninstall_plan(Places(), purge=False)
    assert not {"/var/lib/quantum", "/etc/quantum"} & {s.what.split()[-1] for s in kept}


def test_a_command_of_the_system_that_fails_stops_with_its_words() -> None:
    false = Command(argv=("sh", "-c", "echo it is broken >&2; exit 3"), when=lambda: True)
    with pytest.raises(InstallError, match="ended with 3: it is broken"):
        take([false], dry_run=False)
    absent = Command(argv=("no-such-command",), when=lambda: True)
    with pytest.raises(InstallError, match="is not here: install systemd"):
        take([absent], dry_run=False)
    assert take([absent], dry_run=True)[0].state is State.WOULD


@pytest.mark.slow
@pytest.mark.e2e
def test_a_copy_is_whole_and_runs_with_nothing_of_ours_around(
    stage: Stage, tmp_path: Path
) -> None:
    """M-78: what runs is what was deployed, and no working copy beside it."""
    assert stage.states(reuse=False) == {"done"}
    before = stage.tree()
    moved = tmp_path / "moved"
    shutil.move(stage.root, moved)
    run = moved / CURRENT / "bin"
    where = "import bridge_patch, numpy; print(bridge_patch.__file__, numpy.__file__)"
    told = subprocess.run(
        [run / "python", "-I", "-c", where], capture_output=True, text=True, check=True
    ).stdout.split()
    said = subprocess.run(
        [run / "bridge-patch", "--version"], capture_output=True, text=True, check=True
    ).stdout

    release = (moved / CURRENT).resolve()
    assert len(told) == 2
    assert all(Path(path).resolve().is_relative_to(release) for path in told)
    assert said == f"bridge-patch {version('bridge-patch')}\n"

    shutil.move(moved, stage.root)
    assert stage.states(reuse=False) == {"kept"}
    assert before.keys() <= stage.tree().keys()

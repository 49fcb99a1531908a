"""What is laid over the machine's root, and an operator's words in there."""

from __future__ import annotations

import json
import shutil
import sysconfig
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Final

from bridge_patch.app.binance_server.core import CREDENTIALS as KEYS
from bridge_patch.app.install.places import CREDENTIALS, ENV_FILE
from bridge_patch.domain.intent import UnixMs
from tests.e2e import systemd_pace
from tests.e2e.harness import ROOT
from tests.e2e.rehearsal_market import MINUTE_MS, speaks
from tests.e2e.rehearsal_page import RUNBOOK, blocks, prelude, sections
from tests.e2e.systemd_machine import Machine, booted, visible_python
from tests.e2e.three import SYMBOLS, make_market

_OURS: Final = Path("/usr/local/bin/bridge-patch")
BASE: Final = "http://127.0.0.1:8797"
#: The distribution's own, as they are; beside them nothing of its boot is found.
_OF_SYSTEMD: Final = (
    *("basic.target", "sysinit.target", "sockets.target", "slices.target"),
    *("multi-user.target", "network-online.target", "shutdown.target", "umount.target"),
    *("systemd-journald.service", "systemd-journald.socket"),
    *("systemd-journald-dev-log.socket", "dbus.service", "dbus.socket"),
)
#: A day of past, as every start reads it.
_PAST_MIN: Final = 25 * 60
_AHEAD_MIN: Final = 30
_SUDO: Final = """\
#!/bin/sh
[ "$1" = -u ] || exec "$@"
user=$2
shift 2
exec runuser -u "$user" -- "$@"
"""
#: Run by the environment that this test runs in, but by an interpreter that units see.
_INSTALLER: Final = """\
#!/bin/sh
exec /srv/venv/bin/python -c 'from bridge_patch.app.cli import main; main()' "$@"
"""
_SERVICE: Final = """\
[Unit]
StartLimitIntervalSec=0
[Service]
Type=exec
ExecStart={line}
WorkingDirectory=/srv
Restart=always
RestartSec=0.5
"""
_TARGET: Final = """\
[Unit]
DefaultDependencies=no
Wants=basic.target systemd-journald.service systemd-journald-dev-log.socket dbus.socket
"""


def layout(folder: Path) -> Path:
    """Write the tree: units to begin with, a market, and the words of a person."""
    units = folder / "etc" / "systemd" / "system"
    units.mkdir(parents=True)
    for name in _OF_SYSTEMD:
        shutil.copyfile(Path("/lib/systemd/system", name), units / name)
    (units / "rehearsal.target").write_text(_TARGET)
    names = ",".join(SYMBOLS)
    for name, line in (
        (
            "exchange",
            f"{_OURS} exchange --data bars --symbols {names} --speed 0 --port 8797",
        ),
        ("pace", f"/srv/venv/bin/python /srv/pace.py {BASE} {names} {KEYS.api_key}"),
    ):
        (units / f"rehearsal-{name}.service").write_text(_SERVICE.format(line=line))
    (folder / "srv").mkdir()
    shutil.copyfile(systemd_pace.__file__, folder / "srv" / "pace.py")
    now_ms = time.time_ns() // 1_000_000
    start_ms = UnixMs((now_ms // MINUTE_MS - _PAST_MIN) * MINUTE_MS)
    bars = _PAST_MIN + _AHEAD_MIN
    make_market(folder / "srv" / "bars", bars=bars, seed=7, start_ms=start_ms)
    commands = (folder / _OURS.relative_to("/")).parent
    commands.mkdir(parents=True)
    for name, text in (("sudo", _SUDO), (_OURS.name, _INSTALLER)):
        (commands / name).write_text(text)
        (commands / name).chmod(0o755)
    return folder


def seed_that_waits(quiet_sec: int) -> int:
    """Return a seed whose AI says nothing so long, and then of BTCUSDT at each minute."""
    now_ms = time.time_ns() // 1_000_000
    first_ms = (now_ms // MINUTE_MS + 1) * MINUTE_MS
    quiet = [first_ms] if first_ms < now_ms + quiet_sec * 1000 else []
    loud = [first_ms + (len(quiet) + n) * MINUTE_MS for n in range(3)]
    for seed in count(1):
        if all(speaks(seed, at, SYMBOLS[0]) for at in loud) and not any(
            speaks(seed, at, symbol) for at in quiet for symbol in SYMBOLS
        ):
            return seed
    raise AssertionError


@dataclass(frozen=True)
class Exchange:
    """What is open by the exchange's own records, as it tells them."""

    positions: str
    stops: str


@dataclass
class Scene:
    """The machine, and what is copied from the runbook into it."""

    machine: Machine
    page: str = field(default_factory=lambda: RUNBOOK.read_text(encoding="utf-8"))

    def bp(self, line: str, *, within_sec: float = 60) -> str:
        """Type a line with the page's own three words known; it must succeed."""
        return self.machine.do(f"{prelude(self.page)}\n{line}", within_sec=within_sec)

    def block(
        self, heading: str, number: int, *, after: int = 0, only: int | None = None
    ) -> None:
        """Copy the commands of a block, or some, and find what each promises."""
        commands = blocks(sections(self.page)[heading])[number]
        for command in commands[after:only]:
            said = self.machine.say(f"{prelude(self.page)}\n{command.line}")
            assert command.faults(said.text, said.code) == [], said.text

    def shown(self, name: str, what: str) -> str:
        """Return one property of a unit, as `systemctl show` tells it."""
        return self.machine.do(f"systemctl show -P {what} {name}").strip()

    def pid(self, name: str) -> int:
        """Return the unit's main process, as it is numbered in there."""
        return int(self.shown(name, "MainPID"))

    def inside(self, name: str, line: str) -> str:
        """Return what a shell says that stands where the service does, as its user."""
        user = "setpriv --reuid=$(id -u quantum) --regid=$(id -g quantum) --keep-groups"
        spaces = f"nsenter -t {self.pid(name)} -U -m --preserve-credentials"
        return self.machine.say(f"{spaces} -- {user} /bin/sh -c '{line}' 2>&1").text

    def settings(self, **values: object) -> None:
        """Write settings as a person does: with sed."""
        for name, value in values.items():
            line = f"sed -i 's|^{name}=.*|{name}={value}|' {ENV_FILE}"
            assert self.machine.do(f"{line} && grep -c '^{name}=' {ENV_FILE}") == "1\n"

    def secrets(self) -> None:
        """Write the keys into their credentials, as `docs/deploy.md` says."""
        for name, value in (("key", KEYS.api_key), ("secret", KEYS.secret)):
            path = f"{CREDENTIALS}/venue_api_{name}"
            self.machine.do(f"umask 077; cat > {path} <<'E'\n{value}\nE")

    def dropped_in(self, name: str, line: str) -> None:
        """Write what `systemctl edit` would write."""
        folder = f"/etc/systemd/system/{name}.service.d"
        text = f"[Service]\n{line}\n"
        self.machine.do(f"mkdir {folder} && printf '{text}' > {folder}/override.conf")
        self.machine.do("systemctl daemon-reload")

    def copied_from_deploy(self, beginning: str) -> None:
        """Type the line of `docs/deploy.md` that begins so."""
        page = (ROOT / "docs" / "deploy.md").read_text(encoding="utf-8")
        line = next(each for each in page.splitlines() if each.startswith(beginning))
        self.machine.do(line, within_sec=90)

    def exchange(self) -> Exchange:
        asked = f"curl -sf -H 'X-MBX-APIKEY: {KEYS.api_key}' {BASE}/sim/state"
        told = json.loads(self.machine.do(asked))
        return Exchange(json.dumps(told["positions"]), json.dumps(told["open_algos"]))

    def log(self, name: str) -> str:
        return self.machine.do(f"journalctl -o cat -u {name}")


@contextmanager
def scene(folder: Path) -> Iterator[Scene]:
    """Boot, with an environment to install from and an exchange that runs."""
    tree = layout(folder / "layout")
    with booted(folder, tree) as machine:
        packages = Path(sysconfig.get_path("purelib"))
        there = f"import site; site.addsitedir('{packages}')"
        link = f"/srv/venv/lib/{packages.parent.name}/site-packages/all.pth"
        machine.do(f"{visible_python()} -m venv --without-pip /srv/venv")
        machine.do(f'echo "{there}" > {link}')
        machine.do("systemctl start rehearsal-exchange rehearsal-pace")
        try:
            yield Scene(machine)
        except BaseException:
            print(machine.say("journalctl --no-pager -o short-precise -n 150").text)
            raise

"""What systemd is to the rehearsal: units by their own lines, and its commands as shims."""

from __future__ import annotations

import re
import shlex
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from bridge_patch.app.envfile import read_env_file
from bridge_patch.app.install.places import ENV_FILE, UNITS, Places
from bridge_patch.app.install.units import STOP_SEC
from tests.e2e.harness import clean_env

#: `RestartSec=10` of the units is this here.
RESTART_SEC: Final = 0.5
READY_SEC: Final = 60.0
_ROOTS: Final = re.compile(r"(?<![\w/.])/(opt/quantum|etc/quantum|var/lib|var/backups)")

_SUDO: Final = """\
#!/bin/sh
while [ "$1" = -u ]; do shift 2; done
exec "$@"
"""
_JOURNALCTL: Final = """\
#!/bin/sh
n=1000000
while [ $# -gt 0 ]; do
  case "$1" in -u) unit=$2; shift 2;; -n) n=$2; shift 2;; -o) shift 2;; *) exit 64;; esac
done
exec tail -n "$n" "{logs}/$unit.log"
"""
_SYSTEMCTL: Final = """\
#!/bin/sh
exec "{python}" -I "{script}" "{socket}" "$@"
"""
_SYSTEMD_RUN: Final = """\
#!/bin/sh
CREDENTIALS_DIRECTORY=$(mktemp -d "{run}/run-XXXXXX"); export CREDENTIALS_DIRECTORY
while [ $# -gt 0 ]; do
  case "$1" in
    --*) shift;;
    -p) pair=${{2#LoadCredential=}}; shift 2
      cp "${{pair#*:}}" "$CREDENTIALS_DIRECTORY/${{pair%%:*}}";;
    *) break;;
  esac
done
exec "$@"
"""
_INSTALLED: Final = """\
#!/bin/sh
exec "{command}" "$@" --prefix "{prefix}" --env reuse
"""
_CLIENT: Final = """\
import socket, sys
with socket.socket(socket.AF_UNIX) as link:
    link.connect(sys.argv[1])
    link.sendall("\\0".join(sys.argv[2:]).encode() + b"\\n")
    code, _, said = link.makefile().read().partition("\\n")
print(said, end="")
sys.exit(int(code))
"""


@dataclass
class Unit:
    """One unit: the lines that count, and its process."""

    name: str
    words: list[str]
    credentials: dict[str, Path]
    process: subprocess.Popen[str] | None = None
    wanted: bool = False
    ready: threading.Event = field(default_factory=threading.Event)
    starts: int = 0


class Systemd:
    """Starts units by their ExecStart, restarts them always, and answers the shims."""

    def __init__(self, prefix: Path) -> None:
        self.places = Places(prefix)
        self.run, self.logs = prefix / "run", prefix / "log"
        for folder in (self.run, self.logs, prefix / "shims", prefix / "var" / "backups"):
            folder.mkdir(parents=True, exist_ok=True)
        self.units = {u.name: u for u in map(self._read, self._files())}
        self._lock, self._stop = threading.RLock(), threading.Event()
        self._shims(prefix)
        self._threads = [
            threading.Thread(target=target, name=target.__name__, daemon=True)
            for target in (self._supervise, self._serve)
        ]
        for thread in self._threads:
            thread.start()

    def here(self, text: str) -> str:
        """Return a command with the machine's folders turned to the prefix."""
        return _ROOTS.sub(rf"{self.places.prefix}/\1", text)

    def pid(self, name: str) -> int:
        process = self.units[name].process
        assert process is not None
        return process.pid

    def log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(encoding="utf-8")

    def kill(self, name: str) -> None:
        """Kill without a word, and wait until it has come back and is ready."""
        unit = self.units[name]
        starts = unit.starts
        assert unit.process is not None
        unit.process.kill()
        deadline = time.monotonic() + READY_SEC
        while unit.starts == starts and time.monotonic() < deadline:
            time.sleep(0.05)
        assert unit.ready.wait(READY_SEC), f"{name} did not come back: {self.log(name)}"

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=5)
        self._end(self.units.values())

    def _files(self) -> list[Path]:
        return sorted(self.places.at(UNITS).glob("quantum-*.service"))

    def _read(self, path: Path) -> Unit:
        text = path.read_text(encoding="utf-8")
        (line,) = re.findall(r"^ExecStart=(.+)$", text, re.MULTILINE)
        loaded = re.findall(r"^LoadCredential=(\w+):(.+)$", text, re.MULTILINE)
        return Unit(
            path.stem,
            shlex.split(self.here(line)),
            {name: Path(self.here(where)) for name, where in loaded},
        )

    def _shims(self, prefix: Path) -> None:
        script = self.run / "client.py"
        script.write_text(_CLIENT)
        command = Path(sys.executable).with_name("bridge-patch")
        asked = {"python": sys.executable, "script": script, "socket": self._socket}
        for name, text in (
            ("sudo", _SUDO),
            ("journalctl", _JOURNALCTL.format(logs=self.logs)),
            ("systemctl", _SYSTEMCTL.format(**asked)),
            ("systemd-run", _SYSTEMD_RUN.format(run=self.run)),
            ("bridge-patch", _INSTALLED.format(command=command, prefix=prefix)),
        ):
            (prefix / "shims" / name).write_text(text)
            (prefix / "shims" / name).chmod(0o755)

    @property
    def _socket(self) -> Path:
        return self.run / "ctl"

    def _begin(self, unit: Unit) -> None:
        folder = self.run / f"{unit.name}.credentials"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name, path in unit.credentials.items():
            shutil.copy(path, folder / name)
        file = read_env_file(self.places.at(ENV_FILE))
        env = clean_env(**{one.name: one.value for one in file.assignments})
        notify = self.run / f"{unit.name}.notify"
        notify.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        listening.bind(str(notify))
        unit.ready = threading.Event()
        told = {"CREDENTIALS_DIRECTORY": str(folder), "NOTIFY_SOCKET": str(notify)}
        state = self.places.at("/var/lib/quantum")
        state.mkdir(parents=True, exist_ok=True)
        with (self.logs / f"{unit.name}.log").open("a", encoding="utf-8") as log:
            unit.process = subprocess.Popen(
                unit.words,
                stdout=log,
                stderr=subprocess.STDOUT,
                text=True,
                cwd=state,
                env=env | told,
            )
        unit.starts += 1
        heard = (listening, unit.ready, unit.process)
        threading.Thread(target=_hear, args=heard, daemon=True).start()

    def _end(self, units: Iterable[Unit]) -> None:
        """Tell all to stop, then wait for each, as long as systemd does."""
        ending = [(unit, unit.process) for unit in units if unit.process is not None]
        for unit, process in ending:
            unit.wanted = False
            process.terminate()
        for _, process in ending:
            try:
                process.wait(timeout=STOP_SEC)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _supervise(self) -> None:
        while not self._stop.wait(RESTART_SEC):
            with self._lock:
                for unit in self.units.values():
                    dead = unit.process is not None and unit.process.poll() is not None
                    if unit.wanted and dead:
                        self._begin(unit)

    def _serve(self) -> None:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(str(self._socket))
            server.listen()
            server.settimeout(0.2)
            while not self._stop.is_set():
                try:
                    link, _ = server.accept()
                except TimeoutError:
                    continue
                with link:
                    asked = link.makefile().readline().rstrip("\n").split("\0")
                    code, said = self._answer(asked)
                    link.sendall(f"{code}\n{said}".encode())

    def _answer(self, asked: list[str]) -> tuple[int, str]:
        verb, *names = [word for word in asked if not word.startswith("--")]
        units = [self.units[name] for name in names]
        if verb == "is-active":
            states = ["active" if u.ready.is_set() else "inactive" for u in units]
            return int("inactive" in states), "".join(f"{s}\n" for s in states)
        with self._lock:
            if verb in {"stop", "restart"}:
                self._end(units)
            if verb in {"start", "restart", "enable"}:
                for unit in units:
                    unit.wanted = True
                    if unit.process is None or unit.process.poll() is not None:
                        self._begin(unit)
        if verb == "stop":
            return 0, ""
        late = [u.name for u in units if not u.ready.wait(READY_SEC)]
        return int(bool(late)), "".join(f"{name} did not become ready\n" for name in late)


def _hear(
    listening: socket.socket, ready: threading.Event, process: subprocess.Popen[str]
) -> None:
    """Take in what a service tells, until it ends."""
    listening.settimeout(0.2)
    with listening:
        while process.poll() is None:
            try:
                if b"READY=1" in listening.recv(4096):
                    ready.set()
            except TimeoutError:
                continue
    ready.clear()

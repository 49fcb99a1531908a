"""A machine of its own under a real systemd: namespaces, and a root that is thrown away."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bridge_patch.app.commands.install import is_hidden
from bridge_patch.app.install.release import home_of_python
from tests.e2e.harness import ROOT

_SYSTEMD: Final = Path("/lib/systemd/systemd")
_INIT: Final = Path(__file__).with_name("systemd_root.sh")
_TOOLS: Final = (
    *("unshare", "nsenter", "setpriv", "pivot_root", "mount", "runuser", "bash"),
    *("systemctl", "systemd-sysusers", "journalctl", "dbus-daemon", "curl"),
)
_SPACES: Final = ("--mount", "--pid", "--uts", "--ipc", "--net", "--cgroup")
_BOOT_SEC: Final = 20.0
_PATH: Final = "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#: What a boot might have turned of the kernel's, which no namespace holds.
_KERNEL: Final = ("kernel/core_pattern", "kernel/hostname", "fs/file-max", "fs/nr_open")


def why_not() -> str:
    """Return what a machine of its own lacks here, "" where it can be had."""
    missing = [tool for tool in _TOOLS if shutil.which(tool, path=_PATH) is None]
    kinds = Path("/proc/filesystems").read_text(encoding="utf-8")
    unseen = f"services do not see {home_of_python()}, and /usr/bin has none of its kind"
    lacking = (
        ("not root: no namespaces of its own for systemd", os.geteuid() != 0),
        (f"there is no systemd: no {_SYSTEMD}", not _SYSTEMD.exists()),
        (f"{', '.join(missing)} not found", bool(missing)),
        ("no overlay in this kernel: no throwaway root", "\toverlay\n" not in kinds),
        ("no cgroup2 that may be written, for systemd's services", _cgroups() is None),
        (unseen, visible_python() is None),
    )
    if said := next((why for why, lacks in lacking if lacks), ""):
        return said
    done = subprocess.run(
        ["/usr/bin/env", "unshare", *_SPACES, "--fork", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"no namespaces here: {done.stderr.strip()}" if done.returncode else ""


def _cgroups() -> Path | None:
    """Return where cgroups of the second version are, and may be made."""
    for line in Path("/proc/mounts").read_text(encoding="utf-8").splitlines():
        _, where, kind, options, *_ = line.split()
        if kind == "cgroup2" and "rw" in options.split(","):
            return Path(where)
    return None


def visible_python() -> Path | None:
    """Return an interpreter like ours which services see: ours, or the system's own."""
    ours = home_of_python()
    if not is_hidden(ours):
        return ours
    name = f"python{sys.version_info.major}.{sys.version_info.minor}"
    found = shutil.which(name, path="/usr/local/bin:/usr/bin")
    return Path(found) if found else None


@dataclass(frozen=True)
class Host:
    """What a boot must not have changed."""

    files: dict[str, str]
    mounts: str
    kernel: dict[str, str]

    @classmethod
    def now(cls, marker: Path) -> Host:
        """Read all of /etc, what lies in /opt and /var/lib, and a marker in /tmp."""
        etc = [path for path in Path("/etc").rglob("*") if not path.is_dir()]
        flat = [p for top in ("/opt", "/var/lib", "/lib/systemd") for p in _in(Path(top))]
        return cls(
            {str(path): _seen(path) for path in (*etc, *flat, marker)},
            Path("/proc/self/mountinfo").read_text(encoding="utf-8"),
            {n: Path("/proc/sys", n).read_text(encoding="utf-8") for n in _KERNEL},
        )


def _in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _seen(path: Path) -> str:
    found = path.lstat()
    content = path.read_bytes() if path.is_file() else b""
    digest = hashlib.sha256(content).hexdigest()
    return f"{found.st_mode:o} {found.st_uid} {found.st_gid} {digest}"


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit code."""

    text: str
    code: int


@dataclass(frozen=True)
class Machine:
    """The booted one, by the process that is its first."""

    init: int

    def say(self, line: str, *, within_sec: float = 60) -> Said:
        """Type a line into a shell of root's inside, and return what it prints."""
        spaces, shell = (
            ("-m", "-p", "-u", "-i", "-n", "-C", "-r", "-w"),
            ("/bin/bash", "-c"),
        )
        done = subprocess.run(
            [
                "/usr/bin/env",
                "nsenter",
                f"--target={self.init}",
                *spaces,
                "--",
                *shell,
                line,
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            env={"PATH": _PATH, "HOME": "/root", "LC_ALL": "C.UTF-8"},
            timeout=within_sec,
        )
        return Said(done.stdout, done.returncode)

    def do(self, line: str, *, within_sec: float = 60) -> str:
        """Type a line that must succeed."""
        said = self.say(line, within_sec=within_sec)
        assert said.code == 0, f"{line}: {said.code}: {said.text}"
        return said.text

    def until(self, line: str, *, within_sec: float) -> str:
        """Type a line again and again until it succeeds."""
        deadline = time.monotonic() + within_sec
        while (said := self.say(line)).code:
            assert time.monotonic() < deadline, f"{line}: {said.code}: {said.text}"
            time.sleep(0.25)
        return said.text


@contextmanager
def booted(folder: Path, layout: Path) -> Iterator[Machine]:
    """Boot over this layout; at the end every process of the machine is killed.

    So it is where the test's own process is killed; then an empty cgroup is left behind.
    """
    cgroups = _cgroups()
    assert cgroups is not None
    work = folder / "work"
    work.mkdir()
    group = Path(tempfile.mkdtemp(prefix="rehearsal-", dir=cgroups))
    words = ["unshare", *_SPACES, "--fork", "--kill-child", "/bin/sh", str(_INIT)]
    line = f'echo $$ >"{group}/cgroup.procs" && exec setpriv --pdeathsig KILL "$@"'
    with (folder / "boot.log").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            ["/bin/sh", "-c", line, "sh", *words, work, ROOT, layout],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield _up(process, folder / "boot.log")
    finally:
        process.kill()
        process.wait()
        _gone(group)


def _up(process: subprocess.Popen[bytes], log: Path) -> Machine:
    """Wait until systemd answers in there."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    deadline = time.monotonic() + _BOOT_SEC
    while time.monotonic() < deadline and process.poll() is None:
        with suppress(OSError, IndexError):
            init = int(children.read_text(encoding="utf-8").split()[0])
            started = Path(f"/proc/{init}/comm").read_text(encoding="utf-8") == "systemd\n"
            machine = Machine(init)
            if started and machine.say("systemctl is-system-running").text == "running\n":
                return machine
        time.sleep(0.1)
    msg = f"it did not boot: {log.read_text(encoding='utf-8')}"
    raise AssertionError(msg)


def _gone(group: Path) -> None:
    """Take the cgroups away that systemd made below its own, once they are empty."""
    deadline = time.monotonic() + 10
    while group.exists():
        for path in sorted(group.rglob("*"), reverse=True):
            if path.is_dir():
                with suppress(OSError):
                    path.rmdir()
        with suppress(OSError):
            group.rmdir()
        assert time.monotonic() < deadline, f"processes are left in {group}"
        time.sleep(0.05)

"""The units under a real systemd: started, watched, killed, turned to live, stopped.

Systemd is the first process of namespaces of its own, over a root that is thrown away;
what it does not have there is said at the skip. The market runs as fast as the wall.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from bridge_patch.app.binance_server.core import CREDENTIALS as KEYS
from bridge_patch.app.install.units import UNITS as SERVICES
from tests.e2e.harness import only_in_soak
from tests.e2e.systemd_machine import Host, why_not
from tests.e2e.systemd_scene import Scene, scene, seed_that_waits

pytestmark = [pytest.mark.e2e, pytest.mark.slow, only_in_soak]

EXECUTION, EXITS, ENGINE = UNITS = (
    "quantum-execution",
    "quantum-exit-brain",
    "quantum-ai-engine",
)
ALL = " ".join(UNITS)
#: The units say 60; the test does not wait that long for a loop that stands still.
WATCHDOG_SEC = 10
#: So long the AI is silent at first: what a person sends then finds the symbol free.
QUIET_SEC = 20
SIGNAL = "--confidence 0.8 --margin-usd 100 --leverage 10 --stop-pct 2 --wait"


@pytest.fixture
def marker() -> Iterator[Path]:
    """Return a file that a boot of systemd on the host would take away with all of /tmp."""
    if lacking := why_not():
        pytest.skip(lacking)
    path = Path(tempfile.mkdtemp(prefix="host-", dir="/" + "tmp")) / "marker"
    path.write_text("still there\n")
    yield path
    path.unlink()
    path.parent.rmdir()


def test_the_units_work_under_a_real_systemd_and_the_host_never_notices(
    tmp_path: Path, marker: Path
) -> None:
    before = Host.now(marker)
    with scene(tmp_path) as here:
        apart(here, marker)
        installed(here)
        started(here)
        keys_are_the_executions_alone(here)
        hardened(here)
        restarted(here)
        greps_find_their_lines(here)
        turned_to_live(here)
        stopped(here)
        uninstalled(here)
    assert Host.now(marker) == before


def apart(here: Scene, marker: Path) -> None:
    """What it has is its own: processes, /tmp, network, and no unit of the host's."""
    assert here.machine.do("cat /proc/1/comm") == "systemd\n"
    assert here.machine.say(f"test -e {marker}").code == 1
    assert here.machine.do("ls /sys/class/net") == "lo\n"
    units = here.machine.do("systemctl list-units --type=service --no-legend --plain")
    names = {line.split()[0].partition(".")[0] for line in units.splitlines()}
    assert names <= {"rehearsal-exchange", "rehearsal-pace", "systemd-journald", "dbus"}


def installed(here: Scene) -> None:
    told = here.machine.do("bridge-patch install", within_sec=120)
    assert "done  run systemd-sysusers" in told
    assert "done  run systemctl daemon-reload" in told
    assert "done " not in here.machine.do("bridge-patch install", within_sec=60)
    here.settings(VENUE="simulator", AI_MAX_LEVERAGE=20)
    here.secrets()
    here.dropped_in(EXECUTION, f"WatchdogSec={WATCHDOG_SEC}")


def started(here: Scene) -> None:
    """`systemctl enable --now` comes back when each has said READY; doctor has the keys."""
    here.machine.until("curl -sf 127.0.0.1:8797/fapi/v1/time", within_sec=30)
    here.block("Install", 0, only=1)
    doctor = here.bp("bpk doctor")
    assert "key                      taken: a signed request is answered" in doctor
    assert "no faults" in doctor
    here.settings(EXAMPLE_AI_SEED=seed_that_waits(QUIET_SEC))
    here.block("Install", 0, after=2)
    for name in UNITS:
        assert here.shown(name, "Type") == "notify"
        assert here.shown(name, "ActiveState") == "active"
        assert here.shown(name, "StatusText")
    allowed = [here.shown(name, "WatchdogUSec") for name in UNITS]
    assert allowed == [f"{WATCHDOG_SEC}s", "1min", "1min"]
    here.block("The shadow day", 0)
    here.block("The shadow day", 1)


def root_of(pid: int) -> str:
    """Return where another sees what a process has for its root."""
    return f"/proc/{pid}/root"


def keys_are_the_executions_alone(here: Scene) -> None:
    """The execution holds them; engine and exit brain, of the same user, reach none."""
    for unit in SERVICES:
        folder = f"{root_of(here.pid(unit.name))}/run/credentials"
        assert here.machine.do(f"ls {folder}").split() == [f"{unit.name}.service"]
        given = here.machine.do(f"ls {folder}/{unit.name}.service").split()
        assert given == sorted(unit.secrets)
    pid = here.pid(EXECUTION)
    kept = f"{root_of(pid)}/run/credentials/{EXECUTION}.service/venue_api_secret"
    assert here.machine.do(f"cat {kept}").strip() == KEYS.secret
    for path in (kept, f"/proc/{pid}/environ", f"/proc/{pid}/mem"):
        opened = f"test -e {path} && head -c 0 {path} && echo opened"
        assert "opened" in here.inside(EXECUTION, opened)
        assert "opened" not in here.inside(ENGINE, opened)
        assert "opened" not in here.inside(EXITS, opened)
        outside = here.machine.say(f"runuser -u quantum -- /bin/sh -c '{opened}'")
        assert "opened" not in outside.text
    seen = f"/proc/[0-9]*/cmdline /proc/{pid}/environ"
    told = here.machine.do(
        f"journalctl -o cat -u 'quantum-*'; systemctl show {ALL}; cat {seen}"
    )
    assert KEYS.secret not in told


def hardened(here: Scene) -> None:
    """The kernel says of each process what its unit asked for."""
    user = here.machine.do("id -u quantum").strip()
    for name in UNITS:
        pid = here.pid(name)
        status = dict(
            line.split(":\t", 1)
            for line in here.machine.do(f"cat /proc/{pid}/status").splitlines()
            if ":\t" in line
        )
        assert set(status["Uid"].split()) == {user}
        assert int(status["CapEff"], 16) == int(status["CapBnd"], 16) == 0
        assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
        assert status["Umask"] == "0077"
        limits = here.machine.do(f"grep core /proc/{pid}/limits").split()
        assert limits[-3:-1] == ["0", "0"]
        for path in ("/etc/x", "/opt/quantum/x", "/usr/x", "/proc/sys/vm/swappiness"):
            assert "Read-only" in here.inside(name, f"echo 1 >{path}"), path
        assert "denied" in here.inside(name, "ls /home")
        assert here.inside(name, "ls -A /tmp") == ""
        assert here.inside(name, "touch /var/lib/quantum/.tried") == ""
    said = here.machine.do("journalctl -o cat _PID=1")
    ignored = [line for line in said.splitlines() if "ignoring" in line]
    assert [line for line in ignored if "quantum" in line] == []


def restarted(here: Scene) -> None:
    """One that stands still and one that is killed both come back; the third stays."""
    pids = {name: here.pid(name) for name in UNITS}
    here.machine.do(f"kill -STOP {pids[EXECUTION]} && kill -KILL {pids[ENGINE]}")
    for name in (EXECUTION, ENGINE):
        once = f"systemctl show -P NRestarts {name} | grep -qx 1"
        up = f"{once} && systemctl -q is-active {name}"
        here.machine.until(up, within_sec=WATCHDOG_SEC + 60)
        assert here.pid(name) != pids[name]
    assert f"Watchdog timeout (limit {WATCHDOG_SEC}s)!" in here.log(EXECUTION)
    assert "code=killed, status=6/ABRT" in here.log(EXECUTION)
    assert "Failed with result 'watchdog'" in here.log(EXECUTION)
    assert "code=killed, status=9/KILL" in here.log(ENGINE)
    assert (here.shown(EXITS, "NRestarts"), here.pid(EXITS)) == ("0", pids[EXITS])
    assert "core" not in here.machine.do("ls -A /var/lib/quantum")


def greps_find_their_lines(here: Scene) -> None:
    """What users know how to type finds its lines in the real journal of systemd."""
    spoke = f"journalctl -u {ENGINE} | grep BTCUSDT | grep PUBLISHED"
    here.machine.until(spoke, within_sec=70)
    here.block("What to look at", 0)
    here.block("What to look at", 1)


def turned_to_live(here: Scene) -> None:
    """The two lines of `docs/deploy.md`, and the next order is at the exchange."""
    here.copied_from_deploy("sudo sed -i 's/AI_SIZING_MODE=shadow/AI_SIZING_MODE=live/'")
    here.copied_from_deploy(f"sudo systemctl restart {ENGINE} {EXECUTION} {EXITS}")
    assert "AI Sizer Policy initialized: mode=live" in here.log(ENGINE)
    assert "LIVE on the simulator venue" in here.bp("bp status")
    told = here.bp(f"bp signal --symbol SOLUSDT --side buy --id turned {SIGNAL}")
    assert "FILLED" in told
    assert "SOLUSDT" in here.exchange().positions
    here.machine.do(f"journalctl -u {EXECUTION} | grep EXEC_INTENT | grep mode=live")


def stopped(here: Scene) -> None:
    """Each ends by itself and in time; the stop at the venue stands, the chain holds."""
    here.machine.do(f"systemctl stop {ALL}", within_sec=60)
    for name in UNITS:
        assert here.shown(name, "ActiveState") == "inactive"
        assert here.shown(name, "Result") == "success"
        assert here.shown(name, "ExecMainStatus") == "0"
        assert "SIGKILL" not in here.log(name).rpartition("Stopping")[2]
    assert here.exchange().stops
    assert "every link holds" in here.bp("bp verify")


def uninstalled(here: Scene) -> None:
    here.machine.do("bridge-patch install --uninstall --purge", within_sec=60)
    assert here.machine.say("id quantum").code == 1
    left = here.machine.say("ls -d /opt/quantum /etc/quantum /var/lib/quantum")
    assert left.text.count("No such file") == 3
    assert here.machine.say("systemctl cat quantum-execution").code == 1

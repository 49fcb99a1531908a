"""The units of systemd, one for each process, and the user that they run as.

Written here once: `make docs` puts them into `deploy/`, and `install` where systemd reads
them. What each line of hardening is for stands in `docs/deploy.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from bridge_patch.adapters.sd_notify import RECOVERY_SEC
from bridge_patch.app.credentials import CREDENTIALS as SECRETS
from bridge_patch.app.install.places import COMMAND, CREDENTIALS, ENV_FILE, STATE, USER

#: So long a loop may stand before its process is killed.
WATCHDOG_SEC: Final = 60
#: Longer than a polite stop takes (app/stopping.py).
STOP_SEC: Final = 30
#: A unit that ends so often within so long stays down, and is seen to be. An exchange that
#: cannot be reached at a start is tried for some ten minutes, and wrong settings for five.
RESTART_SEC: Final = 10
RESTARTS_MAX: Final = 30
RESTARTS_WITHIN_SEC: Final = 3600


@final
@dataclass(frozen=True, slots=True)
class Unit:
    """One service: its name, the command it runs, what it is, and its secrets."""

    name: str
    command: str
    what: str
    secrets: tuple[str, ...]


#: What every unit is handed: it signs what it says, and tells a person of an alarm.
_OF_ALL: Final = ("bus_signing_key", "alert_urls")
UNITS: Final = (
    Unit(
        "quantum-ai-engine",
        "engine",
        "the AI engine, which proposes and has no venue",
        _OF_ALL,
    ),
    Unit(
        "quantum-execution",
        "execution",
        "the Governor and the orders",
        tuple(SECRETS),
    ),
    Unit(
        "quantum-exit-brain",
        "exits",
        "the exit brain, which asks for reductions and has no venue",
        _OF_ALL,
    ),
)

_HARDENING: Final = (
    "NoNewPrivileges=yes",
    "CapabilityBoundingSet=",
    "AmbientCapabilities=",
    "ProtectSystem=strict",
    "ProtectHome=yes",
    "PrivateTmp=yes",
    "PrivateDevices=yes",
    "PrivateUsers=yes",
    "ProtectClock=yes",
    "ProtectControlGroups=yes",
    "ProtectHostname=yes",
    "ProtectKernelLogs=yes",
    "ProtectKernelModules=yes",
    "ProtectKernelTunables=yes",
    "ProtectProc=invisible",
    "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6",
    "RestrictNamespaces=yes",
    "RestrictRealtime=yes",
    "RestrictSUIDSGID=yes",
    "RemoveIPC=yes",
    "LimitCORE=0",
    "LockPersonality=yes",
    "MemoryDenyWriteExecute=yes",
    "SystemCallArchitectures=native",
    "SystemCallFilter=@system-service",
    "SystemCallFilter=~@privileged @resources",
    "SystemCallErrorNumber=EPERM",
    "UMask=0077",
)


def unit_text(unit: Unit) -> str:
    """Return the text of a unit file."""
    secrets = [f"LoadCredential={name}:{CREDENTIALS}/{name}" for name in unit.secrets]
    lines = [
        "# Written by `bridge-patch install`, which replaces it with the next version.",
        f"# What is to be otherwise here belongs into `systemctl edit {unit.name}`.",
        "[Unit]",
        f"Description=BRIDGE-PATCH: {unit.what}",
        "Wants=network-online.target",
        "After=network-online.target",
        f"StartLimitIntervalSec={RESTARTS_WITHIN_SEC}",
        f"StartLimitBurst={RESTARTS_MAX}",
        "",
        "[Service]",
        "Type=notify",
        "NotifyAccess=main",
        f"ExecStart={COMMAND} {unit.command} --env-file {ENV_FILE}",
        f"EnvironmentFile={ENV_FILE}",
        *secrets,
        f"User={USER}",
        f"Group={USER}",
        f"StateDirectory={STATE.rpartition('/')[2]}",
        "StateDirectoryMode=0750",
        f"WorkingDirectory={STATE}",
        "Restart=always",
        f"RestartSec={RESTART_SEC}",
        f"WatchdogSec={WATCHDOG_SEC}",
        f"TimeoutStartSec={RECOVERY_SEC}",
        f"TimeoutStopSec={STOP_SEC}",
        "",
        *_HARDENING,
        "",
        "[Install]",
        "WantedBy=multi-user.target",
    ]
    return "\n".join(lines) + "\n"


def sysusers_text() -> str:
    """Return the declaration of the user, for systemd-sysusers."""
    return (
        "# Written by `bridge-patch install`.\n"
        f'u {USER} - "BRIDGE-PATCH" {STATE} /usr/sbin/nologin\n'
    )

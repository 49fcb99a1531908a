"""Where an installed BRIDGE-PATCH has its things, on a machine or below a prefix."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final, final

#: The system user and group that the services run as.
USER: Final = "quantum"
OPT: Final = "/opt/quantum"
ETC: Final = "/etc/quantum"
STATE: Final = "/var/lib/quantum"
CURRENT: Final = f"{OPT}/current"
COMMAND: Final = f"{CURRENT}/bin/bridge-patch"
ENV_FILE: Final = f"{ETC}/bridge-patch.env"
CREDENTIALS: Final = f"{ETC}/credentials"
UNITS: Final = "/etc/systemd/system"
SYSUSERS: Final = "/etc/sysusers.d/bridge-patch.conf"


@final
@dataclass(frozen=True, slots=True)
class Places:
    """Every place by its final path; `at` says where that is now.

    With a `prefix` everything lies below it, and still says the final paths inside.
    """

    prefix: Path | None = None

    @property
    def apart(self) -> bool:
        """Tell whether this is a root of its own, and not the machine's."""
        return self.prefix is not None

    def at(self, final_path: str) -> Path:
        """Return where a final path lies.

        >>> Places(Path("stage")).at("/etc/quantum")
        PosixPath('stage/etc/quantum')
        """
        path = Path(final_path)
        return path if self.prefix is None else self.prefix / path.relative_to("/")

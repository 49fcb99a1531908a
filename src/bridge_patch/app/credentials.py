"""Secrets as systemd hands them over: a file each, in a folder that only the service sees.

A value in a unit's environment can be read by every process of the same user, and is shown
by `systemctl show`. A credential (systemd.exec(5), LoadCredential=) is neither.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from bridge_patch.app.faults import Fault

#: Where systemd says that they are.
FOLDER_NAME: Final = "CREDENTIALS_DIRECTORY"
#: Which setting each of them is.
CREDENTIALS: Final = MappingProxyType(
    {
        "venue_api_key": "VENUE_API_KEY",
        "venue_api_secret": "VENUE_API_SECRET",
        "bus_signing_key": "BUS_SIGNING_KEY",
        "alert_urls": "ALERT_URLS",
    }
)
#: What stands where nothing is stated, as in the env file.
UNSTATED: Final = "none"
_BYTES_MAX: Final = 1 << 16


def read_credentials(folder: Path) -> tuple[Mapping[str, str], tuple[Fault, ...]]:
    """Return the secrets in `folder` by their settings' names, and what cannot be read.

    A file that is not there, or that says `none`, states nothing. One line end behind the
    value is not part of it. No fault shows what a file holds.
    """
    values: dict[str, str] = {}
    faults: list[Fault] = []
    for credential, name in CREDENTIALS.items():
        path = folder / credential
        try:
            with path.open("rb") as file:
                text = file.read(_BYTES_MAX).decode("utf-8")
        except FileNotFoundError:
            continue
        except (OSError, UnicodeDecodeError) as e:
            why = e.strerror if isinstance(e, OSError) else "it is not UTF-8 text"
            faults.append(
                Fault(
                    name=name,
                    expected=f"the credential {credential} to be readable text",
                    found=str(why).lower(),
                    remedy=f"write the secret alone into the file, or {UNSTATED}",
                )
            )
            continue
        if (value := text.removesuffix("\n")) != UNSTATED:
            values[name] = value
    return values, tuple(faults)

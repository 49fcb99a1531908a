"""Which bus a process uses: the file in its state folder, or a server."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, final

from bridge_patch.adapters.bus_url import EMBEDDED, BusUrl, Scheme
from bridge_patch.adapters.signing import SignedLook, signed
from bridge_patch.domain.errors import OutageError

if TYPE_CHECKING:
    from bridge_patch.adapters.bus import StoredBus
    from bridge_patch.adapters.bus_look import Look
    from bridge_patch.adapters.store_sqlite import SqliteFile
    from bridge_patch.app.settings import Settings
    from bridge_patch.domain.secret import Secret
    from bridge_patch.services.ports import Telemetry


@final
@dataclass(frozen=True, slots=True)
class BusAt:
    """Where a bus is."""

    url: BusUrl = EMBEDDED
    ca_file: Path | None = None
    keys: Secret | None = None
    keep: int = 0

    @classmethod
    def of(cls, settings: Settings) -> BusAt:
        """Return where the settings say."""
        return cls(
            settings.bus_url,
            settings.bus_ca_file,
            settings.bus_signing_key,
            settings.bus_keep_entries,
        )

    def open(self, file: SqliteFile, telemetry: Telemetry | None = None) -> StoredBus:
        """Take part in it, signing where there are keys; `file` is for an embedded one."""
        return signed(self._open(file, telemetry), self.keys, telemetry)

    def _open(self, file: SqliteFile, telemetry: Telemetry | None) -> StoredBus:
        from bridge_patch.adapters.bus_retention import unheard  # noqa: PLC0415 - as below

        tell = telemetry.note if telemetry else unheard
        if self.url.is_embedded:
            from bridge_patch.adapters.bus_sqlite import SqliteBus  # noqa: PLC0415 - as below
            from bridge_patch.adapters.system_clock import SystemClock  # noqa: PLC0415

            return SqliteBus(file, SystemClock(), keep=self.keep, tell=tell)
        from bridge_patch.adapters.bus_redis import RedisBus  # noqa: PLC0415 - slow

        return RedisBus(self.url, ca_file=self.ca_file, tell=tell, keep=self.keep)

    def look(self, file: SqliteFile) -> Look:
        """Look at it, checking what is seen where there are keys, and change nothing."""
        look = self._look(file)
        return look if self.keys is None else SignedLook(look, self.keys)

    def _look(self, file: SqliteFile) -> Look:
        if self.url.is_embedded:
            from bridge_patch.adapters.bus_look import BusLook  # noqa: PLC0415 - as below

            return BusLook(file)
        from bridge_patch.adapters.bus_redis_look import RedisLook  # noqa: PLC0415 - slow

        return RedisLook(self.url, ca_file=self.ca_file)

    def look_or_why(self, file: SqliteFile) -> tuple[Look, str]:
        """Look at it; where a server cannot be reached see nothing, and say why."""
        try:
            return self.look(file), ""
        except OutageError as error:
            if self.url.is_embedded:
                raise
            from bridge_patch.adapters.bus_look import Unseen  # noqa: PLC0415 - as above

            return Unseen(), str(error)

    def notes(self, *, in_full: bool) -> tuple[str, ...]:
        """Return what a start tells about a server; `in_full` needs the rights for it."""
        unused = self.ca_file is not None and self.url.scheme is not Scheme.REDISS
        idle = ("BUS_CA_FILE is not used: BUS_URL is not rediss://",) if unused else ()
        if self.url.is_embedded:
            return idle
        from bridge_patch.adapters.bus_redis_oddities import (  # noqa: PLC0415 - slow
            oddities,
        )
        from bridge_patch.adapters.redis_link import RedisLink  # noqa: PLC0415 - slow

        if not in_full:
            return (f"bus: {self.url}", *idle)
        with closing(RedisLink(self.url, self.ca_file)) as link:
            return (f"bus: {'; '.join((str(self.url), *oddities(link)))}", *idle)


#: The bus in the state folder.
AT_HOME: Final = BusAt()

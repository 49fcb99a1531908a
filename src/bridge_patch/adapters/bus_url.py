"""Where the bus is, as `BUS_URL` says it; a password in it is never shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, final
from urllib.parse import SplitResult, unquote, urlsplit

from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.secret import Secret

_PORT: Final = 6379
_PORT_MAX: Final = 65_535
_DATABASE_MAX: Final = 9_999

#: What a person is told to write.
URL_FORMS: Final = (
    "embedded, redis://[user:password@]host[:port][/database], the same with rediss:// for"
    " TLS, or unix://[user:password@]/path/to/socket[?db=number], with the characters"
    " @ : / ? # % of a password written as %40 %3A %2F %3F %23 %25"
)


class Scheme(StrEnum):
    """The ways to a bus."""

    EMBEDDED = "embedded"
    REDIS = "redis"
    REDISS = "rediss"
    UNIX = "unix"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class BusUrl:
    """Where the bus is; `path` is that of a unix socket.

    >>> str(read_bus_url("redis://engine:p%40ss@10.0.0.5"))
    'redis://engine:***@10.0.0.5:6379/0'
    >>> str(read_bus_url("embedded")), str(read_bus_url("unix:///run/redis.sock"))
    ('embedded', 'unix:///run/redis.sock')
    """

    scheme: Scheme
    host: str = ""
    port: int = 0
    path: str = ""
    database: int = 0
    user: str = field(default="", repr=False)
    password: Secret | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether the bus is a file in the state folder, and needs no server."""
        return self.scheme is Scheme.EMBEDDED

    def __str__(self) -> str:
        if self.is_embedded:
            return "embedded"
        # A user alone is shown to nobody: it may be a password that lacks its colon.
        who = f"{self.user}:***@" if self.password else "***@" if self.user else ""
        if self.scheme is Scheme.UNIX:
            number = f"?db={self.database}" if self.database else ""
            return f"unix://{who}{self.path}{number}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.scheme}://{who}{host}:{self.port}/{self.database}"


EMBEDDED: Final = BusUrl(scheme=Scheme.EMBEDDED)


def read_bus_url(text: str) -> BusUrl:
    """Return where the bus is, or raise InvalidValueError, which does not show the text."""
    if text == "embedded":
        return EMBEDDED
    try:
        split = urlsplit(text)
        found = _unix(split) if split.scheme == Scheme.UNIX else _network(split)
    except ValueError:
        msg = f"must be {URL_FORMS}"
        raise InvalidValueError(msg) from None
    if not text.isprintable() or " " in text:
        msg = f"must be {URL_FORMS}"
        raise InvalidValueError(msg)
    return found


def _network(split: SplitResult) -> BusUrl:
    if split.scheme not in {Scheme.REDIS, Scheme.REDISS} or split.query or split.fragment:
        raise ValueError
    if not split.hostname:
        raise ValueError
    port = _PORT if split.port is None else split.port
    if not 0 < port <= _PORT_MAX:
        raise ValueError
    return BusUrl(
        scheme=Scheme(split.scheme),
        host=split.hostname,
        port=port,
        database=_database(split.path.removeprefix("/")),
        user=unquote(split.username or ""),
        password=_password(split),
    )


def _unix(split: SplitResult) -> BusUrl:
    host = split.netloc.rpartition("@")[2]
    if host or not split.path.startswith("/") or split.fragment:
        raise ValueError
    if "@" in split.path:  # what stands before it is a part of a password
        raise ValueError
    name, _, number = split.query.partition("=")
    if split.query and name != "db":
        raise ValueError
    return BusUrl(
        scheme=Scheme.UNIX,
        path=unquote(split.path),
        database=_database(number),
        user=unquote(split.username or ""),
        password=_password(split),
    )


def _database(text: str) -> int:
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or int(text) > _DATABASE_MAX:
        raise ValueError
    return int(text)


def _password(split: SplitResult) -> Secret | None:
    return Secret(unquote(split.password)) if split.password else None

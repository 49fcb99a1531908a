"""What a Redis or Valkey server says when it refuses, and what a person can do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from redis import exceptions

from bridge_patch.adapters.bus_url import BusUrl
from bridge_patch.domain.errors import BrokenPromiseError, OutageError

#: What passes when the server comes back, gets room or becomes a primary again.
_PASSING: Final[tuple[tuple[type[Exception] | str, str], ...]] = (
    (exceptions.BusyLoadingError, "it is reading its data; it will answer soon"),
    (exceptions.ReadOnlyError, "this is a replica: name the primary in BUS_URL"),
    (
        exceptions.OutOfMemoryError,
        "its memory is full: raise maxmemory, or make room; nothing is evicted meanwhile",
    ),
    ("MISCONF", "it cannot write to its disk: look at its log and make room there"),
    ("MASTERDOWN", "its primary is away: bring it back, or name another in BUS_URL"),
    ("NOREPLICAS", "it wants replicas that are away: bring them back"),
    ("MAXCLIENTS", "it has too many clients: raise maxclients, or stop some"),
    ("max number of clients", "it has too many clients: raise maxclients, or stop some"),
)
#: What needs a person.
_STANDING: Final[tuple[tuple[type[Exception] | str, str], ...]] = (
    (
        exceptions.AuthenticationError,
        "correct user and password in BUS_URL (the server may want one at all)",
    ),
    (
        exceptions.NoPermissionError,
        "give this user the rights that docs/bus.md lists for this process",
    ),
    ("NOPERM", "give this user the rights that docs/bus.md lists for this process"),
    ("CROSSSLOT", "a cluster splits the streams: name a server of its own in BUS_URL"),
    ("MOVED", "a cluster splits the streams: name a server of its own in BUS_URL"),
    ("WRONGTYPE", "a key of that name is no stream: rename it, or name another database"),
    ("ERR DB index", "the server has fewer databases: name another in BUS_URL"),
    ("DB index", "the server has fewer databases: name another in BUS_URL"),
    ("ERR unknown command", "it is too old: Redis 7.0 or Valkey 7.2 is the least"),
    ("unknown command", "it is too old: Redis 7.0 or Valkey 7.2 is the least"),
)


def explained(url: BusUrl, error: Exception) -> BrokenPromiseError:
    """Say which server failed, why, and what to do about it; the password is not shown."""
    why = _bounded(str(error)) or type(error).__name__
    for kinds, made in ((_PASSING, OutageError), (_STANDING, BrokenPromiseError)):
        for kind, remedy in kinds:
            if _is(error, kind):
                return made(f"{url}: {why}: {remedy}")
    if isinstance(error, exceptions.InvalidResponse):
        remedy = "it does not answer like Redis: correct host and port in BUS_URL"
        return BrokenPromiseError(f"{url}: {why}: {remedy}")
    if isinstance(error, exceptions.ConnectionError | exceptions.TimeoutError | OSError):
        return OutageError(f"{url}: {why}: {_remedy(url, why)}")
    return BrokenPromiseError(f"{url}: {why}")


@contextmanager
def guarded(url: BusUrl) -> Iterator[None]:
    """Turn the library's errors into ours."""
    try:
        yield
    except (exceptions.RedisError, OSError) as error:
        raise explained(url, error) from error


def _remedy(url: BusUrl, why: str) -> str:
    if "certificate" in why.lower():
        return "name the authority that signed its certificate in BUS_CA_FILE"
    tls = " (with rediss:// that port must speak TLS)"
    return f"start the server, or correct BUS_URL{tls if url.scheme == 'rediss' else ''}"


def _is(error: Exception, kind: type[Exception] | str) -> bool:
    if isinstance(kind, str):
        return str(error).startswith(kind)
    return isinstance(error, kind)


def _bounded(text: str) -> str:
    return " ".join(text.split())[:300].rstrip(". ")

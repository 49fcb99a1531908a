"""What a person should know about a server before it carries intents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from redis.exceptions import ResponseError

from bridge_patch.adapters import streams
from bridge_patch.adapters.bus_redis_look import STREAMS
from bridge_patch.adapters.bus_redis_state import readers_of, state_of
from bridge_patch.adapters.redis_link import RedisLink
from bridge_patch.domain.errors import BrokenPromiseError

_SHOWN: Final = 5


def oddities(link: RedisLink) -> tuple[str, ...]:
    """Return what is odd, each in a few words; a key that is no stream stops the start."""
    kinds = link.calls([("TYPE", stream) for stream in STREAMS])
    for stream, kind in zip(STREAMS, kinds, strict=True):
        if kind not in {b"stream", b"none"}:
            msg = (
                f"{link.url}: {stream} is a {kind.decode()} and must be a stream: rename"
                " it, or name another database"
            )
            raise BrokenPromiseError(msg)
    return (*_server(link), *_unknown(link), *_groups(link))


def _server(link: RedisLink) -> Iterator[str]:
    """Tell what the server may lose."""
    replies = link.tries([("INFO", "persistence"), ("INFO", "memory")])
    said = b"\r\n".join(r for r in replies if not isinstance(r, ResponseError)).decode()
    facts = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
    if facts.get("aof_enabled") == "0":
        yield "the server keeps nothing through a crash: set appendonly yes"
    policy = facts.get("maxmemory_policy", "noeviction")
    if facts.get("maxmemory", "0") != "0" and policy != "noeviction":
        yield f"the server may drop streams ({policy}): set maxmemory-policy noeviction"


def _unknown(link: RedisLink) -> Iterator[str]:
    unknown = sorted(set(readers_of(link)) - set(STREAMS))
    if unknown:
        more = f" and {len(unknown) - _SHOWN} more" if len(unknown) > _SHOWN else ""
        shown = ", ".join(unknown[:_SHOWN])
        yield f"nobody here reads or writes {shown}{more}: look for a misspelt name"


def _groups(link: RedisLink) -> Iterator[str]:
    for stream in STREAMS:
        state, groups = state_of(link, stream)
        names = {group["name"].decode("utf-8", "replace") for group in groups}
        others = sorted(names - {streams.EXECUTION_GROUP})
        if others:
            shown = ", ".join(others[:_SHOWN])
            yield f"{stream} has groups of others ({shown}): what they leave is kept"
        waits = state is not None and int(state["length"])
        if waits and stream == streams.TRADE_INTENT and not names:
            yield f"intents that no execution has ever read: {waits}"

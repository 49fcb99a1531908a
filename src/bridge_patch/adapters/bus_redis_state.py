"""How a stream on a Redis server stands: how far its groups are, and what nobody needs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from redis.exceptions import ResponseError

from bridge_patch.adapters.bus import Depth
from bridge_patch.adapters.redis_entries import entry_id, raw_id
from bridge_patch.adapters.redis_errors import explained
from bridge_patch.adapters.redis_link import RedisLink, pairs

_OURS: Final = "quantum:*"
#: A server with many keys of others is not searched to its end.
_SCANS_MAX: Final = 100
_FEW: Final = 100
_PAGE: Final = 1_000
_PAGES_MAX: Final = 1_000
_NEVER: Final = b"0-0"
#: So much is looked through at once for what is too old.
_OLD_MAX: Final = 16_384


def depth_of(link: RedisLink, stream: str, group: str) -> Depth:
    """Return how far a group is behind; a stream that is not there is an empty one."""
    state, groups = state_of(link, stream)
    if state is None:
        return Depth(last_id="", lag=0, pending=0)
    last = state["last-generated-id"]
    last_id = "" if last == _NEVER else entry_id(last)
    ours = next((g for g in groups if g["name"] == group.encode()), None)
    if ours is None:
        return Depth(last_id=last_id, lag=int(state["length"]), pending=0)
    return Depth(
        last_id=last_id,
        lag=0 if ours["last-delivered-id"] == last else lag_of(link, stream, ours),
        pending=int(ours["pending"]),
    )


def state_of(
    link: RedisLink, stream: str
) -> tuple[dict[str, Any] | None, list[dict[str, Any]]]:
    """Return what the server says about a stream and its groups; None for no stream."""
    replies = link.tries([("XINFO", "STREAM", stream), ("XINFO", "GROUPS", stream)])
    for reply in replies:
        if isinstance(reply, ResponseError):
            if "no such key" in str(reply):
                return None, []
            raise explained(link.url, reply) from reply
    state, groups = replies
    return pairs(state), list(map(pairs, groups))


def readers_of(link: RedisLink) -> dict[str, tuple[str, ...]]:
    """Return every stream that is called as ours are, with the groups of each."""
    found: set[bytes] = set()
    place = b"0"
    for _ in range(_SCANS_MAX):
        scan = ("SCAN", place, "MATCH", _OURS, "COUNT", _PAGE, "TYPE", "stream")
        place, names = link.call(*scan)
        found.update(names)
        if place == b"0":
            break
    told: dict[str, tuple[str, ...]] = {}
    replies = link.tries([("XINFO", "GROUPS", name) for name in sorted(found)])
    for name, reply in zip(sorted(found), replies, strict=True):
        if not isinstance(reply, ResponseError):
            told[_text(name)] = tuple(_text(pairs(group)["name"]) for group in reply)
        elif "no such key" not in str(reply):  # it is gone by now
            raise explained(link.url, reply) from reply
    return told


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")


def lag_of(link: RedisLink, stream: str, group: dict[str, Any]) -> int:
    """Return how many entries no consumer of the group was handed.

    A few are counted here: the server's number has those in it that were deleted before
    they were handed out. More are taken from the server, or counted here up to a million
    where it does not know, as after some deletions.
    """
    counted, place, page = 0, group["last-delivered-id"].decode(), _FEW
    for _ in range(_PAGES_MAX):
        found = link.call("XRANGE", stream, f"({place}", "+", "COUNT", page)
        counted += len(found)
        if len(found) < page:
            break
        if group["lag"] is not None:
            return int(group["lag"])
        place, page = found[-1][0].decode(), _PAGE
    return counted


def floor_of(link: RedisLink, stream: str, keep_ms: int) -> str | None:
    """Return the oldest id that somebody may still want; None where none is known."""
    state, groups = state_of(link, stream)
    if state is None or not groups:
        return None
    seconds, micros = link.call("TIME")
    kept_ms = int(seconds) * 1000 + int(micros) // 1000 - keep_ms
    places = [_place_of(link, stream, group) for group in groups]
    return raw_id(min(*places, entry_id(f"{max(0, kept_ms)}-0".encode())))


def nth_newest_of(link: RedisLink, stream: str, n: int) -> str | None:
    """Return the id of the n-th newest entry; None where there are no more than that.

    An older one where very many are older: what is before it is the oldest of them.
    """
    older = int(link.call("XLEN", stream)) - n
    if older <= 0:
        return None
    oldest = ("XRANGE", stream, "-", "+", "COUNT", min(older, _OLD_MAX) + 1)
    length, page = link.together([("XLEN", stream), oldest]) or (0, ())
    # Both at one moment: another may have deleted some since the first look.
    older = min(int(length) - n, len(page) - 1)
    return page[older][0].decode() if older > 0 else None


def _place_of(link: RedisLink, stream: str, group: dict[str, Any]) -> str:
    """Return the oldest entry that a group has in hand, or else the last it was handed."""
    if int(group["pending"]):
        summary: Sequence[Any] = link.call("XPENDING", stream, group["name"])
        if summary[1] is not None:
            return entry_id(summary[1])
    return entry_id(group["last-delivered-id"])

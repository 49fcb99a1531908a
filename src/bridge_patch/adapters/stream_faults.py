"""What is wrong with who reads which stream, so that nothing may be opened by it."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Final

from bridge_patch.adapters.bus import Readers
from bridge_patch.adapters.streams import ALL, EXECUTION_GROUP, OF_EXECUTION

#: How like one of ours a name must be, to be meant for it: 1 is the same.
_LIKE: Final = 0.93
_SHOWN: Final = 100


def stream_faults(readers: Readers) -> tuple[str, ...]:
    """Return what is wrong, each with its remedy.

    A group that serves two streams has somebody's process acknowledge what is not for it.
    A stream whose name is almost one of ours, and that no group reads, has a writer who
    believes to be heard. Who reads one without a group creates a group to say so.
    """
    return (*_second_streams(readers), *_misspelt(readers))


def _second_streams(readers: Readers) -> Iterator[str]:
    for stream, groups in sorted(readers.items()):
        if EXECUTION_GROUP in groups and stream not in OF_EXECUTION:
            yield (
                f"the group {EXECUTION_GROUP} reads {_short(stream)} too: stop who does,"
                " and remove the group there"
            )


def _misspelt(readers: Readers) -> Iterator[str]:
    for stream, groups in sorted(readers.items()):
        meant = get_close_matches(stream, ALL, n=1, cutoff=_LIKE)
        if stream not in ALL and meant and not groups:
            yield (
                f"nobody reads {_short(stream)}: let its writer write to {meant[0]}, and"
                " delete it; a reader of its own has a group there"
            )


def _short(name: str) -> str:
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"

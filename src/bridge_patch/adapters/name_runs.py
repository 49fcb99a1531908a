"""Sorted runs of names: which entries of a journal a name may be in, eight bytes for each.

A name is sought by a sum of its text. Two names may have the same: so what is found are
entries that may hold it.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections.abc import Iterable
from itertools import pairwise
from typing import Final
from zlib import crc32

NAME_BYTES: Final = 8
_PARTS: Final = 256


def run_of(names: Iterable[tuple[str, int]], run: int) -> list[dict[str, object]]:
    """Return a run: each name's sum, and how far before the run's end its entry is."""
    pairs = sorted([crc32(_raw(name)) << 32 | run - seq for name, seq in names])
    ends = [bisect_left(pairs, part << 56) for part in range(_PARTS + 1)]
    return [
        {"run": run, "part": part, "names": _native(array("Q", pairs[start:end])).tobytes()}
        for part, (start, end) in enumerate(pairwise(ends))
        if start < end
    ]


def part_of(name: str) -> int:
    """Return which part of every run a name is in."""
    return crc32(_raw(name)) * _PARTS >> 32


def numbers_in(parts: Iterable[tuple[int, bytes]], name: str) -> tuple[int, ...]:
    """Return the entries that may hold a name, from its part of each run."""
    key, found = crc32(_raw(name)), set[int]()
    for run, names in parts:
        held = _native(array("Q", bytes(names)))
        place = bisect_left(held, key << 32)
        while place < len(held) and held[place] >> 32 == key:
            found.add(int(run) - (held[place] & 0xFFFF_FFFF))
            place += 1
    return tuple(sorted(found))


def _native(held: array[int]) -> array[int]:
    """Turn numbers from this machine's order of bytes to the table's, or back."""
    if sys.byteorder == "big":
        held.byteswap()
    return held


def _raw(name: str) -> bytes:
    return name.encode(errors="surrogatepass")

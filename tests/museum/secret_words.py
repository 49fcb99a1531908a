"""Secrets made for a test, and the search for any part of them in whatever was written."""

from __future__ import annotations

import base64
import html
import json
import random
import string
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

#: No part of a secret that is as long as this may be told.
PART: Final = 6
#: No hexadecimal digit is among the letters, so that no hash can hold a part by chance.
_KINDS: Final = ("GHJKLMNPQRSTUVWXYZ", "ghjkmnpqrstuvwxyz", string.digits)
_SHOWN: Final = 40


@dataclass(frozen=True)
class Written:
    """Some bytes, and where they were found."""

    where: str
    data: bytes


def made(name: str, *, blocks: int = 12, between: str = "") -> str:
    """Return a secret that looks random, the same one for a name.

    Of any three letters from its beginning one is large, one small, one a digit. What
    stands `between` its blocks are the characters that have to be encoded somewhere.
    """
    chance, parts = random.Random(name), []
    for n in range(blocks):
        block = [chance.choice(kind) for kind in _KINDS]
        chance.shuffle(block)
        parts.append("".join(block) + (between[n] if n < len(between) else ""))
    return "".join(parts)


def forms_of(part: bytes) -> Iterator[bytes]:
    """Yield how a part may be written: as it is, or encoded within a longer text."""
    yield part
    yield part.hex().encode()
    yield part.hex().upper().encode()
    for ahead in range(3):
        whole = base64.b64encode(bytes(ahead) + part)
        # The first characters also depend on what stands ahead, the last on what follows.
        first, last = -(-ahead * 8 // 6), (ahead + len(part)) * 8 // 6
        yield whole[first:last]
        yield whole[first:last].replace(b"+", b"-").replace(b"/", b"_")
    if part.isascii():
        text = part.decode()
        yield quote(text, safe="").encode()
        yield quote(text).encode()
        yield html.escape(text).encode()
        yield json.dumps(text)[1:-1].encode()


@dataclass(frozen=True)
class Secrets:
    """What nobody may be told, by what it is."""

    texts: Mapping[str, bytes]

    @cached_property
    def _parts(self) -> dict[bytes, list[tuple[bytes, str]]]:
        """Every form of every part, by its first six bytes."""
        found: dict[bytes, list[tuple[bytes, str]]] = {}
        for name, text in self.texts.items():
            assert len(text) >= PART, name
            for n in range(len(text) - PART + 1):
                for form in set(forms_of(text[n : n + PART])):
                    found.setdefault(form[:PART], []).append((form, name))
        return found

    def told_in(self, everything: Iterable[Written]) -> list[str]:
        """Return what was told: which secret, where, and what stands around it."""
        wanted = np.array(sorted(_number(first) for first in self._parts), dtype=np.uint64)
        return [told for one in everything for told in self._told(one, wanted)]

    def _told(self, one: Written, wanted: NDArray[np.uint64]) -> Iterator[str]:
        named: set[str] = set()
        for at in _places(one.data, wanted):
            for form, name in self._parts[one.data[at : at + PART]]:
                if name not in named and one.data.startswith(form, at):
                    named.add(name)
                    around = one.data[max(0, at - _SHOWN) : at + len(form) + _SHOWN]
                    yield f"{name} in {one.where}: {around!r}"


def _number(first: bytes) -> int:
    return int.from_bytes(first, "big")


def _places(data: bytes, wanted: NDArray[np.uint64]) -> list[int]:
    """Return where six bytes stand that are wanted."""
    if len(data) < PART:
        return []
    each = np.frombuffer(data, dtype=np.uint8)
    count = len(each) - PART + 1
    numbers = np.zeros(count, dtype=np.uint64)
    for n in range(PART):
        numbers = (numbers << np.uint64(8)) | each[n : n + count]
    nearest = np.minimum(np.searchsorted(wanted, numbers), len(wanted) - 1)
    return [int(at) for at in np.flatnonzero(wanted[nearest] == numbers)]

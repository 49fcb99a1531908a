"""Where a process listens, as the kernel says it."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Final

_LISTEN: Final = "0A"


def addresses_of(pid: int) -> set[tuple[str, int]]:
    """Return every address and port on which a process takes calls, or hears datagrams."""
    mine = set(_sockets_of(pid))
    return {
        (address, port)
        for kind in ("tcp", "tcp6", "udp", "udp6")
        for address, port, inode in _open(kind)
        if inode in mine
    }


def _sockets_of(pid: int) -> Iterator[str]:
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        try:
            name = str(descriptor.readlink())
        except FileNotFoundError:
            continue
        if name.startswith("socket:["):
            yield name.removeprefix("socket:[").removesuffix("]")


def _open(kind: str) -> Iterator[tuple[str, int, str]]:
    """Yield address, port and inode of what listens, or, of datagrams, of what is bound."""
    for line in Path(f"/proc/net/{kind}").read_text(encoding="ascii").splitlines()[1:]:
        words = line.split()
        local, state, inode = words[1], words[3], words[9]
        if state == _LISTEN or kind.startswith("udp"):
            address, _, port = local.partition(":")
            yield _read(address), int(port, 16), inode


def _read(text: str) -> str:
    """Read an address: words of four bytes, each in the machine's own order."""
    words = [int(text[n : n + 8], 16) for n in range(0, len(text), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    family = socket.AF_INET if len(words) == 1 else socket.AF_INET6
    return socket.inet_ntop(family, packed)

"""Who a page on loopback is for: whoever asks for it by a name of this machine.

A browser that was led here by another name (DNS rebinding), or by a page of another origin,
says so in its headers. Programs on this machine say neither.
"""

from __future__ import annotations

from typing import Final

HOST: Final = "127.0.0.1"
_NAMES: Final = frozenset({HOST, "localhost"})


def is_here(host: str) -> bool:
    """Tell whether a Host header names this machine, with a port or without one.

    >>> is_here("localhost:9464"), is_here("127.0.0.1"), is_here("evil.example")
    (True, True, False)
    """
    name, colon, port = host.rpartition(":")
    return (name if colon and port.isdecimal() else host) in _NAMES


def is_of_here(host: str, origin: str) -> bool:
    """Tell whether a request came from no web page, or from one of this very server.

    >>> is_of_here("127.0.0.1:1", ""), is_of_here("127.0.0.1:1", "http://127.0.0.1:1")
    (True, True)
    >>> is_of_here("127.0.0.1:1", "http://127.0.0.1:2"), is_of_here("evil:1", "")
    (False, False)
    """
    return is_here(host) and origin in {"", f"http://{host}"}

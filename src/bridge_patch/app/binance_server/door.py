"""Who is let in: programs of this machine, and to the control surface holders of the key.

A page in a browser can send a plain request to any port of the machine it runs on; it can
set neither the key's header nor hide where it comes from.
"""

from __future__ import annotations

from typing import Final

from bridge_patch.adapters.loopback import is_of_here
from bridge_patch.app.binance_server.errors import Refusal

_FORBIDDEN: Final = 403


def check_caller(host: str, origin: str) -> None:
    """Refuse who came by another name, or was sent by a web page of another origin."""
    if not is_of_here(host, origin):
        words = "only programs of this machine, by 127.0.0.1 or localhost"
        raise Refusal(-1, words, status=_FORBIDDEN)

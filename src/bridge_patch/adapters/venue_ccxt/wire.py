"""What the adapter needs from a connection: one request out, one answer back.

The real one is `client.CcxtWire`; it and ccxt are imported when a venue is opened, and only
then: ccxt alone takes 109 MB.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from importlib import import_module
from typing import Protocol

from bridge_patch.adapters.venue_ccxt.environment import Environment
from bridge_patch.adapters.venue_ccxt.outcome import Answer
from bridge_patch.domain.errors import BridgeError
from bridge_patch.domain.secret import Secret


class MissingExtraError(BridgeError):
    """A part from outside that this venue needs is not installed."""


class Wire(Protocol):
    """Carries requests to one environment, each exactly once."""

    async def send(self, method: str, params: Mapping[str, str]) -> Answer:
        """Make one call by its name in ccxt's implicit API; never raises but to cancel."""
        ...

    def frames(self, path: str) -> AsyncIterator[str]:
        """Connect to a stream of this environment; yield its text frames until it ends.

        Raises OSError or its kin where no connection can be had. The path is a secret.
        """
        ...

    async def close(self) -> None:
        """Let go of every connection."""
        ...


def open_wire(
    environment: Environment, key: Secret, secret: Secret, *, timeout_ms: int
) -> Wire:
    """Return a wire to the environment; MissingExtraError says what has to be installed.

    `timeout_ms` must be longer than the receive window of any request: then a request
    without an answer can no longer be accepted when it is given up.
    """
    try:
        client = import_module("bridge_patch.adapters.venue_ccxt.client")
    except ModuleNotFoundError as e:
        if e.name not in {"aiohttp", "ccxt"}:
            raise
        msg = (
            f"{e.name} is not installed: a real venue needs the extra `exchange`"
            " (pip install 'bridge-patch[exchange]')"
        )
        raise MissingExtraError(msg) from e
    wire: Wire = client.CcxtWire(environment, key, secret, timeout_ms=timeout_ms)
    return wire

"""A simulator that plays the very ticks that we play: on a replay, its time is data time.

The simulator's control surface takes a tick and answers once all it caused is on the
sockets. A mark follows the last of it on the user stream: whoever has heard the mark has
heard everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

import msgspec

from bridge_patch.domain.errors import BridgeError
from bridge_patch.domain.market import Tick
from bridge_patch.domain.secret import Secret

if TYPE_CHECKING:
    from aiohttp import ClientSession

_TIMEOUT_SEC: Final = 10.0
_OK: Final = 200


class PaceError(BridgeError):
    """The simulator did not take a tick."""


class _Played(msgspec.Struct, frozen=True):
    """What the simulator answers; more is of no interest here."""

    events: int


@final
class Pace:
    """Hands ticks to the simulator at `url`, as the holder of its account's key."""

    def __init__(self, url: str, key: Secret) -> None:
        self._url = f"{url}/sim/tick"
        self._key = key
        self._session: ClientSession | None = None

    async def play(self, tick: Tick) -> bool:
        """Let the simulator play a tick; tell whether it caused anything.

        Then, and only then, a mark later than the tick follows on the user stream.
        """
        import aiohttp  # noqa: PLC0415 - an extra

        if self._session is None:
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=_TIMEOUT_SEC),
                headers={"X-MBX-APIKEY": self._key.reveal()},
                trust_env=False,
            )
        try:
            async with self._session.post(self._url, data=_written(tick)) as answer:
                body = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as e:
            msg = f"no simulator answers at {self._url}: {type(e).__name__}"
            raise PaceError(msg) from e
        if answer.status != _OK:
            said = body[:200].decode("utf-8", "replace")
            msg = f"{self._url} did not take the tick of {tick.at_ms}: {said}"
            raise PaceError(msg)
        return msgspec.json.decode(body, type=_Played).events > 0

    async def close(self) -> None:
        """Let go of the connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()


def _written(tick: Tick) -> bytes:
    """Write a tick as the control surface reads it, every number exactly."""
    return msgspec.json.encode(
        {
            "at_ms": tick.at_ms,
            "mark": True,
            "bars": tick.bars,
            "fundings": [
                {"symbol": f.symbol, "at_ms": f.at_ms, "rate": f.rate_fraction}
                for f in tick.fundings
            ],
            "terms": [
                {
                    "symbol": t.symbol,
                    "rate": t.rate_fraction,
                    "interval_ms": t.interval_ms,
                    "at_ms": t.at_ms,
                }
                for t in tick.terms
            ],
        }
    )

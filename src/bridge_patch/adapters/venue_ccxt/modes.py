"""How the account has to be set up before anything is opened: one-way, one asset.

Isolated margin is looked at with the leverage, for each symbol and each entry. Nothing is
ever changed here: positions of other people's may hang on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.calls import MULTI_ASSETS, POSITION_SIDE, Purpose
from bridge_patch.adapters.venue_ccxt.codes import Disposition
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, Refused
from bridge_patch.adapters.venue_ccxt.transport import Transport
from bridge_patch.domain.intent import Unknown

#: The modes are looked at again after this long: nothing tells when one is changed.
MODES_AGE_MAX_MS: Final = 600_000
#: Our own codes.
MODE_WRONG: Final = "ACCOUNT_MODE"
MODE_UNREAD: Final = "ACCOUNT_MODE_UNREAD"


@final
@dataclass(slots=True)
class Modes:
    """The account's modes, as old as they are."""

    transport: Transport
    verified_ms: int | None = None

    def forget(self) -> None:
        """Look again before the next entry."""
        self.verified_ms = None

    async def objection(self) -> Refused | None:
        """Return why this account is not one that entries may use; None where it is."""
        now_ms = self.transport.venue_ms()
        if self.verified_ms is not None and now_ms - self.verified_ms < MODES_AGE_MAX_MS:
            return None
        side = await self.transport.call(POSITION_SIDE, {}, purpose=Purpose.ENTRY)
        if not isinstance(side, Accepted):
            return _unread("position mode", side)
        if side.value.dual_side_position:
            return _wrong("the account is in hedge mode: set one-way mode by hand")
        assets = await self.transport.call(MULTI_ASSETS, {}, purpose=Purpose.ENTRY)
        if not isinstance(assets, Accepted):
            return _unread("margin asset mode", assets)
        if assets.value.multi_assets_margin:
            return _wrong("several assets are one margin: set single-asset mode by hand")
        self.verified_ms = now_ms
        return None


def _wrong(message: str) -> Refused:
    return Refused(code=MODE_WRONG, message=message, disposition=Disposition.CONFIGURATION)


def _unread(what: str, outcome: Refused | Unknown) -> Refused:
    """Return a refusal where a mode could not be read; a refused one keeps its code."""
    if isinstance(outcome, Refused):
        return Refused(
            code=outcome.code,
            message=f"{what}: {outcome.told()}",
            disposition=Disposition.RETRY,
        )
    return Refused(
        code=MODE_UNREAD,
        message=f"{what} could not be read: {outcome.why}",
        disposition=Disposition.RETRY,
    )

"""What a funding settlement takes from a position, or gives it.

    payment = mark notional × rate,    longs pay shorts where the rate is positive

It moves wallet and isolated margin alike, so the liquidation price moves with it. A
position pays with its own margin and with nothing else: what that cannot cover, the venue's
insurance does, and the prices that follow liquidate what is left.
"""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.domain.intent import UnixMs
from bridge_patch.domain.market import Funding
from bridge_patch.domain.money import ZERO
from bridge_patch.domain.venue_events import Book, FundingPaid
from bridge_patch.sim.costs import usd_down, usd_up
from bridge_patch.sim.ledger import Ledger

_NEVER = UnixMs(-1)


def decide_funding(
    ledger: Ledger, funding: Funding, *, book: Book, mark_usd: Decimal
) -> FundingPaid | None:
    """Return what the symbol's position pays (negative) or receives; None for nothing.

    Only a position that was open before the settlement is part of it, and only once: a
    settlement that is played again after a restart changes nothing.
    """
    symbol, at_ms = funding.symbol, funding.at_ms
    position = ledger.positions.get(symbol)
    if position is None or position.opened_ms >= at_ms:
        return None
    if ledger.funded_ms.get(symbol, _NEVER) >= at_ms:
        return None
    flow = -position.side.sign * position.notional_usd(mark_usd) * funding.rate_fraction
    if flow < 0:
        flow = -min(usd_up(-flow), max(position.margin_usd, ZERO))
    else:
        flow = usd_down(flow)
    if flow == 0:
        return None
    return FundingPaid(
        book=book,
        at_ms=at_ms,
        symbol=symbol,
        amount_usd=flow,
        rate_fraction=funding.rate_fraction,
    )

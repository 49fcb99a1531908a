"""What is open in another sense: orders in doubt, and what the venue states otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from bridge_patch.adapters.lines.text import exact
from bridge_patch.app.screen import cell, span, table
from bridge_patch.app.status.view import DifferenceView, DoubtView


def doubts_table(doubts: Sequence[DoubtView]) -> Table | None:
    """Return the orders whose fate is not known, if there are any."""
    if not doubts:
        return None
    names = ("order in doubt", "symbol", "side", "leg", "quantity", "state", "for")
    made = table(*names, "reserved USD", "intent")
    for one in doubts:
        reserved = one.reserved_notional_usd
        texts = (
            one.order_id,
            one.symbol,
            one.side,
            one.leg,
            exact(one.quantity_base),
            one.state,
            span(one.age_ms),
            f"{reserved:.2f}" if reserved else "–",
            one.intent_id,
        )
        made.add_row(*(cell(text) for text in texts))
    return made


def differences_table(differences: Sequence[DifferenceView]) -> Table | None:
    """Return what the venue states otherwise than the journal, if there is anything."""
    if not differences:
        return None
    made = table("differs", "symbol", "the journal says", "the venue says", "for")
    for one in differences:
        texts = (one.kind, one.symbol or "–", one.ours, one.theirs, span(one.age_ms))
        made.add_row(*(cell(text) for text in texts))
    return made

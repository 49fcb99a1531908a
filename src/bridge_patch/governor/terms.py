"""What an order would say: the permitted proposal in the venue's own units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.intent import Proposal, StopDistance, Unknown
from bridge_patch.domain.money import Margin, Notional, Price, Quantity
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.ruling import Refused, refusal
from bridge_patch.governor.votes import Case


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The numbers of a live order: a record, like the ruling they come from.

    `quantity` is cut down to the venue's step and is what is ordered; `notional` is that
    quantity at the mark it was judged at; `leverage` is the whole number set at the venue.
    """

    margin: Margin
    leverage: int
    quantity: Quantity
    notional: Notional
    stop: StopDistance


def terms_of(case: Case, proposal: Proposal) -> Terms | Refused:
    """State the order a live case was permitted as; without a quantity there is none."""
    mark, instrument = case.snapshot.mark, case.snapshot.instrument
    if isinstance(case.stop, Unknown):
        return refusal(Reason.STOP_UNKNOWN, case.stop.why)
    if isinstance(mark, Unknown) or isinstance(instrument, Unknown):
        return refusal(Reason.SNAPSHOT_INCOMPLETE, "no mark or no trading rules")
    try:
        with exactly():
            price = Price(mark.value)
            quantity = Quantity(
                instrument.quantity_of(proposal.margin * proposal.leverage, price)
            )
            return Terms(
                margin=proposal.margin,
                leverage=int(proposal.leverage.times),
                quantity=quantity,
                notional=quantity * price,
                stop=case.stop,
            )
    except (ArithmeticError, ValueError) as e:
        return refusal(Reason.QUANTITY_BELOW_MIN, f"no quantity can be ordered: {e}")

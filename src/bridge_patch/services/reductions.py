"""Judges a reduction, and where it moves a stop, whether that one risks less.

The Governor knows the position; what stands or should stand around it is known here.
"""

from __future__ import annotations

from decimal import Decimal

from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import ReduceIntent, Unknown
from bridge_patch.domain.position import MayBeOpen, Position
from bridge_patch.governor.judge import ApprovedReduction, judge_reduction
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.ruling import Refused, refusal
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.levels import hard_stop


def in_book(
    intent: ReduceIntent,
    position: Position | MayBeOpen | None,
    instrument: Instrument | Unknown,
    stop_usd: Decimal | None,
) -> ApprovedReduction | Refused:
    """Ask the Governor; a stop that risks no less than the present one is no reduction."""
    verdict = judge_reduction(intent, position, instrument)
    if isinstance(verdict, Refused) or verdict.stop_at is None or stop_usd is None:
        return verdict
    level, sign = verdict.stop_at.usd, -verdict.side.sign
    if sign * (level - stop_usd) > 0:
        return verdict
    detail = f"a stop at {level} risks no less than the one at {stop_usd}"
    return refusal(Reason.REDUCE_WRONG_SIDE, detail)


def at_venue(
    intent: ReduceIntent,
    position: Position | MayBeOpen | None,
    ledger: Ledger,
    instrument: Instrument | Unknown,
) -> ApprovedReduction | Refused:
    """Judge likewise; where no stop stands, by the one the position was sized for.

    A looser one may lie behind liquidation, and would count as protection.
    """
    stop_usd = ledger.stop_price_usd(intent.symbol)
    verdict = in_book(intent, position, instrument, stop_usd)
    if isinstance(verdict, Refused) or verdict.stop_at is None or stop_usd is not None:
        return verdict
    level, hard = verdict.stop_at.usd, None
    if isinstance(position, Position):
        hard = hard_stop(position, ledger.plans.get(intent.symbol), instrument)
    if hard is None:
        detail = f"a stop at {level}, and no level is known that it could be held against"
        return refusal(Reason.REDUCE_WRONG_SIDE, detail)
    if -verdict.side.sign * (level - hard.usd) >= 0:
        return verdict
    detail = f"a stop at {level} risks more than {hard.usd}, that it was sized for"
    return refusal(Reason.REDUCE_WRONG_SIDE, detail)

"""The one place that can allow an order: the only mint of an approval."""

from __future__ import annotations

from dataclasses import InitVar, dataclass, field
from typing import Final, NoReturn, final

from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.errors import BrokenPromiseError
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import (
    IntentId,
    LiveIntent,
    Mode,
    ReduceIntent,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.money import Margin, Notional, Price, Quantity
from bridge_patch.domain.position import MayBeOpen, Position
from bridge_patch.governor.case import case_of
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.ruling import Permitted, Refused, refusal
from bridge_patch.governor.snapshot import RiskSnapshot
from bridge_patch.governor.terms import terms_of
from bridge_patch.governor.weigh import weigh

_MINT: Final = object()


def _check_mint(mint: object) -> None:
    if mint is not _MINT:
        msg = "only bridge_patch.governor.judge approves an order"
        raise TypeError(msg)


class _Capability:
    """What cannot be copied, pickled or decoded, so it never outlives the process."""

    __slots__ = ()

    def __reduce__(self) -> NoReturn:
        msg = "an approval is not data"
        raise TypeError(msg)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(_Capability):
    """Leave to place exactly this market order, once. Only `judge` makes one.

    `quantity` is cut down to the venue's step and is what is ordered; `notional` is that
    quantity at the mark it was judged at; `leverage` is the whole number set at the venue.
    """

    intent_id: IntentId
    symbol: Symbol
    side: Side
    margin: Margin
    leverage: int
    quantity: Quantity
    notional: Notional
    stop: StopDistance
    ruling: Permitted
    mint: InitVar[object]
    _left: list[None] = field(
        default_factory=lambda: [None], init=False, repr=False, compare=False
    )

    def __post_init__(self, mint: object) -> None:
        _check_mint(mint)

    def spend(self) -> None:
        """Use it up; BrokenPromiseError where it has been. The order leaves after this."""
        if not self._left:
            msg = f"an approval is good for one order, and {self.intent_id} had its own"
            raise BrokenPromiseError(msg)
        self._left.clear()


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovedReduction(_Capability):
    """Leave to shrink a position by at most `quantity`. Only `judge_reduction` makes one.

    Without `stop_at` it is sent at market now; with it, it rests as a close-all stop.
    """

    intent_id: IntentId
    symbol: Symbol
    side: Side
    quantity: Quantity
    stop_at: Price | None
    mint: InitVar[object]

    def __post_init__(self, mint: object) -> None:
        _check_mint(mint)


def judge(
    intent: LiveIntent, snapshot: RiskSnapshot, limits: Limits, now_ms: UnixMs
) -> Approved | Refused:
    """Allow the order or say why not. A shadow intent does not type-check here."""
    entry = intent.entry
    case = case_of(entry, mode=Mode.LIVE, snapshot=snapshot, limits=limits, now_ms=now_ms)
    if isinstance(case, Refused):
        return case
    ruling = weigh(case)
    if isinstance(ruling, Refused):
        return ruling
    terms = terms_of(case, ruling.proposal)
    if isinstance(terms, Refused):
        return terms
    return Approved(
        intent_id=entry.id,
        symbol=entry.symbol,
        side=entry.side,
        margin=terms.margin,
        leverage=terms.leverage,
        quantity=terms.quantity,
        notional=terms.notional,
        stop=terms.stop,
        ruling=ruling,
        mint=_MINT,
    )


def judge_reduction(
    intent: ReduceIntent,
    position: Position | MayBeOpen | Unknown | None,
    instrument: Instrument | Unknown,
) -> ApprovedReduction | Refused:
    """Allow a reduction of what is open, and never more than that.

    `position` is ours; None is flat, whatever others hold there. No limit, state, age or
    reading other than the position itself can refuse: only what would open, enlarge or flip
    is refused. What may be open is closed as if it were, and the venue decides; a stop
    waits until it is known, for it would outlive the answer.
    """
    if position is None:
        return refusal(
            Reason.NOTHING_TO_REDUCE, f"no position of ours is open on {intent.symbol}"
        )
    if isinstance(position, Unknown):
        return refusal(Reason.POSITION_UNKNOWN, position.why)
    open_base = position.signed_base
    if position.symbol != intent.symbol or not open_base.is_finite() or open_base == 0:
        detail = f"{position.symbol} {open_base} was read for {intent.symbol}"
        return refusal(Reason.POSITION_UNKNOWN, detail)
    if isinstance(position, MayBeOpen) and intent.stop_at is not None:
        detail = f"{position.side} {open_base} is in doubt: no stop before it is known"
        return refusal(Reason.POSITION_UNKNOWN, detail)
    side = position.side.opposite
    if intent.side not in (None, side):
        detail = f"{intent.side} would enlarge a {position.side}"
        return refusal(Reason.REDUCE_WRONG_SIDE, detail)
    return ApprovedReduction(
        intent_id=intent.id,
        symbol=intent.symbol,
        side=side,
        quantity=_reducible(intent, position, instrument),
        stop_at=intent.stop_at,
        mint=_MINT,
    )


def _reducible(
    intent: ReduceIntent, position: Position | MayBeOpen, instrument: Instrument | Unknown
) -> Quantity:
    """Return what is closed: all of it where a part would leave or be dust.

    Trading rules that are unknown or do not compute cannot keep a position open.
    """
    whole = Quantity(position.quantity_base)
    if intent.quantity is None or intent.stop_at is not None:
        return whole
    wanted = min(intent.quantity, whole)
    if isinstance(instrument, Unknown) or instrument.symbol != intent.symbol:
        return wanted
    try:
        with exactly():
            part = instrument.reducible(whole.base, wanted.base)
            return min(Quantity(part), whole)
    except (ArithmeticError, ValueError):
        return wanted

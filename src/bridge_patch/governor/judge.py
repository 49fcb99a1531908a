"""The one place that can allow an order: the only mint of an approval."""

from __future__ import annotations

from dataclasses import InitVar, dataclass
from typing import Final, NoReturn, assert_never, final

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
from bridge_patch.domain.position import Position
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.snapshot import RiskSnapshot
from bridge_patch.governor.weigh import Finding, Permitted, Refused, case_of, weigh

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
    """Leave to place exactly this market order. Only `judge` makes one.

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

    def __post_init__(self, mint: object) -> None:
        _check_mint(mint)


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
    match ruling:
        case Permitted(proposal=proposal):
            pass
        case Refused():
            return ruling
        case unreachable:
            assert_never(unreachable)
    mark, instrument = snapshot.mark, snapshot.instrument
    if isinstance(mark, Unknown) or isinstance(instrument, Unknown):
        return _no(Reason.SNAPSHOT_INCOMPLETE, "no mark or no trading rules")
    if isinstance(entry.stop, Unknown):
        return _no(Reason.STOP_UNKNOWN, entry.stop.why)
    price = Price(mark.value)
    quantity = Quantity(instrument.quantity_of(proposal.margin * proposal.leverage, price))
    return Approved(
        intent_id=entry.id,
        symbol=entry.symbol,
        side=entry.side,
        margin=proposal.margin,
        leverage=int(proposal.leverage.times),
        quantity=quantity,
        notional=quantity * price,
        stop=entry.stop,
        ruling=ruling,
        mint=_MINT,
    )


def judge_reduction(
    intent: ReduceIntent,
    position: Position | Unknown | None,
    instrument: Instrument | Unknown,
) -> ApprovedReduction | Refused:
    """Allow a reduction of what is open, and never more than that.

    `position` None is flat. No limit, state, age or reading other than the position itself
    can refuse: only what would open, enlarge or flip is refused.
    """
    if isinstance(position, Unknown):
        return _no(Reason.POSITION_UNKNOWN, position.why)
    if position is None:
        return _no(Reason.NOTHING_TO_REDUCE, f"{intent.symbol} is flat")
    side = position.side.opposite
    if intent.side not in (None, side):
        return _no(
            Reason.REDUCE_WRONG_SIDE, f"{intent.side} would enlarge a {position.side}"
        )
    return ApprovedReduction(
        intent_id=intent.id,
        symbol=intent.symbol,
        side=side,
        quantity=_reducible(intent, position, instrument),
        stop_at=intent.stop_at,
        mint=_MINT,
    )


def _reducible(
    intent: ReduceIntent, position: Position, instrument: Instrument | Unknown
) -> Quantity:
    """Return what is closed: all of it where a part would leave or be dust."""
    whole = Quantity(position.quantity_base)
    if intent.quantity is None or intent.stop_at is not None:
        return whole
    if isinstance(instrument, Unknown):
        return min(intent.quantity, whole)
    return Quantity(instrument.reducible(position.quantity_base, intent.quantity.base))


def _no(reason: Reason, detail: str) -> Refused:
    return Refused(findings=(Finding("judge", reason, detail),))

"""What `positions` says of each open position, every part a value; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.app.in_force import in_force, number
from bridge_patch.app.status.open_fold import Behind, OpenFold
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import Book
from bridge_patch.domain.harvest import POLICY_FALLBACK, HarvestPolicy
from bridge_patch.domain.intent import IntentId, Symbol, UnixMs
from bridge_patch.domain.money import HUNDRED, ONE
from bridge_patch.domain.position import Position
from bridge_patch.domain.reconcile_events import DifferenceKind
from bridge_patch.policy.harvesting import Track, track_of

PARTIAL: Final = "partial"
BREAK_EVEN: Final = "break-even"
_FOREIGN: Final = frozenset(
    {
        DifferenceKind.POSITION_EXTRA,
        DifferenceKind.POSITION_SIDE,
        DifferenceKind.POSITION_MORE,
    }
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class TargetView:
    """A price at which the policy does something, in USD, and whether it has been done."""

    name: str
    price_usd: Decimal
    done: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class OpenView:
    """An open position and what it would come to, in USD, if it were closed now.

    `stop_price_usd` None is NAKED, for `naked_ms`. The trail is where the stop would go; it
    closes nothing while it is not active. `last_price_usd` is the newest that the journal
    has, of `priced_ms`. `net_usd` is the open gain and what closed parts realised, less the
    fees paid and the expected cost of the exit, with funding.
    """

    book: Book
    symbol: Symbol
    side: str
    quantity_base: Decimal
    first_base: Decimal
    entry_price_usd: Decimal
    last_price_usd: Decimal
    priced_ms: UnixMs
    stop_price_usd: Decimal | None
    naked_ms: int | None
    trail_price_usd: Decimal | None
    trail_active: bool
    targets: tuple[TargetView, ...]
    mode: str
    hold_left_ms: int
    opened_ms: UnixMs
    age_ms: int
    margin_usd: Decimal
    open_gain_usd: Decimal
    realised_usd: Decimal
    fees_usd: Decimal
    funding_usd: Decimal
    exit_cost_usd: Decimal
    net_usd: Decimal
    intent_id: IntentId
    opened_by: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignView:
    """What the venue states that is not ours: found by comparing, and left alone."""

    symbol: Symbol
    ours: str
    theirs: str
    since_ms: UnixMs


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class PositionsView:
    """Everything that is open; `data_ms` is the newest data time of the journal."""

    data_ms: UnixMs
    positions: tuple[OpenView, ...]
    not_ours: tuple[ForeignView, ...]


def positions_view(
    fold: OpenFold, *, books: Collection[Book], opened_by: Mapping[IntentId, str]
) -> PositionsView:
    """State what is open in these books, and what is open at the venue beside it."""
    return PositionsView(
        data_ms=fold.status.data_ms,
        positions=tuple(_opened(fold, books, opened_by)),
        not_ours=tuple(
            ForeignView(
                symbol=found.difference.symbol,
                ours=found.difference.ours,
                theirs=found.difference.theirs,
                since_ms=found.at_ms,
            )
            for found in fold.status.differences.values()
            if found.difference.kind in _FOREIGN and found.difference.symbol
        ),
    )


def _opened(
    fold: OpenFold, books: Collection[Book], opened_by: Mapping[IntentId, str]
) -> Iterator[OpenView]:
    run = fold.status.run
    settings = in_force(run.limits) if run else {}
    cost_pct = number(settings, "TAKER_FEE_PCT") + number(settings, "SLIPPAGE_PCT")
    for book in Book:
        held = fold.status.book(book).holdings
        for symbol, position in sorted(held.positions.items() if book in books else ()):
            behind = fold.behind.get((book, symbol)) or Behind(policy=POLICY_FALLBACK)
            last_usd, stop_usd = held.price_usd(symbol), held.stop_price_usd(symbol)
            track = _track(position, behind.policy, stop_usd)
            gain_usd = position.unrealised_usd(last_usd)
            exit_cost_usd = position.notional_usd(last_usd) * cost_pct / HUNDRED
            age_ms = fold.status.data_ms - position.opened_ms
            naked_ms = fold.naked_since.get((book, symbol))
            intent_id = held.opened_by[symbol]
            yield OpenView(
                book=book,
                symbol=symbol,
                side=position.side,
                quantity_base=position.quantity_base,
                first_base=position.first_base,
                entry_price_usd=position.entry_price_usd,
                last_price_usd=last_usd,
                priced_ms=fold.priced_ms[book, symbol],
                stop_price_usd=stop_usd,
                naked_ms=None if naked_ms is None else fold.status.data_ms - naked_ms,
                trail_price_usd=_trail_usd(track),
                trail_active=track is not None and track.trailing,
                targets=_targets(position, behind.policy, stop_usd),
                mode=behind.policy.mode,
                hold_left_ms=behind.policy.hold_max_sec * 1000 - age_ms,
                opened_ms=position.opened_ms,
                age_ms=age_ms,
                margin_usd=position.margin_usd,
                open_gain_usd=gain_usd,
                realised_usd=behind.realised_usd,
                fees_usd=behind.fees_usd,
                funding_usd=behind.funding_usd,
                exit_cost_usd=exit_cost_usd,
                net_usd=gain_usd
                + behind.realised_usd
                + behind.funding_usd
                - behind.fees_usd
                - exit_cost_usd,
                intent_id=intent_id,
                opened_by=opened_by.get(intent_id, ""),
            )


def _track(
    position: Position, policy: HarvestPolicy, stop_usd: Decimal | None
) -> Track | None:
    """Return the position as the exit brain would see it after a restart."""
    try:
        return track_of(
            side=position.side,
            entry_price_usd=position.entry_price_usd,
            first_base=position.first_base,
            open_base=position.quantity_base,
            opened_ms=position.opened_ms,
            policy=policy,
            stop_price_usd=stop_usd,
        )
    except InvalidValueError:
        return None


def _trail_usd(track: Track | None) -> Decimal | None:
    """Return where the trail ends it, as far as a journal tells, which holds no bars.

    That is the trail from the entry, or the stop where the trail has pulled it nearer.
    """
    if track is None:
        return None
    level, stop = track.trail_price_usd, track.stop_price_usd
    pulled = stop is not None and track.side.sign * (stop - level) > 0
    return stop if pulled and track.trailing else level


def _targets(
    position: Position, policy: HarvestPolicy, stop_usd: Decimal | None
) -> tuple[TargetView, ...]:
    entry_usd, sign = position.entry_price_usd, position.side.sign

    def at(name: str, trigger_pct: Decimal, *, done: bool) -> TargetView:
        price_usd = entry_usd * (ONE + sign * trigger_pct / HUNDRED)
        return TargetView(name=name, price_usd=price_usd, done=done)

    found = []
    if policy.partial_close_fraction > 0:
        part = position.quantity_base < position.first_base
        found.append(at(PARTIAL, policy.partial_trigger_pct, done=part))
    break_even_pct = policy.break_even_trigger_pct
    if break_even_pct > 0:
        pays = stop_usd is not None and sign * (stop_usd - entry_usd) >= 0
        found.append(at(BREAK_EVEN, break_even_pct, done=pays))
    return tuple(found)

"""Checks of the symbols: listed, trading, filters, and how much leverage there is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.inspection import Inspection, Outcome
from bridge_patch.adapters.venue_ccxt.inspection_calls import BracketReply, SymbolBrackets
from bridge_patch.adapters.venue_ccxt.outcome import Accepted
from bridge_patch.adapters.venue_ccxt.replies import (
    ExchangeInfo,
    Income,
    SymbolConfig,
)
from bridge_patch.adapters.venue_ccxt.rules import SymbolRules, bounds_of, rules_of
from bridge_patch.app.doctor.finding import Finding, fault, unread, well
from bridge_patch.app.doctor.remedies import remedy_of
from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Symbol, Unknown

#: What an account younger than 60 days may have.
YOUNG_LEVERAGE_MAX: Final = 20
_TRADING: Final = "TRADING"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What the settings want to trade: our own row of each symbol, or that there is none.

    `leverage_max` is AI_MAX_LEVERAGE, `notional_max_usd` the most of one position.
    """

    instruments: Mapping[Symbol, Instrument | Unknown]
    leverage_max: int
    notional_max_usd: Decimal

    @property
    def symbols(self) -> tuple[Symbol, ...]:
        """The symbols, in their order."""
        return tuple(self.instruments)


def check_symbols(seen: Inspection, wanted: Wanted) -> Iterator[Finding]:
    """Check every symbol, then the account's leverage."""
    yield from check_filters(seen.info, wanted)
    yield from check_brackets(seen.brackets, wanted)
    yield check_age(seen.symbols, seen.bookings, wanted)


def check_filters(info: Outcome[ExchangeInfo], wanted: Wanted) -> Iterator[Finding]:
    """Tell of each symbol whether it trades, and whether what fits our table fits there."""
    if not isinstance(info, Accepted):
        yield unread("symbols", info)
        return
    listed = {each.symbol: each for each in info.value.symbols}
    for symbol, ours in wanted.instruments.items():
        check = f"symbol {symbol}"
        theirs = listed.get(symbol)
        if theirs is None:
            yield fault(check, "not listed at the exchange", remedy_of("UNLISTED"))
        elif isinstance(ours, Unknown):
            yield fault(check, ours.why, remedy_of("UNLISTED"))
        elif theirs.status != _TRADING:
            yield fault(check, f"its status is {theirs.status}", remedy_of("HALTED"))
        elif stricter := tuple(stricter_filters(rules_of(theirs), ours)):
            yield fault(check, "; ".join(stricter), remedy_of("FILTERS"))
        else:
            yield well(check, "trading; every order that fits our table fits there")


def stricter_filters(theirs: SymbolRules, ours: Instrument) -> Iterator[str]:
    """Yield what the exchange asks that our table does not."""
    with exactly():
        if theirs.tick > 0 and ours.price_tick % theirs.tick:
            yield f"tick {theirs.tick}, ours is {ours.price_tick}"
        for lot in theirs.lots:
            least, most, step = bounds_of(lot)
            if step > 0 and ours.quantity_step % step:
                yield f"{lot.filter_type} step {step}, ours is {ours.quantity_step}"
            if ours.quantity_min < least:
                yield f"{lot.filter_type} from {least}, ours from {ours.quantity_min}"
            if ours.quantity_max > most:
                yield f"{lot.filter_type} to {most}, ours to {ours.quantity_max}"
        if ours.notional_min < theirs.notional_min:
            yield f"notional from {theirs.notional_min}, ours from {ours.notional_min}"
    if not theirs.lots:
        yield "no lot size is stated"


def check_brackets(
    brackets: Outcome[list[SymbolBrackets]], wanted: Wanted
) -> Iterator[Finding]:
    """Hold the account's leverage tiers against ours, as far as a position may grow."""
    if not isinstance(brackets, Accepted):
        yield unread("brackets", brackets)
        return
    listed = {each.symbol: each for each in brackets.value}
    for symbol, ours in wanted.instruments.items():
        if isinstance(ours, Unknown):
            continue  # said with the filters
        check, theirs = f"leverage {symbol}", listed.get(symbol)
        if theirs is None or not theirs.brackets:
            yield fault(check, "no leverage tiers are stated", remedy_of("UNLISTED"))
        else:
            yield _bracketed(check, theirs, ours, wanted)


def _bracketed(
    check: str, theirs: SymbolBrackets, ours: Instrument, wanted: Wanted
) -> Finding:
    for notional in _edges(theirs, ours, wanted.notional_max_usd):
        tier, own = tier_at(theirs, notional), ours.bracket_at(notional)
        asked = min(wanted.leverage_max, own.leverage_max)
        if tier is None or tier.initial_leverage < asked:
            allowed = f"{tier.initial_leverage}x at most" if tier else "nothing"
            found = f"{allowed} at {notional:f} USD, and {asked}x may be asked for"
            return fault(check, found, remedy_of("BRACKET"))
        theirs_mmr = tier.maint_margin_ratio
        if theirs_mmr > own.mmr:
            found = f"maintenance {theirs_mmr} at {notional:f} USD, ours is {own.mmr}"
            return fault(check, found, remedy_of("MARGIN_RATE"))
    most = max(tier.initial_leverage for tier in theirs.brackets)
    used = min(wanted.leverage_max, ours.brackets[0].leverage_max)
    return well(check, f"up to {most}x; {used}x is the most that is asked for")


def _edges(theirs: SymbolBrackets, ours: Instrument, most: Decimal) -> Iterator[Decimal]:
    """Yield notionals that stand for all up to the most: a tier ends at its cap."""
    caps = {_cap(theirs, tier) for tier in theirs.brackets}
    caps |= {tier.notional_cap for tier in ours.brackets}
    yield from sorted(cap for cap in caps if cap < most)
    yield most


def tier_at(theirs: SymbolBrackets, notional_usd: Decimal) -> BracketReply | None:
    """Return the exchange's tier of a notional; None where none goes so far."""
    tiers = sorted(theirs.brackets, key=lambda tier: tier.notional_cap)
    return next((tier for tier in tiers if notional_usd <= _cap(theirs, tier)), None)


def _cap(theirs: SymbolBrackets, tier: BracketReply) -> Decimal:
    """Return where a tier ends; a factor that would widen it is not believed."""
    factor = theirs.notional_coef
    return tier.notional_cap * factor if factor and factor < 1 else tier.notional_cap


def check_age(
    configs: Outcome[list[SymbolConfig]],
    bookings: Outcome[list[Income]],
    wanted: Wanted,
) -> Finding:
    """Look for a sign that the account may go beyond the 20x of a young one.

    No reading tells an account's age. A symbol that stands above 20x shows that it was
    allowed, and a booking older than 60 days that the account is older.
    """
    check, least = "leverage of the account", YOUNG_LEVERAGE_MAX
    if wanted.leverage_max <= least:
        return well(
            check, f"AI_MAX_LEVERAGE {wanted.leverage_max} is open to every account"
        )
    if not isinstance(configs, Accepted):
        return unread(check, configs)
    if not isinstance(bookings, Accepted):
        return unread(check, bookings)
    high = max(configs.value, key=lambda config: config.leverage, default=None)
    if high is not None and high.leverage > least:
        return well(check, f"more than {least}x: {high.symbol} stands at {high.leverage}x")
    if bookings.value:
        return well(check, f"more than {least}x: it has bookings older than 60 days")
    found = (
        f"nothing shows more than {least}x, and AI_MAX_LEVERAGE is {wanted.leverage_max}"
    )
    return fault(check, found, remedy_of("YOUNG"))

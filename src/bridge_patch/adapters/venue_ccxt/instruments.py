"""The contracts as the venue itself states them: its filters, and this account's brackets.

Rules are read in the background and come into force when they are adopted: whoever adopts
them journals what is new first, so that no verdict goes by rules that the journal lacks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Final, final

from bridge_patch.adapters.venue_ccxt.calls import BRACKETS, Purpose
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, Refused
from bridge_patch.adapters.venue_ccxt.replies import SymbolBrackets, SymbolInfo, Tier
from bridge_patch.adapters.venue_ccxt.rules import Rules, SymbolRules, bounds_of, rules_of
from bridge_patch.adapters.venue_ccxt.transport import Transport
from bridge_patch.domain.arithmetic import exactly
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.instrument import Bracket, Instrument
from bridge_patch.domain.intent import Symbol, UnixMs, Unknown
from bridge_patch.domain.money import ONE
from bridge_patch.services.ports import Instruments

#: What is older than this is read again.
INSTRUMENTS_AGE_MAX_MS: Final = 3_600_000
#: A reading that failed is tried again after this long.
AGAIN_MS: Final = 60_000
_NEVER: Final = UnixMs(0)


@final
@dataclass(frozen=True, slots=True)
class _Table:
    """One reading: every contract's rules, and why some may not be entered by them.

    `listed` are all names that the venue knows, those of no interest among them.
    """

    read_ms: UnixMs = _NEVER
    rules: Mapping[Symbol, Instrument] = field(default_factory=dict)
    whys: Mapping[Symbol, str] = field(default_factory=dict)
    listed: frozenset[str] = frozenset()


@final
@dataclass(slots=True)
class VenueInstruments:
    """The rules of `symbols`, for entries: what does not trade is Unknown, with the reason.

    What shrinks goes by `lasting`.
    """

    transport: Transport
    rules: Rules
    symbols: Sequence[Symbol]
    _why: str = "they were not read yet"
    _tried_ms: int | None = None
    _read: _Table | None = None
    _table: _Table = field(default_factory=_Table)
    _last: dict[Symbol, Instrument] = field(default_factory=dict)

    def find(self, symbol: Symbol) -> Instrument | Unknown:
        if self._table.read_ms == _NEVER:
            return Unknown(f"the venue's trading rules: {self._why}")
        why = self._table.whys.get(symbol, "")
        if why:
            return Unknown(why)
        if symbol in self._table.rules:
            return self._table.rules[symbol]
        listed = symbol in self._table.listed
        said = "none of the symbols of this run" if listed else "not a listed contract"
        return Unknown(f"{symbol} is {said}")

    def read_ms(self, now_ms: UnixMs) -> UnixMs:  # noqa: ARG002 - the port's signature
        """Return when the rules in force were asked for; long ago if they never were."""
        return self._table.read_ms

    def lasting(self, beside: Instruments) -> Instruments:
        """Return the last rules known of each contract, whether or not it trades now.

        Of one that the venue never stated, `beside` knows.
        """
        return LastingInstruments(self._last, beside)

    def adopt(self) -> tuple[Instrument, ...]:
        """Put what was read last into force; return what of it is new or has changed."""
        read, self._read = self._read, None
        if read is None:
            return ()
        before, self._table = self._table, read
        self._last.update(read.rules)
        return tuple(
            one for symbol, one in read.rules.items() if before.rules.get(symbol) != one
        )

    async def keep(self) -> None:
        """Read the rules again where that is due."""
        now_ms = self.transport.now_ms()
        newest_ms = (self._read or self._table).read_ms
        tried_ago_ms = AGAIN_MS if self._tried_ms is None else now_ms - self._tried_ms
        fresh = newest_ms != _NEVER and 0 <= now_ms - newest_ms < INSTRUMENTS_AGE_MAX_MS
        if not fresh and not 0 <= tried_ago_ms < AGAIN_MS:
            await self.refresh()

    async def refresh(self) -> str:
        """Read the rules now; return why that was not possible, or nothing.

        What is in force stays so, and grows older.
        """
        self._tried_ms = now_ms = self.transport.now_ms()
        infos = await self.rules.read(Purpose.READ)
        tiers = await self.transport.call(BRACKETS, {}, purpose=Purpose.READ)
        if not isinstance(infos, Accepted):
            self._why = _said("exchangeInfo", infos)
        elif not isinstance(tiers, Accepted):
            self._why = _said("leverageBracket", tiers)
        else:
            self._why = ""
            self._read = _table(self.symbols, infos.value.symbols, tiers.value, now_ms)
        return self._why


@final
@dataclass(frozen=True, slots=True)
class LastingInstruments:
    """Rules for what shrinks: a halt closes entries, and no way out."""

    last: Mapping[Symbol, Instrument]
    beside: Instruments

    def find(self, symbol: Symbol) -> Instrument | Unknown:
        return self.last.get(symbol) or self.beside.find(symbol)

    def read_ms(self, now_ms: UnixMs) -> UnixMs:
        """Return the present: rules that only shrink by are never too old."""
        return now_ms


def _said(what: str, outcome: Refused | Unknown) -> str:
    said = outcome.told() if isinstance(outcome, Refused) else outcome.why
    return f"{what} could not be read: {said}"


def _table(
    symbols: Sequence[Symbol],
    infos: Sequence[SymbolInfo],
    tiers: Sequence[SymbolBrackets],
    read_ms: UnixMs,
) -> _Table:
    listed = {info.symbol: info for info in infos}
    stated = {each.symbol: each for each in tiers}
    rules: dict[Symbol, Instrument] = {}
    whys: dict[Symbol, str] = {}
    for symbol in symbols:
        info, brackets = listed.get(symbol), stated.get(symbol)
        if info is None:
            continue
        if brackets is None:
            whys[symbol] = f"the venue states no leverage brackets of {symbol}"
            continue
        try:
            rules[symbol] = instrument_of(symbol, rules_of(info), brackets)
        except InvalidValueError as e:
            whys[symbol] = f"the venue's rules make no contract: {e}"
            continue
        if info.status != "TRADING":
            whys[symbol] = f"{symbol} is {info.status[:20]!r} at the venue, not TRADING"
    return _Table(
        read_ms, MappingProxyType(rules), MappingProxyType(whys), frozenset(listed)
    )


def instrument_of(
    symbol: Symbol, rules: SymbolRules, brackets: SymbolBrackets
) -> Instrument:
    """Return one contract; of two lot filters the stricter word counts.

    Raises InvalidValueError where what the venue states cannot be traded by.
    """
    if not rules.lots or rules.tick <= 0:
        msg = f"{symbol}: LOT_SIZE and PRICE_FILTER must be stated"
        raise InvalidValueError(msg)
    with exactly():
        bounds = [bounds_of(lot) for lot in rules.lots]
        step = max(step for _, _, step in bounds)
        if any(each > 0 and step % each != 0 for _, _, each in bounds):
            msg = f"{symbol}: the steps of its lot filters do not fit each other"
            raise InvalidValueError(msg)
        return Instrument(
            symbol=symbol,
            price_tick=rules.tick,
            quantity_step=step,
            quantity_min=max(least for least, _, _ in bounds),
            quantity_max=min(most for _, most, _ in bounds),
            notional_min=rules.notional_min,
            brackets=tuple(
                _bracket(tier, _share(brackets.notional_coef))
                for tier in sorted(brackets.brackets, key=lambda tier: tier.notional_floor)
            ),
        )


def _share(coefficient: Decimal | None) -> Decimal:
    """Return how much of each tier this account may use.

    The venue's pages do not say whether the caps hold the coefficient already. So one that
    lowers them counts, and one that would raise them does not.
    """
    return ONE if coefficient is None or coefficient <= 0 else min(coefficient, ONE)


def _bracket(tier: Tier, share: Decimal) -> Bracket:
    return Bracket(
        leverage_max=tier.initial_leverage,
        notional_floor=tier.notional_floor * share,
        notional_cap=tier.notional_cap * share,
        mmr=tier.maint_margin_ratio,
        cum=tier.cum * share,
    )

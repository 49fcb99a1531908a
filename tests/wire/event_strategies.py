"""Any event of the journal, built from the types themselves."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from bridge_patch.domain.account import Activity, Exposure
from bridge_patch.domain.harvest import HarvestMode, HarvestPolicy
from bridge_patch.domain.instrument import Bracket, Instrument
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import FundingTerms

policies = st.builds(
    HarvestPolicy,
    mode=st.sampled_from(HarvestMode),
    trail_pct=st.decimals("0.1", "20", places=2),
    hold_max_sec=st.integers(1, 30 * 24 * 3600),
    partial_trigger_pct=st.decimals("0.01", "1000", places=2),
    partial_close_fraction=st.decimals("0", "1", places=3),
    trail_after_partial=st.booleans(),
    break_even_trigger_pct=st.decimals("0", "1000", places=2),
    trail_sigmas=st.decimals("0.01", "10", places=2),
    trail_floor_pct=st.sampled_from([Decimal(0), Decimal("0.1")]),
)
figures = st.decimals(allow_nan=False, allow_infinity=False)
positives = st.decimals("0.000000001", "1E+12", allow_nan=False, allow_infinity=False)
texts = st.text(st.characters(codec="utf-8"), max_size=12)
terms = st.builds(
    FundingTerms,
    symbol=texts.map(Symbol),
    rate_fraction=st.decimals("-0.9", "0.9", places=6),
    interval_ms=st.integers(0, 2**40),
    at_ms=st.integers(0, 2**40),
)


def ladder(
    leverages: set[int], caps: set[Decimal], rates: set[Decimal], cums: list[Decimal]
) -> tuple[Bracket, ...]:
    """As many tiers as all of these allow: larger positions get less, never more."""
    falling = sorted(leverages, reverse=True)
    tiers = zip(falling, sorted(caps), sorted(rates), cums, strict=False)
    return tuple(
        Bracket(leverage_max=most, notional_floor=cum, notional_cap=cap, mmr=rate, cum=cum)
        for most, cap, rate, cum in tiers
    )


instruments = st.builds(
    Instrument,
    symbol=texts.map(Symbol),
    price_tick=positives,
    quantity_step=positives,
    quantity_min=positives,
    quantity_max=positives,
    notional_min=positives,
    brackets=st.builds(
        ladder,
        st.sets(st.integers(1, 125), min_size=1, max_size=2),
        st.sets(positives, min_size=1, max_size=2),
        st.sets(st.decimals("0.001", "0.5", places=4), min_size=1, max_size=2),
        st.lists(figures, min_size=2, max_size=2),
    ),
)


def _aggregate(kind: Any, **signed: Any) -> st.SearchStrategy[Any]:
    """Sums and counts, none of them below zero but those that are given."""
    hints = get_type_hints(kind)
    whole = {Decimal: positives, int: st.integers(0, 1000)}
    return st.builds(
        kind,
        **{n: whole[h] if h in whole else any_of(h) for n, h in hints.items()} | signed,
    )


def any_of(hint: Any) -> st.SearchStrategy[Any]:
    """A strategy for a hint made of plain types, enums, tuples, unions and dataclasses."""
    hint = hint if hint is UnixMs else getattr(hint, "__supertype__", hint)
    plain: dict[Any, st.SearchStrategy[Any]] = {
        UnixMs: st.integers(0, 4_102_444_800_000),  # 2100-01-01
        HarvestPolicy: policies,
        Instrument: instruments,
        FundingTerms: terms,
        Decimal: figures,
        str: texts,
        bool: st.booleans(),
        int: st.integers(0, 2**53),
        type(None): st.none(),
    }
    if hint in plain:
        return plain[hint]
    if hint in {Exposure, Activity}:
        nets = ("net_long_usd", "net_short_usd") if hint is Exposure else ()
        return _aggregate(hint, **dict.fromkeys(nets, figures))
    if get_origin(hint) in {Union, UnionType}:
        return st.one_of(*map(any_of, get_args(hint)))
    if get_origin(hint) is tuple:
        return st.lists(any_of(get_args(hint)[0]), min_size=1, max_size=2).map(tuple)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(hint)
    assert isinstance(hint, type), hint
    assert is_dataclass(hint), hint
    hints = get_type_hints(hint)
    return st.builds(hint, **{f.name: any_of(hints[f.name]) for f in fields(hint)})

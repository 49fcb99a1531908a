"""Judge a journal's entries again: the same record gives the same verdict, bit for bit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from typing import Final, final

from bridge_patch.domain.events import CaseRecord, Event, InstrumentSeen, Judged
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import IntentId, Mode, Symbol, UnixMs
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.record import case_from
from bridge_patch.governor.ruling import Refused
from bridge_patch.governor.terms import terms_of
from bridge_patch.governor.verdict import Stated, stated
from bridge_patch.governor.votes import Case
from bridge_patch.governor.weigh import weigh

_JUDGED: Final = tuple(f.name for f in fields(Stated))


@final
@dataclass(frozen=True, slots=True)
class Difference:
    """One value of a verdict that came out otherwise, both in Python's own spelling."""

    field: str
    recorded: str
    again: str


@final
@dataclass(frozen=True, slots=True)
class Mismatch:
    """A recorded verdict that its own case does not give."""

    at_ms: UnixMs
    intent_id: IntentId
    differences: tuple[Difference, ...]


@final
@dataclass(frozen=True, slots=True)
class Rejudged:
    """How many recorded entries were judged again, and which came out otherwise."""

    checked: int
    mismatches: tuple[Mismatch, ...]


def rejudge(events: Iterable[Event], limits: Limits) -> Rejudged:
    """Weigh every recorded entry again, under the limits it says it was judged by.

    A verdict without a case is not counted: a reduction is judged by its position, and an
    intent that proposed nothing is refused before any rule.
    """
    instruments: dict[Symbol, Instrument] = {}
    checked, mismatches = 0, []
    for event in events:
        match event:
            case InstrumentSeen(instrument=instrument):
                instruments[instrument.symbol] = instrument
            case Judged(case=CaseRecord() as record):
                checked += 1
                instrument_then = instruments.get(event.symbol)
                found = tuple(_differences(event, record, limits, instrument_then))
                if found:
                    mismatches.append(Mismatch(event.at_ms, event.intent_id, found))
            case _:
                pass
    return Rejudged(checked, tuple(mismatches))


def _differences(
    judged: Judged, record: CaseRecord, limits: Limits, instrument: Instrument | None
) -> Iterator[Difference]:
    """Compare what was recorded with its case, its limits and the verdict they give."""
    stands_for = (
        ("limits_hash", judged.limits_hash, limits.digest()),
        ("action", judged.action, record.side),
        ("at_ms", judged.at_ms, record.now_ms),
        ("confidence", judged.confidence, record.confidence),
        ("proposed_margin_usd", judged.proposed_margin_usd, record.margin_usd),
        ("proposed_leverage", judged.proposed_leverage, record.leverage),
        ("stop_fraction", judged.stop_fraction, record.stop_fraction),
    )
    for name, recorded, again in stands_for:
        if recorded != again:
            yield Difference(name, repr(recorded), repr(again))
    try:
        case = case_from(record, limits, instrument)
    except ValueError as e:
        yield Difference("case", "a record of a case", f"{type(e).__name__}: {e}")
        return
    said = _said(case, judged.mode)
    for name in _JUDGED:
        recorded, again = getattr(judged, name), getattr(said, name)
        if recorded != again:
            yield Difference(name, repr(recorded), repr(again))


def _said(case: Case, mode: Mode) -> Stated:
    """Return what is said of a case now; in live its order is stated too."""
    ruling = weigh(case)
    if isinstance(ruling, Refused) or mode is not Mode.LIVE:
        return stated(ruling, None)
    terms = terms_of(case, ruling.proposal)
    return stated(terms, None) if isinstance(terms, Refused) else stated(ruling, terms)

"""One line of what the doctor found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import final

from bridge_patch.adapters.venue_ccxt.outcome import Refused
from bridge_patch.app.doctor.remedies import UNREADABLE, cause_of, remedy_of
from bridge_patch.domain.intent import Unknown


class Mark(StrEnum):
    """How it is: a fault keeps entries from passing, or makes them unsafe."""

    OK = "ok"
    FAULT = "fault"
    NOTE = "note"


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was looked at, how it is, what was found, and the remedy where there is one.

    `cause` names what kept a thing from being read: the exchange's code, or one of ours.
    """

    check: str
    mark: Mark
    found: str
    remedy: str = ""
    cause: str = ""


def well(check: str, found: str) -> Finding:
    """State that something is as it has to be."""
    return Finding(check=check, mark=Mark.OK, found=found)


def note(check: str, found: str, remedy: str = "") -> Finding:
    """State something that keeps nothing from working, and that a person should know."""
    return Finding(check=check, mark=Mark.NOTE, found=found, remedy=remedy)


def fault(check: str, found: str, remedy: str) -> Finding:
    """State a fault, and what to do about it."""
    return Finding(check=check, mark=Mark.FAULT, found=found, remedy=remedy)


def unread(check: str, outcome: Refused | Unknown) -> Finding:
    """State that something could not be read: what is not known is not well."""
    cause = cause_of(outcome)
    said = outcome.message if isinstance(outcome, Refused) else outcome.why
    found = said if said.startswith(cause) else f"{cause}: {said}"
    return Finding(
        check=check,
        mark=Mark.FAULT,
        found=f"could not be read: {found}",
        remedy=remedy_of(cause),
        cause=cause,
    )


def told_once(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Say each cause under the first check that met it; the others refer to that one.

    Two replies that cannot be read have nothing in common but that: each is told.
    """
    first: dict[str, str] = {}
    told = []
    for finding in findings:
        shared = finding.cause not in {"", UNREADABLE}
        met = first.setdefault(finding.cause, finding.check) if shared else ""
        if shared and met != finding.check:
            told.append(note(finding.check, f"not looked at, for what {met} says"))
        else:
            told.append(finding)
    return tuple(told)


def is_well(findings: Iterable[Finding]) -> bool:
    """Tell whether there is no fault."""
    return all(finding.mark is not Mark.FAULT for finding in findings)

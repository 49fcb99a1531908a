"""What the votes add up to: permitted or refused. A record, never a permission."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, TypeAlias, final

from bridge_patch.domain.intent import Proposal
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.votes import Vote

#: Who speaks where no single rule does.
JUDGE: Final = "judge"


@final
@dataclass(frozen=True, slots=True)
class Cast:
    """One rule's vote, kept for the record."""

    rule: str
    vote: Vote


@final
@dataclass(frozen=True, slots=True)
class Finding:
    """An objection, a softened objection or a cap that was applied."""

    rule: str
    reason: Reason
    detail: str


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Permitted:
    """The proposal that every rule allows.

    `binding` names the smallest cap on margin and on leverage, all of them where several
    are equal; it is empty where nothing was cut but by rounding. `raised` says that a
    minimum was applied, which only happens where a person asked for it.
    """

    proposal: Proposal
    binding: tuple[Finding, ...]
    warnings: tuple[Finding, ...]
    votes: tuple[Cast, ...]
    raised: bool


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No order; every objection, in rule order, the first one being the headline."""

    findings: tuple[Finding, ...]
    votes: tuple[Cast, ...] = ()
    raised: bool = False


Ruling: TypeAlias = Permitted | Refused


def refusal(reason: Reason, detail: str) -> Refused:
    """Refuse before or after the rules, where no single rule speaks."""
    return Refused(findings=(Finding(JUDGE, reason, detail),))

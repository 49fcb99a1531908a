"""Whether a start may be live: what a person recorded, for these limits, on this market."""

from __future__ import annotations

from dataclasses import replace

from bridge_patch.app.assembly import Run
from bridge_patch.app.mode_note import discard, found
from bridge_patch.app.permits import market_named, promotion_required
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.events import ModeOrdered
from bridge_patch.domain.intent import UnixMs
from bridge_patch.evidence.mandate import Gate, Mandate
from bridge_patch.services.account_fold import AccountFold


def waiting(run: Run, account: AccountFold, at_ms: UnixMs) -> ModeOrdered | None:
    """Return the order back to shadow that no bus took and no journal holds yet.

    One that is journaled by now is done with. A promotion that came later took it away: two
    clocks do not tell which word was the last. In a replay it is stamped with data time.
    """
    state = run.settings.state_dir
    left = found(state)
    if left is None:
        return None
    if left.command_id in account.gauge.holds.heeded:
        discard(state)
        return None
    return replace(left, at_ms=min(left.at_ms, at_ms))


def gate_of(run: Run, account: AccountFold, at_ms: UnixMs) -> Gate:
    """Return what the gate says to this start, by all that was said until now."""
    mandate, left = account.mandate, waiting(run, account, at_ms)
    if left is not None:
        mandate = Mandate(last=left, demoted=True)
    return mandate.gate(
        run.mode,
        limits_hash=run.settings.limits().digest(),
        market=market_named(run.settings),
        now_ms=at_ms,
    )


def assured(run: Run, account: AccountFold, at_ms: UnixMs) -> Gate:
    """Return what the gate says, or raise InvalidValueError where that forbids the start.

    The refusal is of a start that would trade: one in shadow is never refused, and neither
    is one that has to look after what is open. That one only reduces, by its permit.
    """
    gate = gate_of(run, account, at_ms)
    if gate.passed or not promotion_required(run.settings):
        return gate
    if account.ledger.positions or account.ledger.in_doubt:
        what = (
            "no promotion covers this start: it looks after what is open, and only reduces"
        )
        run.telemetry.note("GATE", what, why=gate.why)
        return gate
    msg = (
        f"AI_SIZING_MODE=live needs a promotion at VENUE={run.settings.venue}: {gate.why}."
        " Write AI_SIZING_MODE=shadow and start, then `bridge-patch promote` says what is"
        " missing and records it"
    )
    raise InvalidValueError(msg)

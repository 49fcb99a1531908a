"""Checks of the way there: environment, clock, latency, what is left of the budget."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Final

from bridge_patch.adapters.venue_ccxt.environment import SIMULATOR, Environment
from bridge_patch.adapters.venue_ccxt.inspection import ClockSample, Heard, WeightSeen
from bridge_patch.adapters.venue_ccxt.outcome import Refused
from bridge_patch.app.doctor.finding import Finding, fault, note, unread, well
from bridge_patch.app.doctor.remedies import remedy_of
from bridge_patch.domain.intent import Unknown

#: A simulator that is farther off lives in the time of its data.
_DATA_TIME_MS: Final = 3_600_000
#: An answer that takes this part of the receive window is slow.
_SLOW_PART: Final = 3


def check_environment(environment: Environment) -> Finding:
    """State where requests go: the wire refuses every other host before it sends."""
    found = f"{environment.name} at {environment.rest}, streams {environment.stream}"
    if environment.real_money:
        return note("environment", f"{found}: REAL MONEY", remedy_of("REAL_MONEY"))
    return well("environment", f"{found}: simulated money")


def check_clock(
    clock: Sequence[ClockSample] | Refused | Unknown, *, skew_max_ms: int, venue: str
) -> Finding:
    """Compare the clocks by the quickest answer: it may be off by half of what it took."""
    if isinstance(clock, Refused | Unknown):
        return unread("clock", clock)
    best = min(clock, key=lambda sample: sample.took_ms)
    unsure_ms = round(best.took_ms / 2) + 1
    found = (
        f"the exchange's is {best.offset_ms:+} ms from ours, give or take {unsure_ms} ms"
    )
    off_ms = abs(best.offset_ms)
    if venue == SIMULATOR and off_ms > _DATA_TIME_MS:
        days = off_ms / 86_400_000
        found = f"the simulator's is {days:.1f} days from ours, the time of its data"
        return note("clock", found, remedy_of("DATA_TIME"))
    if off_ms > skew_max_ms:
        found = f"{found}; CLOCK_SKEW_MAX_MS is {skew_max_ms}"
        return fault("clock", found, remedy_of("CLOCK"))
    if off_ms + unsure_ms > skew_max_ms:
        return note(
            "clock", f"{found}: near the limit of {skew_max_ms} ms", remedy_of("CLOCK")
        )
    return well("clock", found)


def check_latency(took_ms: Sequence[float], *, window_ms: int) -> Finding | None:
    """Hold round trips against the receive window; None where no call came back."""
    if not took_ms:
        return None
    worst_ms, usual_ms = max(took_ms), median(took_ms)
    found = (
        f"median {usual_ms:.0f} ms, worst {worst_ms:.0f} ms of {len(took_ms)} round trips;"
        f" the receive window is {window_ms} ms"
    )
    if worst_ms >= window_ms:
        return fault("latency", found, remedy_of("SLOW"))
    if worst_ms * _SLOW_PART >= window_ms:
        return note("latency", found, remedy_of("SLOW"))
    return well("latency", found)


def check_weight(weight: WeightSeen, *, answered: bool) -> Finding:
    """Tell how much of the address's budget is left, this inspection included.

    The exchange counts it, and tells it with its answers: without one it is not known.
    """
    found = f"{weight.most - weight.used} of {weight.most} left in this minute"
    if weight.quiet_ms:
        found = f"the exchange asked for silence for {weight.quiet_ms} ms more"
        return fault("weight", found, remedy_of("-1003"))
    if not answered:
        return note("weight", "not known: no call was answered")
    if weight.used > weight.entries_most:
        found = f"{found}; entries stop at {weight.entries_most} used"
        return fault("weight", found, remedy_of("-1003"))
    return well("weight", found)


def check_market(heard: Heard, *, listen_sec: float, real: bool) -> Finding:
    """Tell whether prices come; a simulator tells them only when its data goes on."""
    if not heard.connected or heard.why:
        found = f"no market stream: {heard.why or 'it did not connect'}"
        return fault("market stream", found, remedy_of("NO_STREAM"))
    if heard.events:
        return well("market stream", f"{heard.events} prices in {listen_sec:g} s")
    found = f"connected, and no price in {listen_sec:g} s"
    if real:
        return fault("market stream", found, remedy_of("SILENT"))
    return note("market stream", f"{found}: a simulator tells them with its bars")

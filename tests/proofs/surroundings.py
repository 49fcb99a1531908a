"""What is true around an order that a rule allows: account, market, activity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from bridge_patch.domain.intent import Side
from bridge_patch.governor.votes import Case
from tests.proofs.statements import (
    Maybe,
    Promise,
    aged,
    costs,
    equity,
    fresh,
    known,
    margin,
    notional,
    positive,
    sound_equity,
)


def exposed(check: Callable[[Any, Case], Any]) -> Promise:
    """A statement about what the account carries, which has to be known."""

    def promise(case: Case) -> Any:
        exposure: Maybe = case.snapshot.exposure
        return known(exposure) and check(exposure, case)

    return promise


def active(check: Callable[[Any, Case], Any]) -> Promise:
    """A statement about what was done lately, which has to be known."""

    def promise(case: Case) -> Any:
        activity: Maybe = case.snapshot.activity
        return known(activity) and check(activity, case)

    return promise


def within_equity(used: Any, multiple: Any) -> Callable[[Any, Case], Any]:
    """Beside what is used already the order fits a multiple of the equity."""

    def check(aggregate: Any, case: Case) -> Any:
        room = equity(case).value * multiple(case.limits) if sound_equity(case) else None
        return room is not None and notional(case) + used(aggregate, case) <= room

    return check


def same_side(long_name: str, short_name: str) -> Any:
    """The aggregate of the side the order is on."""
    return lambda held, case: getattr(
        held, long_name if case.side is Side.BUY else short_name
    )


def equity_bound(case: Case) -> Any:
    if not sound_equity(case):
        return False
    most = case.limits.order_notional_max_equity_multiple
    return notional(case) <= equity(case).value * most


def margin_posted(held: Any, case: Case) -> Any:
    if not sound_equity(case):
        return False
    share = case.limits.initial_margin_max_pct
    return (margin(case) + held.margin_usd) * 100 <= equity(case).value * share


def affordable(case: Case) -> Any:
    available: Maybe = case.snapshot.available
    if not fresh(case, available, case.limits.snapshot_age_max_ms):
        return False
    return margin(case) + notional(case) * costs(case) <= available.value


def loss_bearable(case: Case) -> Any:
    stop: Maybe = case.stop
    if not known(stop) or not sound_equity(case):
        return False
    share = case.limits.risk_per_trade_max_pct
    loss = notional(case) * (stop.fraction + costs(case))
    return loss * 100 <= equity(case).value * share


def fresh_mark(case: Case) -> Any:
    mark: Maybe = case.snapshot.mark
    return fresh(case, mark, case.limits.mark_age_max_ms) and positive(mark.value)


def below(name: str, most: str) -> Promise:
    """A reading in percent is fresh and below its limit."""

    def promise(case: Case) -> Any:
        reading: Maybe = getattr(case.snapshot, name)
        if not fresh(case, reading, case.limits.snapshot_age_max_ms):
            return False
        return reading.value < getattr(case.limits, most)

    return promise


def small(name: str, most: str, age: str) -> Promise:
    """A reading is fresh and no farther from zero than its limit, either way."""

    def promise(case: Case) -> Any:
        reading: Maybe = getattr(case.snapshot, name)
        if not fresh(case, reading, getattr(case.limits, age)):
            return False
        limit = getattr(case.limits, most)
        return (reading.value <= limit) & (reading.value >= -limit)

    return promise


def near(one: Any, other: Any, share_pct: Any) -> Any:
    """Two prices differ by no more than a share of the second, in percent."""
    room = other * share_pct
    return ((one - other) * 100 <= room) & ((other - one) * 100 <= room)


def price_near(case: Case) -> Any:
    stated = case.reference_price
    if stated is None:
        return True
    mark: Maybe = case.snapshot.mark  # how old it may be is `mark_fresh`'s promise
    if not known(mark) or not positive(mark.value):
        return False
    return near(stated.usd, mark.value, case.limits.price_collar_pct)


def mark_near_index(case: Case) -> Any:
    mark: Maybe = case.snapshot.mark
    index: Maybe = case.snapshot.index
    if not known(mark) or not positive(mark.value):
        return False
    if not fresh(case, index, case.limits.mark_age_max_ms):
        return False
    return near(mark.value, index.value, case.limits.index_gap_max_pct)


def calm(case: Case) -> Any:
    shock: Maybe = case.snapshot.shock_sigmas
    if not fresh(case, shock, case.limits.mark_age_max_ms):
        return False
    return shock.value <= case.limits.shock_sigmas_max


def absorbed(case: Case) -> Any:
    turnover: Maybe = case.snapshot.turnover_usd
    if not fresh(case, turnover, case.limits.mark_age_max_ms):
        return False
    return notional(case) * 100 <= turnover.value * case.limits.turnover_max_pct


def funding_borne(case: Case) -> Any:
    """Every settlement that fits into the hold is paid at the rate in force."""
    terms: Maybe = case.snapshot.funding
    stop: Maybe = case.stop
    if not known(terms, stop):
        return False
    if terms.interval_ms == 0:
        return True
    if not aged(case, terms.at_ms, case.limits.funding_age_max_ms):
        return False
    rate = terms.rate_fraction if case.side is Side.BUY else -terms.rate_fraction
    share = case.limits.funding_max_risk_pct
    most = (stop.fraction + costs(case)) * share
    # At least hold / interval settlements, whatever the rounding.
    return (rate <= 0) | (rate * case.hold_max_ms * 100 <= most * terms.interval_ms)


def fates_known(held: Any, case: Case) -> Any:
    limits = case.limits
    few = (held.unknown_on_symbol == 0) & (held.unknown_orders <= limits.unknown_orders_max)
    if held.unknown_since_ms is None:
        return few
    return few & aged(case, held.unknown_since_ms, limits.unknown_age_max_ms)


def share_left(sent: str, kind: str) -> Any:
    """One more order stays within a share of what the venue takes, in both windows."""

    def check(done: Any, case: Case) -> Any:
        limits = case.limits
        entries, kept = limits.entry_orders_max_pct, limits.exit_orders_reserve_pct
        share = entries if kind == "entries" else 100 - kept
        in_10s = (
            getattr(done, f"{sent}_10s") + 1
        ) * 100 <= limits.venue_orders_10s_max * share
        in_1m = (
            getattr(done, f"{sent}_1m") + 1
        ) * 100 <= limits.venue_orders_1m_max * share
        return in_10s & in_1m

    return check


def rested(done: Any, case: Case) -> Any:
    limits = case.limits
    if done.losers_in_row < limits.losers_pause_min:
        return True
    if done.lost_ms is None:
        return False
    return case.now_ms - done.lost_ms > limits.losers_pause_ms


def slipped_little(done: Any, case: Case) -> Any:
    if not sound_equity(case):
        return False
    share = case.limits.slippage_1h_max_pct
    return done.slippage_1h_usd * 100 <= equity(case).value * share


def flat(case: Case) -> Any:
    holding: Maybe = case.snapshot.holding
    return known(holding) and holding.quantity_base == 0


def exits_heard(case: Case) -> Any:
    seen: Maybe = case.snapshot.exits_ms
    return known(seen) and aged(case, seen, case.limits.exits_silence_max_ms)


def one_venue(case: Case) -> Any:
    venues = case.snapshot.venues
    return (venues.orders == venues.account) & (venues.account == venues.prices)


def total_bounded(held: Any, case: Case) -> Any:
    used = held.long_usd + held.short_usd
    return notional(case) + used <= case.limits.notional_max_usd


def windowed(window: str) -> Promise:
    return active(
        within_equity(
            lambda done, _: getattr(done, f"approved_{window}_usd"),
            lambda limits: getattr(limits, f"notional_{window}_max_equity_multiple"),
        )
    )

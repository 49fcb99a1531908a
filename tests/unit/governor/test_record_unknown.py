"""What was not known is not known in the record either."""

from bridge_patch.domain.harvest import POLICY_FALLBACK
from bridge_patch.domain.intent import Unknown
from bridge_patch.governor.record import case_from, record_of
from tests.questions import BTC_RULES, FINE

UNREAD = Unknown("")


def test_what_is_not_known_and_has_no_reason_is_still_told_from_what_is() -> None:
    """An empty word would read as nothing amiss."""
    readings = ("equity", "available", "mark", "index", "volatility", "shock_sigmas")
    blind = FINE.knowing(
        **dict.fromkeys(readings, UNREAD),
        **dict.fromkeys(("funding", "holding", "exposure", "activity"), UNREAD),
        exits_ms=UNREAD,
        instrument=UNREAD,
    )
    record = record_of(blind.asking(stop=UNREAD).case())
    again = case_from(record, blind.limits, None)

    assert {
        record.stop_why,
        record.sigma_why,
        record.funding_why,
        record.instrument_why,
        record.holding_why,
        record.exposure_why,
        record.activity_why,
        record.exits_why,
    } == {"no reason given"}
    assert {
        record.stop_fraction,
        record.sigma_move,
        record.funding,
        record.holding_base,
        record.holding_side,
        record.exposure,
        record.activity,
        record.exits_ms,
    } == {None}
    assert (record.mark.value, record.mark.at_ms, record.mark.why) == (None, 0, "")
    assert again.stop == again.snapshot.funding == Unknown("no reason given")
    assert again.snapshot.exits_ms == again.snapshot.instrument


def test_an_instrument_that_was_not_known_is_not_known_when_judged_again() -> None:
    """Even where the journal lists it from another time."""
    unread = record_of(FINE.knowing(instrument=Unknown("timeout")).case())
    read = record_of(FINE.case())

    assert case_from(unread, FINE.limits, BTC_RULES).snapshot.instrument == Unknown(
        "timeout"
    )
    assert case_from(read, FINE.limits, BTC_RULES).snapshot.instrument == BTC_RULES
    assert case_from(read, FINE.limits, None).snapshot.instrument == Unknown("")


def test_an_entry_without_a_policy_is_held_as_long_as_the_fallback() -> None:
    case = FINE.asking(policy=None).case()

    assert case.hold_max_ms == POLICY_FALLBACK.hold_max_sec * 1000
    assert FINE.entry.policy
    assert FINE.case().hold_max_ms == FINE.entry.policy.hold_max_sec * 1000

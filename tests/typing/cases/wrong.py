"""Code that must not type-check. Each line marked E: has to be an error, and no other."""

from decimal import Decimal

from bridge_patch.domain.intent import (
    Confidence,
    Entry,
    LiveIntent,
    Proposal,
    ReduceIntent,
    ShadowIntent,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
    Unknown,
)
from bridge_patch.domain.money import Leverage, Margin, Notional, Price, Quantity
from bridge_patch.domain.order import ClientOrderId, Leg, client_order_id
from bridge_patch.domain.position import Position
from bridge_patch.governor.judge import Approved, ApprovedReduction, judge, judge_reduction
from bridge_patch.governor.limits import Limits
from bridge_patch.governor.ruling import Permitted, Ruling
from bridge_patch.governor.snapshot import Known, RiskSnapshot
from bridge_patch.governor.terms import Terms
from bridge_patch.governor.votes import Case, Vote
from bridge_patch.governor.weigh import weigh
from bridge_patch.services.ports import Exchange, Reducer


async def only_an_approval_can_be_placed(
    venue: Exchange, entry: Entry, live: LiveIntent, order: ClientOrderId
) -> None:
    await venue.place(live, order)  # E: arg-type
    await venue.place(entry, order)  # E: arg-type


async def a_ruling_or_its_terms_are_no_approval(
    venue: Exchange, permitted: Permitted, terms: Terms, order: ClientOrderId
) -> None:
    await venue.place(permitted, order)  # E: arg-type
    await venue.place(terms, order)  # E: arg-type


async def approvals_do_not_stand_in_for_each_other(
    venue: Exchange,
    entry: Approved,
    reduction: ApprovedReduction,
    wish: ReduceIntent,
    order: ClientOrderId,
) -> None:
    await venue.place(reduction, order)  # E: arg-type
    await venue.reduce(entry, order)  # E: arg-type
    await venue.reduce(wish, order)  # E: arg-type


async def what_a_shadow_run_holds_cannot_open(
    venue: Reducer, approved: Approved, order: ClientOrderId
) -> None:
    await venue.place(approved, order)  # E: attr-defined


async def an_order_needs_its_id(venue: Exchange, approved: Approved) -> None:
    await venue.place(approved, "any text")  # E: arg-type


def a_shadow_intent_cannot_be_judged(
    shadow: ShadowIntent, snapshot: RiskSnapshot, limits: Limits, now_ms: UnixMs
) -> None:
    judge(shadow, snapshot, limits, now_ms)  # E: arg-type


def an_entry_cannot_be_judged_as_a_reduction(
    live: LiveIntent, position: Position, why: Unknown
) -> None:
    judge_reduction(live, position, why)  # E: arg-type


def a_reduction_cannot_be_judged_as_an_entry(
    wish: ReduceIntent, snapshot: RiskSnapshot, limits: Limits, now_ms: UnixMs
) -> None:
    judge(wish, snapshot, limits, now_ms)  # E: arg-type


def an_approval_is_not_made_by_hand(margin: Margin, approved: Approved) -> None:
    Approved(margin=margin)  # E: call-arg
    approved.margin = margin  # E: misc


def units_do_not_mix(
    margin: Margin, notional: Notional, leverage: Leverage, price: Price
) -> None:
    margin < notional  # E: operator
    margin * margin  # E: operator
    leverage * margin  # E: operator
    margin + margin  # E: operator
    margin * price  # E: operator
    notional * leverage  # E: operator
    margin * leverage < margin  # E: operator


def a_quantity_is_worth_something_only_at_a_price(
    quantity: Quantity, margin: Margin, leverage: Leverage
) -> None:
    quantity * margin  # E: operator
    quantity * leverage  # E: operator
    quantity < margin  # E: operator


def inexact_numbers_do_not_get_in() -> None:
    Margin(1.0)  # E: arg-type
    Leverage("5")  # E: arg-type
    Confidence(0.5)  # E: arg-type
    StopDistance(0.02)  # E: arg-type
    Known(1.5, UnixMs(0))  # E: arg-type
    Price(1)  # E: arg-type


def a_bare_number_is_not_a_margin(amount: Decimal, leverage: Leverage) -> None:
    Proposal(margin=amount, leverage=leverage)  # E: arg-type
    Proposal(margin=leverage, leverage=leverage)  # E: arg-type
    Proposal(Margin(amount), leverage)  # E: call-arg


def time_and_names_are_not_bare(intent: str) -> None:
    Known(Decimal(1), 1_746_403_260_000)  # E: arg-type
    client_order_id(intent, Leg.ENTRY)  # E: arg-type
    client_order_id(Symbol("BTCUSDT"), Leg.ENTRY)  # E: arg-type


def unknown_is_not_a_number(reading: Known | Unknown) -> Decimal:
    return reading.value  # E: union-attr


def a_ruling_has_to_be_looked_at(ruling: Ruling) -> Proposal:
    return ruling.proposal  # E: union-attr


def a_rule_answers_with_a_vote(case: Case) -> None:
    def truthy(_: Case) -> bool:
        return True

    def by_side(_: Side) -> Vote:
        raise NotImplementedError

    weigh(case, (truthy,))  # E: arg-type
    weigh(case, (by_side,))  # E: arg-type

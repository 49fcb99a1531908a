"""Why an order was refused or made smaller. Journals and screens depend on these words."""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Reason(StrEnum):
    """The closed vocabulary of the Governor; a word is never renamed or reused."""

    PASS = "PASS"  # noqa: S105 - a verdict's word, not a secret
    INPUT_INVALID = "INPUT_INVALID"
    SIZE_MISSING = "SIZE_MISSING"
    SIZE_ZERO = "SIZE_ZERO"
    SIZE_NEGATIVE = "SIZE_NEGATIVE"
    SIZE_NAN = "SIZE_NAN"
    SIZE_INFINITE = "SIZE_INFINITE"
    LEVERAGE_MISSING = "LEVERAGE_MISSING"
    LEVERAGE_ZERO = "LEVERAGE_ZERO"
    LEVERAGE_NEGATIVE = "LEVERAGE_NEGATIVE"
    LEVERAGE_NAN = "LEVERAGE_NAN"
    LEVERAGE_INFINITE = "LEVERAGE_INFINITE"
    SIZE_BELOW_MIN = "SIZE_BELOW_MIN"
    SIZE_ABOVE_MAX = "SIZE_ABOVE_MAX"
    LEVERAGE_BELOW_MIN = "LEVERAGE_BELOW_MIN"
    LEVERAGE_ABOVE_MAX = "LEVERAGE_ABOVE_MAX"
    LEVERAGE_ABOVE_BRACKET = "LEVERAGE_ABOVE_BRACKET"
    LIQUIDATION_TOO_NEAR = "LIQUIDATION_TOO_NEAR"
    NOTIONAL_EXCEEDED = "NOTIONAL_EXCEEDED"
    EQUITY_MULTIPLE_EXCEEDED = "EQUITY_MULTIPLE_EXCEEDED"
    TOTAL_NOTIONAL_EXCEEDED = "TOTAL_NOTIONAL_EXCEEDED"
    INITIAL_MARGIN_EXCEEDED = "INITIAL_MARGIN_EXCEEDED"
    BALANCE_INSUFFICIENT = "BALANCE_INSUFFICIENT"
    CONFIDENCE_BELOW_FLOOR = "CONFIDENCE_BELOW_FLOOR"
    EXCEEDS_RISK_BUDGET = "EXCEEDS_RISK_BUDGET"
    RISK_PER_TRADE_EXCEEDED = "RISK_PER_TRADE_EXCEEDED"
    QUANTITY_BELOW_MIN = "QUANTITY_BELOW_MIN"
    QUANTITY_ABOVE_MAX = "QUANTITY_ABOVE_MAX"
    TRADING_HALTED = "TRADING_HALTED"
    TRADING_REDUCING = "TRADING_REDUCING"
    DAILY_LOSS_EXCEEDED = "DAILY_LOSS_EXCEEDED"
    DRAWDOWN_EXCEEDED = "DRAWDOWN_EXCEEDED"
    SNAPSHOT_STALE = "SNAPSHOT_STALE"
    SNAPSHOT_INCOMPLETE = "SNAPSHOT_INCOMPLETE"
    MARK_STALE = "MARK_STALE"
    SYMBOL_UNKNOWN = "SYMBOL_UNKNOWN"
    STOP_UNKNOWN = "STOP_UNKNOWN"
    POSITION_OPEN = "POSITION_OPEN"
    ORDER_UNKNOWN = "ORDER_UNKNOWN"
    RULE_FAILED = "RULE_FAILED"
    CLAMP_UNSETTLED = "CLAMP_UNSETTLED"
    NOTHING_TO_REDUCE = "NOTHING_TO_REDUCE"
    REDUCE_WRONG_SIDE = "REDUCE_WRONG_SIDE"
    POSITION_UNKNOWN = "POSITION_UNKNOWN"


#: One line for each reason, for docs and screens.
MEANINGS: Final = MappingProxyType(
    {
        Reason.PASS: "every rule allows the order as it stands",
        Reason.INPUT_INVALID: "an argument is not a usable number, side or symbol",
        Reason.SIZE_MISSING: "the intent states no margin, or no leverage with it",
        Reason.SIZE_ZERO: "the margin is zero",
        Reason.SIZE_NEGATIVE: "the margin is negative",
        Reason.SIZE_NAN: "the margin is not a number",
        Reason.SIZE_INFINITE: "the margin is infinite",
        Reason.LEVERAGE_MISSING: "there is no leverage",
        Reason.LEVERAGE_ZERO: "the leverage is zero",
        Reason.LEVERAGE_NEGATIVE: "the leverage is negative",
        Reason.LEVERAGE_NAN: "the leverage is not a number",
        Reason.LEVERAGE_INFINITE: "the leverage is infinite",
        Reason.SIZE_BELOW_MIN: "margin below MIN_ORDER_USD; raising it would add risk",
        Reason.SIZE_ABOVE_MAX: "margin above MAX_POSITION_USD; cut down to it",
        Reason.LEVERAGE_BELOW_MIN: "leverage below AI_MIN_LEVERAGE",
        Reason.LEVERAGE_ABOVE_MAX: "leverage above AI_MAX_LEVERAGE; cut down to it",
        Reason.LEVERAGE_ABOVE_BRACKET: "leverage above the venue's bracket; cut down to it",
        Reason.LIQUIDATION_TOO_NEAR: "liquidation too near the stop; leverage is cut",
        Reason.NOTIONAL_EXCEEDED: "the order's own exposure is above MAX_NOTIONAL_USD",
        Reason.EQUITY_MULTIPLE_EXCEEDED: "the exposure is too many times the equity",
        Reason.TOTAL_NOTIONAL_EXCEEDED: "no room under MAX_NOTIONAL_USD beside the rest",
        Reason.INITIAL_MARGIN_EXCEEDED: "no room under the account's initial margin limit",
        Reason.BALANCE_INSUFFICIENT: "margin and fees do not fit the available balance",
        Reason.CONFIDENCE_BELOW_FLOOR: "confidence below MIN_CONFIDENCE",
        Reason.EXCEEDS_RISK_BUDGET: "the loss at the stop is above the intent's own budget",
        Reason.RISK_PER_TRADE_EXCEEDED: "the loss at the stop is too much of equity",
        Reason.QUANTITY_BELOW_MIN: "the rounded quantity is below the venue's minimum",
        Reason.QUANTITY_ABOVE_MAX: "the quantity is above what one market order may be",
        Reason.TRADING_HALTED: "the account is HALTED; only reductions pass",
        Reason.TRADING_REDUCING: "the account is REDUCING; only reductions pass",
        Reason.DAILY_LOSS_EXCEEDED: "today's loss has reached its limit",
        Reason.DRAWDOWN_EXCEEDED: "the fall from the peak has reached its limit",
        Reason.SNAPSHOT_STALE: "the account reading is too old or from the future",
        Reason.SNAPSHOT_INCOMPLETE: "a reading the rule needs could not be had",
        Reason.MARK_STALE: "the price is missing, too old or from the future",
        Reason.SYMBOL_UNKNOWN: "the venue does not list the symbol as trading",
        Reason.STOP_UNKNOWN: "the entry has no stop, so its loss is not bounded",
        Reason.POSITION_OPEN: "the symbol already has a position",
        Reason.ORDER_UNKNOWN: "an order's fate is unknown; no new risk until then",
        Reason.RULE_FAILED: "a rule could not answer, which is a refusal",
        Reason.CLAMP_UNSETTLED: "the cut-down order is still not allowed by every rule",
        Reason.NOTHING_TO_REDUCE: "there is no position to reduce",
        Reason.REDUCE_WRONG_SIDE: "the reduction is on the side that would enlarge",
        Reason.POSITION_UNKNOWN: "the position could not be read",
    }
)

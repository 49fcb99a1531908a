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
    SYMBOL_NOTIONAL_EXCEEDED = "SYMBOL_NOTIONAL_EXCEEDED"
    SIDE_NOTIONAL_EXCEEDED = "SIDE_NOTIONAL_EXCEEDED"
    GROSS_NOTIONAL_EXCEEDED = "GROSS_NOTIONAL_EXCEEDED"
    NET_NOTIONAL_EXCEEDED = "NET_NOTIONAL_EXCEEDED"
    WINDOW_NOTIONAL_EXCEEDED = "WINDOW_NOTIONAL_EXCEEDED"
    DEPTH_EXCEEDED = "DEPTH_EXCEEDED"
    OPEN_POSITIONS_EXCEEDED = "OPEN_POSITIONS_EXCEEDED"
    SYMBOL_ENTRIES_EXCEEDED = "SYMBOL_ENTRIES_EXCEEDED"
    ENTRY_RATE_EXCEEDED = "ENTRY_RATE_EXCEEDED"
    EXIT_RESERVE_TOUCHED = "EXIT_RESERVE_TOUCHED"
    LOSERS_PAUSED = "LOSERS_PAUSED"
    LOSERS_LATCHED = "LOSERS_LATCHED"
    SLIPPAGE_EXCEEDED = "SLIPPAGE_EXCEEDED"
    SOURCE_PAUSED = "SOURCE_PAUSED"
    FUNDING_TOO_DEAR = "FUNDING_TOO_DEAR"
    PRICE_OUT_OF_COLLAR = "PRICE_OUT_OF_COLLAR"
    INDEX_DIVERGED = "INDEX_DIVERGED"
    PRICE_SHOCKED = "PRICE_SHOCKED"
    EQUITY_JUMPED = "EQUITY_JUMPED"
    CLOCK_SKEWED = "CLOCK_SKEWED"
    FILTERS_STALE = "FILTERS_STALE"
    POSITION_NAKED = "POSITION_NAKED"
    FOREIGN_POSITION = "FOREIGN_POSITION"
    EXITS_SILENT = "EXITS_SILENT"
    JOURNAL_CRAMPED = "JOURNAL_CRAMPED"
    SYMBOL_NOT_ALLOWED = "SYMBOL_NOT_ALLOWED"
    LIMITS_MISMATCH = "LIMITS_MISMATCH"
    VENUE_MISMATCH = "VENUE_MISMATCH"
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
        Reason.LIQUIDATION_TOO_NEAR: "liquidation too near: leverage is cut, or refused",
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
        Reason.SYMBOL_NOTIONAL_EXCEEDED: "no room under the symbol's share of equity",
        Reason.SIDE_NOTIONAL_EXCEEDED: "no room under the side's share, all symbols added",
        Reason.GROSS_NOTIONAL_EXCEEDED: "no room under the account's gross exposure limit",
        Reason.NET_NOTIONAL_EXCEEDED: "no room under the account's net exposure limit",
        Reason.WINDOW_NOTIONAL_EXCEEDED: "too much new notional in its window of time",
        Reason.DEPTH_EXCEEDED: "too much of what just traded; it would move the price",
        Reason.OPEN_POSITIONS_EXCEEDED: "as many positions are open as may be",
        Reason.SYMBOL_ENTRIES_EXCEEDED: "the symbol was entered often enough this hour",
        Reason.ENTRY_RATE_EXCEEDED: "entries have used up their share of the order limits",
        Reason.EXIT_RESERVE_TOUCHED: "what is left of the order limits is for reductions",
        Reason.LOSERS_PAUSED: "the symbol lost several times in a row and rests",
        Reason.LOSERS_LATCHED: "the symbol only loses; a person has to re-arm it",
        Reason.SLIPPAGE_EXCEEDED: "the hour's entries cost more than they were judged by",
        Reason.SOURCE_PAUSED: "most of what the source last said was malformed",
        Reason.FUNDING_TOO_DEAR: "funding over the hold eats too much of the risk",
        Reason.PRICE_OUT_OF_COLLAR: "the price the intent states is far from ours",
        Reason.INDEX_DIVERGED: "mark and index price are too far apart",
        Reason.PRICE_SHOCKED: "the price just moved many standard deviations",
        Reason.EQUITY_JUMPED: "equity changed by what nothing explains",
        Reason.CLOCK_SKEWED: "our clock and the venue's disagree, or nobody knows",
        Reason.FILTERS_STALE: "the venue's trading rules were read too long ago",
        Reason.POSITION_NAKED: "a position has no stop; protecting it comes first",
        Reason.FOREIGN_POSITION: "the account holds positions that are not ours",
        Reason.EXITS_SILENT: "nobody is there to close what would be opened",
        Reason.JOURNAL_CRAMPED: "the journal's room is kept for reductions",
        Reason.SYMBOL_NOT_ALLOWED: "the symbol is not among those named in SYMBOLS",
        Reason.LIMITS_MISMATCH: "sized under other limits than it is judged by",
        Reason.VENUE_MISMATCH: "orders, account and prices are not of one venue",
        Reason.RULE_FAILED: "a rule could not answer, which is a refusal",
        Reason.CLAMP_UNSETTLED: "the cut-down order is still not allowed by every rule",
        Reason.NOTHING_TO_REDUCE: "there is no position of ours to reduce",
        Reason.REDUCE_WRONG_SIDE: "the reduction is on the side that would enlarge",
        Reason.POSITION_UNKNOWN: "the position could not be read",
    }
)

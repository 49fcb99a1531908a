"""For each reason: which settings govern it, and what would have to change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, final

from bridge_patch.governor.reasons import MEANINGS, Reason


@final
@dataclass(frozen=True, slots=True)
class Remedy:
    """What would have to change for the objection to be gone; `settings` govern it."""

    change: str
    settings: tuple[str, ...] = ()


_COSTS: Final = ("TAKER_FEE_PCT", "SLIPPAGE_PCT")
_FLOOR: Final = "MIN_ORDER_USD"
_ROOM: Final = "ask for less margin, or close positions until there is room"

_ACCOUNT_AGE: Final = "SNAPSHOT_AGE_MAX_SEC"
#: The rules that need a reading of another kind than the account's, and how old it may be.
_AGES: Final = MappingProxyType(
    {
        "liquidation_clearance": "VOLATILITY_AGE_MAX_SEC",
        "index_near": "MARK_AGE_MAX_SEC",
        "price_calm": "MARK_AGE_MAX_SEC",
        "depth_enough": "MARK_AGE_MAX_SEC",
        "funding_bearable": "FUNDING_AGE_MAX_SEC",
    }
)

_GARBAGE: Final = (
    *(Reason.SIZE_ZERO, Reason.SIZE_NEGATIVE, Reason.SIZE_NAN, Reason.SIZE_INFINITE),
    *(Reason.LEVERAGE_MISSING, Reason.LEVERAGE_ZERO, Reason.LEVERAGE_NEGATIVE),
    *(Reason.LEVERAGE_NAN, Reason.LEVERAGE_INFINITE),
)

REMEDIES: Final[Mapping[Reason, Remedy]] = MappingProxyType(
    {
        Reason.PASS: Remedy("nothing: it is allowed"),
        Reason.INPUT_INVALID: Remedy("state a usable number, side and symbol"),
        Reason.SIZE_MISSING: Remedy(
            "state position_size_usd and leverage, or ai_size_usd and ai_leverage"
        ),
        **dict.fromkeys(_GARBAGE, Remedy("state a finite number above zero")),
        Reason.SIZE_BELOW_MIN: Remedy(
            "ask for at least the least margin", (_FLOOR, "GOVERNOR_BELOW_MIN")
        ),
        Reason.SIZE_ABOVE_MAX: Remedy(
            "ask for no more than the most margin", ("MAX_POSITION_USD",)
        ),
        Reason.LEVERAGE_BELOW_MIN: Remedy(
            "ask for at least the least leverage",
            ("AI_MIN_LEVERAGE", "GOVERNOR_BELOW_MIN"),
        ),
        Reason.LEVERAGE_ABOVE_MAX: Remedy(
            "ask for no more than the most leverage", ("AI_MAX_LEVERAGE",)
        ),
        Reason.LEVERAGE_ABOVE_BRACKET: Remedy(
            "ask for less leverage or less margin: the venue's bracket is the bound"
        ),
        Reason.LIQUIDATION_TOO_NEAR: Remedy(
            "ask for less leverage, a nearer stop or a shorter hold, or wait for a calmer"
            " market; what fits must not fall below the least leverage",
            ("LIQUIDATION_STOPS_MIN", "LIQUIDATION_SIGMAS_MIN", "AI_MIN_LEVERAGE"),
        ),
        Reason.NOTIONAL_EXCEEDED: Remedy(
            "ask for less: margin x leverage may be no more than the most notional",
            ("MAX_NOTIONAL_USD",),
        ),
        Reason.EQUITY_MULTIPLE_EXCEEDED: Remedy(
            "ask for less: margin x leverage may be no more than this many times equity",
            ("ORDER_NOTIONAL_MAX_EQUITY_MULTIPLE",),
        ),
        Reason.TOTAL_NOTIONAL_EXCEEDED: Remedy(_ROOM, ("MAX_NOTIONAL_USD", _FLOOR)),
        Reason.INITIAL_MARGIN_EXCEEDED: Remedy(_ROOM, ("INITIAL_MARGIN_MAX_PCT", _FLOOR)),
        Reason.BALANCE_INSUFFICIENT: Remedy(_ROOM, (_FLOOR, *_COSTS)),
        Reason.CONFIDENCE_BELOW_FLOOR: Remedy(
            "a signal with at least this confidence",
            ("MIN_CONFIDENCE", "GOVERNOR_FAIL_OPEN"),
        ),
        Reason.EXCEEDS_RISK_BUDGET: Remedy(
            "a larger risk_budget_usd in the intent, a smaller order or a nearer stop",
            ("GOVERNOR_FAIL_OPEN", *_COSTS),
        ),
        Reason.RISK_PER_TRADE_EXCEEDED: Remedy(
            "a smaller order or a nearer stop", ("RISK_PER_TRADE_MAX_PCT", _FLOOR, *_COSTS)
        ),
        Reason.QUANTITY_BELOW_MIN: Remedy(
            "a larger order: the venue's own filters are the bound"
        ),
        Reason.QUANTITY_ABOVE_MAX: Remedy(
            "a smaller order: the venue's own filters are the bound",
            ("ORDER_QUANTITY_MAX_PCT",),
        ),
        Reason.TRADING_HALTED: Remedy(
            "a person releases the account; `status` says who halted it and why",
        ),
        Reason.TRADING_REDUCING: Remedy(
            "what tightened the account is over; `status` says what it is, and the"
            " daily-loss latch ends at 00:00 UTC",
        ),
        Reason.DAILY_LOSS_EXCEEDED: Remedy(
            "equity recovers, or the next UTC day begins", ("DAILY_LOSS_MAX_PCT",)
        ),
        Reason.DRAWDOWN_EXCEEDED: Remedy(
            "equity recovers; the latch it pulls is released by a person only",
            ("DRAWDOWN_MAX_PCT",),
        ),
        Reason.SNAPSHOT_STALE: Remedy(
            "the account can be read again", ("SNAPSHOT_AGE_MAX_SEC",)
        ),
        Reason.SNAPSHOT_INCOMPLETE: Remedy(
            "the reading that is named can be had again",
            (_ACCOUNT_AGE, *dict.fromkeys(_AGES.values())),
        ),
        Reason.MARK_STALE: Remedy(
            "a fresh price of the symbol is seen", ("MARK_AGE_MAX_SEC",)
        ),
        Reason.SYMBOL_UNKNOWN: Remedy("ask for a symbol that the venue lists as trading"),
        Reason.STOP_UNKNOWN: Remedy("state a stop, as in stop_loss_pct"),
        Reason.POSITION_OPEN: Remedy("the position on the symbol is closed first"),
        Reason.ORDER_UNKNOWN: Remedy(
            "the fate of the order in doubt is known; `status` lists it",
            ("UNKNOWN_ORDERS_MAX", "UNKNOWN_AGE_MAX_SEC"),
        ),
        Reason.SYMBOL_NOTIONAL_EXCEEDED: Remedy(
            _ROOM, ("SYMBOL_NOTIONAL_MAX_EQUITY_MULTIPLE",)
        ),
        Reason.SIDE_NOTIONAL_EXCEEDED: Remedy(
            _ROOM, ("SIDE_NOTIONAL_MAX_EQUITY_MULTIPLE",)
        ),
        Reason.GROSS_NOTIONAL_EXCEEDED: Remedy(
            _ROOM, ("GROSS_NOTIONAL_MAX_EQUITY_MULTIPLE",)
        ),
        Reason.NET_NOTIONAL_EXCEEDED: Remedy(_ROOM, ("NET_NOTIONAL_MAX_EQUITY_MULTIPLE",)),
        Reason.WINDOW_NOTIONAL_EXCEEDED: Remedy(
            "wait until what was approved leaves its window; splitting gains nothing",
            (
                "NOTIONAL_1M_MAX_EQUITY_MULTIPLE",
                "NOTIONAL_1H_MAX_EQUITY_MULTIPLE",
                "NOTIONAL_1D_MAX_EQUITY_MULTIPLE",
            ),
        ),
        Reason.DEPTH_EXCEEDED: Remedy(
            "ask for less, or wait until more is traded", ("TURNOVER_MAX_PCT",)
        ),
        Reason.OPEN_POSITIONS_EXCEEDED: Remedy(
            "a position is closed first", ("OPEN_POSITIONS_MAX",)
        ),
        Reason.SYMBOL_ENTRIES_EXCEEDED: Remedy(
            "wait until an entry is an hour old", ("SYMBOL_ENTRIES_1H_MAX",)
        ),
        Reason.ENTRY_RATE_EXCEEDED: Remedy(
            "propose less often",
            ("ENTRY_ORDERS_MAX_PCT", "VENUE_ORDERS_10S_MAX", "VENUE_ORDERS_1M_MAX"),
        ),
        Reason.EXIT_RESERVE_TOUCHED: Remedy(
            "wait until fewer orders were sent within the minute",
            ("EXIT_ORDERS_RESERVE_PCT", "VENUE_ORDERS_10S_MAX", "VENUE_ORDERS_1M_MAX"),
        ),
        Reason.LOSERS_PAUSED: Remedy(
            "wait for the end of the pause", ("LOSERS_PAUSE_MIN", "LOSERS_PAUSE_SEC")
        ),
        Reason.LOSERS_LATCHED: Remedy(
            "a person re-arms the symbol: `bridge-patch resume --symbol S --why W`",
            ("LOSERS_LATCH_MIN",),
        ),
        Reason.SLIPPAGE_EXCEEDED: Remedy(
            "wait until the dear entries are an hour old", ("SLIPPAGE_1H_MAX_PCT",)
        ),
        Reason.SOURCE_PAUSED: Remedy(
            "the source proposes well-formed intents again: they count while it is paused",
            ("MALFORMED_MAX_PCT",),
        ),
        Reason.FUNDING_TOO_DEAR: Remedy(
            "a shorter hold, or the other side; or wait for another rate",
            ("FUNDING_MAX_RISK_PCT",),
        ),
        Reason.PRICE_OUT_OF_COLLAR: Remedy(
            "state the price as it is, or none", ("PRICE_COLLAR_PCT",)
        ),
        Reason.INDEX_DIVERGED: Remedy(
            "mark and index come together again", ("INDEX_GAP_MAX_PCT",)
        ),
        Reason.PRICE_SHOCKED: Remedy(
            "wait until the market has calmed down", ("SHOCK_SIGMAS_MAX", "SHOCK_PAUSE_SEC")
        ),
        Reason.EQUITY_JUMPED: Remedy(
            "the transfer or fill behind it becomes known, or a person resumes",
            ("EQUITY_JUMP_MAX_PCT",),
        ),
        Reason.CLOCK_SKEWED: Remedy(
            "the clocks agree again: look at the machine's time service, and restart the"
            " services if it was put right only now",
            ("CLOCK_SKEW_MAX_MS",),
        ),
        Reason.FILTERS_STALE: Remedy(
            "the venue's trading rules are read again", ("FILTERS_AGE_MAX_SEC",)
        ),
        Reason.POSITION_NAKED: Remedy(
            "the position has its stop, or is closed; `status` names it"
        ),
        Reason.FOREIGN_POSITION: Remedy(
            "what is not ours is closed where it was opened; then a person resumes"
        ),
        Reason.EXITS_SILENT: Remedy(
            "the exit process runs, `bridge-patch exits`, and has bars of all that is open",
            ("EXITS_SILENCE_MAX_SEC",),
        ),
        Reason.JOURNAL_CRAMPED: Remedy("make room on the disk that holds the journal"),
        Reason.SYMBOL_NOT_ALLOWED: Remedy(
            "name the symbol in SYMBOLS, if it is to be traded", ("SYMBOLS",)
        ),
        Reason.LIMITS_MISMATCH: Remedy("restart both processes with the same settings"),
        Reason.VENUE_MISMATCH: Remedy("make every process name the same venue"),
        Reason.RULE_FAILED: Remedy(
            "the program is mended: a rule could not answer; report it with this id"
        ),
        Reason.CLAMP_UNSETTLED: Remedy("ask for less: what the caps left does not pass"),
        Reason.NOTHING_TO_REDUCE: Remedy(
            "nothing: no position of ours is open, and what is not ours is never touched"
        ),
        Reason.REDUCE_WRONG_SIDE: Remedy("reduce on the side opposite to the position"),
        Reason.POSITION_UNKNOWN: Remedy("the position can be read again"),
    }
)
_UNLISTED: Final = Remedy("what its own words name")


def remedy_of(code: str, rule: str = "") -> Remedy:
    """Return what is known about a code; the venue's own codes are not ours to explain.

    Where a `rule` missed a reading, only the age that this rule asks for is named.
    """
    known = REMEDIES.get(Reason(code), _UNLISTED) if code in set(Reason) else _UNLISTED
    if code == Reason.SNAPSHOT_INCOMPLETE and rule:
        return replace(known, settings=(_AGES.get(rule, _ACCOUNT_AGE),))
    return known


def meaning_of(code: str) -> str:
    """Return the one line that says what a code of ours means, "" for any other."""
    return MEANINGS.get(Reason(code), "") if code in set(Reason) else ""

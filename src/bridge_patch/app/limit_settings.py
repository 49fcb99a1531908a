"""The settings that govern: every bound of the Governor, defined once."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Final

from bridge_patch.app.forms import Form, number, one_of, symbols, whole, yes_no
from bridge_patch.app.periods import (
    ACCOUNT_SEC,
    BAR_SEC,
    EXITS_LOOK_SEC,
    MARK_SEC,
    RULES_SEC,
    SETTLEMENT_SEC,
    outlasting,
)
from bridge_patch.domain.intent import Mode, Symbol
from bridge_patch.domain.money import HUNDRED
from bridge_patch.governor.limits import BelowMin, Limits

USD: Final = number("0.01", "1000000000")
_LEVERAGE: Final = number("1", "125")
_PERCENT: Final = number("0.01", "100")
_COST: Final = number("0", "10")
_MULTIPLE: Final = number("0.01", "125")
_WINDOW: Final = number("0.01", "100000")
_SECONDS: Final = whole(1, 3600)
_COUNT: Final = whole(1, 100_000)


def row(default: str, form: Form, unit: str, meaning: str) -> Any:
    """Define a setting: its default and form as text, its unit, and what it means."""
    return field(
        metadata={"default": default, "form": form, "unit": unit, "meaning": meaning}
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSettings:
    """Mode and bounds, in the order of `docs/settings.md`; the contract's come first."""

    ai_sizing_mode: Mode = row(
        *("shadow", one_of(Mode), ""),
        "in shadow it decides and trades nothing, in live it trades",
    )
    ai_max_leverage: Decimal = row(
        "80", _LEVERAGE, "x", "most leverage, for sizer and Governor"
    )
    ai_min_leverage: Decimal = row(
        "5", _LEVERAGE, "x", "least leverage, for sizer and Governor"
    )
    max_position_usd: Decimal = row("10000", USD, "USD", "most margin per position")
    max_notional_usd: Decimal = row(
        *("100000", USD, "USD"),
        "most notional of one order, and of all positions and open orders together",
    )
    min_order_usd: Decimal = row("50", USD, "USD", "least margin per order")
    min_confidence: Decimal = row(
        "0.0", number("0", "1"), "", "confidence floor; 0 is no floor"
    )
    governor_fail_open: bool = row(
        *("false", yes_no(), ""),
        "whether the confidence floor and an intent's own risk budget only warn",
    )
    governor_below_min: BelowMin = row(
        *("refuse", one_of(BelowMin), ""),
        "what becomes of a proposal below a minimum; clamp raises it, which adds risk",
    )
    intent_max_age_sec: int = row(
        "60", whole(1, 86400), "s", "an entry older than this is never traded"
    )
    symbols: tuple[Symbol, ...] = row(
        *("BTCUSDT,SOLUSDT", symbols(), ""),
        "what may be entered, and what the engine looks at",
    )
    order_notional_max_equity_multiple: Decimal = row(
        "1.5", _MULTIPLE, "x equity", "most notional of one order"
    )
    order_quantity_max_pct: Decimal = row(
        *("100", _PERCENT, "% of the venue's"),
        "most quantity of one order, of what the venue takes in one",
    )
    turnover_max_pct: Decimal = row(
        *("10", _PERCENT, "% of turnover"),
        "most notional of one order, of what traded in the newest bar",
    )
    symbol_notional_max_equity_multiple: Decimal = row(
        "1", _MULTIPLE, "x equity", "most notional on one symbol"
    )
    side_notional_max_equity_multiple: Decimal = row(
        *("2", _MULTIPLE, "x equity"),
        "most notional on one side; all symbols are one correlated bucket",
    )
    gross_notional_max_equity_multiple: Decimal = row(
        "4", _MULTIPLE, "x equity", "most notional, long and short added"
    )
    net_notional_max_equity_multiple: Decimal = row(
        "1.5", _MULTIPLE, "x equity", "most notional, long less short or short less long"
    )
    open_positions_max: int = row("10", _COUNT, "", "most positions at a time")
    initial_margin_max_pct: Decimal = row(
        "40", _PERCENT, "% of equity", "most margin posted in total"
    )
    risk_per_trade_max_pct: Decimal = row(
        *("2.5", _PERCENT, "% of equity"),
        "most lost at the stop of one trade, with costs",
    )
    notional_1m_max_equity_multiple: Decimal = row(
        "2", _WINDOW, "x equity", "most new notional within a minute"
    )
    notional_1h_max_equity_multiple: Decimal = row(
        "2", _WINDOW, "x equity", "most new notional within an hour"
    )
    notional_1d_max_equity_multiple: Decimal = row(
        "10", _WINDOW, "x equity", "most new notional within 24 hours"
    )
    daily_loss_max_pct: Decimal = row(
        *("6", _PERCENT, "% of equity"),
        "loss since 00:00 UTC that ends the day's entries",
    )
    drawdown_max_pct: Decimal = row(
        *("20", _PERCENT, "% of peak"),
        "fall from the peak that halts until a person resumes",
    )
    equity_jump_max_pct: Decimal = row(
        *("5", _PERCENT, "% of equity"),
        "change of equity that nothing explains; more stops entries",
    )
    symbol_entries_1h_max: int = row(
        "5", _COUNT, "", "most entries on one symbol within an hour"
    )
    losers_pause_min: int = row(
        "3", _COUNT, "", "losers in a row that give a symbol a pause"
    )
    losers_pause_sec: int = row("3600", whole(0, 604_800), "s", "how long that pause is")
    losers_latch_min: int = row(
        "5", _COUNT, "", "losers in a row that stop a symbol until a person re-arms it"
    )
    venue_orders_10s_max: int = row(
        "300", _COUNT, "orders", "what the venue takes from an account in 10 s"
    )
    venue_orders_1m_max: int = row(
        "1200", _COUNT, "orders", "what the venue takes from an account in a minute"
    )
    entry_orders_max_pct: Decimal = row(
        "25", _PERCENT, "% of the venue's", "most of those orders that may be entries"
    )
    exit_orders_reserve_pct: Decimal = row(
        *("50", _PERCENT, "% of the venue's"),
        "least of those orders that is kept for reductions",
    )
    slippage_1h_max_pct: Decimal = row(
        *("0.5", _PERCENT, "% of equity"),
        "most that an hour's entries may cost against the prices they were judged by",
    )
    malformed_max_pct: Decimal = row(
        *("50", _PERCENT, "% of proposals"),
        "malformed or absurd ones among a source's last 20 that stop the source",
    )
    price_collar_pct: Decimal = row(
        "2", _PERCENT, "% of mark", "farthest that an intent's own price may be from ours"
    )
    index_gap_max_pct: Decimal = row(
        "0.5", _PERCENT, "% of index", "farthest that mark and index may be apart"
    )
    shock_sigmas_max: Decimal = row(
        "6", number("0.1", "1000"), "σ", "largest move of one bar that is no shock"
    )
    shock_pause_sec: int = row(
        "60", whole(0, 3600), "s", "how long a shock stops entries on its symbol"
    )
    funding_max_risk_pct: Decimal = row(
        *("10", _PERCENT, "% of the risk"),
        "most funding over the longest hold, of the loss at the stop",
    )
    funding_age_max_sec: int = row(
        *("57600", outlasting(SETTLEMENT_SEC, 604_800), "s"),
        "an older funding rate refuses; it is renewed every 8 h",
    )
    liquidation_stops_min: Decimal = row(
        "3", number("1", "100"), "stops", "least liquidation distance, in hard stops"
    )
    liquidation_sigmas_min: Decimal = row(
        *("5", number("0.1", "100"), "σ"),
        "least liquidation distance, in standard deviations over the longest hold",
    )
    snapshot_age_max_sec: int = row(
        *("10", outlasting(ACCOUNT_SEC, 3600), "s"), "an older account reading refuses"
    )
    mark_age_max_sec: int = row(
        *("2", outlasting(MARK_SEC, 3600), "s"), "an older price refuses"
    )
    volatility_age_max_sec: int = row(
        *("600", outlasting(BAR_SEC, 86400), "s"),
        "an older volatility refuses; it is renewed with every bar",
    )
    filters_age_max_sec: int = row(
        *("86400", outlasting(RULES_SEC, 604_800), "s"),
        "older trading rules of the venue refuse; they are read hourly",
    )
    clock_skew_max_ms: int = row(
        "500", whole(1, 10_000), "ms", "farthest that our clock may be from the venue's"
    )
    exits_silence_max_sec: int = row(
        *("10", outlasting(EXITS_LOOK_SEC, 3600), "s"),
        "an exit path that is silent for longer stops entries",
    )
    unknown_orders_max: int = row(
        "2", whole(0, 1000), "orders", "most orders of unknown fate beside an entry"
    )
    unknown_age_max_sec: int = row(
        "60", _SECONDS, "s", "an order of unknown fate that is older stops entries"
    )
    taker_fee_pct: Decimal = row(
        "0.05", _COST, "% of notional", "fee of one order at market"
    )
    slippage_pct: Decimal = row(
        "0.05", _COST, "% of price", "slippage assumed for one order at market"
    )

    def limits(self) -> Limits:
        """Return the one set of bounds that sizer and Governor share."""
        given = {limit: getattr(self, name) for limit, name in SPELT.items()}
        millis = {f"{name}_ms": getattr(self, f"{name}_sec") * 1000 for name in _SECONDS_OF}
        same = {name: getattr(self, name) for name in _SAME}
        return Limits(**given, **millis, **same)

    def notices(self) -> tuple[str, ...]:
        """Name every protection that is switched off or softened; shown at each start."""
        softened = (
            (self.min_confidence == 0, "MIN_CONFIDENCE=0: there is no confidence floor"),
            (
                self.governor_fail_open,
                "GOVERNOR_FAIL_OPEN=true: confidence floor and risk budget only warn",
            ),
            (
                self.governor_below_min is BelowMin.CLAMP,
                "GOVERNOR_BELOW_MIN=clamp: proposals below a minimum are raised to it",
            ),
        )
        told = [text for holds, text in softened if holds]
        told += [
            f"{name.upper()}=0: {what}"
            for name, what in _OFF_AT_0.items()
            if not getattr(self, name)
        ]
        told += [
            f"{name.upper()}=100: it holds nothing back"
            for name in _OFF_AT_100
            if getattr(self, name) == HUNDRED
        ]
        return tuple(told)


#: What a zero switches off.
_OFF_AT_0: Final = {
    "losers_pause_sec": "losers in a row give no pause",
    "taker_fee_pct": "no fee is counted",
    "slippage_pct": "no slippage is counted",
}
#: Shares of which no more than all can be used up.
_OFF_AT_100: Final = (
    *("daily_loss_max_pct", "drawdown_max_pct", "equity_jump_max_pct"),
    *("initial_margin_max_pct", "risk_per_trade_max_pct", "slippage_1h_max_pct"),
    *("malformed_max_pct", "price_collar_pct", "index_gap_max_pct"),
    *("turnover_max_pct", "funding_max_risk_pct"),
)
#: Limits whose setting has another name: the contract's.
SPELT: Final = {
    "margin_min_usd": "min_order_usd",
    "margin_max_usd": "max_position_usd",
    "notional_max_usd": "max_notional_usd",
    "leverage_min": "ai_min_leverage",
    "leverage_max": "ai_max_leverage",
    "confidence_min": "min_confidence",
    "fail_open": "governor_fail_open",
    "below_min": "governor_below_min",
}
#: Limits in milliseconds whose setting is in seconds.
_SECONDS_OF: Final = (
    *("snapshot_age_max", "mark_age_max", "volatility_age_max", "filters_age_max"),
    *("funding_age_max", "exits_silence_max", "unknown_age_max"),
    *("losers_pause", "shock_pause"),
)
_SAME: Final = tuple(
    name
    for name in LimitSettings.__annotations__
    if name not in {*SPELT.values(), "ai_sizing_mode", "intent_max_age_sec"}
    and name.removesuffix("_sec") not in _SECONDS_OF
)

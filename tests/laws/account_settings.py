"""What a person may have set for an account: as shipped, narrow, and wide."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from bridge_patch.domain.intent import Symbol
from tests.simulation.rig import BTC, SOL

ETH, DOGE = Symbol("ETHUSDT"), Symbol("DOGEUSDT")
#: What is priced; the last is for strangers too, and nobody named the dog.
SYMBOLS: Final = (BTC, SOL, ETH)
NAMED: Final = {"SYMBOLS": ",".join(SYMBOLS)}
SETTINGS: Final[Mapping[str, dict[str, str]]] = {
    "shipped": NAMED,
    "narrow": NAMED
    | {
        "MAX_NOTIONAL_USD": "9000",
        "INITIAL_MARGIN_MAX_PCT": "9",
        "OPEN_POSITIONS_MAX": "2",
        "SYMBOL_ENTRIES_1H_MAX": "2",
        "NOTIONAL_1M_MAX_EQUITY_MULTIPLE": "0.9",
        "NOTIONAL_1H_MAX_EQUITY_MULTIPLE": "1.5",
        "VENUE_ORDERS_1M_MAX": "17",
        "VENUE_ORDERS_10S_MAX": "17",
        "MIN_CONFIDENCE": "0.3",
        "LOSERS_PAUSE_MIN": "1",
        "LOSERS_LATCH_MIN": "2",
        "UNKNOWN_ORDERS_MAX": "0",
    },
    "wide": NAMED
    | {
        "MAX_NOTIONAL_USD": "60000",
        "ORDER_NOTIONAL_MAX_EQUITY_MULTIPLE": "4",
        "SYMBOL_NOTIONAL_MAX_EQUITY_MULTIPLE": "3",
        "SIDE_NOTIONAL_MAX_EQUITY_MULTIPLE": "4",
        "NET_NOTIONAL_MAX_EQUITY_MULTIPLE": "4",
        "GROSS_NOTIONAL_MAX_EQUITY_MULTIPLE": "6",
        "NOTIONAL_1M_MAX_EQUITY_MULTIPLE": "5",
        "NOTIONAL_1H_MAX_EQUITY_MULTIPLE": "9",
        "NOTIONAL_1D_MAX_EQUITY_MULTIPLE": "12",
        "INITIAL_MARGIN_MAX_PCT": "80",
        "RISK_PER_TRADE_MAX_PCT": "9",
    },
}

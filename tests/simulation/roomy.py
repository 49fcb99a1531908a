"""Settings for tests about other things than room."""

from bridge_patch.adapters.instruments import ListedInstruments

#: Bounds on how much and how often that hold nothing back, for tests about other things.
ROOMY = {
    "SYMBOL_NOTIONAL_MAX_EQUITY_MULTIPLE": "125",
    "SIDE_NOTIONAL_MAX_EQUITY_MULTIPLE": "125",
    "GROSS_NOTIONAL_MAX_EQUITY_MULTIPLE": "125",
    "NET_NOTIONAL_MAX_EQUITY_MULTIPLE": "125",
    "NOTIONAL_1M_MAX_EQUITY_MULTIPLE": "100000",
    "NOTIONAL_1H_MAX_EQUITY_MULTIPLE": "100000",
    "NOTIONAL_1D_MAX_EQUITY_MULTIPLE": "100000",
    "OPEN_POSITIONS_MAX": "1000",
    "SYMBOL_ENTRIES_1H_MAX": "100000",
    "LOSERS_PAUSE_MIN": "100000",
    "LOSERS_LATCH_MIN": "100000",
    "VENUE_ORDERS_10S_MAX": "100000",
    "VENUE_ORDERS_1M_MAX": "100000",
    "SLIPPAGE_1H_MAX_PCT": "100",
    "MALFORMED_MAX_PCT": "100",
    "PRICE_COLLAR_PCT": "100",
    "TURNOVER_MAX_PCT": "100",
    "SYMBOLS": ",".join(ListedInstruments().symbols),
}

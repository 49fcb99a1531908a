"""Trading rules and leverage brackets of sixteen USD-M perpetual contracts, as facts.

Sources, three recordings of the exchange's own replies:
- T: `exchangeInfo` of the testnet, 2026-03-31: tick, step, least quantity, least notional
- M: `exchangeInfo` of the main venue, 2021-12-04: filters in force then
- B: `leverageBracket`, 2025-07-10: largest leverage, notional cap, maintenance margin rate

The largest quantity is the smallest that LOT_SIZE and MARKET_LOT_SIZE show in T or M,
testnet's being inflated for some. `note` says where a symbol departs from T, and why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, final


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One contract as recorded; numbers as the exchange wrote them.

    A tier is `leverage_max notional_cap_usd maintenance_rate`, lowest first.
    """

    tick: str
    step: str
    quantity_min: str
    quantity_max: str
    notional_min: str
    source: str
    tiers: tuple[str, ...]
    note: str = ""


_BTC: Final = Fact(
    tick="0.1",
    step="0.001",
    quantity_min="0.001",
    quantity_max="120",
    notional_min="100",
    source="T M B",
    note="step of M: volumes traded in 2025 are multiples of 0.001, testnet has 0.0001",
    tiers=(
        *("125 300000 0.004", "100 800000 0.005", "75 3000000 0.0065"),
        *("50 12000000 0.01", "25 70000000 0.02", "20 100000000 0.025"),
        *("10 230000000 0.05", "5 480000000 0.1", "4 600000000 0.125"),
        *("3 800000000 0.15", "2 1200000000 0.25", "1 1800000000 0.5"),
    ),
)
_ETH: Final = Fact(
    tick="0.01",
    step="0.001",
    quantity_min="0.001",
    quantity_max="2000",
    notional_min="20",
    source="T M B",
    tiers=(
        *("125 300000 0.004", "100 800000 0.005", "75 3000000 0.0065"),
        *("50 12000000 0.01", "25 50000000 0.02", "20 65000000 0.025"),
        *("10 150000000 0.05", "5 320000000 0.1", "4 400000000 0.125"),
        *("3 530000000 0.15", "2 800000000 0.25", "1 1200000000 0.5"),
    ),
)
_SOL: Final = Fact(
    tick="0.01",
    step="0.01",
    quantity_min="0.01",
    quantity_max="6000",
    notional_min="5",
    source="T M B",
    tiers=(
        *("100 50000 0.005", "75 400000 0.0065", "50 1000000 0.01"),
        *("25 4000000 0.02", "20 8000000 0.025", "10 40000000 0.05"),
        *("5 80000000 0.1", "4 100000000 0.125", "2 200000000 0.25"),
        "1 400000000 0.5",
    ),
)
_BNB: Final = Fact(
    tick="0.01",
    step="0.01",
    quantity_min="0.01",
    quantity_max="1500",
    notional_min="5",
    source="T M B",
    tiers=(
        *("75 10000 0.005", "50 50000 0.006", "40 200000 0.01"),
        *("25 1500000 0.02", "20 3000000 0.025", "10 15000000 0.05"),
        *("5 30000000 0.1", "4 37500000 0.125", "2 75000000 0.25"),
        "1 150000000 0.5",
    ),
)
_XRP: Final = Fact(
    tick="0.0001",
    step="0.1",
    quantity_min="0.1",
    quantity_max="500000",
    notional_min="5",
    source="T M B",
    tiers=(
        *("75 80000 0.006", "50 150000 0.01", "40 400000 0.0125"),
        *("25 1000000 0.02", "20 2000000 0.025", "10 10000000 0.05"),
        *("5 20000000 0.1", "4 25000000 0.125", "2 50000000 0.25"),
        "1 100000000 0.5",
    ),
)
_DOGE: Final = Fact(
    tick="0.00001",
    step="1",
    quantity_min="1",
    quantity_max="2500000",
    notional_min="5",
    source="T M B",
    tiers=(
        *("75 80000 0.0065", "50 150000 0.01", "40 750000 0.0125"),
        *("25 2000000 0.02", "20 4000000 0.025", "10 20000000 0.05"),
        *("5 40000000 0.1", "4 50000000 0.125", "2 100000000 0.25"),
        "1 200000000 0.5",
    ),
)
_ADA: Final = Fact(
    tick="0.0001",
    step="1",
    quantity_min="1",
    quantity_max="300000",
    notional_min="5",
    source="T M B",
    tiers=(
        *("75 10000 0.005", "50 50000 0.01", "40 200000 0.015"),
        *("25 1000000 0.02", "20 2000000 0.025", "10 10000000 0.05"),
        *("5 20000000 0.1", "4 25000000 0.125", "2 50000000 0.25"),
        "1 100000000 0.5",
    ),
)
_LINK: Final = Fact(
    tick="0.001",
    step="0.01",
    quantity_min="0.01",
    quantity_max="20000",
    notional_min="5",
    source="T M B",
    tiers=(
        *("75 10000 0.005", "50 50000 0.01", "40 160000 0.015"),
        *("25 800000 0.02", "20 1600000 0.025", "10 8000000 0.05"),
        *("5 16000000 0.1", "4 20000000 0.125", "2 40000000 0.25"),
        "1 80000000 0.5",
    ),
)
_LTC: Final = Fact(
    tick="0.01",
    step="0.001",
    quantity_min="0.001",
    quantity_max="3000",
    notional_min="5",
    source="T M B",
    tiers=_LINK.tiers,
)
_SUI: Final = Fact(
    tick="0.0001",
    step="0.1",
    quantity_min="0.1",
    quantity_max="10000000",
    notional_min="5",
    source="T B",
    note="listed after M: the largest quantity is the testnet's alone, the brackets bind",
    tiers=(
        *("75 20000 0.01", "50 200000 0.015", "25 1000000 0.02"),
        *("20 2000000 0.025", "10 10000000 0.05", "5 20000000 0.1"),
        *("4 25000000 0.125", "2 50000000 0.25", "1 100000000 0.5"),
    ),
)
_AVAX: Final = Fact(
    tick="0.001",
    step="1",
    quantity_min="1",
    quantity_max="5000",
    notional_min="5",
    source="T M B",
    tiers=(
        *("75 25000 0.005", "50 80000 0.01", "40 160000 0.015"),
        *("25 800000 0.02", "20 1600000 0.025", "10 8000000 0.05"),
        *("5 16000000 0.1", "4 20000000 0.125", "2 40000000 0.25"),
        "1 80000000 0.5",
    ),
)
_LAYER: Final = Fact(
    tick="0.0001",
    step="0.1",
    quantity_min="0.1",
    quantity_max="80000",
    notional_min="5",
    source="T B",
    note="listed after M",
    tiers=(
        *("75 5000 0.01", "50 10000 0.015", "25 25000 0.02"),
        *("20 50000 0.025", "10 125000 0.05", "5 250000 0.1"),
        *("4 500000 0.125", "3 4500000 0.1667", "2 7500000 0.25"),
        "1 12500000 0.5",
    ),
)
_BCH: Final = Fact(
    tick="0.01",
    step="0.001",
    quantity_min="0.001",
    quantity_max="850",
    notional_min="5",
    source="T M B",
    tiers=(
        *("75 10000 0.005", "50 100000 0.01", "40 160000 0.015"),
        *("25 800000 0.02", "20 1600000 0.025", "10 8000000 0.05"),
        *("5 16000000 0.1", "4 20000000 0.125", "2 40000000 0.25"),
        "1 80000000 0.5",
    ),
)
_DOT: Final = Fact(
    tick="0.001",
    step="0.1",
    quantity_min="0.1",
    quantity_max="50000",
    notional_min="5",
    source="T M B",
    tiers=(
        *("75 10000 0.0065", "50 50000 0.01", "40 100000 0.015"),
        *("25 500000 0.02", "20 800000 0.025", "10 4000000 0.05"),
        *("5 8000000 0.1", "4 10000000 0.125", "2 30000000 0.25"),
        "1 50000000 0.5",
    ),
)
_TRX: Final = Fact(
    tick="0.00001",
    step="1",
    quantity_min="1",
    quantity_max="5000000",
    notional_min="5",
    source="T M B",
    tiers=(
        *("75 10000 0.0065", "50 90000 0.01", "40 120000 0.015"),
        *("25 650000 0.02", "20 800000 0.025", "10 3000000 0.05"),
        *("5 6000000 0.1", "4 12000000 0.125", "2 20000000 0.25"),
        "1 30000000 0.5",
    ),
)
_XLM: Final = Fact(
    tick="0.00001",
    step="1",
    quantity_min="1",
    quantity_max="1000000",
    notional_min="5",
    source="T M B",
    tiers=(
        *("75 10000 0.01", "50 100000 0.015", "25 500000 0.02"),
        *("20 1000000 0.025", "10 5000000 0.05", "5 10000000 0.1"),
        *("4 12500000 0.125", "2 25000000 0.25", "1 50000000 0.5"),
    ),
)

FACTS: Final[Mapping[str, Fact]] = MappingProxyType(
    {
        "BTCUSDT": _BTC,
        "ETHUSDT": _ETH,
        "SOLUSDT": _SOL,
        "BNBUSDT": _BNB,
        "XRPUSDT": _XRP,
        "DOGEUSDT": _DOGE,
        "ADAUSDT": _ADA,
        "LINKUSDT": _LINK,
        "LTCUSDT": _LTC,
        "SUIUSDT": _SUI,
        "AVAXUSDT": _AVAX,
        "LAYERUSDT": _LAYER,
        "BCHUSDT": _BCH,
        "DOTUSDT": _DOT,
        "TRXUSDT": _TRX,
        "XLMUSDT": _XLM,
    }
)

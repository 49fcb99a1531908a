"""What the exchange takes: fees, and the distance between the last price and a fill.

A market order fills at

    last price × (1 ± (half-spread + impact)),    rounded to the tick, against the order
    impact = c × max(√x, x),                      x = notional ÷ $1,000,000

and a stop that fires pays `fast_tape_bp` more. Basis points (1 bp = 0.01 %), per class:

| class | half-spread | c | from |
|---|---|---|---|
| BTCUSDT | 0.25 | 1.1 | depth recorded 2023-24: spread 0.016-0.036 median, 0.5 at the 99th percentile; a $1M buy costs 0.4-1.1, a $100k buy 0.02 |
| ETHUSDT | 0.25 | 2.7 | the same recordings: 0.03 and 0.5; $1M 1.0-2.7, $100k 0.01-0.4 |
| large | 0.5 | 25 | judgement: √(order ÷ daily turnover) × daily volatility gives 8 (SOL) to 20 (ADA) at $1M |
| thin | 2 | 100 | the same judgement, for LAYERUSDT and every symbol not named here |

The upper figure is taken each time. √x lies above both recorded points of BTC and ETH, and
beyond $1M the line takes over, which is steeper there. ADAUSDT quotes of 2022-12-13 stood
one tick apart in 99.7 % of minutes (3.25 bp): rounding to the tick, against the order,
covers half of that and more. In fast tape 7.5 % of trades printed more than 5 bp from the
last quote: that is what a stop pays on top.

A market order takes at most `volume_share_max` of the newest bar's volume. That tenth is
judgement: impact laws such as the root above are calibrated on orders that are a small part
of what trades meanwhile, and beyond it a price for the whole order would be an invention.
"""  # noqa: E501 - a table row does not break

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from types import MappingProxyType
from typing import Final, final

from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Side, Symbol
from bridge_patch.domain.money import ONE, floor_to

#: The exchange's books have eight decimals; sums of such amounts are exact.
USD_QUANTUM: Final = Decimal("0.00000001")

_BP: Final = Decimal("0.0001")
_MILLION: Final = Decimal(1_000_000)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """How much a book moves under a market order, in basis points.

    `impact_bp` is the cost of an order of $1,000,000 beyond the half-spread.
    """

    half_spread_bp: Decimal
    impact_bp: Decimal


_LARGE: Final = Depth(half_spread_bp=Decimal("0.5"), impact_bp=Decimal(25))
_THIN: Final = Depth(half_spread_bp=Decimal(2), impact_bp=Decimal(100))
_LARGE_NAMES: Final = "SOL BNB XRP DOGE ADA LINK LTC SUI AVAX BCH DOT TRX XLM"

DEPTHS: Final[Mapping[Symbol, Depth]] = MappingProxyType(
    {
        Symbol("BTCUSDT"): Depth(half_spread_bp=Decimal("0.25"), impact_bp=Decimal("1.1")),
        Symbol("ETHUSDT"): Depth(half_spread_bp=Decimal("0.25"), impact_bp=Decimal("2.7")),
        **{Symbol(f"{name}USDT"): _LARGE for name in _LARGE_NAMES.split()},
    }
)


@final
@dataclass(frozen=True, slots=True, kw_only=True)
class Costs:
    """The exchange's own charges; what the Governor allows for is `CostRates`, not this.

    `taker_fraction` and `maker_fraction` are the USD-M regular-user rates; only an order
    that rested is a maker's. `liquidation_fraction` is the largest `liquidationFee` of the
    recorded 2026 rules that the big symbols carry; a liquidation recorded in 2022 paid
    0.005 (3.049267 on 609.8534 USD).
    """

    taker_fraction: Decimal = Decimal("0.0005")
    maker_fraction: Decimal = Decimal("0.0002")
    liquidation_fraction: Decimal = Decimal("0.02")
    fast_tape_bp: Decimal = Decimal(5)
    volume_share_max: Decimal = Decimal("0.1")
    depths: Mapping[Symbol, Depth] = field(default_factory=lambda: DEPTHS)
    depth_other: Depth = _THIN

    def slippage_fraction(
        self, symbol: Symbol, notional_usd: Decimal, *, fast_tape: bool = False
    ) -> Decimal:
        """Return how far from the last price a market order of this notional fills.

        >>> Costs().slippage_fraction(Symbol("BTCUSDT"), Decimal(10_000))
        Decimal('0.000036')
        """
        depth = self.depths.get(symbol, self.depth_other)
        millions = notional_usd / _MILLION
        impact = depth.impact_bp * max(millions.sqrt(), millions)
        paid = depth.half_spread_bp + impact + (self.fast_tape_bp if fast_tape else 0)
        return paid * _BP


def fill_price(
    costs: Costs,
    instrument: Instrument,
    *,
    side: Side,
    quantity_base: Decimal,
    last_usd: Decimal,
    fast_tape: bool = False,
) -> Decimal:
    """Return what a market order on `side` trades at: never better than `last_usd`."""
    slippage = costs.slippage_fraction(
        instrument.symbol, quantity_base * last_usd, fast_tape=fast_tape
    )
    tick = instrument.price_tick
    price = last_usd * (ONE + side.sign * slippage)
    cut = floor_to(price, tick)
    if side is Side.BUY:
        return cut if cut == price else cut + tick
    return max(cut, tick)


def usd_up(amount: Decimal) -> Decimal:
    """Round an amount we pay or post to the books' eight decimals, up."""
    return amount.quantize(USD_QUANTUM, ROUND_CEILING)


def usd_down(amount: Decimal) -> Decimal:
    """Round an amount we gain to the books' eight decimals, down."""
    return amount.quantize(USD_QUANTUM, ROUND_FLOOR)

"""What the doctor's tests start from: a healthy reading of all, to change in part."""

from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.venue_ccxt.codes import Disposition
from bridge_patch.adapters.venue_ccxt.environment import environment_of, inspected
from bridge_patch.adapters.venue_ccxt.inspection import (
    ClockSample,
    Heard,
    Inspection,
    StreamSeen,
    WeightSeen,
)
from bridge_patch.adapters.venue_ccxt.inspection_calls import (
    AccountConfig,
    BracketReply,
    KeyRights,
    SymbolBrackets,
    TradingStatus,
)
from bridge_patch.adapters.venue_ccxt.outcome import Accepted, Refused
from bridge_patch.adapters.venue_ccxt.replies import (
    AccountAsset,
    AccountReply,
    ExchangeInfo,
    Filter,
    ListenKey,
    MultiAssets,
    PositionSide,
    SymbolConfig,
    SymbolInfo,
)
from bridge_patch.app.doctor.symbols import Wanted
from bridge_patch.domain.instrument import Instrument
from bridge_patch.domain.intent import Symbol, Unknown

T = TypeVar("T")
D = Decimal
BTC, SOL = Symbol("BTCUSDT"), Symbol("SOLUSDT")
OLD = Symbol("OLDUSDT")
TABLE = ListedInstruments()
REVOKED = Refused(
    code="-2015", message="Invalid API-key", disposition=Disposition.CONFIGURATION
)
LOST = Unknown("no reply: TimeoutError")


def row(symbol: Symbol = BTC) -> Instrument:
    found = TABLE.find(symbol)
    assert isinstance(found, Instrument)
    return found


def wanted(**changes: Any) -> Wanted:
    made = Wanted(
        instruments={s: TABLE.find(s) for s in (BTC, SOL)},
        leverage_max=80,
        notional_max_usd=D(100_000),
    )
    return replace(made, **changes)


def info(symbol: Symbol = BTC, status: str = "TRADING", **changes: str) -> SymbolInfo:
    """The venue's rules of a symbol, just those of our table unless changed."""
    ours = row(symbol)
    stated = {
        "tick": f"{ours.price_tick:f}",
        "step": f"{ours.quantity_step:f}",
        "least": f"{ours.quantity_min:f}",
        "most": f"{ours.quantity_max:f}",
        "notional": f"{ours.notional_min:f}",
        **changes,
    }
    lot = {
        "min_qty": D(stated["least"]),
        "max_qty": D(stated["most"]),
        "step_size": D(stated["step"]),
    }
    return SymbolInfo(
        symbol=symbol,
        status=status,
        filters=[
            Filter(filter_type="PRICE_FILTER", tick_size=D(stated["tick"])),
            Filter(filter_type="LOT_SIZE", **lot),
            Filter(filter_type="MARKET_LOT_SIZE", **lot),
            Filter(filter_type="MIN_NOTIONAL", notional=D(stated["notional"])),
        ],
    )


def tiers(symbol: Symbol = BTC, **changes: Any) -> SymbolBrackets:
    """The venue's tiers, just those of our table; `most` caps the leverage of each."""
    most, rate = changes.pop("most", 125), changes.pop("rate", None)
    return SymbolBrackets(
        symbol=symbol,
        brackets=[
            BracketReply(
                initial_leverage=min(tier.leverage_max, most),
                notional_floor=tier.notional_floor,
                notional_cap=tier.notional_cap,
                maint_margin_ratio=rate or tier.mmr,
            )
            for tier in row(symbol).brackets
        ],
        **changes,
    )


def rights(**changes: bool) -> Accepted[KeyRights]:
    may = {
        "ip_restrict": True,
        "enable_reading": True,
        "enable_withdrawals": False,
        "enable_futures": True,
        **changes,
    }
    return Accepted(KeyRights(**may))


def configs(**kinds: str | int) -> Accepted[list[SymbolConfig]]:
    """Margin types by symbol; a number is a leverage instead."""
    stated = {BTC: 50, SOL: "ISOLATED", **kinds}
    return Accepted(
        [
            SymbolConfig(
                symbol=name,
                margin_type=kind if isinstance(kind, str) else "ISOLATED",
                leverage=kind if isinstance(kind, int) else 20,
            )
            for name, kind in stated.items()
        ]
    )


def account(balance: str = "100") -> Accepted[AccountReply]:
    return Accepted(
        AccountReply(
            total_margin_balance=D(balance),
            total_wallet_balance=D(balance),
            available_balance=D(balance),
            assets=[AccountAsset(asset="USDT", wallet_balance=D(balance))],
            positions=[],
        )
    )


def user(**changes: Any) -> StreamSeen:
    seen = StreamSeen(
        key=Accepted(ListenKey(listen_key="k")),
        heard=Heard(connected=True, events=1, told=1),
        before=account(),
        after=account(),
    )
    return replace(seen, **changes)


def weight(**changes: int) -> WeightSeen:
    return replace(
        WeightSeen(used=100, most=2400, entries_most=1440, quiet_ms=0), **changes
    )


def healthy(**changes: Any) -> Inspection:
    """A venue with which all is well; nothing is open in it."""
    seen = Inspection(
        environment=inspected(environment_of("simulator", "http://127.0.0.1:1")),
        clock=(ClockSample(offset_ms=3, took_ms=8.0),),
        rights=rights(),
        config=Accepted(AccountConfig(can_trade=True)),
        sides=Accepted(PositionSide(dual_side_position=False)),
        assets=Accepted(MultiAssets(multi_assets_margin=False)),
        symbols=configs(),
        brackets=Accepted([tiers(BTC), tiers(SOL)]),
        info=Accepted(ExchangeInfo(rate_limits=[], symbols=[info(BTC), info(SOL)])),
        status=Accepted(TradingStatus()),
        bookings=Accepted([]),
        orders=Accepted([]),
        algos=Accepted([]),
        positions=Accepted([]),
        user=user(),
        market=Heard(connected=True, events=3),
        weight=weight(),
        took_ms=(8.0, 9.0, 10.0),
    )
    return replace(seen, **changes)

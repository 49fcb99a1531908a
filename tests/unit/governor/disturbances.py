"""What can be wrong with FINE, one thing at a time, and what the Governor says to it."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

from bridge_patch.domain.events import TradingState
from bridge_patch.domain.intent import Confidence, RiskBudget, Side, Symbol, UnixMs, Unknown
from bridge_patch.domain.market import FundingTerms
from bridge_patch.governor.reasons import Reason
from bridge_patch.governor.snapshot import Holding, Known
from tests.questions import (
    BTC_RULES,
    FUNDING,
    NOTHING_DONE,
    NOTHING_OPEN,
    NOW,
    PAPER,
    Question,
    tier,
)

D = Decimal
R = Reason
Disturb = Callable[[Question], Question]
UNREAD = Unknown("timeout")


def asks(**changes: object) -> Disturb:
    return lambda q: q.asking(**changes)


def knows(**changes: object) -> Disturb:
    return lambda q: q.knowing(**changes)


def bounds(**changes: object) -> Disturb:
    return lambda q: q.bounded(**changes)


def sized(margin: str, leverage: str) -> Disturb:
    return lambda q: q.sized(margin, leverage)


def rules_of(**changes: object) -> Disturb:
    return knows(instrument=replace(BTC_RULES, **changes))  # type: ignore[arg-type]


def carries(**changes: object) -> Disturb:
    """Disturb what is open; NOTHING_OPEN otherwise."""
    return knows(exposure=replace(NOTHING_OPEN, **changes))  # type: ignore[arg-type]


def did(**changes: object) -> Disturb:
    """Disturb what was done lately; NOTHING_DONE otherwise."""
    return knows(activity=replace(NOTHING_DONE, **changes))  # type: ignore[arg-type]


def held(notional: str = "0", margin: str = "0") -> Disturb:
    """Longs elsewhere, with as many shorts against them: no net, no share of a symbol."""
    half = D(notional) / 2
    return carries(long_usd=half, short_usd=half, margin_usd=D(margin))


def both(first: Disturb, second: Disturb) -> Disturb:
    return lambda q: second(first(q))


def then(value: str, age_ms: int = 0) -> Known:
    return Known(D(value), UnixMs(NOW - age_ms))


#: Multiples of equity that hold back nothing here.
ROOMY = bounds(
    side_notional_max_equity_multiple=D(100),
    gross_notional_max_equity_multiple=D(100),
)
#: Nothing bounds a symbol or a side but the order's own limit.
ONE_ORDER = bounds(
    symbol_notional_max_equity_multiple=D(100),
    net_notional_max_equity_multiple=D(100),
)
RICH = both(
    knows(equity=then("1000000"), available=then("1000000")),
    bounds(notional_max_usd=D(50_000)),
)
ELSEWHERE = replace(PAPER, prices="binance")


def terms(rate: str = "0.0001", age_ms: int = 0) -> FundingTerms:
    """FUNDING at another rate, or from another time."""
    return replace(FUNDING, rate_fraction=D(rate), at_ms=UnixMs(NOW - age_ms))


OTHER_RULES = knows(instrument=replace(BTC_RULES, symbol=Symbol("ETHUSDT")))

ORDER_REFUSED: list[tuple[str, Disturb, Reason]] = [
    ("nothing proposed", asks(proposal=Unknown("no margin stated")), R.SIZE_MISSING),
    ("a cent too little", sized("49.99", "15"), R.SIZE_BELOW_MIN),
    ("too little leverage", sized("450", "4.9"), R.LEVERAGE_BELOW_MIN),
    (
        "rounded below the minimum",
        both(bounds(leverage_min=D("5.5")), sized("450", "5.9")),
        R.LEVERAGE_BELOW_MIN,
    ),
    ("rounded to nothing", sized("450", "0.9"), R.LEVERAGE_BELOW_MIN),
    ("too much exposure", both(RICH, sized("10000", "10")), R.NOTIONAL_EXCEEDED),
    (
        "too many times equity",
        both(ONE_ORDER, sized("1000.01", "15")),
        R.EQUITY_MULTIPLE_EXCEEDED,
    ),
    ("no exposure left", both(ROOMY, held(notional="99500")), R.TOTAL_NOTIONAL_EXCEEDED),
    ("no margin left", held(margin="3990"), R.INITIAL_MARGIN_EXCEEDED),
    ("no balance left", knows(available=then("30")), R.BALANCE_INSUFFICIENT),
    ("no balance", knows(available=then("0")), R.BALANCE_INSUFFICIENT),
    ("too unsure", bounds(confidence_min=D("0.86")), R.CONFIDENCE_BELOW_FLOOR),
    ("no signal", asks(confidence=Confidence(D(0))), R.CONFIDENCE_BELOW_FLOOR),
    ("over its budget", asks(risk_budget=RiskBudget(D("148.49"))), R.EXCEEDS_RISK_BUDGET),
    ("no budget", asks(risk_budget=RiskBudget(D(0))), R.EXCEEDS_RISK_BUDGET),
    ("risks too much", bounds(risk_per_trade_max_pct=D("0.1")), R.RISK_PER_TRADE_EXCEEDED),
    ("too few", rules_of(quantity_min=D("0.1")), R.QUANTITY_BELOW_MIN),
    ("worth too little", rules_of(notional_min=D(6746)), R.QUANTITY_BELOW_MIN),
    ("too many", rules_of(quantity_max=D("0.07")), R.QUANTITY_ABOVE_MAX),
    ("halted", knows(state=TradingState.HALTED), R.TRADING_HALTED),
    ("reducing", knows(state=TradingState.REDUCING), R.TRADING_REDUCING),
    ("lost today", knows(day_loss_pct=then("6")), R.DAILY_LOSS_EXCEEDED),
    ("fell from the peak", knows(drawdown_pct=then("20")), R.DRAWDOWN_EXCEEDED),
    ("old snapshot", knows(taken_ms=UnixMs(NOW - 10_001)), R.SNAPSHOT_STALE),
    ("future snapshot", knows(taken_ms=UnixMs(NOW + 1)), R.SNAPSHOT_STALE),
    ("equity unread", knows(equity=UNREAD), R.SNAPSHOT_INCOMPLETE),
    ("old equity", knows(equity=then("10000", 10_001)), R.SNAPSHOT_INCOMPLETE),
    ("infinite equity", knows(equity=then("Infinity")), R.SNAPSHOT_INCOMPLETE),
    ("balance unread", knows(available=UNREAD), R.SNAPSHOT_INCOMPLETE),
    ("exposure unread", knows(exposure=UNREAD), R.SNAPSHOT_INCOMPLETE),
    ("loss unread", knows(day_loss_pct=UNREAD), R.SNAPSHOT_INCOMPLETE),
    ("no loss to speak of", knows(drawdown_pct=then("-Infinity")), R.SNAPSHOT_INCOMPLETE),
    ("volatility unread", knows(volatility=UNREAD), R.SNAPSHOT_INCOMPLETE),
    ("no volatility", knows(volatility=then("0")), R.SNAPSHOT_INCOMPLETE),
    ("old volatility", knows(volatility=then("0.5", 600_001)), R.SNAPSHOT_INCOMPLETE),
    ("mark unread", knows(mark=UNREAD), R.MARK_STALE),
    ("old mark", knows(mark=then("95000", 2_001)), R.MARK_STALE),
    ("future mark", knows(mark=then("95000", -1)), R.MARK_STALE),
    ("mark of zero", knows(mark=then("0")), R.MARK_STALE),
    ("mark of NaN", knows(mark=then("NaN")), R.MARK_STALE),
    ("not listed", knows(instrument=UNREAD), R.SYMBOL_UNKNOWN),
    ("another's rules", OTHER_RULES, R.SYMBOL_UNKNOWN),
    ("no stop", asks(stop=Unknown("none stated")), R.STOP_UNKNOWN),
    (
        "position open",
        knows(holding=Holding(side=Side.BUY, quantity_base=D(1))),
        R.POSITION_OPEN,
    ),
    ("position unread", knows(holding=UNREAD), R.POSITION_UNKNOWN),
    ("order unknown", carries(unknown_on_symbol=1, unknown_orders=1), R.ORDER_UNKNOWN),
    ("too wild", knows(volatility=then("10")), R.LIQUIDATION_TOO_NEAR),
]

TWELVE = (tier(12, "0", "100000000", "0.004", "0"),)

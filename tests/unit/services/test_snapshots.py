"""What the Governor is told: our own readings, the worse of two, and what is not known."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.adapters.memory import ManualClock
from bridge_patch.domain.account import Exposure
from bridge_patch.domain.events import Book, Sending, TradingState
from bridge_patch.domain.intent import IntentId, Side, UnixMs, Unknown
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.domain.position import Position
from bridge_patch.governor.snapshot import Holding, Known, RiskSnapshot
from bridge_patch.services.activity import ActivityLog
from bridge_patch.services.conditions import Conditions
from bridge_patch.services.gauge import EquityGauge
from bridge_patch.services.ledger import Ledger
from bridge_patch.services.market import MarketView
from bridge_patch.services.ports import AccountReading, PositionReading
from bridge_patch.services.snapshots import Snapshots
from tests.questions import NOTHING_OPEN, PAPER, SHIPPED
from tests.simulation.rig import BTC, SOL, at, minute, run

D = Decimal
NOW = minute(1)
FLAT = AccountReading(
    at_ms=NOW, equity_usd=D(10_000), available_usd=D(10_000), positions=()
)
OPEN = Position(
    symbol=BTC,
    signed_base=D("-0.04"),
    first_base=D("0.04"),
    entry_price_usd=D(95_000),
    margin_usd=D(380),
    opened_ms=NOW,
)
READ = PositionReading(
    symbol=BTC,
    side=Side.SELL,
    quantity_base=D("0.04"),
    entry_price_usd=D(95_000),
    margin_usd=D(380),
    stop_price_usd=D(97_000),
)
IN_DOUBT = Sending(
    at_ms=NOW,
    intent_id=IntentId("a"),
    order_id=ClientOrderId("o-1"),
    leg=Leg.ENTRY,
    symbol=SOL,
    side=Side.BUY,
    quantity_base=D(10),
    leverage=5,
    margin_usd=D(300),
)


class Fixed:
    """An account that says one thing, or raises it."""

    def __init__(self, says: AccountReading | Unknown | Exception) -> None:
        self.says = says

    async def read(self) -> AccountReading | Unknown:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


def taken(
    says: AccountReading | Unknown | Exception,
    *held: Position,
    ledger: Ledger | None = None,
    besides: str | None = None,
) -> RiskSnapshot:
    market = MarketView()
    market.on_tick(at(1, {BTC: 96_000}))
    snapshots = Snapshots(
        account=Fixed(says),
        held=lambda: {position.symbol: position for position in held},
        market=market,
        gauge=EquityGauge(Book.ACCOUNT),
        ledger=ledger or Ledger(),
        activity=ActivityLog(book=Book.ACCOUNT),
        instruments=ListedInstruments(),
        conditions=Conditions(clock=ManualClock(NOW), venues=PAPER),
        clock=ManualClock(NOW),
        limits=SHIPPED,
    )
    order_id = None if besides is None else ClientOrderId(besides)
    return run(snapshots.take(BTC, besides=order_id))


def test_a_flat_account_is_stated_as_it_is() -> None:
    snapshot = taken(FLAT)

    assert snapshot.equity == snapshot.available == Known(D(10_000), NOW)
    assert snapshot.holding == Holding(side=None, quantity_base=D(0))
    assert snapshot.exposure == NOTHING_OPEN
    assert snapshot.state is TradingState.RUNNING


def test_what_is_open_is_valued_at_our_own_mark() -> None:
    snapshot = taken(replace(FLAT, positions=(READ,)), OPEN)

    assert snapshot.holding == Holding(side=Side.SELL, quantity_base=D("0.04"))
    assert snapshot.exposure == replace(
        NOTHING_OPEN,
        short_usd=D(3840),
        net_short_usd=D(3840),
        net_long_usd=D(-3840),
        symbol_usd=D(3840),
        margin_usd=D(380),
        open_positions=1,
    )


def test_a_reading_that_lags_behind_cannot_lend_the_same_room_twice() -> None:
    """The venue has not said so yet, but we know what we filled a moment ago."""
    snapshot = taken(FLAT, OPEN)

    assert snapshot.holding == Holding(side=Side.SELL, quantity_base=D("0.04"))
    assert isinstance(snapshot.exposure, Exposure)
    assert snapshot.exposure.notional_usd == 3840
    assert snapshot.available == Known(D(9_620), NOW)


def test_of_two_quantities_the_larger_counts() -> None:
    """Half of it is stated so far; all of it was filled."""
    half = replace(READ, quantity_base=D("0.02"), margin_usd=D(190))
    more = replace(READ, quantity_base=D("0.05"), margin_usd=D(475))

    for stated, worst in ((half, D(3840)), (more, D(4800))):
        snapshot = taken(replace(FLAT, positions=(stated,)), OPEN)
        assert isinstance(snapshot.exposure, Exposure)
        assert snapshot.exposure.notional_usd == worst


def test_a_position_that_only_the_venue_knows_counts_too() -> None:
    snapshot = taken(replace(FLAT, positions=(READ,)))

    assert isinstance(snapshot.exposure, Exposure)
    assert snapshot.exposure.notional_usd == 3840


def test_an_entry_in_doubt_counts_as_filled_unless_it_is_the_one_judged() -> None:
    ledger = Ledger()
    ledger.apply(IN_DOUBT)

    others = taken(FLAT, ledger=ledger)
    itself = taken(FLAT, ledger=ledger, besides="o-1")

    assert others.exposure == replace(
        NOTHING_OPEN,
        long_usd=D(1500),
        net_long_usd=D(1500),
        margin_usd=D(300),
        open_positions=1,
        unknown_orders=1,
        unknown_since_ms=IN_DOUBT.at_ms,
    )
    assert others.available == Known(D(9_697), NOW)  # with 0.2 % of the exposure as costs
    assert itself.exposure == taken(FLAT).exposure
    assert itself.available == Known(D(10_000), NOW)


def test_while_a_position_is_naked_nothing_new_is_opened() -> None:
    ledger = Ledger()
    ledger.positions[SOL] = replace(OPEN, symbol=SOL)

    exposure = taken(FLAT, ledger=ledger).exposure
    assert isinstance(exposure, Exposure)

    assert exposure.naked_positions == 1


def test_an_open_position_without_a_price_makes_the_exposure_unknown() -> None:
    """Not zero: nobody knows what it is worth."""
    snapshot = taken(replace(FLAT, positions=(replace(READ, symbol=SOL),)))

    assert isinstance(snapshot.exposure, Unknown)
    assert SOL in snapshot.exposure.why


def test_an_account_that_cannot_be_read_is_unknown_in_every_part() -> None:
    for says in (Unknown("down"), TimeoutError("no answer")):
        snapshot = taken(says)
        parts = (snapshot.equity, snapshot.available, snapshot.holding, snapshot.exposure)
        assert all(isinstance(part, Unknown) for part in parts), says
        assert snapshot.taken_ms == NOW


def test_the_age_of_a_reading_is_the_readings_own() -> None:
    snapshot = taken(replace(FLAT, at_ms=UnixMs(NOW - 9_000)))

    assert snapshot.taken_ms == NOW - 9_000
    assert snapshot.equity == Known(D(10_000), UnixMs(NOW - 9_000))

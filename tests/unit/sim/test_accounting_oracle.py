"""Our accounting against a real account: wallet, positions, realised gains, liquidation.

Of the steps of its wallet, all but two are −commission + realised gain of the fill, or the
transfer stated with them. The two: one fill whose commission the record leaves out (it is
the rate that this account's other resting orders paid), and what the insurance fund took.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Final

from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId
from bridge_patch.domain.position import Position, apply_fill, gain_usd, wallet_change
from bridge_patch.domain.venue_events import Book, Filled, FillKind
from bridge_patch.sim.costs import Costs
from bridge_patch.sim.ledger import Ledger, evolve
from bridge_patch.sim.trades import Order, Scene, liquidating
from tests.unit.sim.recorded_account import (
    BNB,
    Statement,
    Trade,
    cleared,
    needs_record,
    rows,
    with_fee,
)
from tests.unit.sim.scenery import contract

D = Decimal
EXACT: Final = D("0.000001")
MAKER: Final = "0.0002"
FORGOTTEN, CLEARED = 27, 141


@dataclass
class Replay:
    """Our account beside theirs. A session begins with what its first statement says."""

    ledger: Ledger = field(default_factory=lambda: Ledger(wallet_usd=D(0)))
    session: str = ""
    latest: Filled | None = None

    def take(self, row: Statement | Trade) -> bool:
        """Fold a row; tell whether it was the first statement of its session."""
        match row:
            case Trade(fill=fill):
                self.latest = fill if row.commission_known else with_fee(row, MAKER)
                evolve(self.ledger, self.latest)
                return False
            case Statement(reason="INSURANCE_CLEAR"):
                evolve(self.ledger, cleared(row))
            case Statement(change_usd=change):
                self.ledger.wallet_usd += change
        first, self.session = row.session != self.session, row.session
        if first:
            self._begin(row)
        return first

    @property
    def position(self) -> Position | None:
        return self.ledger.positions.get(BNB)

    def _begin(self, stated: Statement) -> None:
        held = self.position
        if held is None or held.signed_base != stated.position_base:
            held = apply_fill(None, self.latest) if self.latest else None
        self.ledger = Ledger(wallet_usd=stated.wallet_usd)
        if held is not None and held.signed_base == stated.position_base:
            self.ledger.positions[BNB] = held


def statements() -> Iterator[tuple[Statement, Replay, Decimal]]:
    """Each statement behind the first of its session, and what ours was before it."""
    replay, before = Replay(), D(0)
    for row in rows():
        if isinstance(row, Trade):
            replay.take(row)
        else:
            if not replay.take(row):
                yield row, replay, before
            before = replay.ledger.wallet_usd


@needs_record
def test_every_stated_wallet_is_ours() -> None:
    seen = Counter[str]()
    for stated, replay, _ in statements():
        seen[stated.reason] += 1
        assert abs(replay.ledger.wallet_usd - stated.wallet_usd) <= EXACT, stated

    assert seen == {"ORDER": 39, "DEPOSIT": 5, "WITHDRAW": 5, "INSURANCE_CLEAR": 1}


@needs_record
def test_two_steps_are_no_commission_and_realised_gain_and_we_know_why() -> None:
    """The trades as recorded, without our knowledge of what is missing in them."""
    moved, odd, steps = D(0), dict[int, Decimal](), 0
    before: Statement | None = None
    for row in rows():
        if isinstance(row, Trade):
            moved += wallet_change(row.fill)
            continue
        if before is not None and before.session == row.session:
            steps += 1
            transferred = row.change_usd if row.reason in {"DEPOSIT", "WITHDRAW"} else D(0)
            rest = row.wallet_usd - before.wallet_usd - moved - transferred
            if abs(rest) > EXACT:
                odd[row.row] = rest
        before, moved = row, D(0)
    forced = [
        row.fill
        for row in rows()
        if isinstance(row, Trade) and row.fill.kind is FillKind.LIQUIDATION
    ]
    closed_usd = sum((f.quantity_base * f.price_usd for f in forced), D(0))

    assert steps == 50
    assert odd == {FORGOTTEN: -D("406.5") * D(MAKER), CLEARED: -closed_usd * D("0.005")}
    assert (len(forced), closed_usd, odd[CLEARED]) == (5, D("609.8534"), D("-3.049267"))


@needs_record
def test_every_stated_position_is_ours() -> None:
    """Partial fills, averaged entries, two flips through zero: to the exchange's digits."""
    seen = Counter[str]()
    for stated, replay, _ in statements():
        position = replay.position
        if stated.position_base is None or stated.entry_usd is None:
            continue
        if position is None:
            seen["flat"] += 1
            assert stated.position_base == 0
            continue
        seen[position.side] += 1
        assert position.signed_base == stated.position_base
        assert abs(position.entry_price_usd - stated.entry_usd) <= D("0.00001")

    assert min(seen[name] for name in ("flat", Side.BUY, Side.SELL)) >= 5


@needs_record
def test_what_we_compute_as_realised_is_what_was_recorded() -> None:
    """The recorded gain of each closing fill, from our own averaged entry."""
    replay, closings = Replay(), 0
    for row in rows():
        before = replay.position
        replay.take(row)
        if isinstance(row, Statement):
            continue
        fill = row.fill
        known = row.session == replay.session  # else another session left what is open
        if not known or before is None or before.side is fill.side:
            continue
        closings += 1
        closed = min(fill.quantity_base, before.quantity_base)
        assert abs(gain_usd(before, closed, fill.price_usd) - fill.realised_usd) <= EXACT

    assert closings == 21


@needs_record
def test_the_recorded_liquidation_is_what_the_simulator_would_book() -> None:
    """Short 1.6, 7.75757137 to lose, bought back for 609.8534: the fund took 3.049267."""
    replay = Replay()
    for row in rows():
        if isinstance(row, Trade) and row.fill.kind is FillKind.LIQUIDATION:
            break
        replay.take(row)
    held, wallet = replay.position, replay.ledger.wallet_usd
    assert held is not None
    position = Position(
        symbol=BNB,
        signed_base=held.signed_base,
        first_base=held.first_base,
        entry_price_usd=held.entry_price_usd,
        margin_usd=wallet,
        opened_ms=held.opened_ms,
    )
    fill, *rest = liquidating(
        _scene(Ledger(wallet_usd=wallet)),
        Order(
            kind=FillKind.LIQUIDATION,
            order_id=ClientOrderId("autoclose"),
            intent_id=IntentId(""),
        ),
        position,
        D("609.8534") / D("1.6"),
    )

    assert position.signed_base == D("-1.6")
    (squared,) = rest
    assert (fill.realised_usd, fill.fee_usd) == (D("-3.7818"), D(0))
    assert squared.amount_usd == D("-3.049267")
    assert wallet + wallet_change(fill) + squared.amount_usd == D("0.92650437")


def _scene(ledger: Ledger) -> Scene:
    return Scene(
        book=Book.ACCOUNT,
        now_ms=UnixMs(1),
        ledger=ledger,
        costs=Costs(liquidation_fraction=D("0.005")),
        instrument=contract(Symbol("BNBUSDT")),
        last_usd=D(381),
        volume_base=None,
    )

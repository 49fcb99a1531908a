"""Incidents of size: units that were confused, prices and balances that were believed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bridge_patch.domain.events import (
    Judged,
    Sending,
    Status,
)
from bridge_patch.domain.intent import UnixMs, Unknown
from bridge_patch.domain.money import Leverage, Margin, Notional
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.governor.judge import Approved
from bridge_patch.services.ports import Account, AccountReading, Report
from bridge_patch.services.session import Session
from tests.simulation.rig import (
    BTC,
    CALM,
    PRICES,
    SOL,
    World,
    ask,
    intent,
    ready,
    reserved_usd,
    run,
    tapped,
)
from tests.simulation.tap import Tap
from tests.typing.test_typing import errors_found

D = Decimal
STEP = D("0.001")
UNITS = '''"""Swaps of what must not be swapped."""
from bridge_patch.domain.intent import Proposal
from bridge_patch.domain.money import Leverage, Margin, Notional

def swaps(margin: Margin, notional: Notional, leverage: Leverage) -> None:
    Proposal(margin=margin, leverage=leverage)
    Proposal(margin=notional, leverage=leverage)
    Proposal(margin=leverage, leverage=margin)
    print(margin * leverage < notional, margin < notional, notional * leverage)
'''


@dataclass
class Watching(Tap):
    """Notes what is reserved at the moment an entry reaches the venue."""

    session: Session | None = None
    reserved: tuple[Decimal, Decimal] = (D(0), D(0))

    async def place(self, approved: Approved, order_id: ClientOrderId) -> Report:
        assert self.session is not None
        self.reserved = reserved_usd(self.session)
        return await super().place(approved, order_id)


def test_margin_notional_and_leverage_cannot_be_confused(tmp_path: Path) -> None:
    """M-08: one field was margin in one service and notional in the next.

    The reservation is of the exposure as it was judged; what the venue's step cuts off is
    less than one step, and nothing where the order lies on the grid.
    """
    case = tmp_path / "swaps.py"
    case.write_text(UNITS)
    errors, said = errors_found([case])
    assert {(line, code) for _, line, code in errors} == {
        (7, "arg-type"),
        (8, "arg-type"),
        (9, "operator"),
    }, said
    with pytest.raises(TypeError):
        assert Margin(D(1)) < Notional(D(1))  # type: ignore[operator]
    assert Margin(D(380)) * Leverage(D(10)) == Notional(D(3_800))

    for margin, cut in ((380, D(0)), (390, D(5))):
        world = World()
        session = run(ready(world, venue=Watching))
        venue = session.keeper.venue
        assert isinstance(venue, Watching)
        venue.session = session
        run(ask(world, session, intent("a", CALM, margin=margin)))
        (judged,), (call, _stop) = world.events(Judged), venue.calls
        assert isinstance(call.asked, Approved)
        ordered_usd = call.asked.quantity.base * PRICES[BTC]

        assert judged.notional_usd == call.asked.notional.usd == ordered_usd
        assert venue.reserved == (D(margin * 10), D(margin))
        assert venue.reserved[0] - ordered_usd == cut
        assert 0 <= cut < STEP * PRICES[BTC]


def orders(world: World) -> list[Sending]:
    return [e for e in world.events(Sending) if e.leg is Leg.ENTRY]


def test_proposal_price_never_values_or_sizes_an_order() -> None:
    """M-11: size was divided by the signal's price: ten times too low, ten times too much.

    Even with the collar wide open a stated price changes no number of the order.
    """
    wide = {"PRICE_COLLAR_PCT": "100"}
    sent = {}
    for name, env, price in (
        ("none", {}, None),
        ("near", {}, 96_000),
        ("low", wide, 9_500),
        ("high", wide, 189_000),
    ):
        world, asked = World(env=env), intent("a", CALM)
        asked |= {} if price is None else {"entry_price": price}
        _, venue = run(_after(world, asked))
        (order,) = orders(world)
        sent[name] = (order.quantity_base, order.leverage, order.margin_usd)
    assert len(set(sent.values())) == 1, sent

    for price in (9_500, 93_000, 97_000, 950_000):
        world = World()
        _, venue = run(_after(world, intent("a", CALM, entry_price=price)))
        assert world.outcome("a").codes == ("PRICE_OUT_OF_COLLAR",)
        assert venue.calls == []

    unseen = World()
    _, venue = run(_after(unseen, intent("a", CALM, symbol=SOL, entry_price=150)))
    assert "MARK_STALE" in unseen.outcome("a").codes
    assert venue.calls == []


async def _after(world: World, *messages: Any) -> tuple[Session, Tap]:
    session, venue = await tapped(world)
    await ask(world, session, *messages)
    return session, venue


@dataclass
class Told:
    """An account that answers as it is told to, or raises."""

    says: AccountReading | Unknown | Exception

    async def read(self) -> AccountReading | Unknown:
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


@pytest.mark.parametrize("how", ["fine", "missing", "raises", "stale", "zero", "negative"])
def test_stale_or_fallback_equity_opens_nothing(how: str) -> None:
    """M-12: equity was a constant, later a cached read that fell back to $1,000.

    What is read carries its time and its venue; nothing stands in for what was not read.
    """
    world = World()

    async def scenario() -> Tap:
        session, venue = await tapped(world)
        snapshots = session.keeper.trader.snapshots
        good = await session.keeper.account.read()
        assert isinstance(good, AccountReading)
        says: dict[str, AccountReading | Unknown | Exception] = {
            "fine": good,
            "missing": Unknown("no answer"),
            "raises": TimeoutError(),
            "stale": replace(good, at_ms=UnixMs(good.at_ms - 10_001)),
            "zero": replace(good, equity_usd=D(0)),
            "negative": replace(good, equity_usd=D(-1)),
        }
        account: Account = Told(says[how])
        object.__setattr__(snapshots, "account", account)
        taken = await snapshots.take(BTC)
        assert taken.venues.account == "paper"
        if how in {"missing", "raises"}:
            assert isinstance(taken.equity, Unknown)
        else:
            told = says[how]
            assert isinstance(told, AccountReading)
            assert not isinstance(taken.equity, Unknown)
            assert taken.equity.at_ms == told.at_ms
        await ask(world, session, intent("a", CALM))
        return venue

    venue = run(scenario())

    status = world.outcome("a").status
    assert status is (Status.FILLED if how == "fine" else Status.REFUSED)
    assert bool(venue.calls) == (how == "fine")

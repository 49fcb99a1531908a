"""Incidents of evidence: reference rows M-91 to M-95, as far as they apply by now."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.domain.harvest import HarvestMode, HarvestPolicy
from bridge_patch.domain.intent import (
    IntentId,
    Proposal,
    Side,
    StopDistance,
    Symbol,
    UnixMs,
)
from bridge_patch.domain.market import Bar, Funding, Tick
from bridge_patch.domain.money import Leverage, Margin
from bridge_patch.domain.venue_events import (
    Book,
    Filled,
    FillKind,
    FundingPaid,
    InsuranceCleared,
    OrderEnded,
    OrderRefused,
    VenueEvent,
)
from bridge_patch.services.books import ShadowBook, Wish
from bridge_patch.sim.exchange import Exchange

D = Decimal
SOL = Symbol("SOLUSDT")
MINUTE_MS = 60_000
START = D(10_000)
#: Stays until it is stopped.
PATIENT = HarvestPolicy(
    mode=HarvestMode.SWING,
    trail_pct=D(20),
    hold_max_sec=7 * 24 * 3600,
    partial_trigger_pct=D(100),
    partial_close_fraction=D(0),
)


@dataclass
class Shadow:
    """A shadow book as a run has it, on a market that stands at 150 until it is moved."""

    book: ShadowBook = field(init=False)
    minute: int = 0

    def __post_init__(self) -> None:
        listed = ListedInstruments()
        exchange = Exchange(book=Book.GOVERNED, wallet_usd=START, instruments=listed)
        self.book = ShadowBook(exchange, listed)
        self.tick()

    def tick(
        self, close: str = "150", *, volume: str = "1000000", rate: str = ""
    ) -> tuple[VenueEvent, ...]:
        """One bar at one price; `rate` settles five milliseconds into it."""
        self.minute += 1
        opened, price = UnixMs((self.minute - 1) * MINUTE_MS), D(close)
        bar = Bar(
            symbol=SOL,
            open_ms=opened,
            close_ms=UnixMs(self.minute * MINUTE_MS),
            open=price,
            high=price,
            low=price,
            close=price,
            volume=D(volume),
        )
        funding = (
            Funding(symbol=SOL, at_ms=UnixMs(opened + 5), rate_fraction=D(rate or 0)),
        )
        return self.book.on_tick(
            Tick(at_ms=bar.close_ms, bars=(bar,), fundings=funding if rate else ())
        )

    def buy(self, margin: str = "300", leverage: int = 10) -> tuple[VenueEvent, ...]:
        return self.book.enter(
            Wish(
                intent_id=IntentId("i-1"),
                symbol=SOL,
                side=Side.BUY,
                proposal=Proposal(margin=Margin(D(margin)), leverage=Leverage(D(leverage))),
                stop=StopDistance(D("0.02")),
                policy=PATIENT,
            )
        )

    @property
    def lost_usd(self) -> Decimal:
        return START - self.book.exchange.equity_usd()


def fill_of(events: tuple[VenueEvent, ...], kind: FillKind) -> Filled:
    (fill,) = [e for e in events if isinstance(e, Filled) and e.kind is kind]
    return fill


def test_shadow_fill_model_charges_real_costs() -> None:
    """M-93: the same strategy made +262 dry and −94 live in one week; the dry fills had
    assumed that everything trades at once, whole, and at the price that was seen.

    What a shadow book must charge, one by one. (The error against real fills, with its
    interval, needs real fills: it comes with the evidence gate.)
    """
    shadow = Shadow()
    entry = fill_of(shadow.buy(), FillKind.ENTRY)
    quantity = entry.quantity_base
    assert quantity == 20
    assert entry.fee_usd >= quantity * 150 * D("0.0005")  # fee
    assert entry.price_usd > 150  # slippage
    assert shadow.lost_usd == entry.fee_usd + quantity * (entry.price_usd - 150)

    (paid,) = shadow.tick(rate="0.0001")  # funding
    assert isinstance(paid, FundingPaid)
    assert paid.amount_usd == -quantity * 150 * D("0.0001")

    before = shadow.lost_usd
    stopped = fill_of(shadow.tick("145"), FillKind.STOP)  # a gap through the stop at 147
    assert stopped.price_usd < 145
    assert stopped.fee_usd >= quantity * stopped.price_usd * D("0.0005")
    worse = quantity * (150 - stopped.price_usd) + stopped.fee_usd
    assert shadow.lost_usd == before + worse


def test_shadow_fills_obey_the_venue_and_the_market() -> None:
    """M-93, the other half: what a venue would not take, a shadow book does not get."""
    (refused,) = Shadow().buy(margin="0.40")  # 4 USD, where the venue wants 5
    assert isinstance(refused, OrderRefused)
    assert refused.code == "-4164"

    thin = Shadow()
    thin.tick(volume="50")
    events = thin.buy()
    assert fill_of(events, FillKind.ENTRY).quantity_base == 5  # a tenth of what traded
    assert any(isinstance(e, OrderEnded) for e in events)

    ruined = Shadow()
    entry = fill_of(ruined.buy(leverage=50), FillKind.ENTRY)
    events = ruined.tick("140")  # beyond stop and liquidation: the margin is gone
    assert fill_of(events, FillKind.LIQUIDATION).realised_usd < -entry.margin_usd
    assert any(isinstance(e, InsuranceCleared) and e.amount_usd > 0 for e in events)
    assert ruined.lost_usd == entry.fee_usd + entry.margin_usd

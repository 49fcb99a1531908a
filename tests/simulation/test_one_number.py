"""What is sent is what was approved: every value of every call, for 1,000 intents.

The check is shown to be able to fail: "use the intent's own size", planted, turns it red.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

import pytest

from bridge_patch.adapters import venue_paper
from bridge_patch.adapters.streams import TRADE_INTENT
from bridge_patch.adapters.venue_paper import PaperVenue, entry_of
from bridge_patch.domain.events import (
    Filled,
    Judged,
    Sending,
    Settled,
    Status,
    VenueEvent,
    Verdict,
)
from bridge_patch.domain.harvest import HarvestPolicy
from bridge_patch.domain.intent import IntentId
from bridge_patch.domain.money import floor_to
from bridge_patch.domain.order import ClientOrderId, Leg
from bridge_patch.governor.judge import Approved
from bridge_patch.services.desk import LiveDesk
from bridge_patch.services.session import Session
from bridge_patch.sim.commands import Enter
from tests.simulation.rig import (
    BTC,
    CALM,
    PRICES,
    ROOMY,
    SOL,
    World,
    ask,
    close,
    intent,
    ready,
    run,
)
from tests.simulation.tap import Tap

D = Decimal
INTENTS = 1_000
SYMBOLS = (BTC, SOL)


@dataclass
class Wire(Tap):
    """Keeps the commands that reach the exchange itself, behind desk and adapter."""

    sent: dict[IntentId, Enter] = field(default_factory=dict)

    def __post_init__(self) -> None:
        assert isinstance(self.inner, PaperVenue)
        exchange = self.inner._exchange
        enter = exchange.enter

        def kept(command: Enter) -> tuple[VenueEvent, ...]:
            self.sent[command.intent_id] = command
            return enter(command)

        exchange.enter = kept  # type: ignore[method-assign]


def proposal(rng: random.Random, n: int) -> dict[str, Any]:
    """Anything between modest and absurd."""
    symbol = rng.choice(SYMBOLS)
    return intent(
        f"i-{n}",
        CALM,
        symbol=symbol,
        action=rng.choice(("BUY", "SELL")),
        margin=round(rng.choice((80, 400, 1500, 12_000)) * rng.uniform(0.5, 1.5), 2),
        leverage=round(rng.uniform(1, 60), 1),
        stop_loss_pct=round(rng.uniform(0.5, 3), 2),
        ai_size_usd=round(rng.uniform(1, 90_000), 2),
        ai_leverage=round(rng.uniform(1, 125), 1),
        quantity=rng.uniform(0.001, 50),
        entry_price=float(PRICES[symbol]) * rng.choice((0.1, 1, 10)),
        reason="the message's own idea of size and price",
    ) | ({} if rng.random() < 0.9 else {"confidence": 0.2})


async def traded(world: World, intents: int = INTENTS) -> tuple[Session, Wire]:
    """So many intents, each judged alone: what is opened is closed again."""
    session = await ready(world, SYMBOLS, venue=Wire)
    venue = session.keeper.venue
    assert isinstance(venue, Wire)
    rng = random.Random(7)
    for n in range(intents):
        await ask(world, session, proposal(rng, n))
        for symbol in tuple(session.recorder.ledger.positions):
            await ask(world, session, close(f"x-{n}", CALM, symbol=symbol))
    return session, venue


def faults(world: World, venue: Wire) -> list[str]:
    """Compare each call, number by number, with what the journal says was approved."""
    found = []
    verdicts = {j.intent_id: j for j in world.events(Judged)}
    orders = {s.intent_id: s for s in world.events(Sending) if s.leg is Leg.ENTRY}
    outcomes = {s.intent_id: s for s in world.events(Settled)}
    assert venue.sent.keys() == orders.keys()
    for name, sent in venue.sent.items():
        order, judged, outcome = orders[name], verdicts[name], outcomes[name]
        for what, value, approved in (
            ("symbol", sent.symbol, judged.symbol),
            ("side", sent.side, judged.action),
            ("quantity", sent.quantity_base, judged.quantity_base),
            ("leverage", sent.leverage, judged.leverage),
            ("announced quantity", sent.quantity_base, order.quantity_base),
            ("announced leverage", sent.leverage, order.leverage),
            ("announced id", sent.order_id, order.order_id),
            ("announced margin", order.margin_usd, judged.margin_usd),
            ("stated quantity", outcome.approved_quantity_base, judged.quantity_base),
            ("stated leverage", outcome.approved_leverage, judged.leverage),
            ("stated margin", outcome.approved_margin_usd, judged.margin_usd),
            ("stated id", outcome.order_ids, (sent.order_id,)),
        ):
            if value != approved:
                found.append(f"{name}: {what} is {value}, approved was {approved}")
        found += [f"{name}: filled {f}" for f in _misfilled(world, sent, outcome)]
    return found


def _misfilled(world: World, sent: Enter, outcome: Settled) -> list[str]:
    if outcome.status is not Status.FILLED:
        return []
    fills = [f for f in world.events(Filled) if f.order_id == sent.order_id]
    filled = sum((f.quantity_base for f in fills), D(0))
    stated = (outcome.filled_quantity_base, outcome.fee_usd)
    true = (filled, sum((f.fee_usd for f in fills), D(0)))
    return [] if stated == true and filled <= sent.quantity_base else [f"{stated} {true}"]


def test_every_value_of_every_call_is_the_approvals() -> None:
    """Law 1, for whatever a message may say beside what is judged."""
    world = World(env=ROOMY)
    _, venue = run(traded(world))

    assert faults(world, venue) == []
    verdicts = Counter(j.verdict for j in world.events(Judged) if j.confidence is not None)
    assert min(verdicts[word] for word in Verdict) > 40, verdicts
    assert len(venue.sent) > 150


def own_size(world: World) -> dict[str, Decimal]:
    """The quantity that each message states, which is nobody's business."""
    streams = world.streams
    texts = (streams.get(n).envelope.payload for n in streams.numbers[TRADE_INTENT])
    messages = [json.loads(text or "{}", parse_float=Decimal) for text in texts]
    return {m["intent_id"]: m["quantity"] for m in messages if "quantity" in m}


def test_an_adapter_that_uses_the_intents_own_size_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A check that cannot fail proves nothing."""
    world = World()

    def planted(approved: Approved, order_id: ClientOrderId) -> Enter:
        wanted = floor_to(own_size(world)[approved.intent_id], D("0.001"))
        return replace(entry_of(approved, order_id), quantity_base=wanted)

    monkeypatch.setattr(venue_paper, "entry_of", planted)
    _, venue = run(traded(world, 40))

    assert any("quantity is" in fault for fault in faults(world, venue))


def test_a_desk_that_writes_down_the_intents_own_size_is_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Records must state what was sent, and not what was asked for."""
    world = World()
    announce = LiveDesk.announce

    def planted(desk: LiveDesk, approved: Approved, policy: HarvestPolicy) -> Sending:
        own = own_size(world)[approved.intent_id]
        return replace(announce(desk, approved, policy), quantity_base=own)

    monkeypatch.setattr(LiveDesk, "announce", planted)
    _, venue = run(traded(world, 40))

    assert any("announced quantity is" in fault for fault in faults(world, venue))

"""Incidents of a real venue: leverage, replies, modes, limits, two order services."""

from itertools import permutations

from bridge_patch.adapters.venue_ccxt.facts import VenueFacts
from bridge_patch.adapters.venue_ccxt.frames import read_frame
from bridge_patch.adapters.venue_ccxt.hearing import hear_event, hear_order_reply
from bridge_patch.adapters.venue_ccxt.orders import OrderFacts
from bridge_patch.adapters.venue_ccxt.replies import OrderReply
from bridge_patch.app.binance_server.conditions import AccountSetting
from bridge_patch.app.binance_server.control import set_account
from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.domain.intent import IntentId, Side
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent, OrderState
from bridge_patch.domain.venue_events import Filled, OrderRefused, StopArmed
from tests.contracts.approvals import BTC
from tests.unit.adapters.venue_ccxt.stand import D, Stand, on_stand, traded


def test_order_waits_for_leverage_read_back() -> None:
    """M-09: leverage was never set, or a failed call was only logged."""

    async def fine(stand: Stand) -> None:
        report = await stand.open(leverage="7")
        order = stand.calls("order", "POST")
        before = [s.path for s in stand.wire.sent[: stand.wire.sent.index(order[0])]]

        assert report.event is OrderEvent.FILLED
        assert stand.core.venue.modes.leverages[BTC] == 7
        assert before[-2:] == ["/fapi/v1/leverage", "/fapi/v1/symbolConfig"]

    async def wrong(stand: Stand) -> None:
        stand.core.plan([Fault(kind=FaultKind.CODE, path="/fapi/v1/leverage", code=-4028)])
        report = await stand.open(leverage="7")

        assert report.event is OrderEvent.REJECTED
        assert stand.calls("order") == []

    async def unheard(stand: Stand) -> None:
        """The reply is lost: what is read back decides, in both directions."""
        lost = Fault(kind=FaultKind.LOST, path="/fapi/v1/leverage")
        stand.core.plan([lost])
        assert (await stand.open(leverage="7")).event is OrderEvent.REJECTED
        assert stand.calls("order") == []
        stand.core.plan(
            [Fault(kind=FaultKind.LOST, path="/fapi/v1/leverage", accepted=True)]
        )
        assert (await stand.open("bp-2", leverage="7")).event is OrderEvent.FILLED

    async def unread(stand: Stand) -> None:
        stand.core.plan(
            [Fault(kind=FaultKind.EMPTY, path="/fapi/v1/symbolConfig", after=1)]
        )
        assert (await stand.open(leverage="7")).event is OrderEvent.REJECTED
        assert stand.calls("order") == []

    for script in (fine, wrong, unheard, unread):
        on_stand(script)


def reply(status: str, executed: str) -> OrderReply:
    return OrderReply(
        order_id=8,
        client_order_id="bp-entry",
        symbol=BTC,
        status=status,
        side="BUY",
        orig_qty=D("0.105"),
        executed_qty=D(executed),
        update_time=1,
    )


def test_first_reply_is_not_a_fill() -> None:
    """M-40: the reply NEW with quantity 0 was taken as the fill; prices went missing."""

    async def script(stand: Stand) -> None:
        stand.dispose(volume_base=D("0.4"), fill_parts=3)
        stand.streaming = False
        await stand.open()
        facts = stand.venue.parts.facts
        order = facts.find("bp-entry")
        assert order is not None
        assert order.told_base == stand.held()  # each trade was asked for: no reply has one

        for status in ("NEW", "PARTIALLY_FILLED"):
            fresh = Stand()
            await fresh.begin()
            await fresh.open()
            order = fresh.venue.parts.facts.find("bp-entry")
            assert order is not None
            order.state, order.told_base, order.executed_base = None, D(0), D(0)
            fresh.venue.parts.facts.take()
            hear_order_reply(fresh.venue.parts.facts, reply(status, "0.05"))
            report = fresh.venue.parts.reported(order)
            assert report.event is OrderEvent.ACCEPTED
            assert not [e for e in report.events if isinstance(e, Filled)]

    on_stand(script)


def entry_facts() -> OrderFacts:
    return OrderFacts(
        order_id=ClientOrderId("bp-entry"),
        intent_id=IntentId("i-1"),
        leg=Leg.ENTRY,
        symbol=BTC,
        side=Side.BUY,
        quantity_base=D("0.105"),
        leverage=10,
    )


def test_late_or_repeated_events_change_nothing() -> None:
    """M-46: a slow reply revived an order; a fill was emitted again on a cancel."""

    async def recorded(stand: Stand) -> list[str]:
        stand.streaming = False
        stand.dispose(fill_parts=2, volume_base=D("100"))
        await stand.open()
        assert stand.stream is not None
        frames = stand.stream.take()
        return [f for f in frames if '"ORDER_TRADE_UPDATE"' in f]

    frames = on_stand(recorded)
    assert len(frames) == 3  # NEW and two trades

    ends = set()
    for order in permutations([*frames, "reply NEW", "reply FILLED"]):
        facts = VenueFacts()
        entry = facts.fold.announce(entry_facts())
        for said in (*order, *order):
            if said.startswith("reply"):
                executed = "0.105" if "FILLED" in said else "0"
                hear_order_reply(facts, reply(said.removeprefix("reply "), executed))
            else:
                hear_event(facts, read_frame(said))
        events = facts.take()
        ids = [e.trade_id for e in events if isinstance(e, Filled)]
        assert len(ids) == len(set(ids)) == len(events) == 2
        ends.add((entry.state, traded(events), facts.fold.positions[BTC].signed_base))

    assert ends == {(OrderState.FILLED, D("0.105"), D("0.105"))}


def test_account_modes_and_permissions_are_verified_before_entries() -> None:
    """M-47: closes were refused for the position mode; margin type was never set."""
    wrong = [
        ("ACCOUNT_MODE", AccountSetting(dual_side=True)),
        ("ACCOUNT_MODE", AccountSetting(multi_assets=True)),
        ("MARGIN_TYPE", AccountSetting(margin_types={BTC: "CROSSED"})),
    ]

    async def fine(stand: Stand) -> None:
        assert (await stand.open()).event is OrderEvent.FILLED

    on_stand(fine)
    for code, setting in wrong:

        async def script(
            stand: Stand, code: str = code, setting: AccountSetting = setting
        ) -> None:
            set_account(stand.core, setting)
            report = await stand.open()
            (refusal,) = [e for e in report.events if isinstance(e, OrderRefused)]
            assert report.event is OrderEvent.REJECTED
            assert refusal.code == code
            assert "by hand" in refusal.message
            assert stand.calls("order") == []

        on_stand(script)

    async def key(stand: Stand) -> None:
        stand.dispose(read_only_key=True)
        report = await stand.open()
        (refusal,) = [e for e in report.events if isinstance(e, OrderRefused)]
        assert refusal.code == "-2015"
        assert "key" in refusal.message
        assert stand.held() == 0

    on_stand(key)


def test_request_budget_keeps_a_reserve_for_exits() -> None:
    """M-48: polling ran into 429 and a ban; closes could not be sent."""

    async def script(stand: Stand) -> None:
        await stand.open()
        weight = stand.venue.parts.transport.budget.windows[0]
        weight.used = int(weight.most * D("0.7"))
        report = await stand.open("bp-2")
        (refusal,) = [e for e in report.events if isinstance(e, OrderRefused)]
        assert refusal.code == "LOCAL_LIMIT"

        weight.used = weight.most - 30
        sent = len(stand.wire.sent)
        assert (await stand.close()).event is OrderEvent.FILLED
        assert stand.held() == 0
        assert len(stand.wire.sent) - sent <= 30

    on_stand(script)

    async def banned(stand: Stand) -> None:
        await stand.open()
        stand.fault(FaultKind.BAN_418, path="/fapi/v1/premiumIndex")
        await stand.open("bp-2")
        budget = stand.venue.parts.transport.budget
        left_ms = budget.quiet_until_ms - stand.clock.now_ms()
        assert left_ms > 60_000
        sent = len(stand.wire.sent)
        assert (await stand.close()).event is OrderEvent.REJECTED
        assert len(stand.wire.sent) == sent  # a request would make the ban longer
        stand.wire.pass_ms(left_ms + 1)
        assert (await stand.close("bp-again")).event is OrderEvent.FILLED

    on_stand(banned)


def test_no_protective_order_is_guessed_dead_or_outlives_its_position() -> None:
    """M-54: a live stop was declared rejected, replaced, and left behind."""

    async def hidden(stand: Stand) -> None:
        await stand.open()
        stand.dispose(algo_hidden_ms=40_000)
        stand.streaming = False
        report = await stand.stop("94000")
        assert report.event is OrderEvent.TIMED_OUT  # acknowledged, and not to be seen

        for _ in range(30):
            stand.wire.pass_ms(1_000)
            found = await stand.venue.find(BTC, ClientOrderId("bp-stop"))
            assert found.event is OrderEvent.TIMED_OUT
        assert all(s.path != "/fapi/v1/order" for s in stand.calls("order", "POST")[1:])

        stand.wire.pass_ms(15_000)
        found = await stand.venue.find(BTC, ClientOrderId("bp-stop"))
        assert found.event is OrderEvent.ACCEPTED
        assert [type(e) for e in found.events] == [StopArmed]

    async def orphan(stand: Stand) -> None:
        """The position is closed while the stop cannot be seen: it is swept."""
        await stand.open()
        stand.dispose(algo_hidden_ms=10**9)
        stand.streaming = False
        await stand.stop("94000")
        assert stand.stream is not None
        stand.stream.take()  # what was told of it is lost
        stand.streaming = True
        await stand.close()
        assert stand.held() == 0
        words = set()
        for _ in range(60):
            stand.wire.pass_ms(2_000)
            found = await stand.venue.find(BTC, ClientOrderId("bp-stop"))
            words.add(found.event)
        assert words == {OrderEvent.TIMED_OUT, OrderEvent.CANCELLED}
        assert stand.core.venue.records.open_algos(BTC) == []

    on_stand(hidden)
    on_stand(orphan)

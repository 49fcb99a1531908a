"""Things that happen beside the adapter: an order in the journal, somebody's own hands."""

from bridge_patch.adapters.venue_ccxt.outcome import Answer, Reply
from bridge_patch.domain.events import Sending
from bridge_patch.domain.harvest import POLICY_FALLBACK
from bridge_patch.domain.intent import IntentId, Side, Symbol, UnixMs
from bridge_patch.domain.order import ClientOrderId, Leg, OrderEvent
from bridge_patch.services.ports import Report
from tests.contracts.approvals import BTC
from tests.unit.adapters.venue_ccxt.stand import D, Sent, Stand

X = ClientOrderId("bp-x")


def announced(stand: Stand, order_id: str = "bp-x", symbol: Symbol = BTC) -> Sending:
    """An entry that the journal holds and that may or may not have left."""
    return Sending(
        at_ms=UnixMs(stand.clock.now_ms()),
        intent_id=IntentId("i-1"),
        order_id=ClientOrderId(order_id),
        leg=Leg.ENTRY,
        symbol=symbol,
        side=Side.BUY,
        quantity_base=D("0.105"),
        leverage=10,
        margin_usd=D(1000),
        stop_fraction=D("0.005"),
        harvest_policy=POLICY_FALLBACK,
    )


async def guarded(stand: Stand) -> None:
    """A position with its stop, of which all is told."""
    await stand.open()
    stand.move("95100")
    await stand.stop("94500")
    await stand.events()


async def by_hand(stand: Stand, side: str = "BUY", name: str = "web_1") -> None:
    await stand.wire.send(
        "fapiPrivatePostOrder",
        {
            "symbol": BTC,
            "side": side,
            "type": "MARKET",
            "quantity": "0.02",
            "newClientOrderId": name,
            "timestamp": str(stand.clock.now_ms()),
        },
    )


async def searched(stand: Stand, rounds: int = 60) -> tuple[Report, int]:
    """Look up until something is known; return that and how long it took."""
    began_ms = stand.clock.now_ms()
    report = await stand.venue.find(BTC, X)
    for _ in range(rounds):
        if report.event is not OrderEvent.TIMED_OUT:
            break
        stand.wire.pass_ms(1_000)
        report = await stand.venue.find(BTC, X)
    return report, stand.clock.now_ms() - began_ms


def absent(sent: Sent) -> Answer | None:
    """The ordinary service does not know a client id; by its number it knows the order."""
    if sent.path == "/fapi/v1/order" and "origClientOrderId" in sent.params:
        return Reply(status=400, body='{"code":-2013,"msg":"Order does not exist."}')
    return None


def hidden(sent: Sent) -> Answer | None:
    """No service shows a conditional order."""
    if sent.path.endswith(("/openAlgoOrders", "/allAlgoOrders")):
        return Reply(status=200, body="[]")
    if sent.path.endswith("/algoOrder"):
        code = -2011 if sent.method == "DELETE" else -2013
        return Reply(status=400, body=f'{{"code":{code},"msg":"No."}}')
    return None

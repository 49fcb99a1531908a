"""A client of the exchange without a socket: signs, sends, and reads its stream."""

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import msgspec

from bridge_patch.app.binance_server.conditions import Conditions
from bridge_patch.app.binance_server.core import Core
from bridge_patch.app.binance_server.faults import Fault, FaultKind
from bridge_patch.app.binance_server.signing import signature_of
from bridge_patch.app.binance_server.streams import Connection
from bridge_patch.app.binance_server.wire import Reply, Request
from bridge_patch.domain.intent import Symbol, UnixMs
from bridge_patch.domain.market import Bar, Funding, Tick

D = Decimal
BTC, ETH = Symbol("BTCUSDT"), Symbol("ETHUSDT")
MINUTE = 60_000
#: Midnight of a day in May 2025.
START = 1_746_403_200_000


def bar(
    low: str,
    high: str = "",
    *,
    minute: int,
    open_: str = "",
    close: str = "",
    symbol: Symbol = BTC,
    volume: str = "100000",
) -> Bar:
    """The bar that closes at `minute`; what is not said is the low, or the high."""
    high = high or low
    return Bar(
        symbol=symbol,
        open_ms=UnixMs(START + (minute - 1) * MINUTE),
        close_ms=UnixMs(START + minute * MINUTE),
        open=D(open_ or high),
        high=D(high),
        low=D(low),
        close=D(close or low),
        volume=D(volume),
    )


class Desk:
    """One core at a price, one signed client, one open user stream."""

    def __init__(self, price: str = "60000", *, wallet: str = "10000") -> None:
        self.core = Core(symbols=(BTC, ETH), wallet_usd=D(wallet))
        self.minute = 0
        self.play(price)
        self.isolate()
        key = self.ok("POST", "/fapi/v1/listenKey")["listenKey"]
        self.stream = self.open(f"/private/ws/{key}")

    def open(self, url: str) -> Connection:
        connection = self.core.connect(url)
        assert connection is not None, url
        return connection

    def isolate(self) -> None:
        for symbol in (BTC, ETH):
            self.ok("POST", "/fapi/v1/marginType", symbol=symbol, marginType="ISOLATED")

    def play(self, low: str, high: str = "", **more: Any) -> int:
        """Play the next minute's bar."""
        self.minute += 1
        one = bar(low, high, minute=self.minute, **more)
        return self.core.tick(Tick(at_ms=one.close_ms, bars=(one,)))

    def settle(self, rate: str, symbol: Symbol = BTC) -> int:
        """Play a minute in which funding settled and no price moved."""
        self.minute += 1
        at = UnixMs(START + self.minute * MINUTE)
        funding = Funding(symbol=symbol, at_ms=UnixMs(at - 1), rate_fraction=D(rate))
        return self.core.tick(Tick(at_ms=at, bars=(), fundings=(funding,)))

    def send(self, method: str, path: str, **params: Any) -> Reply:
        """Send a signed call; a name that begins with an underscore is left out."""
        sent = {name: value for name, value in params.items() if value is not None}
        sent.setdefault("timestamp", self.core.now_ms)
        text = urlencode(sent)
        text += "&signature=" + signature_of(text, self.core.credentials.secret)
        inside = method in {"POST", "PUT"}
        return self.core.handle(
            Request(
                method=method,
                path=path,
                query="" if inside else text,
                body=text if inside else "",
                api_key=self.core.credentials.api_key,
            )
        )

    def ok(self, method: str, path: str, **params: Any) -> Any:
        """Send a call that must succeed; return its body."""
        reply = self.send(method, path, **params)
        assert reply.status == 200, reply
        return msgspec.json.decode(reply.body)

    def no(self, method: str, path: str, **params: Any) -> int:
        """Send a call that must be refused; return the code."""
        reply = self.send(method, path, **params)
        assert reply.status != 200, reply
        return int(msgspec.json.decode(reply.body)["code"])

    def market(self, side: str, quantity: str, **more: Any) -> Any:
        more = {"newOrderRespType": "RESULT", **more}
        return self.ok(
            "POST",
            "/fapi/v1/order",
            symbol=BTC,
            side=side,
            type="MARKET",
            quantity=quantity,
            **more,
        )

    def limit(self, side: str, quantity: str, price: str, **more: Any) -> Any:
        more = {"timeInForce": "GTC", "newOrderRespType": "RESULT", **more}
        return self.ok(
            "POST",
            "/fapi/v1/order",
            symbol=BTC,
            side=side,
            type="LIMIT",
            quantity=quantity,
            price=price,
            **more,
        )

    def algo(self, side: str, kind: str, **more: Any) -> Any:
        return self.ok(
            "POST",
            "/fapi/v1/algoOrder",
            algoType="CONDITIONAL",
            symbol=BTC,
            side=side,
            type=kind,
            **more,
        )

    def told(self, kind: str = "") -> list[Any]:
        """Return the user events that came since the last look, of one kind or of all."""
        events = [msgspec.json.decode(frame) for frame in self.stream.take()]
        return [e for e in events if not kind or e["e"] == kind]

    def position(self, symbol: Symbol = BTC) -> Decimal:
        held = self.core.venue.position(symbol)
        return held.signed_base if held else D(0)

    def dispose(self, **conditions: Any) -> None:
        """Set conditions; what is not named is healthy."""
        self.core.dispose(Conditions(**conditions))

    def plan(self, kind: str, **more: Any) -> None:
        """Have one fault strike next."""
        self.core.plan((Fault(kind=FaultKind(kind), **more),))

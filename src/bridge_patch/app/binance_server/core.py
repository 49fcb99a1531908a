"""The exchange as a state machine: a request in, a reply and events out, the clock given.

No sockets, no threads, no waiting. The HTTP server drives it, and so does a test on a
virtual clock:

    core = Core(symbols=..., wallet_usd=...)
    core.tick(tick)                      # play bars and funding of one instant
    reply = core.handle(request)         # may queue frames on connections
    frames = core.connect("/private/ws/<key>").take()
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Final, final

from bridge_patch.adapters.instruments import ListedInstruments
from bridge_patch.app.binance_server.clock import ExchangeClock
from bridge_patch.app.binance_server.conditions import Conditions
from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.faults import (
    Fault,
    FaultKind,
    FaultPlan,
    is_accepted,
    spoiled,
)
from bridge_patch.app.binance_server.limits import RateLimits
from bridge_patch.app.binance_server.playing import move_on, play_tick
from bridge_patch.app.binance_server.routes import ROUTES, Route, Security
from bridge_patch.app.binance_server.signing import (
    Credentials,
    check_key,
    check_signature,
    check_time,
)
from bridge_patch.app.binance_server.streams import Connection
from bridge_patch.app.binance_server.venue import Venue
from bridge_patch.app.binance_server.wire import Params, Reply, Request, refused, said
from bridge_patch.domain.intent import Symbol
from bridge_patch.domain.market import Tick
from bridge_patch.domain.venue_events import Book
from bridge_patch.sim.costs import Costs
from bridge_patch.sim.exchange import COSTS, Exchange, Listing

#: The simulator's own key pair, where no other is set; everybody knows it.
CREDENTIALS: Final = Credentials("sim-key", "sim-secret")
WALLET_USD: Final = Decimal(10_000)
_NOT_FOUND: Final = 404
_UNAVAILABLE: Final = 503
_OPEN_IN_MAINTENANCE: Final = frozenset({"/fapi/v1/ping", "/fapi/v1/time"})


@final
class Core:
    """One exchange with one account, as a value machine."""

    def __init__(
        self,
        *,
        symbols: Sequence[Symbol],
        wallet_usd: Decimal = WALLET_USD,
        credentials: Credentials = CREDENTIALS,
        costs: Costs = COSTS,
        listing: Listing | None = None,
    ) -> None:
        rules = listing or ListedInstruments()
        self.credentials = credentials
        self.limits = RateLimits()
        self.faults = FaultPlan()
        self.venue = Venue(
            clock=ExchangeClock(),
            exchange=Exchange(
                book=Book.ACCOUNT, wallet_usd=wallet_usd, instruments=rules, costs=costs
            ),
            listing=rules,
            symbols=tuple(symbols),
            costs=costs,
        )

    @property
    def now_ms(self) -> int:
        """The exchange's time."""
        return self.venue.now_ms

    def handle(self, request: Request) -> Reply:
        """Answer one request; what it caused is on the connections when this returns."""
        params = Params.of(request)
        fault = self.faults.strike(request, params)
        if fault is None:
            return self._answered(request, params)
        if fault.kind is FaultKind.BAN_418:
            self.limits.ban(request.address, self.now_ms)
            return self._answered(request, params)
        if fault.kind is FaultKind.TWICE:
            self._answered(request, params)
        reply = self._answered(request, params) if is_accepted(fault) else None
        return spoiled(fault, reply, request, self.venue.clock.stated_ms)

    def connect(self, url: str) -> Connection | None:
        """Open a stream by its path and query; None where there is none such."""
        return self.venue.hub.connect(url)

    def tick(self, tick: Tick) -> int:
        """Play all bars and funding of one instant; return how many events were told."""
        return play_tick(self.venue, tick)

    def advance(self, to_ms: int) -> int:
        """Let time go on without a price; return how many events were told."""
        return move_on(self.venue, to_ms)

    def plan(self, faults: Sequence[Fault], *, seed: int = 0) -> None:
        """Replace what is still to go wrong."""
        self.faults = FaultPlan(faults, seed)

    def dispose(self, conditions: Conditions) -> None:
        """Replace the conditions that hold."""
        self.venue.conditions = conditions
        self.venue.clock.skew_ms = conditions.clock_skew_ms

    def _answered(self, request: Request, params: Params) -> Reply:
        headers: dict[str, str] = {}
        try:
            reply = said(self._done(request, params, headers))
        except Refusal as refusal:
            reply = refused(refusal)
        finally:
            self.venue.flush()
        return reply.with_headers(headers)

    def _done(self, request: Request, params: Params, headers: dict[str, str]) -> object:
        venue = self.venue
        if venue.conditions.maintenance and request.path not in _OPEN_IN_MAINTENANCE:
            raise Refusal(0, "Service Unavailable.", status=_UNAVAILABLE)
        route = ROUTES.get((request.method, request.path))
        if route is None:
            raise Refusal(-5000, f"Path {request.path} is invalid", status=_NOT_FOUND)
        weight = route.weight_of(params)
        headers |= self.limits.weigh(request.address, weight, venue.now_ms)
        self._admit(route, request, params)
        if route.orders:
            headers |= self.limits.count_orders(route.orders, venue.now_ms)
        return route.handler(venue, params)

    def _admit(self, route: Route, request: Request, params: Params) -> None:
        """Refuse who may not make this call, or not like this."""
        if route.security is Security.NONE:
            return
        conditions = self.venue.conditions
        check_key(request, self.credentials, revoked=conditions.key_revoked)
        if route.security is Security.KEY:
            return
        check_time(params, self.venue.clock.stated_ms)
        check_signature(request, params, self.credentials)
        if route.security is Security.TRADE and conditions.read_only_key:
            raise Refusal(-2015, status=401)

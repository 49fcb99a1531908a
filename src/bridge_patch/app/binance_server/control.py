"""The control surface under `/sim`, loopback only: time, market, faults, the account.

It belongs to the test bench and not to the exchange: no weight, no signature, plain JSON,
and the account's key in its header, as everywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Final, final

import msgspec

from bridge_patch.app.binance_server.booking import transfer
from bridge_patch.app.binance_server.conditions import AccountSetting, Conditions
from bridge_patch.app.binance_server.core import Core
from bridge_patch.app.binance_server.errors import Refusal
from bridge_patch.app.binance_server.faults import Fault
from bridge_patch.app.binance_server.forced import deleverage
from bridge_patch.app.binance_server.signing import check_key
from bridge_patch.app.binance_server.teller import tell_leverage, tell_multi_assets
from bridge_patch.app.binance_server.upkeep import expire_key
from bridge_patch.app.binance_server.wire import (
    Json,
    Params,
    Reply,
    Request,
    plain,
    refused,
    said,
)
from bridge_patch.domain.errors import InvalidValueError
from bridge_patch.domain.intent import UnixMs, parse_symbol
from bridge_patch.domain.market import Bar, Funding, FundingTerms, Tick

PREFIX: Final = "/sim/"
#: No event of the exchange's: it follows the last one of a tick, if that is asked for.
MARK: Final = "SIM_MARK"
_NOT_FOUND: Final = 404


class _Asked(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The body of a control call."""


class Advance(_Asked, frozen=True):
    """Play what the data folder has up to a time."""

    to_ms: int


class BarGiven(_Asked, frozen=True):
    """One bar, numbers as text."""

    symbol: str
    open_ms: int
    close_ms: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


class FundingGiven(_Asked, frozen=True):
    """One settlement."""

    symbol: str
    at_ms: int
    rate: Decimal


class TermsGiven(_Asked, frozen=True):
    """What holding a contract costs from now on."""

    symbol: str
    rate: Decimal
    interval_ms: int
    at_ms: int


class TickGiven(_Asked, frozen=True):
    """One instant of a market that somebody else feeds."""

    at_ms: int
    bars: list[BarGiven] = []
    fundings: list[FundingGiven] = []
    terms: list[TermsGiven] = []
    mark: bool = False


class FaultsGiven(_Asked, frozen=True):
    """What is to go wrong, and what holds; what is left out is left as it is."""

    seed: int = 0
    faults: list[Fault] | None = None
    conditions: Conditions | None = None
    account: AccountSetting | None = None


@final
class Control:
    """Drives a core by hand; `ticks` is the market of the data folder, if there is one."""

    def __init__(self, core: Core, ticks: Iterator[Tick] | None = None) -> None:
        self.core = core
        self._ticks = ticks
        self._next: Tick | None = next(ticks, None) if ticks else None

    @property
    def next_ms(self) -> int | None:
        """When the next tick of the data is due; None at its end."""
        return None if self._next is None else self._next.at_ms

    def handle(self, request: Request) -> Reply:
        """Answer a control call; what is wrong with it is said in words.

        A key that the exchange itself takes for revoked still works here.
        """
        try:
            check_key(request, self.core.credentials, revoked=False)
            return said(self._done(request))
        except (msgspec.MsgspecError, InvalidValueError) as e:
            return refused(Refusal(-1, str(e)))
        except ArithmeticError:
            return refused(Refusal(-1, "a price or volume that is no number"))
        except Refusal as refusal:
            return refused(refusal)

    def advance(self, to_ms: int) -> int:
        """Play the data up to and including a time; return how many events it told."""
        told = 0
        while self._next is not None and self._next.at_ms <= to_ms:
            told += self.core.tick(self._next)
            self._next = next(self._ticks, None) if self._ticks else None
        return told + self.core.advance(to_ms)

    def _done(self, request: Request) -> Json:
        name = request.path.removeprefix(PREFIX)
        body = request.body.encode() or b"{}"
        match request.method, name:
            case "POST", "advance":
                told = self.advance(msgspec.json.decode(body, type=Advance).to_ms)
                return {"now_ms": self.core.now_ms, "events": told, **self._numbered()}
            case "POST", "tick":
                given = msgspec.json.decode(body, type=TickGiven)
                told = self.core.tick(tick_of(given))
                if given.mark and told:
                    self._mark(given.at_ms + 1)
                return {"now_ms": self.core.now_ms, "events": told, **self._numbered()}
            case "POST", "faults":
                self.arrange(msgspec.json.decode(body, type=FaultsGiven))
                return self.state()
            case "GET", "state":
                return self.state()
            case "GET", "events":
                return self._events(Params.of(request))
            case _:
                words = f"no control call {request.method} {name}"
                raise Refusal(-1, words, status=_NOT_FOUND)

    def _mark(self, at_ms: int) -> None:
        """Follow what was told with something that says: this was all of it."""
        venue = self.core.venue
        marked: dict[str, Json] = {"e": MARK, "E": at_ms}
        venue.hub.push_user(venue.modes.listen_key, MARK, marked)

    def _events(self, params: Params) -> Json:
        """Return what was told, or would have been: silence and disorder come later."""
        after = params.whole("after") or 0
        told = self.core.venue.told
        return [event.payload for event in told if event.number > after]

    def _numbered(self) -> dict[str, Json]:
        return {"last_event": self.core.venue.numbered}

    def arrange(self, given: FaultsGiven) -> None:
        """Set faults, conditions and what somebody else did to the account."""
        if given.faults is not None:
            self.core.plan(given.faults, seed=given.seed)
        if given.conditions is not None:
            self.core.dispose(given.conditions)
        if given.account is not None:
            set_account(self.core, given.account)

    def state(self) -> dict[str, Json]:
        """Return where the exchange stands, for who looks from outside."""
        core, venue = self.core, self.core.venue
        return {
            "now_ms": core.now_ms,
            "next_ms": self.next_ms,
            "last_event": venue.numbered,
            "faults_struck": core.faults.struck,
            "wallet_usd": plain(venue.exchange.wallet_usd),
            "equity_usd": plain(venue.exchange.equity_usd()),
            "positions": {
                symbol: plain(position.signed_base)
                for symbol, position in venue.exchange.positions.items()
            },
            "open_orders": [o.client_id for o in venue.records.open_orders()],
            "open_algos": [a.client_id for a in venue.records.open_algos()],
            "connections": len(venue.hub.connections),
            "conditions": msgspec.to_builtins(venue.conditions),
        }


def set_account(core: Core, setting: AccountSetting) -> None:
    """Do to the account what the setting says, and tell its stream."""
    venue, modes = core.venue, core.venue.modes
    if setting.dual_side is not None:
        modes.dual_side = setting.dual_side
    if setting.multi_assets is not None:
        modes.multi_assets = setting.multi_assets
        tell_multi_assets(venue)
    for name, kind in setting.margin_types.items():
        modes.crossed[venue.instrument(parse_symbol(name)).symbol] = kind == "CROSSED"
    for name, leverage in setting.leverages.items():
        symbol = venue.instrument(parse_symbol(name)).symbol
        modes.leverages[symbol] = leverage
        tell_leverage(venue, symbol, leverage)
    if setting.transfer_usd is not None:
        transfer(venue, setting.transfer_usd)
    if setting.deleverage:
        deleverage(venue, venue.instrument(parse_symbol(setting.deleverage)).symbol)
    venue.flush()
    if setting.expire_listen_key:
        expire_key(venue)
    if setting.drop_sockets:
        venue.hub.drop_all()


def tick_of(given: TickGiven) -> Tick:
    """Return a tick of the domain; one that cannot be is refused there."""
    bars = tuple(
        Bar(
            symbol=parse_symbol(b.symbol),
            open_ms=UnixMs(b.open_ms),
            close_ms=UnixMs(b.close_ms),
            open=b.open,
            high=b.high,
            low=b.low,
            close=b.close,
            volume=b.volume,
        )
        for b in given.bars
    )
    fundings = tuple(
        Funding(symbol=parse_symbol(f.symbol), at_ms=UnixMs(f.at_ms), rate_fraction=f.rate)
        for f in given.fundings
    )
    terms = tuple(
        FundingTerms(
            symbol=parse_symbol(t.symbol),
            rate_fraction=t.rate,
            interval_ms=t.interval_ms,
            at_ms=UnixMs(t.at_ms),
        )
        for t in given.terms
    )
    return Tick(at_ms=UnixMs(given.at_ms), bars=bars, fundings=fundings, terms=terms)
